"""The GraphQL address of a service: one request in, one JSON answer out, whatever was sent.

Owns the HTTP side. Refuses to know the schema: what runs a payload is handed in, and so is the SDL.
strawberry's Flask view lost: it answers 500 to seven sorts of broken body and fails eight of the
public GraphQL-over-HTTP audits.

``execute`` runs inside Flask's request, so ``request.view_args["service"]`` (None at ``/graphql``) and
``g.request_id`` are there for it. It may raise HelpdeskError for what is decided before the schema
(unknown service, bad key, address not allowed, too many requests); statuses follow from the class.
"""

import logging
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import Blueprint, Response, g, request

from helpdesk.kernel.db import UNREACHABLE, explained
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.web import graphiql
from helpdesk.web.graphql_answers import (
    PLAIN_JSON,
    Outcome,
    answer,
    choose_media_type,
    mask,
    refuse,
    refuse_expected,
)
from helpdesk.web.graphql_requests import RequestError, read_get, read_post

logger = logging.getLogger(__name__)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")  # the last three only to refuse them in JSON
LETTERS = str.maketrans("0123456789", "ghijklmnop")  # digits in a row would be masked in the log as a card number
WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Execute(Protocol):
    """What runs a payload of ``query``, ``variables``, ``operationName`` and ``extensions``."""

    def __call__(self, payload: Mapping[str, Any], *, is_read_only: bool) -> Outcome:
        """Run the payload; with ``is_read_only`` refuse a mutation by the code METHOD_NOT_ALLOWED."""


def blueprint(
    execute: Execute, *, sdl: Callable[[], str], is_graphiql_on: bool = True, max_body_bytes: int = 1_048_576
) -> Blueprint:
    """Return the routes ``/<service>/graphql`` and ``/graphql``, each with ``/schema.graphql`` below it.

    ``sdl`` is called inside the request and may raise HelpdeskError too.
    """
    blue = Blueprint("graphql", __name__, template_folder="templates")

    def endpoint(service: str | None) -> Response:  # noqa: ARG001  # for ``execute``, which asks Flask for it
        if graphiql.is_wanted(request):
            return graphiql.page() if is_graphiql_on else graphiql.turned_off()
        return _answer_request(execute, max_body_bytes=max_body_bytes)

    def schema(service: str | None) -> Response:  # noqa: ARG001
        return _answer_sdl(sdl)

    for prefix, defaults in (("/<service>", {}), ("", {"service": None})):
        blue.add_url_rule(f"{prefix}/graphql", "endpoint", endpoint, methods=METHODS, defaults=defaults)
        blue.add_url_rule(f"{prefix}/graphql/schema.graphql", "schema", schema, defaults=defaults)
    if is_graphiql_on:
        graphiql.add_files(blue)
    return blue


def request_id() -> str:
    """Return this request's id, the same all through it: the client's own if well formed, or a new one."""
    if "request_id" not in g:
        sent = request.headers.get("X-Request-Id", "")
        g.request_id = sent if WELL_FORMED_ID.fullmatch(sent) else uuid.uuid4().hex.translate(LETTERS)
    known: str = g.request_id
    return known


def _answer_request(execute: Execute, *, max_body_bytes: int) -> Response:
    media_type = PLAIN_JSON
    identity = request_id()
    try:
        media_type = choose_media_type(request)
        payload = _read(max_body_bytes)
        return answer(
            execute(payload, is_read_only=request.method != "POST"), media_type=media_type, request_id=identity
        )
    except RequestError as error:
        response = refuse(error, media_type=media_type, request_id=identity)
        if error.status == 405:
            response.headers["Allow"] = "GET, POST"
        return response
    except HelpdeskError as error:
        return refuse_expected(error, media_type=media_type, request_id=identity)
    except UNREACHABLE as error:
        return _unavailable(error, media_type, identity)
    except Exception:
        logger.exception("Request %s failed outside the schema.", identity)
        return mask(media_type=media_type, request_id=identity)


def _unavailable(error: Exception, media_type: str, identity: str) -> Response:
    """Answer while the database cannot be reached, gives up or takes nothing. Source: SECURITY E9."""
    logger.error("Request %s found no database.", identity, exc_info=error)
    told = explained(error)
    assert told is not None
    return refuse_expected(told, media_type=media_type, request_id=identity)


def _read(max_body_bytes: int) -> dict[str, Any]:
    if request.method == "POST":
        return read_post(request, max_body_bytes=max_body_bytes)
    if request.method in {"GET", "HEAD"}:
        return read_get(request)
    raise RequestError(405, "METHOD_NOT_ALLOWED", "Send queries by POST or GET, and mutations by POST.")


def _answer_sdl(sdl: Callable[[], str]) -> Response:
    identity = request_id()
    try:
        response = Response(sdl(), content_type="text/plain; charset=utf-8")
    except HelpdeskError as error:
        return refuse_expected(error, media_type=PLAIN_JSON, request_id=identity)
    except UNREACHABLE as error:
        return _unavailable(error, PLAIN_JSON, identity)
    except Exception:
        logger.exception("Request %s failed to print the schema.", identity)
        return mask(media_type=PLAIN_JSON, request_id=identity)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Request-Id"] = identity
    return response
