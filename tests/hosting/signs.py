"""A whole plugin with a sign in some slots, which does whatever ``doing`` says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from helpdesk.sdk.plugin import Host, Plugin
from helpdesk.sdk.slots import SlotContent, SlotPage, slot

FOLDER = Path(__file__).with_name("templates")
HELLO = "<script>alert('hello')</script>"


def usual(host: Host, page: SlotPage) -> Any:
    """Show who greets, on which page."""
    return SlotContent("sign.html", {"hello": HELLO, "service": host.service.slug, "page": page.kind, "items": (1, 2)})


class Signs(Plugin):
    """Hangs a sign at the end of the home page, and another above the button of the form."""

    title: ClassVar = {"en": "Signs"}
    templates: ClassVar = FOLDER
    doing: ClassVar[list[Callable[[Host, SlotPage], Any]]] = [usual]
    asked: ClassVar[list[str]] = []

    @slot("home.bottom")
    def sign(self, host: Host, page: SlotPage) -> SlotContent | None:
        self.asked.append(page.kind)
        found: SlotContent | None = self.doing[0](host, page)
        return found

    @slot("inquiry.submit.before", order=1)
    def reminder(self, host: Host, page: SlotPage) -> SlotContent | None:
        return SlotContent("sign.html", {"hello": "Mind the gap", "service": "", "page": page.language, "items": []})

    @slot("head")
    def author(self, host: Host, page: SlotPage) -> SlotContent | None:
        return SlotContent("head.html", {"name": "Signs & Co"})


class Others(Plugin):
    """Hangs a sign too, before everybody else's."""

    title: ClassVar = {"en": "Others"}
    templates: ClassVar = FOLDER

    @slot("home.bottom", order=10)
    def sign(self, host: Host, page: SlotPage) -> SlotContent | None:
        return SlotContent("sign.html", {"hello": "Others", "service": "", "page": "", "items": []})
