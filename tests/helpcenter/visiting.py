"""Visits a help center as a browser does: opens the form, waits as a person, sends it."""

import io
import re
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from helpdesk.helpcenter.tokens import SHORTEST_SECONDS

FORM = "/acme/hc/en/inquiry"
GOOD = {
    "name": "A Visitor",
    "email": "visitor@shop.example",
    "subject": "Where is it?",
    "content": "Two weeks ago\r\nI ordered.",
    "consent": "yes",
}


def text_of(response: TestResponse) -> str:
    return unescape(response.get_data(as_text=True))


def token_in(response: TestResponse) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', response.get_data(as_text=True))
    assert found is not None
    return found[1]


def chosen(name: str, data: bytes, *, content_type: str = "text/html") -> FileStorage:
    """Return a file as a browser sends it, with a type that it claims."""
    return FileStorage(io.BytesIO(data), filename=name, content_type=content_type)


def send(
    visitor: FlaskClient,
    clock: Any,
    *,
    page: str = FORM,
    token: str = "",
    wait: float = SHORTEST_SECONDS,
    **changes: Any,
) -> TestResponse:
    """Open the form, wait as a person does, and send it; a field of None is left out."""
    form = {**GOOD, "form_token": token or token_in(visitor.get(page)), **changes}
    clock.shift(wait)
    boundary, body = encode_multipart({name: value for name, value in form.items() if value is not None})
    return visitor.post(page, data=body, content_type=f"multipart/form-data; boundary={boundary}")
