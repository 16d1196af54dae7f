"""Owns what plugins show in the slots of a page: each template in the sandbox, with a share of its own, contained.

Refuses to know whose methods are called: that is the port ``Fill``, which the application binds to the
plugins. Whatever goes wrong with a slot leaves it empty; the guard counts it, and a template that keeps
failing rests.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, TemplateNotFound
from markupsafe import Markup

from helpdesk.helpcenter import slot_html
from helpdesk.helpcenter.budget import Budget
from helpdesk.helpcenter.sandbox import LARGEST_SOURCE, Sandbox
from helpdesk.helpcenter.themes import file_in
from helpdesk.helpcenter.views import ServiceView
from helpdesk.kernel import clock
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.plugins import guard
from helpdesk.plugins.guard import Ref, WrongAnswer
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.slots import SLOTS, SlotPage

HEAD = "head"
SECONDS = 2.0
PAGE_SECONDS = 1.5
"""What all slots of a page may take together; those that come later stay empty."""
LARGEST_FILLING = 32 * 1024
LARGEST_PAGE = 128 * 1024
MOST_VALUES = 5_000
MOST_LEVELS = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filling:
    """What one plugin shows in a slot; ``values`` are plain already, ``hook`` names the method that gave them."""

    plugin: str
    hook: str
    templates: Path
    template: str
    values: Mapping[str, Any]


Fill = Callable[[ServiceView, str, SlotPage], Sequence[Filling]]


def share() -> Budget:
    """Return what one filling may cost: a tenth of a page."""
    return Budget(steps=10_000, characters=4 * LARGEST_FILLING, seconds=0.1)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy made of texts, numbers, lists and dictionaries. Raises WrongAnswer for anything else.

    To be called where the plugin's deadline holds.
    """
    if not isinstance(values, Mapping):
        raise WrongAnswer(f"its values are a {type(values).__name__}, not a mapping")
    return _Copy().mapping(values, 0)


def empty(name: str) -> Markup:
    """Show nothing, on a page of no service. Raises LookupError for a slot that there is not."""
    if name not in SLOTS:
        raise LookupError(f"There is no slot “{name}”; there are {', '.join(SLOTS)}.")
    return Markup()


class Slots:
    """The slots of all pages; safe for many threads."""

    def __init__(self, fill: Fill | None = None) -> None:
        self._fill = fill
        self._sandboxes: dict[Path, Sandbox] = {}
        self._lock = threading.Lock()

    def of(self, service: ServiceView, language: str) -> "PageSlots":
        """Return the slots of one page that is about to be shown."""
        return PageSlots(self, service, language)

    def fillings(self, service: ServiceView, name: str, page: SlotPage) -> Sequence[Filling]:
        """Return what there is to show; nothing when finding out fails."""
        if self._fill is None:
            return ()
        try:
            return self._fill(service, name, page)
        except Exception:  # of the page, the slot is the least
            _log.exception("The slot “%s” of “%s” cannot be filled", name, service.slug)
            return ()

    def show(self, filling: Filling, name: str) -> Markup:
        """Return the filling as HTML that is harmless; nothing when it fails, which the guard counts."""
        ref = Ref(Kind.PLUGIN, filling.plugin)
        try:
            return guard.call(ref, f"{filling.hook} template", partial(self._shown, filling, name), seconds=SECONDS)
        except HelpdeskError:
            return Markup()

    def _shown(self, filling: Filling, name: str) -> Markup:
        html = self._sandbox(filling.templates).render(filling.template, filling.values, budget=share())
        if len(html) > LARGEST_FILLING:
            raise WrongAnswer(f"it shows more than {LARGEST_FILLING} characters")
        if name == HEAD:
            return slot_html.head(html)
        inner = slot_html.body(html).strip()
        return Markup('<div data-hd-slot="{}:{}">{}</div>').format(filling.plugin, name, inner) if inner else Markup()

    def _sandbox(self, folder: Path) -> Sandbox:
        with self._lock:
            if folder not in self._sandboxes:
                self._sandboxes[folder] = Sandbox(FolderLoader(folder))
            return self._sandboxes[folder]


@dataclass(slots=True)
class PageSlots:
    """The slots of one page: each is filled once, however often the theme, or its parent after it, asks."""

    slots: Slots
    service: ServiceView
    language: str
    _shown: dict[tuple[str, str], Markup] = field(default_factory=dict)
    _seconds: float = PAGE_SECONDS
    _characters: int = LARGEST_PAGE

    def on(self, kind: str) -> Callable[[str], Markup]:
        """Return the function ``slot(name)`` that templates of a kind of page are given."""
        page = SlotPage(kind, self.language)

        def slot(name: str) -> Markup:
            nothing = empty(name)
            if (kind, name) not in self._shown:
                self._shown[kind, name] = self._filled(name, page) or nothing
            return self._shown[kind, name]

        return slot

    def _filled(self, name: str, page: SlotPage) -> Markup:
        if self._seconds <= 0:
            return Markup()
        started = clock.monotonic()
        pieces = []
        for filling in self.slots.fillings(self.service, name, page):
            piece = self.slots.show(filling, name)
            if piece and len(piece) <= self._characters:
                self._characters -= len(piece)
                pieces.append(piece)
        self._seconds -= clock.monotonic() - started
        return Markup("\n").join(pieces)


class FolderLoader(BaseLoader):
    """Load a plugin's templates by name; nothing outside its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:  # noqa: ARG002
        """Return text, file name, and whether the file is still the same."""
        path = file_in(self._folder, template)
        if path is None or path.stat().st_size > 4 * LARGEST_SOURCE:  # a character takes four bytes at most
            raise TemplateNotFound(template)
        changed = path.stat().st_mtime_ns
        return path.read_text("utf-8"), str(path), lambda: path.exists() and path.stat().st_mtime_ns == changed


@dataclass(slots=True)
class _Copy:
    """One copying of values, bounded."""

    left: int = MOST_VALUES

    def value(self, value: Any, level: int) -> Any:
        self.left -= 1
        if self.left < 0 or level > MOST_LEVELS:
            raise WrongAnswer(f"its values are more than {MOST_VALUES}, or deeper than {MOST_LEVELS} levels")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int | float):
            return int.__int__(value) if isinstance(value, int) else float.__float__(value)
        if isinstance(value, list | tuple):
            return [self.value(item, level + 1) for item in value]
        if isinstance(value, Mapping):
            return self.mapping(value, level + 1)
        raise WrongAnswer(f"its values hold a {type(value).__name__}; give texts, numbers, lists and mappings")

    def mapping(self, values: Mapping[Any, Any], level: int) -> dict[str, Any]:
        return {_key(name): self.value(value, level) for name, value in values.items()}


def _key(name: Any) -> str:
    if not isinstance(name, str):
        raise WrongAnswer(f"its values are named by a {type(name).__name__}, not by a text")
    return str.__str__(name)
