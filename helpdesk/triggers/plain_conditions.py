"""The desk's own conditions that no column of a ticket answers."""

from collections.abc import Sequence
from typing import ClassVar

from helpdesk.kernel import clock
from helpdesk.sdk.condition import Condition, FieldKind
from helpdesk.sdk.facts import TicketFacts
from helpdesk.tickets import queries

HOUR_SECONDS = 3600


class AgeHours(Condition):
    """How many whole hours ago the ticket was made."""

    title: ClassVar = {"en": "Age in hours", "ko": "경과 시간"}
    kind: ClassVar = FieldKind.NUMBER

    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[int]:
        now = clock.now()
        return [int((now - ticket.created_at).total_seconds()) // HOUR_SECONDS for ticket in tickets]


class IsReturning(Condition):
    """Whether the customer has an earlier ticket; without a customer nobody returns."""

    title: ClassVar = {"en": "Returning customer", "ko": "재문의 고객"}
    kind: ClassVar = FieldKind.BOOLEAN

    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[bool]:
        firsts = queries.first_tickets([ticket.customer_id for ticket in tickets])
        return [first is not None and first < ticket.id for ticket, first in zip(tickets, firsts, strict=True)]
