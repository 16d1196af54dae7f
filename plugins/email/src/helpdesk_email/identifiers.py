"""Owns how mails are recognised: Message-IDs (without their angle brackets), plus-addresses, numbers in subjects.

The Message-ID of a mail that we send is made from the message's key: the same at every try, so a mail
that was sent twice is one mail to its reader, and a bounce leads back without a table of our own.
"""

import hashlib
import re
from collections.abc import Iterable

from helpdesk_email.addresses import is_address
from helpdesk_email.headers import Headers
from helpdesk_email.structure import Part
from helpdesk_email.words import header_text

MAX_ID = 250  # the desk keeps 255 characters; a longer id, cut, could be the id of another mail
MAX_ANSWERS = 50
NO_SENDER = "unknown@sender.invalid"
MAX_LOCAL_PART = 64
MAX_HEADER = 65_536
PIECE = 1_048_576

_BRACKETED = re.compile(r"<([^<>]{1,2000})>")
_ID = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")
_OWN_ID = re.compile(r"helpdesk\.[0-9a-f]{40}@[!-;=?-~]+")
_TOKEN = re.compile(r"[A-Za-z0-9._~=-]+")
_NUMBER = re.compile(r"\[#([0-9]{1,18})\]")


def own_id(key: str, *, domain: str) -> str:
    """Return the Message-ID of the outbound message with this key."""
    return f"helpdesk.{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}"


def is_own_id(message_id: str) -> bool:
    """Return whether the id has the shape of ours: only such a bounce is about a mail that we sent."""
    return len(message_id) <= MAX_ID and _OWN_ID.fullmatch(message_id) is not None


def own_ids(text: str) -> list[str]:
    """Return every id of ours that stands in a text, each once, in order."""
    return list(dict.fromkeys(found for found in _OWN_ID.findall(text) if is_own_id(found)))


def is_message_id(text: str) -> bool:
    """Return whether the text may stand between angle brackets in a header as it is."""
    return len(text) <= MAX_ID and _ID.fullmatch(text) is not None


def message_ids(text: str) -> list[str]:
    """Return the ids in a header's text, in order; spaces inside the brackets come from careless folding."""
    found = [re.sub(r"\s", "", match[1]) for match in _BRACKETED.finditer(text)]
    return [message_id for message_id in found or text.split() if is_message_id(message_id)]


def external_id(headers: Headers, raw: bytes) -> str:
    """Return the mail's own id, or one made of its bytes where it has none."""
    found = message_ids(headers.text("message-id"))
    return found[0] if found else f"sha256:{hashlib.sha256(raw).hexdigest()}"


def fingerprint(root: Part) -> str:
    """Return a hash of what a mail says: From, Date, Subject and its parts, but for line breaks and encodings.

    Whatever a copy gets on another way stands in other headers (Received, Return-Path, DKIM and ARC signatures,
    Authentication-Results, X-…) or is the transfer encoding, which a relay may change, and is not part of it.
    """
    said = hashlib.sha256()
    for name in ("from", "date", "subject"):
        said.update(_decoded(root.headers.first(name) or b"") + b"\n")
    for leaf in root.leaves():
        for name, value in leaf.headers.fields if leaf is not root else ():
            if name != "content-transfer-encoding":
                said.update(name.encode() + b":" + _decoded(value) + b"\n")
        body = leaf.data
        for place in range(0, len(body), PIECE):
            said.update(body[place : place + PIECE].translate(None, b"\r\n"))
        said.update(b"\n")
    return said.hexdigest()


def _decoded(value: bytes) -> bytes:
    """Return a header's words on one line, however they were encoded."""
    return " ".join(header_text(value[:MAX_HEADER]).split()).encode(errors="surrogatepass")


def answered_ids(headers: Headers) -> tuple[str, ...]:
    """Return the ids of the mails that this one answers, nearest first."""
    direct = message_ids(headers.text("in-reply-to"))
    earlier = message_ids(" ".join(headers.texts("references")))[::-1]
    return tuple(dict.fromkeys([*direct, *earlier]))[:MAX_ANSWERS]


def ticket_number(subject: str) -> int | None:
    """Return the number of ``[#123]`` in a subject; the last one, since answers put theirs behind."""
    found = _NUMBER.findall(subject)
    return int(found[-1]) or None if found else None


def plus_address(address: str, token: str) -> str | None:
    """Return the address to which an answer carries the token back, or None where the two don't fit together."""
    local, _, domain = address.rpartition("@")
    made = f"{local}+t.{token}"
    fits = _TOKEN.fullmatch(token) and len(made) <= MAX_LOCAL_PART and is_address(f"{made}@{domain}")
    return f"{made}@{domain}" if fits else None


def reply_token(recipients: Iterable[str], *, address: str) -> str | None:
    """Return the token that one of the recipient addresses carries for this account."""
    local, _, domain = address.lower().rpartition("@")
    prefix = f"{local}+t."
    for recipient in recipients:
        its_local, _, its_domain = recipient.rpartition("@")
        if its_domain.lower() == domain and its_local.lower().startswith(prefix) and len(its_local) > len(prefix):
            return its_local[len(prefix) :]
    return None


def is_own_address(candidate: str, *, address: str) -> bool:
    """Return whether an address is the account's own, with or without a plus-tag."""
    local, _, domain = candidate.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" == address.lower() or candidate.lower() == address.lower()
