"""Who takes part in a ticket beside its customer, in the schema."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Any

import strawberry

from helpdesk.graphql import ids
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.context import Info
from helpdesk.graphql.tickets import Ticket
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.tickets import participants, queries


@strawberry.input(description="Somebody who is to take part in a ticket.")
class TicketParticipantAddInput:
    """Somebody who is to take part in a ticket."""

    ticket_id: strawberry.ID = strawberry.field(description="The ticket.")
    email: str = strawberry.field(description="Their address: one that is proposed, or any other.")
    name: str = strawberry.field(default="", description="Their name; of one that is proposed it is known.")


@strawberry.input(description="Somebody who is to take part in a ticket no more.")
class TicketParticipantRemoveInput:
    """Somebody who is to take part in a ticket no more."""

    ticket_id: strawberry.ID = strawberry.field(description="The ticket.")
    email: str = strawberry.field(description="Their address.")


@strawberry.type(description="The ticket as it is now.")
class TicketParticipantAddPayload(Payload):
    """The ticket as it is now."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")


@strawberry.type(description="The ticket as it is now.")
class TicketParticipantRemovePayload(Payload):
    """The ticket as it is now."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")


@strawberry.type
class ParticipantMutations:
    """Mutations of who takes part."""

    @strawberry.mutation(description="Let somebody take part: they get the answers too, and may write into the ticket.")
    @answers(TicketParticipantAddPayload)
    def ticket_participant_add(
        self, info: Info, input: Input[TicketParticipantAddInput]
    ) -> TicketParticipantAddPayload:
        """Let somebody in."""
        ticket_id = ids.required_row_id(input.ticket_id, "Ticket", path="ticketId")
        participants.add(info.context.actor, ticket_id, input.email, name=input.name)
        return TicketParticipantAddPayload(ticket=_ticket(ticket_id))

    @strawberry.mutation(description="Send somebody out, or turn a proposal down: no mail proposes them again.")
    @answers(TicketParticipantRemovePayload)
    def ticket_participant_remove(
        self, info: Info, input: Input[TicketParticipantRemoveInput]
    ) -> TicketParticipantRemovePayload:
        """Send somebody out."""
        ticket_id = ids.required_row_id(input.ticket_id, "Ticket", path="ticketId")
        participants.remove(info.context.actor, ticket_id, input.email)
        return TicketParticipantRemovePayload(ticket=_ticket(ticket_id))


def _ticket(ticket_id: int) -> Any:
    return queries.tickets_by_ids([ticket_id])[0]
