"""Which ticket a message belongs to, and who gets an answer, decided without a database."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.sdk.channel import DeliveryReport, Identity, RecipientVerdict, Verdict

TOKEN_BYTES = 10
MOST_TRIES_IN = 5
MOST_TRIES_OUT = 48
FINAL = "accepted"


class InboxState(StrEnum):
    """How far an inbox row is. Waiting rows are RECEIVED or RETRYING, the others are at rest."""

    RECEIVED = "RECEIVED"
    RETRYING = "RETRYING"
    PROCESSED = "PROCESSED"
    QUARANTINED = "QUARANTINED"


class InboxOutcome(StrEnum):
    """What became of what came in."""

    TICKET = "TICKET"
    REPLY = "REPLY"
    BOUNCE = "BOUNCE"
    AUTO = "AUTO"
    SPAM = "SPAM"
    DUPLICATE = "DUPLICATE"
    IGNORED = "IGNORED"


class DeliveryState(StrEnum):
    """How far an outgoing message is. FAILED is the dead letter: an agent sees it and may try again."""

    QUEUED = "QUEUED"
    RETRYING = "RETRYING"
    SENT = "SENT"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ticket that a message may belong to, and whether its sender takes part in it."""

    ticket_id: int
    is_participant: bool


def choose(candidates: Sequence[Candidate]) -> int | None:
    """Return the ticket that the message belongs to, strongest hint first; None makes a new one.

    Only a participant's hint is believed: an id or a number is known to everybody who was ever
    copied in, and would otherwise let a stranger write into somebody's ticket. Source: SECURITY B1, B2.
    """
    return next((candidate.ticket_id for candidate in candidates if candidate.is_participant), None)


def reply_token(secret: bytes, ticket_id: int, recipient: str) -> str:
    """Return the token that proves an answer: the ticket, and a signature bound to the recipient.

    Lower-case letters and digits only, since it travels in the local part of an address.
    """
    signature = hmac.digest(secret, f"{ticket_id}:{recipient.casefold()}".encode(), hashlib.sha256)[:TOKEN_BYTES]
    return f"{ticket_id}.{base64.b32encode(signature).decode().lower()}"


def ticket_of_token(secret: bytes, token: str, sender: str) -> int | None:
    """Return the ticket of a reply token that this sender was given, else None."""
    head, _, _signature = token.partition(".")
    if not (head.isascii() and head.isdigit() and len(head) <= 18):
        return None
    expected = reply_token(secret, int(head), sender)
    return int(head) if hmac.compare_digest(expected.encode(), token.casefold().encode()) else None


def recipients_of(identities: Sequence[Identity]) -> list[dict[str, str]]:
    """Return recipients as the outbox keeps them: nobody has accepted anything yet."""
    return [{"kind": one.kind, "value": one.value, "name": one.name, "verdict": "", "reason": ""} for one in identities]


def still_to_reach(recipients: Sequence[dict[str, str]]) -> tuple[Identity, ...]:
    """Return those to send to: not the ones that accepted, nor those refused for good."""
    open_verdicts = {"", str(Verdict.DELAYED)}
    return tuple(
        Identity(one["kind"], one["value"], one["name"]) for one in recipients if one["verdict"] in open_verdicts
    )


def with_verdicts(
    recipients: Sequence[dict[str, str]], verdicts: Sequence[RecipientVerdict], *, default: str = ""
) -> list[dict[str, str]]:
    """Return the recipients with the verdicts written in; an unnamed one that was still open gets the default."""
    named = {verdict.recipient.casefold(): verdict for verdict in verdicts}
    written = []
    for one in recipients:
        verdict = named.get(one["value"].casefold())
        if verdict is not None:
            one = one | {"verdict": str(verdict.verdict), "reason": verdict.reason[:500]}
        elif default and one["verdict"] in {"", str(Verdict.DELAYED)}:
            one = one | {"verdict": default, "reason": ""}
        written.append(one)
    return written


def is_failure(report: DeliveryReport, recipients: Sequence[dict[str, str]]) -> bool:
    """Return whether, after the report, nobody has the message."""
    after = with_verdicts(recipients, report.verdicts)
    return bool(after) and all(one["verdict"] == Verdict.FAILED for one in after)
