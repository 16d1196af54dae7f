"""The lives that tickets of the demo lead: what happens to one after another, and what that leaves in the rows.

What each step leaves is written here once more, beside tickets/operations.py, since a million tickets can't wait for
the operations; a test plays every life by the operations and compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

import orjson

from helpdesk.tickets.rules import MessageKind, TicketStatus

INQUIRY, REPLY, NOTE = MessageKind.INQUIRY, MessageKind.REPLY, MessageKind.NOTE
NEW, OPEN, ON_HOLD = TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.ON_HOLD
RESOLVED, COMPLETED = TicketStatus.RESOLVED, TicketStatus.COMPLETED


class Who(Enum):
    """Who does a step: the desk by itself, the agent who has the ticket, or the administrator."""

    SYSTEM = auto()
    AGENT = auto()
    ADMINISTRATOR = auto()


class Step(Enum):
    """What happens to a ticket after it was made."""

    ASSIGN = auto()
    TAG = auto()
    NOTE = auto()
    REPLY = auto()
    HOLD = auto()
    RESOLVE = auto()
    AGAIN = auto()
    COMPLETE = auto()


REPLIES = {Step.REPLY: OPEN, Step.HOLD: ON_HOLD, Step.RESOLVE: RESOLVED}
"""Steps that are answers, and the status that the ticket has after each."""


class Line(NamedTuple):
    """A line of history of the step at that place (0 is the making). ``changes`` is empty where ids or tags stand."""

    place: int
    name: str
    who: Who
    changes: str


class Said(NamedTuple):
    """A message of the step at that place."""

    place: int
    kind: MessageKind


@dataclass(frozen=True, slots=True)
class Life:
    """A life and what it leaves. ``share`` is how many of a thousand tickets lead it."""

    share: int
    steps: Sequence[Step]
    status: TicketStatus
    lines: Sequence[Line]
    said: Sequence[Said]
    is_assigned: bool
    is_tagged: bool


def _lead(share: int, *steps: Step) -> Life:
    """Lead a life of these steps."""
    status = NEW
    lines = [Line(0, "ticket.created", Who.SYSTEM, _moved(None, NEW)), Line(0, "message.added", Who.SYSTEM, "{}")]
    said = [Said(0, INQUIRY)]
    for place, step in enumerate(steps, 1):
        after, who, kind = status, Who.AGENT, None
        if step is Step.ASSIGN:
            after, who = OPEN, Who.SYSTEM
            lines.append(Line(place, "ticket.assigned", who, ""))
        elif step is Step.TAG:
            lines.append(Line(place, "ticket.tagged", who, ""))
        elif step is Step.COMPLETE:
            after, who = COMPLETED, Who.ADMINISTRATOR
        elif step is Step.AGAIN:
            after, who, kind = OPEN if status in {ON_HOLD, RESOLVED} else status, Who.SYSTEM, INQUIRY
        else:
            after, kind = REPLIES.get(step, status), REPLY if step in REPLIES else NOTE
        if kind is not None:
            lines.append(Line(place, "message.added", who, "{}"))
            said.append(Said(place, kind))
        if after is not status:
            lines.append(Line(place, "ticket.status_changed", who, _moved(status, after)))
        status = after
    return Life(share, steps, status, lines, said, Step.ASSIGN in steps, Step.TAG in steps)


def _moved(before: TicketStatus | None, after: TicketStatus) -> str:
    return orjson.dumps({"status": [before, after]}).decode()


LIVES = (
    _lead(40),
    _lead(10, Step.AGAIN),
    _lead(40, Step.ASSIGN),
    _lead(30, Step.ASSIGN, Step.REPLY, Step.AGAIN),
    _lead(20, Step.ASSIGN, Step.NOTE),
    _lead(10, Step.ASSIGN, Step.RESOLVE, Step.AGAIN),
    _lead(60, Step.ASSIGN, Step.HOLD),
    _lead(40, Step.ASSIGN, Step.TAG, Step.NOTE, Step.HOLD),
    _lead(150, Step.ASSIGN, Step.RESOLVE),
    _lead(50, Step.ASSIGN, Step.TAG, Step.RESOLVE),
    _lead(50, Step.ASSIGN, Step.AGAIN, Step.RESOLVE),
    _lead(300, Step.ASSIGN, Step.RESOLVE, Step.COMPLETE),
    _lead(100, Step.ASSIGN, Step.TAG, Step.RESOLVE, Step.COMPLETE),
    _lead(100, Step.ASSIGN, Step.HOLD, Step.RESOLVE, Step.COMPLETE),
)
"""Of a thousand tickets 50 are new, 100 open, 100 on hold, 250 resolved and 500 completed."""
