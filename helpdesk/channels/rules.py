"""Which ticket a message belongs to, and who gets an answer, decided without a database."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from helpdesk.customers.rules import is_nobody
from helpdesk.kernel.text import one_line
from helpdesk.sdk.channel import DeliveryReport, Identity, Inbound, RecipientVerdict, Verdict

MAIL_DRIVER = "email"
TOKEN_BYTES = 10
MOST_TRIES_IN = 5
MOST_TRIES_OUT = 180  # over five days, as mail systems try (RFC 5321, 4.5.4.1): at last every three quarters of an hour
LATE_TRIES_OUT = 12  # after some four hours
LONGEST_OUTSIDE_ID = 255
LONGEST_REASON = 1000
LONGEST_SENDER = 500
LONGEST_SUBJECT = 255
RAW, RAW_SECONDS = "raw message", 3600
Recipient = dict[str, Any]
FINAL = "accepted"
HAS_IT = frozenset({FINAL, str(Verdict.COMPLAINED)})
OPEN = frozenset({"", str(Verdict.DELAYED)})
NOTHING_KNOWN = {"verdict": "", "reason": "", "is_permanent": False}
SECONDS: dict[str, float] = {
    "settings": 5.0,
    "__init__": 10.0,
    "start": 30.0,
    "is_enabled_for_listening": 5.0,
    "verify": 5.0,
    "identify": 5.0,
    "receive": 60.0,
    "check": 60.0,
    "send": 900.0,
}
"""How long each hook of a channel may take; ``start`` is that of the process of one that has its own."""


class AccountState(StrEnum):
    """How an account stands with its provider, from well to worst; OFF is one that is not enabled.

    FAILING is tried again soon. REFUSED is let in no more, and RECONNECT only once a person has granted access anew:
    both are tried ever more seldom, and what is to go out waits.
    """

    WORKING = "WORKING"
    FAILING = "FAILING"
    REFUSED = "REFUSED"
    RECONNECT = "RECONNECT"
    OFF = "OFF"


def worst(states: Iterable[AccountState]) -> AccountState:
    """Return the state that is worst; of none, WORKING."""
    order = list(AccountState)
    return max(states, key=order.index, default=AccountState.WORKING)


class InboxState(StrEnum):
    """How far an inbox row is. Waiting rows are RECEIVED or RETRYING, the others are at rest."""

    RECEIVED = "RECEIVED"
    RETRYING = "RETRYING"
    PROCESSED = "PROCESSED"
    QUARANTINED = "QUARANTINED"


class HeldError(Exception):
    """A person should look before this message is believed; its words say why."""


class InboxOutcome(StrEnum):
    """What became of what came in."""

    TICKET = "TICKET"
    REPLY = "REPLY"
    BOUNCE = "BOUNCE"
    AUTO = "AUTO"
    SPAM = "SPAM"
    DUPLICATE = "DUPLICATE"
    IGNORED = "IGNORED"


def is_put_aside(outcome: InboxOutcome | None, *, has_message: bool) -> bool:
    """Return whether what came in was taken for a report, a machine's or spam, and no agent sees it in a ticket.

    The message of a report is the one that it reports on.
    """
    return outcome is InboxOutcome.BOUNCE or (outcome in {InboxOutcome.AUTO, InboxOutcome.SPAM} and not has_message)


def written_by(items: Iterable[Inbound | DeliveryReport]) -> tuple[str | None, str | None]:
    """Return sender and subject of the last message among these, each on one line; None for what it does not tell."""
    read = [item.message if isinstance(item, DeliveryReport) else item for item in items]
    last = next((message for message in reversed(read) if message is not None), None)
    if last is None:
        return None, None
    known_by = "" if is_nobody(last.sender.kind, last.sender.value) else last.sender.value
    name, value = (one_line(text, longest=LONGEST_SENDER // 2 - 2) for text in (last.sender.name, known_by))
    sender = f"{name} <{value}>" if name and value else name or value
    return sender or None, one_line(last.subject, longest=LONGEST_SUBJECT) or None


def claimed_time(sent_at: datetime | None, received_at: datetime) -> datetime | None:
    """Return when a message says that it was sent; nothing is sent after it has come."""
    return None if sent_at is None else min(sent_at, received_at)


def raw_name(driver: str, digest: str) -> str:
    """Return under which name the raw bytes of what came in are given out."""
    return f"{digest[:16]}.{'eml' if driver == MAIL_DRIVER else 'bin'}"


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


def choose(candidates: Iterable[Candidate]) -> int | None:
    """Return the ticket that the message belongs to, strongest hint first; None makes a new one.

    Only a participant's hint is believed: an id or a number is known to everybody who was ever
    copied in, and would otherwise let a stranger write into somebody's ticket. Source: SECURITY B1, B2.
    """
    return next((candidate.ticket_id for candidate in candidates if candidate.is_participant), None)


def outside_id(text: str) -> str:
    """Return the provider's id as it is kept: one that is too long, or has signs that no database takes, by its hash.

    Cutting it lost: two long ids with the same beginning would be one, and the second message a duplicate.
    An id that says nothing stays empty, and is no id.
    """
    bare = text.strip()
    if len(bare) <= LONGEST_OUTSIDE_ID and one_line(bare, longest=LONGEST_OUTSIDE_ID) == bare:
        return bare
    return f"sha256:{hashlib.sha256(bare.encode(errors='surrogatepass')).hexdigest()}"


def fingerprint(text: str) -> str:
    """Return the channel's fingerprint of a message as it is kept: a hash of one length; empty stays empty."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() if text else ""


