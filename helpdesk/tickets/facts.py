"""What plugins are told of tickets: frozen copies of rows, their tags with them."""

from collections.abc import Sequence

from helpdesk.sdk.facts import TicketFacts
from helpdesk.tickets import queries
from helpdesk.tickets.queries import TicketRow


def ticket_facts(rows: Sequence[TicketRow]) -> list[TicketFacts]:
    """Return the facts of tickets, aligned with their rows; the tags of all of them cost one statement."""
    tags = queries.tags_of_tickets([row.id for row in rows])
    return [_facts(row, tags_of_row) for row, tags_of_row in zip(rows, tags, strict=True)]


def _facts(row: TicketRow, tags: tuple[str, ...]) -> TicketFacts:
    return TicketFacts(
        id=row.id,
        number=row.number,
        subject=row.subject,
        status=str(row.status),
        priority=str(row.priority),
        channel=row.channel,
        language=row.language,
        customer_id=row.customer_id,
        agent_id=row.assignee_id,
        group_id=row.group_id,
        external_ref=row.external_ref,
        tags=tags,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
