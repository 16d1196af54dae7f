"""The codes of ``helpdesk plugin check``: what each rule asks for, and how to mend what breaks it.

The rules of the contracts stand with the contracts, in ``helpdesk.sdk.testing``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from helpdesk.plugins.kinds import GROUPS


@dataclass(frozen=True, slots=True)
class Check:
    """What a rule asks for, and how to mend what breaks it."""

    summary: str
    fix: str


_MEND = "Import the plugin on a Python prompt, and mend what it says."

CHECKS: Mapping[str, Check] = {
    "CHECK-PYPROJECT": Check("pyproject.toml can be read.", "Correct it: it is written in TOML."),
    "CHECK-PROJECT": Check("The project has a name and a version.", "Write them into pyproject.toml under [project]."),
    "CHECK-ENTRY-POINT": Check(
        "An entry point names each plugin in a known group.",
        f'Write [project.entry-points."GROUP"] with one of {", ".join(GROUPS.values())}.',
    ),
    "CHECK-NAME": Check(
        "The name and its target are well written.",
        'Write name = "package.module:Class", the name of small letters, digits and _, at most 32.',
    ),
    "CHECK-IMPORTS": Check(
        "Of the desk the source imports the SDK alone.",
        "Import helpdesk.sdk alone; ask for what is missing there instead of reaching past it.",
    ),
    "CHECK-README": Check(
        "A README says what the plugin is.",
        "Write what the plugin does, what it needs to know, and where that is found.",
    ),
    "CHECK-TYPED": Check(
        "The package says that it is typed.",
        "Put an empty file py.typed beside its __init__.py, so that type checkers read its annotations.",
    ),
    "CHECK-SCHEMA": Check("What the plugin adds to the API is written beside it.", _MEND),
    "CHECK-LOADS": Check("The entry point leads to a plugin that the desk accepts.", _MEND),
    "CHECK-TESTS": Check("The tests can be imported.", _MEND),
    "CHECK-NO-CONTRACT": Check(
        "A contract is kept for each plugin.",
        "Write tests/test_contract.py with a class Test… of the kind's contract of helpdesk.sdk.testing, which names"
        " it.",
    ),
}
