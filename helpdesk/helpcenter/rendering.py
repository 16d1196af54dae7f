"""Owns the way from a page's name to its HTML: which theme's template is taken, and what happens when it fails.

A template that fails never shows: the page is made again by the theme's parent, and the theme is marked
degraded for a while, so that a slow failure is not paid for by every visitor; its state as a plugin says so.
Refuses to swallow a failure of the default theme: that is a bug of ours.
"""

import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, TemplateNotFound

from helpdesk.helpcenter.sandbox import LARGEST_SOURCE, Exposed, Sandbox
from helpdesk.helpcenter.themes import Line, Themes
from helpdesk.kernel import clock
from helpdesk.kernel.errors import Unavailable
from helpdesk.plugins import guard
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind

REST_SECONDS = 30.0
"""How long a page that failed is left to the parent before it is tried again."""

_PLACED = re.compile(r"(\d):(.+)")

_log = logging.getLogger(__name__)


class LineLoader(BaseLoader):
    """Load templates by place and name, as in ``1:pages/home.html``; nothing outside the themes' folders."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:  # noqa: ARG002
        """Return text, file name, and whether the file is still the same."""
        placed = _PLACED.fullmatch(template)
        path = self._line.themes[int(placed[1])].file("templates", placed[2]) if placed else None
        if path is None:
            raise TemplateNotFound(template)
        if path.stat().st_size > 4 * LARGEST_SOURCE:  # a character takes four bytes at most
            raise TemplateNotFound(template, f"{template} is larger than {LARGEST_SOURCE} characters.")
        changed = path.stat().st_mtime_ns
        return path.read_text("utf-8"), str(path), lambda: _changed_at(path) == changed


def _changed_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


class LineSandbox(Sandbox):
    """A sandbox whose names follow a line of themes.

    A plain name is looked for from the visitor's theme on. ``parent:NAME`` looks behind the theme that
    writes it, ``core:NAME`` in the default theme only; so a child overrides a block and calls ``super()``.
    """

    def __init__(self, line: Line) -> None:
        super().__init__(LineLoader(line))
        self.line = line

    def join_path(self, template: str, parent: str) -> str:
        """Return the placed name that ``template`` means when ``parent`` writes it."""
        placed = _PLACED.fullmatch(parent)
        place = int(placed[1]) if placed else 0
        prefix, _, name = template.rpartition(":")
        starts = {"": 0, "parent": place + 1, "core": len(self.line.themes) - 1}
        return self.placed(name, start=starts[prefix]) if prefix in starts else self.placed(template)

    def placed(self, name: str, *, start: int = 0) -> str:
        """Return the name with the place of the theme that has it. Raises TemplateNotFound."""
        found = self.line.find("templates", name, start=start)
        if found is None:
            raise TemplateNotFound(name)
        return f"{found[0]}:{name}"


@dataclass(frozen=True)
class Degradation:
    """Why a page of a theme is left to the parent, until when by ``clock.monotonic``."""

    theme: str
    page: str
    reason: str
    until: float


class Renderer:
    """Render pages of all themes; safe for many threads."""

    def __init__(self, themes: Themes, *, rest_seconds: float = REST_SECONDS) -> None:
        self.themes = themes
        self._rest_seconds = rest_seconds
        self._sandboxes: dict[tuple[str, ...], LineSandbox] = {}
        self._degraded: dict[tuple[str, str], Degradation] = {}
        self._lock = threading.Lock()

    def wear(self, themes: Themes) -> None:
        """Render by these themes from now on."""
        with self._lock:
            self.themes = themes
            self._sandboxes.clear()
        for theme, page in list(self._degraded):
            self._recover(theme, page)

    def degraded(self) -> tuple[Degradation, ...]:
        """Return the pages that are left to a parent now."""
        return tuple(mark for mark in self._degraded.values() if mark.until > clock.monotonic())

    def render(self, line: Line, page: str, context: Callable[[Line], Mapping[str, Any]]) -> str:
        """Return the HTML of ``page``, by the first theme of the line that can make it.

        ``context`` gives the views for a line; functions in it become callable. Raises Unavailable
        when even the default theme fails.
        """
        current: Line | None = line
        while current is not None:
            if not self._rests(current.name, page):
                html = self._try(current, page, context)
                if html is not None:
                    return html
            current = current.parent()
        raise Unavailable("This page cannot be shown at the moment; please try again later.")

    def _try(self, line: Line, page: str, context: Callable[[Line], Mapping[str, Any]]) -> str | None:
        try:
            sandbox = self._sandbox(line)
            html = sandbox.render(sandbox.placed(f"pages/{page}.html"), _exposed(context(line)))
        except Exception as error:  # whatever a foreign template does wrong
            self._degrade(line, page, error)
            return None
        self._recover(line.name, page)
        return html

    def _rests(self, theme: str, page: str) -> bool:
        mark = self._degraded.get((theme, page))
        return mark is not None and mark.until > clock.monotonic()

    def _recover(self, theme: str, page: str) -> None:
        if self._degraded.pop((theme, page), None):
            guard.recover(Ref(Kind.THEME, theme), page)

    def _degrade(self, line: Line, page: str, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"[:500]
        _log.error("The theme “%s” cannot show the page “%s”: %s", line.name, page, reason, exc_info=error)
        if len(line.themes) > 1:  # nobody stands in for the default theme: it is always tried
            mark = Degradation(line.name, page, reason, clock.monotonic() + self._rest_seconds)
            self._degraded[line.name, page] = mark
            guard.give_up(Ref(Kind.THEME, line.name), page, reason)

    def _sandbox(self, line: Line) -> LineSandbox:
        key = tuple(theme.name for theme in line.themes)
        with self._lock:
            if key not in self._sandboxes:
                self._sandboxes[key] = LineSandbox(line)
            return self._sandboxes[key]


def _exposed(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: Exposed(value) if callable(value) else value for name, value in context.items()}
