"""The front door: ``/`` and ``/{service}`` lead to the help center, and what is nowhere gets a plain sentence."""

import logging

from flask import Blueprint, Flask, Response, redirect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from helpdesk.kernel import db
from helpdesk.organization import queries as organization
from helpdesk.web.replies import plain

log = logging.getLogger(__name__)

SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is too large.",
    503: "The desk cannot reach its database; try again in a moment.",
    500: "Something went wrong on our side; it has been noted.",
}


def blueprint() -> Blueprint:
    """Return the routes ``/`` and ``/<service>``."""
    routes = Blueprint("front", __name__)

    @routes.get("/")
    def enter() -> AnyResponse:
        """Lead to the help center of the only service."""
        with db.connection():
            service = organization.only_service()
        return _lead(service.slug) if service else plain("Name the service: /{service}/hc.", 404)

    @routes.get("/<service>")
    def enter_service(service: str) -> AnyResponse:
        """Lead to the service's help center."""
        with db.connection():
            found = organization.service_by_slug(service)
        return _lead(found.slug) if found else plain(SENTENCES[404], 404)

    return routes


def _lead(slug: str) -> AnyResponse:
    return redirect(f"/{slug}/hc")


def answer_errors(app: Flask) -> None:
    """Answer what no blueprint answered in one plain sentence, whatever went wrong."""

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        """Answer an HTTP error."""
        code = error.code or 500
        return plain(SENTENCES.get(code, error.name), code)

    def unavailable(error: Exception) -> Response:
        """Answer while the database cannot be reached. Source: SECURITY E9."""
        log.error("A request found no database.", exc_info=error)
        told = db.explained(error)
        return plain(told.message if told else SENTENCES[503], 503)

    for kind in db.UNREACHABLE:
        app.register_error_handler(kind, unavailable)
