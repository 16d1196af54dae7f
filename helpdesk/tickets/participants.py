"""Who takes part in a ticket beside its customer.

Whoever a mail copies in is proposed, and takes no part until an agent lets them in: else a stranger would come
to read along by a forged mail. Source: SECURITY B1.
"""

from collections.abc import Sequence
from typing import Any

from helpdesk.agents.rules import normal_email
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Invalid, NotFound
from helpdesk.kernel.events import Happening
from helpdesk.kernel.text import one_line
from helpdesk.sdk.events import TicketParticipantsChanged
from helpdesk.tickets.changing import SUBJECT, change, locked
from helpdesk.tickets.models import Participant
from helpdesk.tickets.operations import LONGEST_AUTHOR
from helpdesk.tickets.rules import MOST_PARTICIPANTS, ParticipantState


@transactional
def propose(service_id: int, ticket_id: int, people: Sequence[tuple[str, str]]) -> None:
    """Note whom a message copies in, as addresses with names; those that are known stay as they are."""
    wanted: dict[str, str] = {}
    for email, name in people:
        try:
            wanted.setdefault(normal_email(email), one_line(name, longest=LONGEST_AUTHOR))
        except Invalid:
            continue  # nobody could be written to under it
    known = {row.email for row in _rows(ticket_id)}
    new = [(email, name) for email, name in wanted.items() if email not in known][: MOST_PARTICIPANTS - len(known)]
    if new:
        common = {"service": service_id, "ticket": ticket_id, "state": ParticipantState.PROPOSED}
        rows = [{**common, "email": email, "name": name, "created_at": clock.now()} for email, name in new]
        Participant.insert_many(rows).on_conflict_ignore().execute()


@transactional
def add(actor: Actor, ticket_id: int, email: str, *, name: str = "") -> None:
    """Let somebody in, proposed or not: they get the answers too, and may write into the ticket.

    Raises NotFound, Invalid (BAD_EMAIL, TOO_MANY_PARTICIPANTS). Records TicketParticipantsChanged.
    """
    actor.require("ticket.reply")
    ticket, address = locked(actor, ticket_id), normal_email(email)
    before = emails(ticket_id)
    if address in before:
        return
    if len(before) >= MOST_PARTICIPANTS:
        raise Invalid(
            f"A ticket has at most {MOST_PARTICIPANTS} participants.", code="TOO_MANY_PARTICIPANTS", path=("email",)
        )
    here = (Participant.ticket == ticket_id) & (Participant.email == address)
    if not Participant.update(state=ParticipantState.ADDED).where(here).execute():
        Participant.insert(
            service=actor.service_id, ticket=ticket_id, email=address, name=one_line(name, longest=LONGEST_AUTHOR),
            state=ParticipantState.ADDED, created_at=clock.now(),
        ).execute()  # fmt: skip
    _record(actor, ticket, before)


@transactional
def remove(actor: Actor, ticket_id: int, email: str) -> None:
    """Send somebody out, or turn down a proposal: no later mail proposes them again. Raises NotFound."""
    actor.require("ticket.reply")
    ticket, address = locked(actor, ticket_id), normal_email(email)
    before = emails(ticket_id)
    here = (Participant.ticket == ticket_id) & (Participant.email == address)
    if not Participant.update(state=ParticipantState.REMOVED).where(here).execute():
        raise NotFound("Nobody of this address takes part in the ticket.", path=("email",))
    if address in before:
        _record(actor, ticket, before)


def _record(actor: Actor, ticket: Any, before: list[str]) -> None:
    now = emails(ticket.id)
    event = TicketParticipantsChanged(service_id=actor.service_id, ticket_id=ticket.id, emails=tuple(now))
    change(actor, ticket, {}, [Happening(event, (SUBJECT, ticket.id), {"participants": (before, now)})])


def states(ticket_id: int) -> dict[str, ParticipantState]:
    """Return how far everybody is who was ever copied or let in, by address."""
    return {row.email: row.state for row in _rows(ticket_id)}


def emails(ticket_id: int) -> list[str]:
    """Return the addresses of those who take part, in the order of their coming."""
    return [row.email for row in _rows(ticket_id) if row.state is ParticipantState.ADDED]


def _rows(ticket_id: int) -> list[Any]:
    return list(Participant.select().where(Participant.ticket == ticket_id).order_by(Participant.id))
