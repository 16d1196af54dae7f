"""Reads one GraphQL request from HTTP: bytes in, a payload of known shape out, or a refusal with its status.

Owns the shape of what comes in. Refuses to guess: no batches, no forms, no other content type than
JSON, so that a browser cannot be made to send a write across sites without asking first.
A key that occurs twice in JSON takes its last value, as in every browser. Flask's own JSON reading
lost: it answers 500 to nesting, and knows neither NUL nor numbers without end.
Source: SECURITY 0.3, E7, E9.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header

MAX_VALUE_DEPTH = 50
SHA256 = re.compile(r"[0-9a-f]{64}")
UTF8 = frozenset({"utf-8", "utf8"})


class RequestError(Exception):
    """The request cannot be taken; ``status`` is HTTP's, ``code`` is ours, the message says what to mend."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def read_post(request: Request, *, max_body_bytes: int) -> dict[str, Any]:
    """Return the payload of a POST. Raises RequestError with 400, 413 or 415."""
    _check_content_type(request)
    payload = _loads(_read_body(request, max_body_bytes), "The body")
    if isinstance(payload, list):
        raise _bad("Batches are not taken: send one operation in a request.")
    if not isinstance(payload, dict):
        raise _bad('The body has to be a JSON object such as {"query": "{ __typename }"}.')
    return _checked(payload)


def read_get(request: Request) -> dict[str, Any]:
    """Return the payload of a GET: ``query`` and ``operationName`` as text, the others as JSON objects."""
    payload: dict[str, Any] = dict(request.args.items())
    for name in ("variables", "extensions"):
        if payload.get(name):
            payload[name] = _loads(payload[name].encode("utf-8", "surrogatepass"), f"“{name}”")
        else:
            payload.pop(name, None)
    return _checked(payload)


def _check_content_type(request: Request) -> None:
    content_type, options = parse_options_header(request.headers.get("Content-Type"))
    if content_type.lower() != "application/json":
        raise RequestError(415, "UNSUPPORTED_MEDIA_TYPE", "Send the request with Content-Type: application/json.")
    if options.get("charset", "utf-8").lower() not in UTF8:
        raise RequestError(415, "UNSUPPORTED_MEDIA_TYPE", "Send the JSON in UTF-8.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestError(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body without Content-Encoding.")


def _read_body(request: Request, max_body_bytes: int) -> bytes:
    request.max_content_length = max_body_bytes
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        message = f"The body is larger than {max_body_bytes:,} bytes. Send files through their own upload."
        raise RequestError(413, "REQUEST_TOO_LARGE", message) from error
    except ClientDisconnected as error:
        raise _bad("The body ended before its Content-Length.") from error


def _loads(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _bad(
            f"{what} is not JSON in UTF-8: {error.msg}, at line {error.lineno}, column {error.colno}."
        ) from error


def _checked(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that count, each of its type; others are ignored, as the specification says.

    ``query`` is empty when ``digest`` alone is to say which document is meant.
    """
    variables = _object(payload, "variables")
    extensions = _object(payload, "extensions")
    query = payload.get("query")
    digest = _digest(extensions or {})
    if query is None and digest is not None:
        query = ""
    elif not isinstance(query, str) or not query.strip():
        raise _bad("“query” has to be the text of a GraphQL document.")
    elif digest not in {None, sha256(query.encode("utf-8", "surrogatepass")).hexdigest()}:
        raise _bad("“sha256Hash” is not the hash of “query”: SHA-256 of its UTF-8, in hexadecimal.")
    operation_name = payload.get("operationName")
    if not isinstance(operation_name, str | None):
        raise _bad("“operationName” has to be text, or be left out.")
    _check_values([query, operation_name, variables, extensions])
    return {
        "query": query,
        "variables": variables,
        "operationName": operation_name or None,
        "extensions": extensions,
        "digest": digest,
    }


def _digest(extensions: Mapping[str, Any]) -> str | None:
    """Return the hash that stands for a document, as Apollo's automatic persisted queries send it; None for none."""
    if "persistedQuery" not in extensions:
        return None
    asked = extensions["persistedQuery"]
    digest = asked.get("sha256Hash") if isinstance(asked, dict) and asked.get("version") == 1 else None
    if not isinstance(digest, str) or not SHA256.fullmatch(digest):
        raise _bad('“persistedQuery” has to be {"version": 1, "sha256Hash": "…"}, the hash 64 hexadecimal digits.')
    return digest


def _object(payload: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    value = payload.get(name)
    if value is not None and not isinstance(value, dict):
        raise _bad(f"“{name}” has to be a JSON object, or be left out.")
    return value


def _check_values(value: Any) -> None:
    """Refuse nesting without end and the NUL character, which PostgreSQL cannot store; a walk without recursion."""
    level, depth = [value], 0
    while level:
        if depth > MAX_VALUE_DEPTH:
            raise _bad(f"Values are nested more than {MAX_VALUE_DEPTH} deep.")
        inner: list[Any] = []
        for item in level:
            if isinstance(item, str) and "\0" in item:
                raise _bad("Text may not contain the NUL character (\\u0000).")
            if isinstance(item, dict):
                inner.extend(item.keys())
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level, depth = inner, depth + 1


def _bad(message: str) -> RequestError:
    return RequestError(400, "BAD_REQUEST", message)
