"""Every read of tickets, messages and attachments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

import peewee

from helpdesk.kernel import conditions, search
from helpdesk.kernel.actors import ActorKind
from helpdesk.kernel.conditions import Field, FieldKind
from helpdesk.kernel.paging import Order, Page, Window, page, pages_of
from helpdesk.kernel.rows import Row, by_ids, counts_by, grouped, load, of_owners, select
from helpdesk.sdk.channel import SenderProof
from helpdesk.tickets.models import Attachment, Message, Participant, Ticket, TicketTag
from helpdesk.tickets.plugin_fields import plugin_fields
from helpdesk.tickets.rules import MessageKind, ParticipantState, TicketPriority, TicketStatus, sorted_tags


@dataclass(slots=True, kw_only=True)
class TicketRow(Row):
    """A ticket as others see it."""

    service_id: int
    number: int
    subject: str
    status: TicketStatus
    priority: TicketPriority
    channel: str
    account_id: int | None
    language: str
    customer_id: int | None
    assignee_id: int | None
    group_id: int | None
    follow_up_of_id: int | None
    external_ref: str | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class MessageRow(Row):
    """A message as others see it; its HTML, which is long and seldom wanted, is ``html_of_messages``."""

    service_id: int
    ticket_id: int
    kind: MessageKind
    author_kind: ActorKind
    author_id: int | None
    author_name: str
    body_text: str
    quoted_from: int | None
    html_quoted_from: int | None
    proof: SenderProof
    proof_details: str
    is_automatic: bool
    created_at: datetime
    sent_at: datetime | None


@dataclass(slots=True, kw_only=True)
class AttachmentRow(Row):
    """A file of a message."""

    service_id: int
    message_id: int
    filename: str
    content_type: str
    size: int
    storage_key: str
    content_id: str | None


@dataclass(slots=True, kw_only=True)
class ParticipantRow(Row):
    """Somebody beside the customer."""

    ticket_id: int
    email: str
    name: str
    state: ParticipantState


class TicketOrderField(StrEnum):
    """What tickets may be ordered by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    NUMBER = "number"


FIELDS = {
    "number": Field(FieldKind.NUMBER, Ticket.number),
    "subject": Field(FieldKind.TEXT, Ticket.subject),
    "status": Field(FieldKind.KEYWORD, Ticket.status, choices=tuple(TicketStatus)),
    "priority": Field(FieldKind.KEYWORD, Ticket.priority, choices=tuple(TicketPriority)),
    "externalRef": Field(FieldKind.KEYWORD, Ticket.external_ref),
    "channel": Field(FieldKind.KEYWORD, Ticket.channel),
    "language": Field(FieldKind.KEYWORD, Ticket.language),
    "customer": Field(FieldKind.REFERENCE, Ticket.customer),
    "assignee": Field(FieldKind.REFERENCE, Ticket.assignee),
    "group": Field(FieldKind.REFERENCE, Ticket.group),
    "createdAt": Field(FieldKind.TIME, Ticket.created_at),
    "updatedAt": Field(FieldKind.TIME, Ticket.updated_at),
}
"""What conditions over tickets may name. Source: SPEC-WORK TKT-58."""


def tickets_by_ids(ids: Sequence[int | None]) -> list[TicketRow | None]:
    """Return tickets aligned with the ids."""
    return by_ids(TicketRow, Ticket, ids)


def ticket_by_number(service_id: int, number: int) -> TicketRow | None:
    """Return the ticket with the number, if the service has it."""
    query = select(TicketRow, Ticket).where(Ticket.service == service_id, Ticket.number == number)
    return next(iter(load(TicketRow, query)), None)


def matching(service_id: int, *, where: Any = None, text: str | None = None) -> Any:
    """Return the query for the service's tickets that meet a condition and contain the words.

    Raises Invalid for a condition that names what there is not.
    """
    query = select(TicketRow, Ticket)
    if text is not None and text.strip():
        query = search.only_found(
            query, text, key=Ticket.id, service=Ticket.service, subject="ticket", service_id=service_id
        )
    else:
        query = query.where(Ticket.service == service_id)
    return query if where is None else query.where(_expression(service_id, where))


def hits(service_id: int, text: str) -> list[Any]:
    """Return queries for the ids of the tickets that contain the words, in no order: as they are counted.

    It follows the index; the list's own walks tickets, which is better only when they must meet a condition as well.
    """
    return [search.matches("ticket", service_id, text)]


def page_of_service(
    service_id: int, *, where: Any = None, text: str | None = None,
    order: Sequence[tuple[TicketOrderField, bool]], window: Window,
) -> Page[TicketRow]:  # fmt: skip
    """Return one page of the service's tickets that meet a condition and contain the words."""
    query = matching(service_id, where=where, text=text)
    words = text if text is not None and text.strip() and where is None else None
    counting = None if words is None else partial(hits, service_id, words)
    return page_of(query, order=order, window=window, hits=counting)


