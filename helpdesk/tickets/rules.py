"""What a ticket may do, decided without a database."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.html import sanitise_in_two, text_of
from helpdesk.kernel.text import clean, one_line
from helpdesk.sdk.channel import SenderProof

LONGEST_SUBJECT = 255
LONGEST_BODY = 500_000
LONGEST_CHANNEL = 32
LONGEST_REFERENCE = 200
LONGEST_TAG = 50
LONGEST_PROOF_DETAILS = 255
MOST_TAGS = 30
MOST_PARTICIPANTS = 40


class TicketStatus(StrEnum):
    """Where a ticket stands. Source: SPEC-WORK section 0a."""

    NEW = "NEW"
    OPEN = "OPEN"
    ON_HOLD = "ON_HOLD"
    RESOLVED = "RESOLVED"
    COMPLETED = "COMPLETED"


class TicketPriority(StrEnum):
    """How urgent a ticket is. Source: SPEC-WORK TKT-89."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    URGENT = "URGENT"


class ParticipantState(StrEnum):
    """How far somebody beside the customer is in a ticket: copied in by a mail, let in by an agent, or sent out."""

    PROPOSED = "PROPOSED"
    ADDED = "ADDED"
    REMOVED = "REMOVED"


class MessageKind(StrEnum):
    """What a message is: the customer's word, an answer to it, an inside note, or the desk's own line."""

    INQUIRY = "INQUIRY"
    REPLY = "REPLY"
    NOTE = "NOTE"
    SYSTEM = "SYSTEM"


NEW, OPEN, ON_HOLD = TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.ON_HOLD
RESOLVED, COMPLETED = TicketStatus.RESOLVED, TicketStatus.COMPLETED

MOVES: dict[TicketStatus, frozenset[TicketStatus]] = {
    NEW: frozenset({OPEN, ON_HOLD, RESOLVED}),
    OPEN: frozenset({NEW, ON_HOLD, RESOLVED}),
    ON_HOLD: frozenset({OPEN, RESOLVED}),
    RESOLVED: frozenset({OPEN, ON_HOLD, COMPLETED}),
    COMPLETED: frozenset(),
}
"""Where a ticket may go from each status. Source: SPEC-WORK TKT-20 to TKT-39."""


@dataclass(frozen=True, slots=True)
class Asker:
    """What is known of the person who asks; ``identity`` is a channel's own (kind, value)."""

    name: str = ""
    email: str | None = None
    phone: str | None = None
    user_key: str | None = None
    identity: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """A message's content: always text, sometimes sanitised HTML as well.

    ``quoted_from`` is where quoting begins in the text, ``html_quoted_from`` where it does in the HTML: there both of
    its parts are whole by themselves.
    ``proof`` says whether it comes from whom it says, and ``proof_details`` by what that is known. ``received_at`` is
    when it came, if that is not now, and ``sent_at`` when its sender says to have sent it.
    """

    text: str
    html: str | None = None
    quoted_from: int | None = None
    html_quoted_from: int | None = None
    proof: SenderProof = SenderProof.NONE
    proof_details: str = ""
    received_at: datetime | None = None
    sent_at: datetime | None = None


def check_workable(status: TicketStatus) -> None:
    """Raise Conflict (TICKET_COMPLETED) for a ticket that is closed for good. Source: SPEC-WORK TKT-34."""
    if status is COMPLETED:
        raise Conflict(
            "This ticket is completed and cannot be worked on; create a new ticket instead.", code="TICKET_COMPLETED"
        )


def check_move(before: TicketStatus, after: TicketStatus) -> None:
    """Raise Conflict unless a ticket may go from one status to the other; staying is always allowed."""
    if after is before:
        return
    check_workable(before)
    if after not in MOVES[before]:
        allowed = ", ".join(sorted(MOVES[before]))
        raise Conflict(
            f"A ticket cannot go from {before} to {after}; from here it can go to {allowed}.",
            code="STATUS_NOT_ALLOWED",
            path=("status",),
        )


def check_version(actual: int, expected: int | None) -> None:
    """Raise Conflict when the ticket is not the version that the actor has seen."""
    if expected is not None and expected != actual:
        raise Conflict(
            f"The ticket has changed meanwhile: it is at version {actual}, you had {expected}; reload it.",
            code="VERSION_CONFLICT",
            path=("expectedVersion",),
        )


def status_after_reply(before: TicketStatus, wanted: TicketStatus | None) -> TicketStatus:
    """Return the status once an answer has gone out: as wanted, and never unassigned any more."""
    if wanted is None:
        return OPEN if before is NEW else before
    if wanted is NEW:
        raise Invalid("An answered ticket cannot be NEW; leave the status out to keep it.", path=("status",))
    return wanted


def status_after_inquiry(before: TicketStatus, *, has_assignee: bool, is_automatic: bool) -> TicketStatus:
    """Return the status once the customer has written again.

    A machine's message moves nothing, else two desks keep reopening each other. Source: SPEC-WORK TKT-33, TKT-38.
    """
    if is_automatic or before not in {ON_HOLD, RESOLVED}:
        return before
    return OPEN if has_assignee else NEW


