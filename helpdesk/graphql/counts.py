"""How many tickets there are of each status, for the numbers beside views."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Annotated, Any

import strawberry

from helpdesk.graphql.context import Info
from helpdesk.tickets import counting
from helpdesk.tickets.counting import Counts
from helpdesk.tickets.rules import TicketStatus

UnassignedOnly = Annotated[bool, strawberry.argument(description="Only those that no agent has.")]


@strawberry.type(description="How many tickets there are of each status, as of the last change.")
class TicketCounts:
    """How many tickets there are of each status."""

    counts: strawberry.Private[Counts]

    @strawberry.field(description="New ones.")
    def new(self) -> int:
        """Return how many are new."""
        return self.counts.of(TicketStatus.NEW)

    @strawberry.field(description="Open ones.")
    def open(self) -> int:
        """Return how many are open."""
        return self.counts.of(TicketStatus.OPEN)

    @strawberry.field(description="Those on hold.")
    def on_hold(self) -> int:
        """Return how many are on hold."""
        return self.counts.of(TicketStatus.ON_HOLD)

    @strawberry.field(description="Resolved ones.")
    def resolved(self) -> int:
        """Return how many are resolved."""
        return self.counts.of(TicketStatus.RESOLVED)

    @strawberry.field(description="Completed ones.")
    def completed(self) -> int:
        """Return how many are completed."""
        return self.counts.of(TicketStatus.COMPLETED)

    @strawberry.field(description="All of them.")
    def total(self) -> int:
        """Return how many there are."""
        return self.counts.total


@strawberry.type
class CountQueries:
    """Query fields that count."""

    @strawberry.field(
        graphql_type=TicketCounts,
        description="How many tickets the service has; agents and groups have the same field for theirs.",
    )
    def ticket_counts(self, info: Info, *, unassigned_only: UnassignedOnly = False) -> Any:
        """Return the service's counts."""
        info.context.actor.require("ticket.read")
        return TicketCounts(counts=counting.of_service(info.context.service.id, unassigned_only=unassigned_only))
