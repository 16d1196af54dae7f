"""Where plugins have their pages and webhooks: ``/{service}/p/<plugin>/…``.

What a plugin answers is sent with the desk's own headers: no script runs, nothing is framed, nothing
is guessed. Of the plugin's headers those pass that are listed here; cookies neither come in nor go
out, since on this address they would be the desk's.
"""

import logging
from collections.abc import Mapping

from flask import Blueprint, Response, request

from helpdesk.hosting import pages
from helpdesk.kernel import clock, db
from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.kernel.settings import Settings
from helpdesk.organization import contracts
from helpdesk.organization import queries as organization
from helpdesk.sdk.web import WebAnswer, WebRequest
from helpdesk.web.reading import address_of_asker, read_body
from helpdesk.web.replies import plain

log = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
KEPT_HEADERS = 64
COOKIES = frozenset({"cookie", "proxy-authorization"})
PASSED = frozenset(
    {
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-max-age",
        "allow",
        "cache-control",
        "content-disposition",
        "content-language",
        "etag",
        "expires",
        "last-modified",
        "location",
        "retry-after",
        "vary",
        "www-authenticate",
    }
)
"""The headers that a plugin may set, in lower case."""

POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def blueprint(settings: Settings) -> Blueprint:
    """Return the route of every plugin's pages."""
    routes = Blueprint("plugin_pages", __name__)

    @routes.route(
        "/<service>/p/<plugin>/",
        defaults={"path": ""},
        methods=METHODS,
        provide_automatic_options=False,
        strict_slashes=False,  # the redirect would be built from the Host header
    )
    @routes.route("/<service>/p/<plugin>/<path:path>", methods=METHODS, provide_automatic_options=False)
    def page(service: str, plugin: str, path: str) -> Response:
        """Answer as the plugin does, or say in a sentence why not."""
        body = read_body(settings.max_body_bytes)
        with db.connection():
            found = organization.service_by_slug(service)
            if found is None:
                return plain("There is nothing at this address.", 404)
            try:
                contracts.require_in_use(found)
                asked = _request(path, body, settings)
            except Unavailable as error:
                return plain(error.message, 503)
            except Invalid:
                return plain("The address that the request came from cannot be read.", 400)
            return _response(pages.answer(found.id, plugin, asked, largest=settings.max_body_bytes))

    return routes


def _request(path: str, body: bytes, settings: Settings) -> WebRequest:
    """Return what the plugin is told of the request. Raises Invalid for a proxy that names no address."""
    headers = {name.lower(): value for name, value in list(request.headers.items())[:KEPT_HEADERS]}
    return WebRequest(
        method=request.method,
        path=path,
        body=body,
        headers={name: value for name, value in headers.items() if name not in COOKIES},
        query=dict(list(request.args.items())[:KEPT_HEADERS]),
        address=address_of_asker(settings),
        received_at=clock.now(),
    )


def _response(answer: WebAnswer) -> Response:
    body = answer.body.encode(errors="replace") if isinstance(answer.body, str) else answer.body
    response = Response(body, answer.status, content_type=answer.content_type)
    for name, value in _passed(answer.headers).items():
        response.headers[name] = value
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    response.autocorrect_location_header = False
    return response


def _passed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() in PASSED}
