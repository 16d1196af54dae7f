"""Tickets to work on, made as a partner makes them, and what can be seen of them."""

from dataclasses import replace
from typing import Any

from helpdesk.kernel import events
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.events import HistoryEntry
from helpdesk.kernel.paging import Window
from helpdesk.tickets import operations, queries
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.queries import MessageRow, TicketRow
from helpdesk.tickets.rules import Asker, Body
from tests.factories.desk import Desk

MINA = Asker(name="Mina", email="mina@shop.example")
INQUIRY = NewTicket("환불 요청", Body("환불해 주세요"), "api", "ko", MINA)
ANSWER = Body("처리했습니다")


def make(desk: Desk, actor: Actor | None = None, **changes: Any) -> int:
    """Make a ticket as the partner does and return its id."""
    return operations.create(actor or desk.partner, replace(INQUIRY, **changes)).ticket_id


def ticket(ticket_id: int) -> TicketRow:
    """Return the ticket, which must be there."""
    row = queries.tickets_by_ids([ticket_id])[0]
    assert row is not None
    return row


def messages(ticket_id: int) -> list[MessageRow]:
    """Return the ticket's messages, oldest first."""
    return queries.messages_of_tickets([ticket_id], Window(first=100))[0].rows


def history(ticket_id: int) -> list[HistoryEntry]:
    """Return the ticket's history, oldest first."""
    return events.history_of("ticket", [ticket_id], Window(first=100))[0].rows


def all_tickets(service_id: int) -> int:
    """Return how many tickets the service has."""
    return int(queries.matching(service_id).count())


def found(desk: Desk, words: str) -> list[TicketRow]:
    """Return the tickets that the words find."""
    query = queries.matching(desk.service_id, text=words)
    return queries.page_of(query, order=[], window=Window()).rows
