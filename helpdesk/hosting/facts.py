"""What plugins are told of the desk's things: rows in, frozen facts out, aligned, in one statement for all of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from helpdesk.agents.queries import AgentRow
from helpdesk.customers.queries import CustomerRow
from helpdesk.organization.queries import ServiceRow
from helpdesk.sdk.facts import AgentFacts, CustomerFacts, MessageFacts, ServiceFacts
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.facts import ticket_facts
from helpdesk.tickets.queries import MessageRow, TicketRow


def of_messages(rows: Sequence[MessageRow]) -> list[MessageFacts]:
    """Return the facts of messages; their HTML costs one statement."""
    return [
        MessageFacts(
            id=row.id,
            ticket_id=row.ticket_id,
            kind=str(row.kind),
            author_kind=str(row.author_kind),
            author_name=row.author_name,
            text=row.body_text,
            html=html,
            is_automatic=row.is_automatic,
            created_at=row.created_at,
        )
        for row, html in zip(rows, tickets.html_of_messages([row.id for row in rows]), strict=True)
    ]


def of_customers(rows: Sequence[CustomerRow]) -> list[CustomerFacts]:
    """Return the facts of customers."""
    return [
        CustomerFacts(
            id=row.id,
            number=row.number,
            name=row.name,
            email=row.email,
            phone=row.phone,
            user_key=row.user_key,
            created_at=row.created_at,
        )
        for row in rows
    ]


def of_agents(rows: Sequence[AgentRow]) -> list[AgentFacts]:
    """Return the facts of agents; what they hold costs one statement."""
    counts = tickets.open_counts([row.id for row in rows])
    return [
        AgentFacts(
            id=row.id,
            name=row.name,
            email=row.email,
            is_active=row.is_active,
            open_tickets=count,
            last_assigned_at=row.last_assigned_at,
        )
        for row, count in zip(rows, counts, strict=True)
    ]


def of_services(rows: Sequence[ServiceRow]) -> list[ServiceFacts]:
    """Return the facts of services."""
    return [
        ServiceFacts(
            id=row.id,
            slug=row.slug,
            names=dict(row.names),
            languages=tuple(row.languages),
            default_language=row.default_language,
            time_zone=row.time_zone,
        )
        for row in rows
    ]


_MAKERS: Mapping[type, Callable[[Any], list[Any]]] = {
    TicketRow: ticket_facts,
    MessageRow: of_messages,
    CustomerRow: of_customers,
    AgentRow: of_agents,
    ServiceRow: of_services,
}


def of_rows(rows: Sequence[Any]) -> list[Any]:
    """Return the facts of rows that are all of one kind: tickets, messages, customers, agents or services."""
    return _MAKERS[type(rows[0])](rows) if rows else []
