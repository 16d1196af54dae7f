"""Shows pages of the help center in a theme, and says why when the theme cannot make one."""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from helpdesk.helpcenter import pages
from helpdesk.helpcenter.links import Links
from helpdesk.helpcenter.pages import Place
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.rules import Entry, Problem
from helpdesk.helpcenter.slots import Slots
from helpdesk.helpcenter.themes import Line, Themes
from helpdesk.helpcenter.views import Receipt, ServiceView
from helpdesk.hosting import slots
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.plugins import registry
from helpdesk.sdk.testing.rules import Broken

ENTRY = Entry("김미나 🍀", "mina@shop.example", "한라봉 <b>3kg</b>", "아직 안 왔어요 🍊")
PROBLEMS = [Problem("email", "email_required")]
RECEIPT = Receipt(1001, "m***@shop.example")
FORM = "a-signed-form"


def page(service: ServiceView, theme: str, name: str, *, language: str) -> str:
    """Return the HTML of a page. Raises Broken when the theme is refused, or somebody must stand in for it."""
    try:
        renderer = Renderer(Themes(registry.themes(), core_version=version("helpdesk")))
        if theme in renderer.themes.problems:
            raise Broken(f"The desk cannot use the theme “{theme}”: {renderer.themes.problems[theme]}")
        place = Place(service, language, Links("https://desk.example"), Slots(slots.fill).of(service, language))
        html = renderer.render(renderer.themes.line(theme), name, _context(place, name))
    except HelpdeskError as error:
        raise Broken(f"The theme “{theme}” cannot show the page {name}: {error.message}") from error
    for mark in renderer.degraded():
        raise Broken(f"The theme “{mark.theme}” cannot show the page {mark.page}: {mark.reason}")
    return html


def _context(place: Place, name: str) -> Callable[[Line], Mapping[str, Any]]:
    makers: dict[str, Callable[[Line], Mapping[str, Any]]] = {
        "home": lambda line: pages.home(place, line),
        "inquiry": lambda line: pages.inquiry(place, line, entry=ENTRY, token=FORM, problems=PROBLEMS, notices=()),
        "inquiry_done": lambda line: pages.done(place, line, receipt=RECEIPT),
        "error": lambda line: pages.error(place, line, status=404, request_id="abc"),
    }
    return makers[name]