def _expression(service_id: int, where: Any) -> Any:
    """Return the condition for a query; a plugin's field is understood, and refused for having no column."""
    known = FIELDS | plugin_fields(service_id)
    return conditions.expression(conditions.parse(where, known, path=("where",)), known)


def page_of(
    query: Any,
    *,
    order: Sequence[tuple[TicketOrderField, bool]],
    window: Window,
    hits: Callable[[], Sequence[Any]] | None = None,
) -> Page[TicketRow]:
    """Return one page of a ticket query; ``order`` is (field, descending), newest change first when empty."""
    keys = [Order(getattr(Ticket, name), str(name), descending) for name, descending in order]
    keys = keys or [Order(Ticket.updated_at, "updated_at", descending=True)]
    keys = [*keys, Order(Ticket.id, "id", keys[-1].descending)]
    return page(TicketRow, query, order=keys, window=window, hits=hits)


def tickets_of_customers(customer_ids: Sequence[int], window: Window) -> list[Page[TicketRow]]:
    """Return each customer's tickets, one page each, newest first, in one statement."""
    order = [Order(Ticket.id, "id", descending=True)]
    return pages_of(TicketRow, Ticket, Ticket.customer, customer_ids, order=order, window=window)


def tags_of_tickets(ticket_ids: Sequence[int]) -> list[tuple[str, ...]]:
    """Return each ticket's tags, sorted, in one statement (none when no id is given)."""
    if not ticket_ids:
        return []
    rows: Any = TicketTag.select(TicketTag.ticket, TicketTag.tag).where(TicketTag.ticket.in_(list(ticket_ids)))
    found: dict[int, list[str]] = {}
    for ticket_id, tag in rows.tuples():
        found.setdefault(ticket_id, []).append(tag)
    return [sorted_tags(found.get(ticket_id, ())) for ticket_id in ticket_ids]


def participants_of_tickets(ticket_ids: Sequence[int]) -> list[list[ParticipantRow]]:
    """Return who is proposed for, and takes part in, each ticket beside its customer, oldest first."""
    query = select(ParticipantRow, Participant).where(
        Participant.ticket.in_(list(ticket_ids)), Participant.state != ParticipantState.REMOVED
    )
    return grouped(ticket_ids, load(ParticipantRow, query.order_by(Participant.id)), lambda row: row.ticket_id)


def messages_by_ids(ids: Sequence[int | None]) -> list[MessageRow | None]:
    """Return messages aligned with the ids."""
    return by_ids(MessageRow, Message, ids)


def messages_of_tickets(ticket_ids: Sequence[int], window: Window) -> list[Page[MessageRow]]:
    """Return each ticket's messages, one page each, oldest first, in one statement."""
    order = [Order(Message.id, "id")]
    return pages_of(MessageRow, Message, Message.ticket, ticket_ids, order=order, window=window)


def html_of_messages(ids: Sequence[int | None]) -> list[str | None]:
    """Return the messages' HTML, aligned with the ids, in one statement (none when no id is given); None for none."""
    wanted = sorted({message_id for message_id in ids if message_id is not None})
    found: Any = Message.select(Message.id, Message.body_html).where(Message.id.in_(wanted)).tuples() if wanted else ()
    html = dict(found)
    return [html.get(message_id) for message_id in ids]


def is_answer_to_machine(ticket_id: int) -> bool:
    """Return whether the newest message of the ticket's customer was written by a machine."""
    query: Any = Message.select(Message.is_automatic).where(
        Message.ticket == ticket_id, Message.kind == MessageKind.INQUIRY
    )
    return any(row[0] for row in query.order_by(Message.id.desc()).limit(1).tuples())


def attachments_of_messages(message_ids: Sequence[int]) -> list[list[AttachmentRow]]:
    """Return each message's files, in the order in which they came, in one statement."""
    return grouped(message_ids, of_owners(AttachmentRow, Attachment.message, message_ids), lambda row: row.message_id)


def attachments_by_ids(ids: Sequence[int | None]) -> list[AttachmentRow | None]:
    """Return files that are part of a message, aligned with the ids."""
    found = by_ids(AttachmentRow, Attachment, ids)
    return [row if row and row.message_id else None for row in found]


def first_tickets(customer_ids: Sequence[int | None]) -> list[int | None]:
    """Return the id of each customer's first ticket, aligned with the customers, in at most one statement."""
    wanted = {customer_id for customer_id in customer_ids if customer_id is not None}
    if not wanted:
        return [None] * len(customer_ids)
    rows: Any = Ticket.select(Ticket.customer, peewee.fn.MIN(Ticket.id)).where(Ticket.customer.in_(wanted))
    found = dict(rows.group_by(Ticket.customer).tuples())
    return [None if customer_id is None else found.get(customer_id) for customer_id in customer_ids]


def open_counts(agent_ids: Sequence[int]) -> list[int]:
    """Return how many tickets each agent holds that are not resolved, aligned with the agents, in one statement."""
    is_open = Ticket.status.in_((TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.ON_HOLD))
    return counts_by(Ticket, Ticket.assignee, agent_ids, condition=is_open) if agent_ids else []
