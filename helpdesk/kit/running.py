"""Runs what only running code can tell of a plugin's folder: do its entry points load, do its contracts hold.

Run as ``python -m helpdesk.kit.running FOLDER`` with the keys of what was told already, as JSON, on its input: the
checked code may hang or end the process, so the command runs this one, watches it, and begins it again behind
whatever it has not survived. Each step is told twice, when it begins and when it has ended. When it is asked to,
it writes what whole plugins add to the API before their contracts are tried.
"""

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO
from unittest import SkipTest

import orjson

from helpdesk.kit import accepting, distribution
from helpdesk.kit.distribution import Distribution, Entry, Verdict
from helpdesk.kit.opening import opened
from helpdesk.sdk.testing.contract import Contract
from helpdesk.sdk.testing.declared import DeclaredPlugin
from helpdesk.sdk.testing.rules import Broken, Finding, Rule, rules_of

LOADS = "Import the plugin on a Python prompt, and mend what it says."
NO_CONTRACT = (
    "Write tests/test_contract.py with a class Test… of the kind's contract of helpdesk.sdk.testing, which names it."
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something to be tried: what it would say when it is kept, and what raises otherwise."""

    key: str
    verdict: Verdict
    run: Callable[[], object]


class Checked:
    """A folder under check, and what of it was loaded so far."""

    def __init__(self, found: Distribution, *, writes_schema: bool = False) -> None:
        self._found = found
        self._writes_schema = writes_schema
        self._loaded: dict[Entry, Any] = {}
        self._contracts: list[type[Contract]] = []

    def steps(self) -> Iterator[Step]:
        """Yield everything that is to be tried, in order; later steps follow from what earlier ones have loaded."""
        for entry in self._found.entries():
            subject = f"{entry.kind} {entry.name}"
            summary = "The entry point leads to a plugin that the desk accepts."
            yield _step("CHECK-LOADS", subject, summary, LOADS, partial(self._load, entry))
        for file in sorted((self._found.folder / "tests").glob("test_*.py")):
            summary = "The tests can be imported."
            yield _step("CHECK-TESTS", file.name, summary, LOADS, partial(self._read, file))
        for entry in self._found.entries():
            summary = "A contract is kept for each plugin."
            subject = f"{entry.kind} {entry.name}"
            yield _step("CHECK-NO-CONTRACT", subject, summary, NO_CONTRACT, partial(self._find, entry))
        for contract in self._contracts if self._writes_schema else ():
            if issubclass(contract, DeclaredPlugin):
                summary = "What the plugin adds to the API is written beside it."
                yield _step("CHECK-SCHEMA", contract.__name__, summary, LOADS, partial(_write_schema, contract))
        for contract in self._contracts:
            for rule in rules_of(contract):
                if rule.code != "OWN-TEST":  # it may ask for fixtures, which pytest alone has
                    verdict = Verdict(rule.code, contract.__name__, rule.summary, fix=rule.fix)
                    key = f"{contract.__module__}.{contract.__name__}.{rule.method}"
                    yield Step(key, verdict, partial(_try, contract, rule))

    def _load(self, entry: Entry) -> None:
        module, _, path = entry.target.partition(":")
        value: Any = importlib.import_module(module)
        for name in path.split("."):
            value = getattr(value, name)
        self._loaded[entry] = value
        if problem := accepting.problem(entry.kind, entry.name, value):
            raise Broken(f"{problem[0].upper()}{problem[1:]}.")

    def _read(self, file: Path) -> None:
        module = _module(file)
        found = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, Contract)]
        self._contracts += [
            one for one in found if one.__module__ == module.__name__ and one.__name__.startswith("Test")
        ]

    def _find(self, entry: Entry) -> None:
        if entry not in self._loaded:
            raise SkipTest("It was not loaded.")
        value = self._loaded[entry]
        named = [getattr(one, one.kind, None) for one in self._contracts]
        if not any(one is value or (isinstance(value, Path) and one == value) for one in named):
            raise Broken(f"No contract in tests/ names the {entry.kind} “{entry.name}”.")


def _step(code: str, subject: str, summary: str, fix: str, run: Callable[[], object]) -> Step:
    return Step(f"{code} {subject}", Verdict(code, subject, summary, fix=fix), run)


def _module(file: Path) -> ModuleType:
    name = f"checked_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise Broken(f"{file.name} is no Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _try(contract: type[Contract], rule: Rule) -> None:
    with opened() as kit:
        getattr(contract(), rule.method)(kit)


def _write_schema(contract: type[DeclaredPlugin]) -> None:
    """Write the file that PL-SCHEMA compares; one that would be empty is removed."""
    with opened() as kit:
        text, file = contract().added(kit), contract().schema_path()
    if text:
        file.write_text(text, "utf-8")
    else:
        file.unlink(missing_ok=True)


def _ended(step: Step) -> Verdict:
    """Take the step and say how it went."""
    try:
        step.run()
    except SkipTest as reason:
        return replace(step.verdict, reason=str(reason), is_skipped=True)
    except Finding as finding:
        return replace(step.verdict, code=finding.code, reason=finding.reason, fix=finding.fix)
    except Broken as error:
        return replace(step.verdict, reason=str(error))
    except BaseException as error:  # the checked code may raise anything
        return replace(step.verdict, reason=f"It raised {type(error).__name__}: {error}".rstrip(".") + ".")
    return step.verdict


def main(folder: Path, told: list[str], lost: list[str], answers: BinaryIO, *, writes_schema: bool = False) -> None:
    """Take every step that was not told of yet; those that load are taken again, but for those that lost a process."""
    found = distribution.read(folder)
    for place in (found.folder, found.folder / "tests", found.source):
        sys.path.insert(0, str(place))
    for step in Checked(found, writes_schema=writes_schema).steps():
        if step.key in lost or (step.key in told and not step.key.startswith("CHECK-")):
            continue
        _tell(answers, {"key": step.key, "begun": asdict(step.verdict)})
        _tell(answers, {"key": step.key, "ended": asdict(_ended(step))})


def _tell(answers: BinaryIO, said: dict[str, Any]) -> None:
    answers.write(orjson.dumps(said) + b"\n")
    answers.flush()


if __name__ == "__main__":
    given = orjson.loads(sys.stdin.buffer.read())
    with os.fdopen(os.dup(1), "wb") as pipe:  # what the plugin prints must not be taken for an answer
        os.dup2(2, 1)
        main(Path(sys.argv[1]), given["told"], given["lost"], pipe, writes_schema=given["writes_schema"])
    os._exit(0)  # a thread that the plugin has left behind must not hold the process
