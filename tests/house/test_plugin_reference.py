"""Whatever a plugin author may use says what it is, and stands in ``helpdesk docs plugins``."""

import ast
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpdesk import signals
from helpdesk.access.rules import RIGHTS
from helpdesk.cli import main
from helpdesk.kit import pages, reference
from helpdesk.plugins.kinds import GROUPS
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import HookKind
from helpdesk.sdk.slots import SLOTS
from tests.house import tree

SDK = tree.CORE / "sdk"
TEXT = reference.markdown()
FLAT = " ".join(TEXT.replace("`", "").split())


def docstrings(file: Path) -> list[str]:
    """Return the docstrings of a page's public parts, found in another way than the reference finds them."""
    module = tree.parse(file)
    public = [
        node
        for parent in (module, *(node for node in module.body if isinstance(node, ast.ClassDef)))
        if not getattr(parent, "name", "").startswith("_")
        for node in (parent, *parent.body)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if not getattr(node, "name", "").startswith("_")
    ]
    return [ast.get_docstring(node) or "" for node in public]


def test_nothing_is_undocumented() -> None:
    assert reference.undocumented() == []


def test_every_page_of_the_sdk_is_in_it() -> None:
    written = {file.stem for file in SDK.glob("*.py")} - {"__init__"}
    assert {page.name for page in reference.sdk()} == {f"helpdesk.sdk.{name}" for name in written}


@pytest.mark.parametrize("file", sorted(SDK.glob("*.py")), ids=lambda file: file.stem)
def test_every_docstring_is_printed(file: Path) -> None:
    if file.name == "__init__.py":
        return
    found = docstrings(file)
    assert found
    missing = [
        text for text in found if " ".join(text.splitlines()[0].replace("`", "").split()).rstrip(":") not in FLAT
    ]
    assert missing == []


@pytest.mark.parametrize(
    "words",
    [
        *GROUPS.values(),
        *RIGHTS,
        *SLOTS,
        *(name for name in vars(Host) if not name.startswith("_")),
        *(payload.payload.__name__ for payload in signals.ALL.values()),
        *signals.ALL,
        *(kind for kind in HookKind if kind is not HookKind.FIELD),
        "NOT_FOUND",
        "PLUGIN_OVERRAN",
        "after_seconds",
    ],
)
def test_it_names(words: str) -> None:
    assert re.search(rf"\b{re.escape(words)}\b", TEXT)


def test_it_is_markdown() -> None:
    assert TEXT.count("```") % 2 == 0
    assert "``" not in TEXT.replace("```", "")
    assert "::" not in TEXT
    tables = re.findall(r"(?:^\|.*\|$\n?)+", TEXT, flags=re.MULTILINE)
    widths = [{len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()} for table in tables]
    assert len(widths) >= 4
    assert all(len(width) == 1 for width in widths)


def test_what_is_undocumented_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sdk").mkdir()
    monkeypatch.setattr(pages, "SDK", tmp_path / "sdk")
    file = tmp_path / "sdk/bad.py"
    file.write_text(
        "LIMIT = 3\n\ndef hook(): ...\n\n"
        "class Kind:\n    title: str\n    def run(self): ...\n    def _own(self): ...\n\n"
        '@dataclass\nclass Happened(Event):\n    """It did. ``told`` is."""\n'
        "    told: int\n    untold: int\n    ticket_id: int\n"
    )
    monkeypatch.setattr(reference, "sdk", lambda: (pages.read(file),))
    monkeypatch.setattr(reference, "contracts", lambda: ())
    assert reference.undocumented() == [
        f"helpdesk.sdk.bad{name}"
        for name in ("", ".LIMIT", ".hook", ".Kind", ".Kind.title", ".Kind.run", ".Happened.untold")
    ]


def test_command_prints_it() -> None:
    said = CliRunner().invoke(main, ["docs", "plugins"])
    assert (said.exit_code, said.output) == (0, TEXT)
    assert json.loads(CliRunner().invoke(main, ["docs", "plugins", "--json"]).output) == {"markdown": TEXT}