def status_after_assignment(before: TicketStatus, *, has_assignee: bool) -> TicketStatus:
    """Return the status once the holder has changed. NEW is "no agent". Source: SPEC-WORK TKT-20, TKT-23, TKT-39."""
    if has_assignee and before is NEW:
        return OPEN
    return NEW if not has_assignee and before is OPEN else before


def subject_of(text: str, *, body: str = "") -> str:
    """Return a subject of one line; when there is none, the beginning of the body, or a dash."""
    return one_line(text, longest=LONGEST_SUBJECT) or one_line(body, longest=80) or "-"


def required_subject(text: str) -> str:
    """Return the subject that a client gave. Raises Invalid when it is empty or too long."""
    subject = one_line(text, longest=LONGEST_SUBJECT + 1)
    if not subject:
        raise Invalid("A ticket needs a subject.", path=("subject",))
    if len(subject) > LONGEST_SUBJECT:
        raise Invalid(f"A subject has at most {LONGEST_SUBJECT} characters.", path=("subject",))
    return subject


def body_of(
    text: str, html: str | None = None, *, quoted_from: int | None = None, html_quoted_from: int | None = None
) -> Body:
    """Return the content as it may be stored: cleaned text, and sanitised HTML if there is any."""
    came, split = html or "", html_quoted_from or 0
    safe, place = sanitise_in_two(clean(came[:split]), clean(came[split:]))
    words = clean(text).strip()
    if not words:
        return Body(text_of(safe) if safe else "", safe or None, html_quoted_from=place)
    new = "" if quoted_from is None else clean(text[:quoted_from]).strip()
    is_part = bool(new) and len(new) < len(words) and words.startswith(new)
    return Body(words, safe or None, len(new) if is_part else None, place)


def required_body(text: str, *, is_html: bool) -> Body:
    """Return the content that a client gave. Raises Invalid when it is empty or too long."""
    if len(text) > LONGEST_BODY:
        raise Invalid(f"A message has at most {LONGEST_BODY} characters.", path=("body",))
    body = body_of("", text) if is_html else body_of(text)
    if not body.text and "<img" not in (body.html or ""):
        raise Invalid("A message needs a text.", path=("body",))
    return body


def check_channel(code: str) -> str:
    """Return the channel code that a client gave. Raises Invalid unless it is a short word.

    Source: SPEC-WORK TKT-05.
    """
    if not (code.isascii() and code.replace("-", "").replace("_", "").isalnum() and len(code) <= LONGEST_CHANNEL):
        raise Invalid(
            f"A channel is a code of at most {LONGEST_CHANNEL} letters, digits, - and _, such as api or web.",
            path=("channel",),
        )
    return code


def check_language(code: str | None, languages: Sequence[str], default: str) -> str:
    """Return the language that a client gave, or the default. Raises Invalid for one the service does not have."""
    if code is None:
        return default
    if code not in languages:
        raise Invalid(f"The service's languages are {', '.join(languages)}.", path=("language",))
    return code


def check_reference(text: str | None) -> str | None:
    """Return a partner's own id of a ticket. Raises Invalid when it is empty, too long or not one clean line."""
    if text is not None and (not text or len(text) > LONGEST_REFERENCE or one_line(text, longest=1000) != text):
        raise Invalid(f"A reference is one line of 1 to {LONGEST_REFERENCE} characters.", path=("externalRef",))
    return text


def check_tags(tags: Sequence[str]) -> list[str]:
    """Return the tags that a client gave as clean lines, each once, upper and lower case being the same.

    Raises Invalid (BAD_TAG) for none, for one that is empty or too long, and for too many at once.
    """
    if not tags:
        raise Invalid("Name at least one tag.", code="BAD_TAG", path=("tags",))
    if len(tags) > MOST_TAGS:
        raise Invalid(f"A ticket has at most {MOST_TAGS} tags.", code="BAD_TAG", path=("tags",))
    found: dict[str, str] = {}
    for tag in tags:
        bare = one_line(tag, longest=LONGEST_TAG + 1)
        if not 1 <= len(bare) <= LONGEST_TAG:
            raise Invalid(f"A tag is one line of 1 to {LONGEST_TAG} characters.", code="BAD_TAG", path=("tags",))
        found.setdefault(folded_tag(bare), bare)
    return list(found.values())


def folded_tag(tag: str) -> str:
    """Return what a tag is compared by: upper and lower case are the same."""
    return tag.casefold()


def sorted_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags in the order in which they are shown, the same on every database."""
    return tuple(sorted(tags, key=lambda tag: (folded_tag(tag), tag)))


def check_tag_count(count: int) -> None:
    """Raise Invalid (TOO_MANY_TAGS) when a ticket would have too many tags."""
    if count > MOST_TAGS:
        raise Invalid(
            f"A ticket has at most {MOST_TAGS} tags; take some off first.", code="TOO_MANY_TAGS", path=("tags",)
        )
