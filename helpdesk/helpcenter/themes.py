"""Owns the themes of this desk: finding, the line of parents, and which file of the line is used.

Refuses what leaves a theme's folder. A broken theme is kept as a problem and never takes the others down;
a service that uses it gets its first sound parent's line, in the end the default theme.
"""

import hashlib
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from helpdesk.helpcenter import manifest, texts
from helpdesk.helpcenter.manifest import Manifest, Setting
from helpdesk.kernel.errors import HelpdeskError, Invalid
from helpdesk.plugins.kinds import OTHER_CORE

DEFAULT = "default"
LONGEST_LINE = 3
"""How many themes may stand before the default one: a theme, its parent, and the parent's parent."""

_SAFE_NAME = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9_.-]*(/[a-zA-Z0-9_-][a-zA-Z0-9_.-]*)*")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Theme:
    """One theme as it lies in its folder."""

    name: str
    folder: Path
    manifest: Manifest
    texts: Mapping[str, Mapping[str, str]]

    def file(self, kind: str, name: str) -> Path | None:
        """Return the file ``name`` of ``kind`` (``templates``, ``assets``), or None if this theme has none.

        Also None for what would leave the folder: ``..``, an absolute path, a link that leads outside.
        """
        return file_in(self.folder / kind, name)

    @cached_property
    def fingerprint(self) -> str:
        """A hash over all assets, part of their addresses; taken once, when the first page asks for it."""
        digest = hashlib.sha256(repr(self.manifest.settings).encode())
        root = self.folder / "assets"
        for path in sorted(root.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Line:
    """A theme with its parents, nearest first, the default theme last. The first that has a file wins."""

    themes: tuple[Theme, ...]

    @property
    def name(self) -> str:
        return self.themes[0].name

    def parent(self) -> "Line | None":
        """Return the line without its first theme, or None at the default theme."""
        return Line(self.themes[1:]) if len(self.themes) > 1 else None

    def find(self, kind: str, name: str, *, start: int = 0) -> tuple[int, Path] | None:
        """Return the place in the line and the file, looking from ``start`` on."""
        for place, theme in enumerate(self.themes[start:], start):
            path = theme.file(kind, name)
            if path is not None:
                return place, path
        return None

    def listed(self, kind: str) -> tuple[str, ...]:
        """Return the names of all style sheets (``css``) or scripts (``js``), the parents' first, none twice."""
        names: dict[str, None] = {}
        for theme in reversed(self.themes):
            names.update(dict.fromkeys(getattr(theme.manifest.assets, kind)))
        return tuple(names)

    @cached_property
    def settings(self) -> Mapping[str, Setting]:
        """All settings by id; a child's stands in for its parent's."""
        return {setting.id: setting for theme in reversed(self.themes) for setting in theme.manifest.fields()}

    @cached_property
    def texts(self) -> Mapping[str, Mapping[str, str]]:
        """All texts by language and code; a child's stands in for its parent's, code by code."""
        merged: dict[str, dict[str, str]] = {}
        for theme in reversed(self.themes):
            for locale, entries in theme.texts.items():
                merged.setdefault(locale, {}).update(entries)
        return merged


class Themes:
    """All themes of the desk. ``problems`` tells, by name, why a theme cannot be used."""

    def __init__(self, folders: Mapping[str, Path], *, core_version: str) -> None:
        """Read the themes in ``folders``. Raises Invalid only when the default theme itself is missing or broken."""
        self.problems: dict[str, str] = {}
        self._themes: dict[str, Theme] = {}
        for name, folder in folders.items():
            try:
                self._themes[name] = _load(name, folder, core_version)
            except HelpdeskError as error:
                self._refuse(name, error.message)
        if DEFAULT not in self._themes:
            reason = self.problems.get(DEFAULT, "Install helpdesk-theme-default, and let HELPDESK_DISABLE not name it.")
            raise Invalid(f"The default theme is not there. {reason}", code="BAD_THEME")
        self._lines = {name: line for name in self._themes if (line := self._line(name)) is not None}

    def names(self) -> tuple[str, ...]:
        """Return the names of the themes that can be used."""
        return tuple(self._lines)

    def line(self, name: str) -> Line:
        """Return the theme and its parents; for one that cannot be used, its nearest sound parent or the default."""
        seen: set[str] = set()
        while name not in self._lines and name in self._themes and name not in seen:
            seen.add(name)
            name = self._themes[name].manifest.theme.parent
        return self._lines.get(name, self._lines[DEFAULT])

    def theme(self, name: str) -> Theme | None:
        """Return one theme by itself, for its assets."""
        return self._themes.get(name)

    def _line(self, name: str) -> Line | None:
        try:
            themes = tuple(self._ancestors(name))
            line = Line(themes if themes[-1].name == DEFAULT else (*themes, self._themes[DEFAULT]))
            _check_settings(line)
        except HelpdeskError as error:
            self._refuse(name, error.message)
            return None
        return line

    def _ancestors(self, name: str) -> Iterator[Theme]:
        seen: list[str] = []
        while name and name != DEFAULT:
            if name in seen:
                raise Invalid(f"Its parents run in a circle: {' → '.join([*seen, name])}.", code="BAD_THEME")
            if len(seen) == LONGEST_LINE:
                raise Invalid(f"It has more than {LONGEST_LINE - 1} parents: {' → '.join([*seen, name])}.")
            if name not in self._themes:
                raise Invalid(f"Its parent “{name}” is not installed or cannot be used.", code="BAD_THEME")
            seen.append(name)
            yield self._themes[name]
            name = self._themes[name].manifest.theme.parent
        yield self._themes[DEFAULT]

    def _refuse(self, name: str, reason: str) -> None:
        self.problems[name] = reason
        _log.error("The theme “%s” cannot be used: %s", name, reason)


def file_in(folder: Path, name: str) -> Path | None:
    """Return the file ``name`` of the folder, or None if there is none, or if it would lie outside."""
    if not _SAFE_NAME.fullmatch(name):
        return None
    root = folder.resolve()
    found = (root / name).resolve()
    return found if found.is_relative_to(root) and found.is_file() else None


def find(folder: Path) -> dict[str, Path]:
    """Return the themes that lie directly in ``folder``, by the name of their folder."""
    return {path.parent.name: path.parent for path in sorted(folder.glob(f"*/{manifest.FILE_NAME}"))}


def _load(name: str, folder: Path, core_version: str) -> Theme:
    content = manifest.read(folder)
    if content.theme.name != name:
        raise Invalid(f"It calls itself “{content.theme.name}” in {manifest.FILE_NAME} but is installed as “{name}”.")
    if not content.theme.fits(core_version):
        raise Invalid(f"It needs {content.theme.requires}; {OTHER_CORE} {core_version}.", code="BAD_THEME")
    return Theme(name, folder, content, texts.read(folder / "locales"))


def _check_settings(line: Line) -> None:
    known: dict[str, Setting] = {}
    for theme in reversed(line.themes):
        for setting in theme.manifest.fields():
            before = known.setdefault(setting.id, setting)
            if before.type != setting.type:
                raise Invalid(f"It makes “{setting.id}” a {setting.type}; its parent has it as {before.type}.")
