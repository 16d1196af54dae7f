"""Tickets, messages, attachments and history in the schema."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.agents import queries as agents
from helpdesk.channels import queries as channels
from helpdesk.customers import queries as customers
from helpdesk.graphql import enums, ids, links, nodes
from helpdesk.graphql.agents import Agent, AgentGroup
from helpdesk.graphql.authors import MessageAuthor, SystemAuthor
from helpdesk.graphql.batching import batched, recall
from helpdesk.graphql.connections import After, Before, Connection, First, Last, window
from helpdesk.graphql.context import Context, Info
from helpdesk.graphql.customers import Customer
from helpdesk.graphql.filters import TicketOrder, TicketWhere, condition_of, order_of
from helpdesk.graphql.nodes import Node
from helpdesk.kernel import events
from helpdesk.kernel.actors import ActorKind
from helpdesk.kernel.events import HistoryEntry
from helpdesk.sdk.channel import SenderProof
from helpdesk.tickets import queries
from helpdesk.tickets.queries import AttachmentRow, MessageRow, ParticipantRow, TicketRow
from helpdesk.tickets.rules import MessageKind, ParticipantState, TicketPriority, TicketStatus
from helpdesk.triggers import conditions

if TYPE_CHECKING:
    from helpdesk.graphql.channels import Delivery

ids.declare(ids.NodeKind("Ticket", TicketRow, "ticket.read", queries.tickets_by_ids))
ids.declare(ids.NodeKind("Message", MessageRow, "ticket.read", queries.messages_by_ids))
ids.declare(ids.NodeKind("Attachment", AttachmentRow, "ticket.read", queries.attachments_by_ids))

enums.declare(
    TicketStatus,
    description="Where a ticket stands.",
    values={
        "NEW": "Nobody has begun with it.",
        "OPEN": "Somebody works on it.",
        "ON_HOLD": "It waits, for the customer or for something else.",
        "RESOLVED": "The final answer was given; it opens again when the customer writes.",
        "COMPLETED": "It is finished for good; what the customer writes becomes a new ticket.",
    },
)
enums.declare(
    ParticipantState,
    description="How far somebody is in a ticket beside its customer.",
    values={
        "PROPOSED": "A mail copied them in; they take no part until an agent lets them in.",
        "ADDED": "They get the answers too, and may write into the ticket.",
        "REMOVED": "An agent sent them out.",
    },
)
enums.declare(
    SenderProof,
    description="Whether a message comes from whom it says.",
    values={
        "NONE": "Nobody knows.",
        "PASSED": "Systems of the desk's own say so.",
        "FAILED": "Systems of the desk's own say that it does not.",
    },
)
enums.declare(
    TicketPriority,
    description="How urgent a ticket is.",
    values={
        "LOW": "It can wait.",
        "NORMAL": "It takes its turn.",
        "HIGH": "It comes before the others.",
        "URGENT": "It comes first.",
    },
)
enums.declare(
    MessageKind,
    description="What a message is: the customer's, an answer, an inside note, or the desk's.",
    values={
        "INQUIRY": "The customer's word.",
        "REPLY": "An answer to the customer.",
        "NOTE": "An inside note, which customers never see.",
        "SYSTEM": "A line by the desk itself.",
    },
)

LazyDelivery = Annotated["Delivery", strawberry.lazy("helpdesk.graphql.channels")]


@strawberry.type(description="A file that is part of a message.")
class Attachment(Node):
    """A file of a message."""

    filename: str = strawberry.field(description="The file's name, without folders.")
    content_type: str = strawberry.field(description="What the sender says the file is; do not rely upon it.")
    size: int = strawberry.field(description="Bytes.")

    @strawberry.field(description="Where to download it; the link works for an hour, for whoever has it.")
    def url(self, info: Info) -> str:
        """Return a signed link."""
        return links.attachment(info.context, self)  # type: ignore[arg-type]  # the source is the row

    @batched(description="Whether it is an image that the message's HTML shows in its place.", graphql_type=bool)
    def is_inline(rows: Sequence[AttachmentRow], context: Context) -> list[bool]:  # noqa: ARG002
        """Return whether each file's message shows it."""
        return links.are_inline(rows)

    is_type_of = nodes.of(AttachmentRow)


