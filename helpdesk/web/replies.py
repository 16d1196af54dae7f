"""Small answers in plain text and JSON, with the headers that every answer of ours has."""

from typing import Any

import orjson
from flask import Response


def plain(text: str, status: int = 200) -> Response:
    """Return a line of plain text."""
    return _guarded(Response(text + "\n", status, content_type="text/plain; charset=utf-8"))


def as_json(value: Any, status: int = 200) -> Response:
    """Return a JSON value."""
    return _guarded(Response(orjson.dumps(value) + b"\n", status, content_type="application/json"))


def _guarded(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
