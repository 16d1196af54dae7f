"""Owns the signed marks that a form carries: that we gave it to this browser, when, and for which service.

Refuses to keep anything on the server: the mark is bound to a random cookie instead of a session.
"""

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from helpdesk.kernel import clock

SHORTEST_SECONDS = 2
"""Nobody fills in the form faster; a machine does."""
LONGEST_SECONDS = 12 * 3600
RECEIPT_SECONDS = 24 * 3600


class FormError(Exception):
    """The mark of a form does not hold; ``code`` names the text that tells the visitor."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark that holds. ``is_hasty`` says that the form came back sooner than a person could send it."""

    nonce: str
    is_hasty: bool


class Tokens:
    """Sign and check. ``secret`` is for this purpose alone."""

    def __init__(self, secret: bytes) -> None:
        self._forms = URLSafeSerializer(secret, salt="helpcenter.form")
        self._receipts = URLSafeSerializer(secret, salt="helpcenter.receipt")

    def new_visitor(self) -> str:
        """Return a value for the cookie of a browser that has none."""
        return secrets.token_urlsafe(32)

    def issue(self, service: str, visitor: str) -> str:
        """Return the mark of a form that is shown to this visitor now."""
        content = {"s": service, "v": _hash(visitor), "n": secrets.token_urlsafe(16), "t": _seconds()}
        return _text(self._forms.dumps(content))

    def check(self, token: str, *, service: str, visitor: str) -> Mark:
        """Return what the mark says. Raises FormError: ``forged``, ``no_cookie`` or ``expired``."""
        content = self._content(token)
        if not visitor:
            raise FormError("no_cookie")
        if content["s"] != service or not hmac.compare_digest(content["v"], _hash(visitor)):
            raise FormError("forged")
        age = _seconds() - content["t"]
        if age > LONGEST_SECONDS:
            raise FormError("expired")
        return Mark(content["n"], is_hasty=age < SHORTEST_SECONDS)

    def _content(self, token: str) -> dict[str, Any]:
        try:
            content: dict[str, Any] = self._forms.loads(token)
        except BadSignature as error:
            raise FormError("forged") from error
        return content

    def receipt(self, service: str, *, number: int, contact: str) -> str:
        """Return the signed number of an inquiry, so that the page after sending cannot be made up."""
        return _text(self._receipts.dumps([service, number, contact, _seconds()]))

    def read_receipt(self, token: str, *, service: str) -> tuple[int, str] | None:
        """Return number and masked address, or None when the receipt is not ours, not of here, or old."""
        try:
            of_service, number, contact, made = self._receipts.loads(token)
        except BadSignature:
            return None
        if of_service != service or _seconds() - made > RECEIPT_SECONDS:
            return None
        return number, contact


def _hash(visitor: str) -> str:
    return sha256(visitor.encode()).hexdigest()[:32]


def _seconds() -> float:
    return clock.now().timestamp()


def _text(token: str | bytes) -> str:
    return token if isinstance(token, str) else token.decode()