@strawberry.type(description="Somebody who is in a ticket beside its customer.")
class TicketParticipant:
    """Somebody beside the customer."""

    email: str = strawberry.field(description="Their address.")
    name: str = strawberry.field(description="Their name, as the mail that copied them in says; may be empty.")
    state: ParticipantState = strawberry.field(description="Whether they take part.")

    is_type_of = nodes.of(ParticipantRow)


Remote = Annotated[bool, strawberry.argument(description="Whether images from elsewhere stand in it.")]


@strawberry.type(description="One contribution to a ticket.")
class Message(Node):
    """One contribution to a ticket."""

    kind: MessageKind = strawberry.field(description="What the message is.")
    body_text: str = strawberry.field(description="The content as plain text, with all that it quotes.")

    @strawberry.field(description="What the message says anew: the text before whatever it quotes.")
    def new_text(self) -> str:
        """Return the text without the quoted rest."""
        return _split(self)[0]  # type: ignore[arg-type]  # the source is the row

    @strawberry.field(description="What it quotes, for a screen to fold away; empty without any.")
    def quoted_text(self) -> str:
        """Return the quoted rest."""
        return _split(self)[1]  # type: ignore[arg-type]  # the source is the row

    is_automatic: bool = strawberry.field(description="Whether a machine wrote it.")
    proof: SenderProof = strawberry.field(description="Whether it comes from whom it says.")
    proof_details: str = strawberry.field(description="By what that is known, such as spf=pass dmarc=pass.")
    created_at: datetime = strawberry.field(description="When it came or was written.")
    sent_at: datetime | None = strawberry.field(
        description="When its sender says to have sent it, to be shown and not relied upon; null for no word of it."
    )

    @batched(description="Who wrote it; null when nobody knows.", graphql_type=MessageAuthor | None)
    def author(rows: Sequence[MessageRow], context: Context) -> list[Any]:
        """Return the authors, agents and customers in one statement each, or none for those met already."""
        by_agent = [row.author_id if row.author_kind is ActorKind.AGENT else None for row in rows]
        is_told = context.actor.may("customer.read")  # else no more than the name, which the message has itself
        by_customer = [row.author_id if is_told and row.author_kind is ActorKind.CUSTOMER else None for row in rows]
        agents_found = recall(context, agents.agents_by_ids, by_agent)
        customers_found = recall(context, customers.customers_by_ids, by_customer)
        people = zip(rows, agents_found, customers_found, strict=True)
        return [agent or customer or _no_person(row) for row, agent, customer in people]

    @batched(
        description="The content as sanitised HTML; null when it came as text. Images that came along are links;"
        " those from elsewhere are left out unless `remoteImages` asks for them, since fetching one tells its owner"
        " that the mail is read.",
        graphql_type=str | None,
    )
    def body_html(rows: Sequence[MessageRow], context: Context, remote_images: Remote = False) -> list[str | None]:
        """Return the HTML with its inline images linked."""
        return links.with_images(context, rows, _html(rows, context), remote=remote_images)

    @batched(
        description="What `bodyHtml` says anew: all of it, if it is not known to quote anything. Null when the content"
        " came as text. It is whole and sanitised by itself, as is `quotedHtml`.",
        graphql_type=str | None,
    )
    def new_html(rows: Sequence[MessageRow], context: Context, remote_images: Remote = False) -> list[str | None]:
        """Return the HTML without the quoted rest."""
        bodies = list(map(links.new_html, rows, _html(rows, context)))
        return links.with_images(context, rows, bodies, remote=remote_images)

    @batched(
        description="What `bodyHtml` quotes, for a screen to fold away; null when it is not known to quote anything."
        " It is told apart by itself: where `quotedText` is empty it may be there, and the other way round.",
        graphql_type=str | None,
    )
    def quoted_html(rows: Sequence[MessageRow], context: Context, remote_images: Remote = False) -> list[str | None]:
        """Return the quoted rest of the HTML."""
        bodies = list(map(links.quoted_html, rows, _html(rows, context)))
        return links.with_images(context, rows, bodies, remote=remote_images)

    @batched(
        description="Whether the HTML shows images from elsewhere, to offer them to the reader.", graphql_type=bool
    )
    def has_remote_images(rows: Sequence[MessageRow], context: Context) -> list[bool]:
        """Return whether there are any."""
        return list(map(links.has_remote_images, _html(rows, context)))

    @batched(description="The files, in their order.", graphql_type=list[Attachment])
    def attachments(rows: Sequence[MessageRow], context: Context) -> list[list[AttachmentRow]]:  # noqa: ARG002
        """Return each message's files."""
        return queries.attachments_of_messages([row.id for row in rows])

    @batched(
        description="How far it is on its way out; null when nothing goes out: for a note, or a kept answer.",
        graphql_type=LazyDelivery | None,
    )
    def delivery(rows: Sequence[MessageRow], context: Context) -> list[Any]:
        """Return each message's delivery."""
        context.actor.require("delivery.read")
        return channels.deliveries_of_messages([row.id for row in rows])

    is_type_of = nodes.of(MessageRow)


