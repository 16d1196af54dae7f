"""Owns the signature by which receivers tell that a mail is of its domain (DKIM, RFC 6376).

Most accounts need none, since the provider's own servers sign; this is for those that send by a server which does not.
"""

import re

import dkim  # type: ignore[import-untyped]

from helpdesk.sdk.channel import Refused
from helpdesk_email.settings import EmailSettings

SIGNED = (
    b"from", b"reply-to", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to", b"references",
    b"mime-version", b"content-type", b"content-transfer-encoding", b"auto-submitted",
)  # fmt: skip
TWICE = (b"from", b"to", b"subject")  # named once more than they stand there, so that nobody adds another one
_FIELD = re.compile(rb"^([!-9;-~]+):", re.MULTILINE)


def signed(raw: bytes, settings: EmailSettings) -> bytes:
    """Return the mail with its signature before it, if the account signs. Raises Refused when the key is no good."""
    if not settings.dkim_domain:
        return raw
    there = {name.lower() for name in _FIELD.findall(raw.partition(b"\r\n\r\n")[0])}
    names = [*(name for name in SIGNED if name in there), *TWICE]
    key = settings.dkim_private_key.get_secret_value().encode()
    try:
        signature = dkim.sign(
            raw, settings.dkim_selector.encode(), settings.dkim_domain.encode(), key,
            canonicalize=(b"relaxed", b"relaxed"), include_headers=names,
        )  # fmt: skip
    except (dkim.DKIMException, dkim.UnparsableKeyError, ValueError) as error:
        raise Refused("The mail can't be signed; correct the settings that begin with dkim_.") from error
    return bytes(signature) + raw