def id_of_another(known_as: str, fingerprint: str) -> str:
    """Return the id of a message that has somebody else's id and says something else."""
    return outside_id(f"{known_as} {fingerprint}")


def own_id(known_as: str, fingerprint: str) -> str:
    """Return the id that a message has outside, out of the one under which it is kept."""
    return known_as.removesuffix(f" {fingerprint}")


def reason(text: str) -> str:
    """Return somebody else's words as they may be kept and shown: one line of a decent length."""
    return one_line(text, longest=LONGEST_REASON)


def reply_token(secret: bytes, ticket_id: int, recipient: str) -> str:
    """Return the token that proves an answer: the ticket, and a signature bound to the recipient.

    Lower-case letters and digits only, since it travels in the local part of an address.
    """
    signature = hmac.digest(secret, f"{ticket_id}:{recipient.casefold()}".encode(), hashlib.sha256)[:TOKEN_BYTES]
    return f"{ticket_id}.{base64.b32encode(signature).decode().lower()}"


def ticket_of_token(secret: bytes, token: str, sender: str) -> int | None:
    """Return the ticket of a reply token that this sender was given, else None."""
    head, _, _signature = token.partition(".")
    if not (head.isascii() and head.isdigit() and len(head) <= 19):
        return None
    expected = reply_token(secret, int(head), sender)
    return int(head) if hmac.compare_digest(expected.encode(), token.casefold().encode()) else None


def recipients_of(identities: Sequence[Identity]) -> list[Recipient]:
    """Return recipients as the outbox keeps them: nobody has accepted anything yet."""
    return [{"kind": one.kind, "value": one.value, "name": one.name, **NOTHING_KNOWN} for one in identities]


def still_to_reach(recipients: Sequence[Recipient]) -> tuple[Identity, ...]:
    """Return those to send to: not the ones that accepted, nor those refused for good."""
    return tuple(Identity(one["kind"], one["value"], one["name"]) for one in recipients if one["verdict"] in OPEN)


def with_verdicts(
    recipients: Sequence[Recipient], verdicts: Sequence[RecipientVerdict], *, default: str = ""
) -> list[Recipient]:
    """Return the recipients with the verdicts written in; an unnamed one that was still open gets the default."""
    named = {verdict.recipient.casefold(): verdict for verdict in verdicts}
    return [_judged(one, named.get(one["value"].casefold()), default) for one in recipients]


def addressed(recipients: Sequence[Recipient], verdicts: Sequence[RecipientVerdict]) -> tuple[RecipientVerdict, ...]:
    """Return the verdicts of a report, those on nobody or on a stranger given to the only recipient there is.

    A mail that was passed on comes back under another address; that the first one is no good is not said by it.
    """
    known = {one["value"].casefold() for one in recipients}
    if len(known) != 1:
        return tuple(verdicts)
    only = recipients[0]["value"]
    return tuple(one if one.recipient.casefold() in known else _of_the_only_one(one, only) for one in verdicts)


def _of_the_only_one(verdict: RecipientVerdict, only: str) -> RecipientVerdict:
    if not verdict.recipient:
        return replace(verdict, recipient=only)
    return replace(verdict, recipient=only, reason=f"{verdict.recipient}: {verdict.reason}", is_permanent=False)


def reported(
    recipients: Sequence[Recipient], verdicts: Sequence[RecipientVerdict], *, is_waiting: bool
) -> list[Recipient]:
    """Return the recipients with what a report says of them written in.

    A delay is news only while nothing worse is known; while the message waits to be sent to others, whoever has it
    must not be sent it again. A complaint is the last word.
    """
    before = {one["value"].casefold(): one["verdict"] for one in recipients}

    def is_news(one: RecipientVerdict) -> bool:
        known = before.get(one.recipient.casefold(), "")
        if one.verdict is Verdict.DELAYED:
            return known in OPEN or (known == FINAL and not is_waiting)
        return known != Verdict.COMPLAINED or one.verdict is Verdict.COMPLAINED

    return with_verdicts(recipients, [one for one in verdicts if is_news(one)])


def _judged(one: Recipient, verdict: RecipientVerdict | None, default: str) -> Recipient:
    if verdict is not None:
        known = {"verdict": str(Verdict(verdict.verdict)), "reason": reason(verdict.reason)}
        return one | known | {"is_permanent": bool(verdict.is_permanent)}
    if default and one["verdict"] in OPEN:
        return one | NOTHING_KNOWN | {"verdict": default}
    return one


def given_up(recipients: Sequence[Recipient], why: str, *, is_permanent: bool = False) -> list[Recipient]:
    """Return the recipients once nothing more is tried: those still open are failed, for the reason given."""
    lost = {"verdict": str(Verdict.FAILED), "is_permanent": is_permanent}
    return [one | lost | {"reason": one["reason"] or why} if one["verdict"] in OPEN else one for one in recipients]


def anew(recipients: Sequence[Recipient]) -> list[Recipient]:
    """Return the recipients for another round: whoever does not have the message is open again."""
    return [one if one["verdict"] in HAS_IT else one | NOTHING_KNOWN for one in recipients]


def is_reached(recipients: Sequence[Recipient]) -> bool:
    """Return whether anybody has the message."""
    return any(one["verdict"] in HAS_IT for one in recipients)


def is_lost(recipients: Sequence[Recipient]) -> bool:
    """Return whether it is certain that nobody has the message."""
    return bool(recipients) and all(one["verdict"] == Verdict.FAILED for one in recipients)


def problems(recipients: Sequence[Recipient]) -> str:
    """Return what went wrong for whom, in one line; empty when nothing did."""
    return "; ".join(f"{one['value']}: {one['reason']}" for one in recipients if one["reason"])