def _html(rows: Sequence[MessageRow], context: Context) -> list[str | None]:
    """Return the messages' HTML, which is read once for all fields that want it."""
    return recall(context, queries.html_of_messages, [row.id for row in rows])


def _no_person(row: MessageRow) -> SystemAuthor | None:
    """Return an author that is neither agent nor customer; None for somebody of whom not even a name is known."""
    is_unknown = row.author_kind is ActorKind.CUSTOMER and not row.author_name
    return None if is_unknown else SystemAuthor(name=row.author_name)


def _split(row: MessageRow) -> tuple[str, str]:
    """Return what is new in a message, and what it quotes."""
    place = len(row.body_text) if row.quoted_from is None else row.quoted_from
    return row.body_text[:place], row.body_text[place:].strip("\n")


@strawberry.type(description="One page of messages.")
class MessageConnection(Connection[Message]):
    """One page of messages."""


@strawberry.type(description="One line of a thing's history: who, when, what, from and to.")
class History:
    """One line of history."""

    name: str = strawberry.field(description="What happened, such as ticket.created.")
    actor_kind: str = strawberry.field(description="agent, member, customer, service_key, plugin or system.")
    actor_name: str = strawberry.field(description="The name of whoever did it, as it was then.")
    at: datetime = strawberry.field(description="When.")
    changes: JSON = strawberry.field(description="What changed: a field to its values before and after.")

    is_type_of = nodes.of(HistoryEntry)


@strawberry.type(description="One page of history.")
class HistoryConnection(Connection[History]):
    """One page of history."""


