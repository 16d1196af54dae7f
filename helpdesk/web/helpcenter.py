"""Speaks HTTP for the help center: home, the inquiry form, the page after it, errors and the themes' files.

Refuses to decide: what an inquiry may look like is in the room's rules, what becomes of it is the desk's.
All methods reach every route and are refused here, so that a wrong one too gets a page in the service's dress.
"""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import HTTPException

from helpdesk.helpcenter import pages
from helpdesk.helpcenter.links import Links
from helpdesk.helpcenter.pages import Place
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.rules import Inquiry
from helpdesk.helpcenter.slots import Fill, Slots
from helpdesk.helpcenter.themes import DEFAULT, Line
from helpdesk.helpcenter.tokens import Tokens
from helpdesk.helpcenter.views import ServiceView
from helpdesk.kernel.errors import HelpdeskError, Unavailable
from helpdesk.web import helpcenter_answers as answers
from helpdesk.web.helpcenter_assets import asset
from helpdesk.web.helpcenter_inquiry import LARGEST_BODY, InquiryPages

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_log = logging.getLogger(__name__)


class Desk(Protocol):
    """What the help center asks of the desk; the application binds it to the rooms."""

    def service(self, slug: str) -> ServiceView | None:
        """Return the service of that id, or None."""

    def create_inquiry(self, slug: str, inquiry: Inquiry) -> int:
        """Make a ticket and return its number; the same ``inquiry.key`` gives the same number and no second ticket.

        Raises errors of the kernel; the path of ``Invalid`` ends with the name of the wrong field.
        """


def blueprint(
    desk: Desk,
    *,
    renderer: Renderer,
    base_url: str,
    secret: bytes,
    fill: Fill | None = None,
    asking: Callable[[], str] = lambda: "",
) -> Blueprint:
    """Return the help center's routes. ``secret`` signs forms and must be for this purpose alone.

    ``fill`` gives what plugins show in the slots of a page; without it they stay empty. ``asking`` gives the address
    that the request at hand is counted under.
    """
    center = HelpCenter(desk, renderer, Links(base_url), Tokens(secret), Slots(fill), asking)
    routes = Blueprint("helpcenter", __name__)
    options: dict[str, Any] = {
        "methods": METHODS,
        "provide_automatic_options": False,
        "strict_slashes": False,  # otherwise the redirect to the other form is built from the Host header
        "merge_slashes": False,
    }
    rules: Mapping[str, Callable[..., Response]] = {
        "/<service>/hc": center.enter,
        "/<service>/hc/<locale>": center.home,
        "/<service>/hc/<locale>/inquiry": center.inquiry,
        "/<service>/hc/<locale>/inquiry/done": center.done,
        "/<service>/hc/<path:rest>": center.lost,
        "/_t/<theme>/<fingerprint>/<path:path>": center.asset,
    }
    for rule, view in rules.items():
        routes.add_url_rule(rule, endpoint=view.__name__, view_func=view, **options)
    routes.register_error_handler(Exception, center.failed)
    return routes


