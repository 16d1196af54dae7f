"""Makes anew what tickets are found by, from the rows: for an index that was damaged, or an analyzer that has changed.

Some tickets at a time, each lot in a transaction of its own, so that the desk goes on beside it: what is written to a
ticket meanwhile waits for its lot, and is then found as well.
"""

from typing import Any

from helpdesk.kernel import renewing
from helpdesk.kernel.db import locked, transactional
from helpdesk.kernel.renewing import Renewed
from helpdesk.tickets.changing import SUBJECT
from helpdesk.tickets.models import Message, Ticket

LOT = 200


@transactional
def renew(service_id: int, *, after: int = 0, most: int = LOT) -> Renewed | None:
    """Make the service's next tickets after an id findable anew; None after the last one.

    Entries of tickets that there are no more, of whatever service, go by the way.
    """
    query = Ticket.select(Ticket.id, Ticket.number, Ticket.subject).where(
        Ticket.service == service_id, Ticket.id > after
    )
    tickets = list(locked(query.order_by(Ticket.id).limit(most)))
    last_id = tickets[-1].id if len(tickets) == most else None
    texts = {ticket.id: [f"{ticket.number} {ticket.subject}\n"] for ticket in tickets}
    said: Any = Message.select(Message.ticket, Message.body_text).where(Message.ticket.in_(list(texts)))
    seen: set[int] = set()
    for ticket_id, text in said.order_by(Message.ticket, Message.id).tuples():
        if ticket_id in seen:
            texts[ticket_id].append(text)
        else:
            texts[ticket_id][0] += text
            seen.add(ticket_id)
    renewing.renew(SUBJECT, service_id, texts)
    renewing.forget(SUBJECT, Ticket.select(Ticket.id), after=after, up_to=last_id)
    return Renewed(len(tickets), tickets[-1].id) if tickets else None