@strawberry.type(description="One inquiry being handled.")
class Ticket(Node):
    """One inquiry being handled."""

    number: int = strawberry.field(description="The number for people, counted in the service.")
    subject: str = strawberry.field(description="One line of what it is about.")
    status: TicketStatus = strawberry.field(description="Where it stands.")
    priority: TicketPriority = strawberry.field(description="How urgent it is.")
    channel: str = strawberry.field(description="The code of the way in, such as email, web or api.")
    language: str = strawberry.field(description="The language in which it came.")
    external_ref: str | None = strawberry.field(description="Your own id of the ticket; null for none.")
    version: int = strawberry.field(description="Grows with every change; send it as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When it was made.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @batched(description="Who asks; null when nobody is known.", graphql_type=Customer | None)
    def customer(rows: Sequence[TicketRow], context: Context) -> list[Any]:
        """Return each ticket's customer."""
        context.actor.require("customer.read")
        return recall(context, customers.customers_by_ids, [row.customer_id for row in rows])

    @batched(description="The agent who has it; null for nobody.", graphql_type=Agent | None)
    def assignee(rows: Sequence[TicketRow], context: Context) -> list[Any]:
        """Return each ticket's agent."""
        return recall(context, agents.agents_by_ids, [row.assignee_id for row in rows])

    @batched(description="The group that has it; null for none.", graphql_type=AgentGroup | None)
    def group(rows: Sequence[TicketRow], context: Context) -> list[Any]:  # noqa: ARG002
        """Return each ticket's group."""
        return agents.groups_by_ids([row.group_id for row in rows])

    @batched(
        description="The completed ticket that this one follows up; null for none.",
        graphql_type=Annotated["Ticket", strawberry.lazy("helpdesk.graphql.tickets")] | None,
    )
    def follow_up_of(rows: Sequence[TicketRow], context: Context) -> list[Any]:  # noqa: ARG002
        """Return the ticket before each one."""
        return queries.tickets_by_ids([row.follow_up_of_id for row in rows])

    @batched(description="Its tags, sorted.", graphql_type=list[str])
    def tags(rows: Sequence[TicketRow], context: Context) -> list[list[str]]:  # noqa: ARG002
        """Return each ticket's tags."""
        return [list(tags) for tags in queries.tags_of_tickets([row.id for row in rows])]

    @batched(
        description="Who takes part beside the customer, or is proposed because a mail copied them in.",
        graphql_type=list[TicketParticipant],
    )
    def participants(rows: Sequence[TicketRow], context: Context) -> list[list[ParticipantRow]]:  # noqa: ARG002
        """Return each ticket's participants."""
        return queries.participants_of_tickets([row.id for row in rows])

    @batched(description="The messages, oldest first.", graphql_type=MessageConnection)
    def messages(
        rows: Sequence[TicketRow],
        context: Context,  # noqa: ARG002
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> list[Any]:
        """Return each ticket's page of messages."""
        pages = queries.messages_of_tickets([row.id for row in rows], window(first, after, last, before))
        return [Connection(page=page) for page in pages]

    @batched(description="What happened to it, oldest first.", graphql_type=HistoryConnection)
    def history(
        rows: Sequence[TicketRow],
        context: Context,  # noqa: ARG002
        first: First = None,
        after: After = None,
    ) -> list[Any]:
        """Return each ticket's page of history."""
        pages = events.history_of("ticket", [row.id for row in rows], window(first, after))
        return [Connection(page=page) for page in pages]

    @batched(
        description="Whether it meets a condition, which may name fields of plugins too; see `conditionFields`.",
        graphql_type=bool,
        cost=1,
    )
    def meets(
        rows: Sequence[TicketRow],
        context: Context,
        condition: Annotated[TicketWhere, strawberry.argument(description="What is asked of the ticket.")],
    ) -> list[bool]:
        """Return whether each ticket meets the condition."""
        return conditions.meets(context.service.id, [row.id for row in rows], condition_of(condition))

    is_type_of = nodes.of(TicketRow)


@strawberry.type(description="One page of tickets.")
class TicketConnection(Connection[Ticket]):
    """One page of tickets."""


OrderBy = Annotated[list[TicketOrder] | None, strawberry.argument(description="The order, most important first.")]


@strawberry.type
class TicketQueries:
    """Query fields over tickets."""

    @strawberry.field(graphql_type=Ticket | None, description="The ticket with this number; null for none.")
    def ticket(self, info: Info, number: Annotated[int, strawberry.argument(description="The ticket number.")]) -> Any:
        """Return the ticket or nothing."""
        info.context.actor.require("ticket.read")
        return queries.ticket_by_number(info.context.service.id, number)

    @strawberry.field(graphql_type=TicketConnection, description="The service's tickets, last changed first.")
    def tickets(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        where: Annotated[TicketWhere | None, strawberry.argument(description="Only those that meet this.")] = None,
        search: Annotated[str | None, strawberry.argument(description="Only those that contain these words.")] = None,
        order_by: OrderBy = None,
    ) -> Any:
        """Return one page of tickets."""
        info.context.actor.require("ticket.read")
        found = queries.page_of_service(
            info.context.service.id,
            where=condition_of(where),
            text=search,
            order=order_of(order_by),
            window=window(first, after, last, before),
        )
        return Connection(page=found)