@dataclass(frozen=True, slots=True)
class HelpCenter:
    """The views of the routes."""

    desk: Desk
    renderer: Renderer
    links: Links
    tokens: Tokens
    slots: Slots
    asking: Callable[[], str]

    def enter(self, service: str) -> Response:
        """Lead to the home page in the visitor's language."""
        answers.allow("GET", "HEAD")
        found = self._service(service)
        locale = answers.language(found.languages, found.default_language)
        response = answers.redirect(self.links.page(service, locale, "home"), status=302)
        response.headers["Vary"] = "Accept-Language, Cookie"
        return response

    def home(self, service: str, locale: str) -> Response:
        """Show the home page."""
        answers.allow("GET", "HEAD")
        place, line = self._place(service, locale)
        html = self.renderer.render(line, "home", lambda theme: pages.home(place, theme))
        return answers.remember_language(answers.page(html, caching="private, no-cache"), place)

    def inquiry(self, service: str, locale: str) -> Response:
        """Show the form, or take it."""
        answers.allow("GET", "HEAD", "POST")
        place, line = self._inquiry_place(service, locale)
        form = InquiryPages(self.renderer, self.tokens, place, line, self.asking)
        response = form.take(self.desk.create_inquiry) if request.method == "POST" else form.show()
        return answers.remember_language(response, place)

    def done(self, service: str, locale: str) -> Response:
        """Show the number of the inquiry that was just sent."""
        answers.allow("GET", "HEAD")
        place, line = self._inquiry_place(service, locale)
        return InquiryPages(self.renderer, self.tokens, place, line, self.asking).show_done()

    def lost(self, service: str, rest: str) -> Response:
        """Say that there is no such page."""
        del service, rest
        answers.refuse(404)

    def asset(self, theme: str, fingerprint: str, path: str) -> Response:
        """Send a file of a theme."""
        answers.allow("GET", "HEAD")
        return asset(self.renderer.themes, theme, fingerprint=fingerprint, path=path)

    def failed(self, error: Exception) -> Response:
        """Show an error page; whatever is not expected is logged and told without its text."""
        status = answers.status_of(error)
        request_id = g.get("request_id") or secrets.token_hex(8)
        if status == 500:
            _log.error("A help center page failed (request %s)", request_id, exc_info=error)
        if status == 413:
            answers.drain(LARGEST_BODY)
        hint = error.message if isinstance(error, HelpdeskError) and status in {403, 409, 422} else ""
        place = self._error_place(request.view_args or {})
        code = error.code.lower() if isinstance(error, HelpdeskError) else ""
        response = self._error_page(place, status, request_id, hint=hint, code=code)
        if isinstance(error, HTTPException) and status == 405:
            response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
        return response

    def _error_page(self, place: Place, status: int, request_id: str, *, hint: str, code: str) -> Response:
        line = self.renderer.themes.line(place.service.theme if place.service else DEFAULT)
        try:
            html = self.renderer.render(
                line,
                "error",
                lambda theme: pages.error(place, theme, status=status, request_id=request_id, hint=hint, code=code),
            )
        except HelpdeskError:  # the default theme itself is broken: it is logged where it happened
            html = answers.plain_page(status, request_id)
        response = answers.page(html, status=status)
        response.headers["X-Request-Id"] = request_id
        return response

    def _service(self, slug: str) -> ServiceView:
        found = self.desk.service(slug)
        if found is not None and not found.is_open:
            raise Unavailable("This help center is closed at the moment.", code="SERVICE_RESTS")
        return found if found is not None else answers.refuse(404)

    def _place(self, slug: str, locale: str) -> tuple[Place, Line]:
        service = self._service(slug)
        if locale not in service.languages:
            answers.refuse(404)
        slots = self.slots.of(service, locale)
        return Place(service, locale, self.links, slots), self.renderer.themes.line(service.theme)

    def _inquiry_place(self, slug: str, locale: str) -> tuple[Place, Line]:
        place, line = self._place(slug, locale)
        if place.service is None or not place.service.features.inquiry:
            answers.refuse(404)
        return place, line

    def _error_place(self, arguments: Mapping[str, str]) -> Place:
        """Return the nearest place to what was asked for: the service if there is one, a language that it has."""
        service = self._service_or_none(arguments.get("service", ""))
        if service is None:
            spoken = tuple(self.renderer.themes.line(DEFAULT).texts)
            return Place(None, answers.language(spoken, "en"), self.links)
        asked = arguments.get("locale") or arguments.get("rest", "").partition("/")[0]
        best = answers.language(service.languages, service.default_language)
        locale = asked if asked in service.languages else best
        return Place(service, locale, self.links, self.slots.of(service, locale))

    def _service_or_none(self, slug: str) -> ServiceView | None:
        try:
            return self.desk.service(slug) if slug else None
        except Exception:  # the failure that led here may be the database's: the error page does without
            _log.exception("The service “%s” cannot be read for an error page", slug)
            return None
