"""Writes the answer to one GraphQL request: which media type, which status, which headers.

Owns the GraphQL-over-HTTP rules of answering. Refuses to read a request or to know what was asked.

Under ``application/graphql-response+json`` a request that did not run is 400 and has no ``data``;
under ``application/json`` it is 200, as older clients expect and the specification keeps.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson
from flask import Request, Response

from helpdesk.kernel.errors import (
    Conflict,
    Forbidden,
    HelpdeskError,
    LimitExceeded,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from helpdesk.web.graphql_requests import RequestError

logger = logging.getLogger(__name__)

PLAIN_JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
OFFERED = {GRAPHQL_JSON: GRAPHQL_JSON, PLAIN_JSON: PLAIN_JSON, "application/*": PLAIN_JSON, "*/*": PLAIN_JSON}
RETRY_AFTER_SECONDS = 5

STATUSES: tuple[tuple[type[HelpdeskError], int], ...] = (
    (Unauthenticated, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (LimitExceeded, 429),
    (Unavailable, 503),
)


class Outcome(Protocol):
    """What came of a request. ``did_run`` is false when it was refused before anything ran."""

    @property
    def data(self) -> Mapping[str, Any] | None:
        """The result's ``data``."""

    @property
    def errors(self) -> Sequence[Mapping[str, Any]]:
        """Errors, formatted; each has ``extensions.code``."""

    @property
    def extensions(self) -> Mapping[str, Any]:
        """The result's ``extensions``."""

    @property
    def did_run(self) -> bool:
        """Whether anything ran."""


def choose_media_type(request: Request) -> str:
    """Return the media type to answer in. Raises RequestError with 406 when the client takes neither."""
    if not request.headers.get("Accept", "").strip():
        return PLAIN_JSON
    best, best_quality = None, 0.0
    for value, quality in request.accept_mimetypes:
        offered = OFFERED.get(value.partition(";")[0].strip().lower())
        is_better = quality > best_quality or (quality == best_quality and offered == GRAPHQL_JSON)
        if offered and quality and is_better:
            best, best_quality = offered, quality
    if best is None:
        message = f"Accept {GRAPHQL_JSON} or {PLAIN_JSON}; nothing else is served here."
        raise RequestError(406, "NOT_ACCEPTABLE", message)
    return best


def answer(outcome: Outcome, *, media_type: str, request_id: str) -> Response:
    """Return the HTTP response of an outcome."""
    body: dict[str, Any] = {"errors": outcome.errors} if outcome.errors else {}
    if outcome.did_run:
        body["data"] = outcome.data
    if outcome.extensions:
        body["extensions"] = outcome.extensions
    if outcome.did_run:
        return respond(body, 200, media_type=media_type, request_id=request_id)
    if any(error.get("extensions", {}).get("code") == "METHOD_NOT_ALLOWED" for error in outcome.errors):
        response = respond(body, 405, media_type=media_type, request_id=request_id)
        response.headers["Allow"] = "POST"
        return response
    return respond(body, 400 if media_type == GRAPHQL_JSON else 200, media_type=media_type, request_id=request_id)


def refuse(error: RequestError, *, media_type: str, request_id: str) -> Response:
    """Return the response to a request that could not be read."""
    body = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
    return respond(body, error.status, media_type=media_type, request_id=request_id)


def refuse_expected(error: HelpdeskError, *, media_type: str, request_id: str) -> Response:
    """Return the response to an expected refusal outside the schema, such as an unknown key."""
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 400)
    body = {"errors": [{"message": error.message, "extensions": {"code": error.code}}]}
    response = respond(body, status, media_type=media_type, request_id=request_id)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status in {429, 503}:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def mask(*, media_type: str, request_id: str) -> Response:
    """Return the response to a bug; the caller has logged it."""
    message = "Something went wrong on our side; quote the request id."
    extensions = {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id}
    body = {"errors": [{"message": message, "extensions": extensions}]}
    return respond(body, 500, media_type=media_type, request_id=request_id)


def respond(body: Mapping[str, Any], status: int, *, media_type: str, request_id: str) -> Response:
    """Return the body as JSON, never to be stored by a cache."""
    response = Response(_dumps(body), status, content_type=f"{media_type}; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Request-Id"] = request_id
    return response


def _dumps(body: Mapping[str, Any]) -> bytes:
    """Write JSON fast, and what orjson refuses (a lone surrogate, an integer beyond 64 bits) by the slower way."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        return json.dumps(body, allow_nan=False).encode("ascii")
