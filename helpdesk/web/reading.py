"""What every address reads alike of a request: its body, within a limit, and where it really comes from."""

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from helpdesk.access.rules import client_address
from helpdesk.kernel.settings import Settings


def read_body(largest: int) -> bytes:
    """Return the body. Raises RequestEntityTooLarge, with no more than a byte too many read."""
    if (request.content_length or 0) > largest:
        raise RequestEntityTooLarge
    body = request.stream.read(largest + 1)
    if len(body) > largest:
        raise RequestEntityTooLarge
    return body


def address_of_asker(settings: Settings) -> str:
    """Return the address of whoever really asks. Raises Invalid for a proxy that names no address."""
    forwarded = request.headers.get("X-Forwarded-For")
    return client_address(request.remote_addr or "", forwarded, settings.trusted_proxies)
