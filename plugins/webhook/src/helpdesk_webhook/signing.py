"""Signs requests and proves them, as Standard Webhooks 1.0 has it: HMAC-SHA256 over ``id.timestamp.body``.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from helpdesk.sdk.channel import InboundRequest, Unverified

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300


def _checked(secret: SecretStr) -> SecretStr:
    try:
        length = len(_key(secret))
    except binascii.Error:
        length = 0
    if not 24 <= length <= 64:
        raise ValueError("a secret is whsec_ and 24 to 64 random bytes in base64")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_checked)]
"""A shared secret, checked."""


def signed(body: bytes, webhook_id: str, secret: SecretStr) -> dict[str, str]:
    """Return the headers that a request with the body is to carry."""
    timestamp = str(int(datetime.now(UTC).timestamp()))
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(body, webhook_id, timestamp, secret),
    }


def prove(request: InboundRequest, secrets: Iterable[SecretStr | None]) -> None:
    """Raise Unverified unless one of the request's signatures is of one of the secrets, and no older than five minutes.

    Signatures of other versions are passed over, so that a sender may bring in new ones.
    """
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    webhook_id, timestamp, given = (request.headers.get(name, "") for name in names)
    if not webhook_id:
        raise Unverified("There is no webhook-id.")
    now = request.received_at or datetime.now(UTC)
    if not _is_recent(timestamp, now.timestamp()):
        raise Unverified(f"The webhook-timestamp is not within {TOLERANCE_SECONDS} seconds of now.")
    signatures = [one.encode("utf-8", "replace") for one in given.split(" ")]
    for secret in secrets:
        if secret is None:
            continue
        expected = signature(request.body, webhook_id, timestamp, secret).encode()
        if any(hmac.compare_digest(expected, one) for one in signatures):
            return
    raise Unverified("No webhook-signature fits.")


def signature(body: bytes, webhook_id: str, timestamp: str, secret: SecretStr) -> str:
    """Return one signature as it stands in the header."""
    content = f"{webhook_id}.{timestamp}.".encode("utf-8", "replace") + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), content, "sha256")).decode()


def _is_recent(timestamp: str, now: float) -> bool:
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
    return is_number and abs(now - int(timestamp)) <= TOLERANCE_SECONDS


def _key(secret: SecretStr) -> bytes:
    return base64.b64decode(secret.get_secret_value().removeprefix(PREFIX).encode(), validate=True)
