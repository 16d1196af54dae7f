"""Tags: words that agents, triggers and plugins put on a ticket. Upper and lower case are kept, and count the same."""

from collections.abc import Sequence
from typing import Any

from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import transactional
from helpdesk.kernel.events import Happening
from helpdesk.sdk.events import TicketTagged
from helpdesk.tickets import rules
from helpdesk.tickets.changing import SUBJECT, change, locked
from helpdesk.tickets.models import TicketTag


@transactional
def tag(actor: Actor, ticket_id: int, tags: Sequence[str], *, expected_version: int | None = None) -> None:
    """Put tags on the ticket; those it has stay as they are written. Records TicketTagged when one is new.

    Raises NotFound, Invalid (BAD_TAG, TOO_MANY_TAGS) and Conflict (VERSION_CONFLICT).
    """
    actor.require("ticket.tag")
    given = rules.check_tags(tags)
    ticket = locked(actor, ticket_id)
    rules.check_version(ticket.version, expected_version)
    before = _tags(ticket_id)
    new = {folded: one for one in given if (folded := rules.folded_tag(one)) not in before}
    if not new:
        return
    rules.check_tag_count(len(before) + len(new))
    TicketTag.insert_many(
        [{"service": actor.service_id, "ticket": ticket_id, "tag": one, "folded": key} for key, one in new.items()]
    ).execute()
    _record(actor, ticket, before, before | new)


@transactional
def untag(actor: Actor, ticket_id: int, tags: Sequence[str], *, expected_version: int | None = None) -> None:
    """Take tags off the ticket; one that it has not is fine. Records TicketTagged when one is gone.

    Raises NotFound, Invalid (BAD_TAG) and Conflict (VERSION_CONFLICT).
    """
    actor.require("ticket.tag")
    given = {rules.folded_tag(one) for one in rules.check_tags(tags)}
    ticket = locked(actor, ticket_id)
    rules.check_version(ticket.version, expected_version)
    before = _tags(ticket_id)
    gone = given & before.keys()
    if not gone:
        return
    TicketTag.delete().where(TicketTag.ticket == ticket_id, TicketTag.folded.in_(gone)).execute()
    _record(actor, ticket, before, {key: one for key, one in before.items() if key not in gone})


def _tags(ticket_id: int) -> dict[str, str]:
    """Return the ticket's tags by what they are compared by."""
    rows: Any = TicketTag.select(TicketTag.folded, TicketTag.tag).where(TicketTag.ticket == ticket_id)
    return dict(rows.tuples())


def _record(actor: Actor, ticket: Any, before: dict[str, str], after: dict[str, str]) -> None:
    was, now = rules.sorted_tags(before.values()), rules.sorted_tags(after.values())
    event = TicketTagged(service_id=actor.service_id, ticket_id=ticket.id, tags=now)
    change(actor, ticket, {}, [Happening(event, (SUBJECT, ticket.id), {"tags": (list(was), list(now))})])
