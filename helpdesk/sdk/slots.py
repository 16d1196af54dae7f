"""Slots: places in the help center's pages where a whole plugin may show something of its own.

A slot adds and never replaces. Its template lies in the plugin's ``templates`` folder and is rendered
in the sandbox of a theme, from its values alone, within a tenth of a page's limits and 32 KiB; when it
fails, or takes too long, the page comes without it. Values are escaped, whatever they are made of.

What the template makes is cleaned, so that the page stays whole: kept are texts, headings, links,
pictures, lists, tables and ``details``, with ``class``, ``data-*`` and ``aria-*``; scripts, styles,
forms, ids and event attributes go, and every element is closed. The desk wraps it in
``<div data-hd-slot="<plugin>:<slot>">``. In ``head`` there is no wrapper; kept are ``meta`` elements with a
name or property (not referrer, viewport, color-scheme or robots), and ``link`` elements that load
nothing: alternate, author, help, license, me, next, prev, search, with an https address or a path.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from helpdesk.sdk.plugin import HookKind, Method, mark

__all__ = ["SLOTS", "SlotContent", "SlotPage", "slot"]

SLOTS: Mapping[str, str] = {
    "head": "Inside the head of every page: meta elements and links, no scripts.",
    "body.start": "First in the body of every page, after the link that skips to the content.",
    "header.after": "Below the header of every page.",
    "home.hero.after": "Below the banner of the home page.",
    "home.cards.end": "After the last card of the home page.",
    "home.bottom": "At the end of the home page.",
    "inquiry.form.before": "Above the inquiry form.",
    "inquiry.submit.before": "Right above the button that sends the inquiry.",
    "footer.before": "Above the footer of every page.",
    "body.end": "Last in the body of every page.",
}
"""Every slot, and where it is."""


@dataclass(frozen=True, slots=True)
class SlotPage:
    """The page that is being shown: its kind, such as ``home``, and its language."""

    kind: str
    language: str


@dataclass(frozen=True, slots=True)
class SlotContent:
    """What to show: a template of the plugin, and its values: texts, numbers, and lists and mappings of them."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)


def slot(name: str, *, order: int = 100) -> Callable[[Method], Method]:
    """Fill a slot by ``method(host, page) -> SlotContent | None``, in half a second; a lower ``order`` comes first."""
    return mark(HookKind.SLOT, slot=name, order=order)
