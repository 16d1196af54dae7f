"""A plugin's folder as it lies on the disk: what ``pyproject.toml`` says, and the rules that need no running code."""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpdesk.kernel.errors import Invalid, NotFound
from helpdesk.kit.codes import CHECKS
from helpdesk.plugins.kinds import GROUPS, Kind
from helpdesk.sdk.testing.sources import python_files, strangers

FILE = "pyproject.toml"
OURS = "helpdesk."
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_KINDS: Mapping[str, Kind] = {group: kind for kind, group in GROUPS.items()}
_TARGET = re.compile(r"[\w.]+:[\w.]+")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one subject; ``reason`` is empty where it is kept."""

    code: str
    subject: str
    summary: str
    reason: str = ""
    fix: str = ""
    is_skipped: bool = False

    @property
    def is_finding(self) -> bool:
        """Whether the rule is broken."""
        return bool(self.reason) and not self.is_skipped


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry point of a kind that the desk knows; ``target`` is written ``module:name``."""

    kind: Kind
    name: str
    target: str

    @property
    def package(self) -> str:
        """Return the top package that the target lies in."""
        return re.split(r"[.:]", self.target)[0]


@dataclass(frozen=True, slots=True)
class Distribution:
    """A plugin's folder and what its ``pyproject.toml`` holds."""

    folder: Path
    project: Mapping[str, Any]

    @property
    def source(self) -> Path:
        """Return where its packages lie: in ``src``, or in the folder itself."""
        return self.folder / "src" if (self.folder / "src").is_dir() else self.folder

    def groups(self) -> Mapping[str, Any]:
        """Return its groups of entry points that are ours to read."""
        found = self.project.get("entry-points", {})
        return {group: names for group, names in found.items() if group.startswith(OURS)}

    def entries(self) -> list[Entry]:
        """Return its entry points that the desk knows and that are written as they must be."""
        return [
            Entry(_KINDS[group], name, str(target))
            for group, names in self.groups().items()
            if group in _KINDS
            for name, target in names.items()
            if _TARGET.fullmatch(str(target))
        ]


def read(folder: Path) -> Distribution:
    """Read a plugin's folder. Raises NotFound when there is none, and Invalid for a file that is no TOML."""
    file = folder / FILE
    if not file.is_file():
        raise NotFound(f"There is no {file}. Name a plugin's folder, the one that holds its {FILE}.")
    try:
        held = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read: {error}.") from error
    return Distribution(folder.resolve(), held.get("project", {}))


def verdicts(found: Distribution) -> Iterator[Verdict]:
    """Judge what lies on the disk."""
    yield _project(found)
    yield _entry_points(found)
    yield from _names(found)
    yield _imports(found)
    yield _readme(found)
    yield from _typed(found)


def _project(found: Distribution) -> Verdict:
    lacking = [key for key in ("name", "version") if not found.project.get(key)]
    lacking = [key for key in lacking if key not in found.project.get("dynamic", ())]
    reason = f"[project] has no {' and no '.join(lacking)}." if lacking else ""
    return _verdict("CHECK-PROJECT", FILE, reason)


def _entry_points(found: Distribution) -> Verdict:
    reason = ""
    unknown = [group for group in found.groups() if group not in _KINDS]
    if unknown:
        near = difflib.get_close_matches(unknown[0], _KINDS, n=1)
        reason = f"The desk knows no group {unknown[0]}." + (f" Did you mean {near[0]}?" if near else "")
    elif not found.groups():
        reason = "No entry point names a plugin."
    return _verdict("CHECK-ENTRY-POINT", FILE, reason)


def _names(found: Distribution) -> Iterator[Verdict]:
    for group, names in found.groups().items():
        for name, target in names.items():
            reason = ""
            if not NAME.fullmatch(name):
                reason = f"The desk takes no name {name!r}."
            elif not _TARGET.fullmatch(str(target)):
                reason = f"{target!r} is no way to a class."
            yield _verdict("CHECK-NAME", f"{group} {name}", reason)


def _imports(found: Distribution) -> Verdict:
    trespasses, reason = [], ""
    for file in python_files(found.source):
        try:
            trespasses += [f"{file.relative_to(found.folder)}, {one}" for one in strangers(file)]
        except SyntaxError as error:
            reason = f"{file.relative_to(found.folder)} is no Python: {error}."
    reason = reason or (f"It imports {'; '.join(trespasses)}." if trespasses else "")
    return _verdict("CHECK-IMPORTS", found.source.name, reason)


def _readme(found: Distribution) -> Verdict:
    file = found.folder / "README.md"
    reason = "" if file.is_file() and file.read_text("utf-8", errors="replace").strip() else "README.md says nothing."
    return _verdict("CHECK-README", "README.md", reason)


def _typed(found: Distribution) -> Iterator[Verdict]:
    for package in dict.fromkeys(entry.package for entry in found.entries()):
        folder = found.source / package
        reason = "" if not folder.is_dir() or (folder / "py.typed").is_file() else f"{package} has no py.typed."
        yield _verdict("CHECK-TYPED", package, reason)


def _verdict(code: str, subject: str, reason: str) -> Verdict:
    return Verdict(code, subject, CHECKS[code].summary, reason, CHECKS[code].fix)
