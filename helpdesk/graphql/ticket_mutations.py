"""Changes to tickets. Ids in, one operation, payload out."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from enum import Enum
from typing import Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.graphql import enums, ids, links
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.context import Context, Info
from helpdesk.graphql.settings_forms import settings_of
from helpdesk.graphql.tickets import Message, Ticket
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.kernel.errors import Invalid
from helpdesk.plugins.kinds import Kind
from helpdesk.queues import distribution
from helpdesk.tickets import attachments, operations, queries, tagging
from helpdesk.tickets.operations import Added, NewTicket
from helpdesk.tickets.rules import (
    Asker,
    TicketPriority,
    TicketStatus,
    check_channel,
    check_language,
    check_reference,
    required_body,
    required_subject,
)


class BodyFormat(Enum):
    """How a body is written."""

    TEXT = "TEXT"
    HTML = "HTML"


enums.declare(
    BodyFormat,
    description="How a body is written.",
    values={"TEXT": "As plain text.", "HTML": "As HTML, of which only what is harmless is kept."},
)


@strawberry.input(description="Who asks; any of these that is known. The email is what an answer is sent to.")
class CustomerInput:
    """Who asks."""

    name: str | None = strawberry.field(default=None, description="The person's name.")
    email: str | None = strawberry.field(default=None, description="A mail address.")
    phone: str | None = strawberry.field(default=None, description="A phone number in any writing.")
    user_key: str | None = strawberry.field(default=None, description="Your own key of this member.")


@strawberry.input(description="A new ticket.")
class TicketCreateInput:
    """A new ticket."""

    subject: str = strawberry.field(description="One line, at most 255 characters.")
    body: str = strawberry.field(description="The inquiry.")
    body_format: BodyFormat = strawberry.field(default=BodyFormat.TEXT, description="How the body is written.")
    channel: str = strawberry.field(default="api", description="The code of the way in, such as api, web or phone.")
    customer: CustomerInput | None = strawberry.field(default=None, description="Who asks.")
    priority: TicketPriority = strawberry.field(default=TicketPriority.NORMAL, description="How urgent it is.")
    language: str | None = strawberry.field(
        default=None, description="One of the service's; its default when left out."
    )
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list, description="Ids of filled uploads.")
    external_ref: str | None = strawberry.field(
        default=None, description="Your own id of the ticket, at most 200 characters; unique in the service."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="The same key with the same input makes one ticket, however often it is sent."
    )


@strawberry.input(description="An answer to the customer.")
class TicketReplyInput:
    """An answer to the customer."""

    ticket_id: strawberry.ID = strawberry.field(description="The ticket.")
    body: str = strawberry.field(description="The answer.")
    body_format: BodyFormat = strawberry.field(default=BodyFormat.TEXT, description="How the body is written.")
    status: TicketStatus | None = strawberry.field(
        default=None,
        description="ON_HOLD for an interim answer, RESOLVED for the final one; left out, a new ticket is"
        " open then, and any other stays as it is.",
    )
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list, description="Ids of filled uploads.")
    is_kept: bool = strawberry.field(
        default=False,
        description="True keeps the answer and sends nothing: for a customer who reads it elsewhere, as in your app.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description="The same key answers once.")
    expected_version: int | None = strawberry.field(default=None, description="The version that you have seen.")


@strawberry.input(description="An inside note.")
class TicketAddNoteInput:
    """An inside note."""

    ticket_id: strawberry.ID = strawberry.field(description="The ticket.")
    body: str = strawberry.field(description="The note; customers never see it.")
    body_format: BodyFormat = strawberry.field(default=BodyFormat.TEXT, description="How the body is written.")
    attachments: list[strawberry.ID] = strawberry.field(default_factory=list, description="Ids of filled uploads.")
    idempotency_key: str | None = strawberry.field(default=None, description="The same key notes once.")


@strawberry.input(description="Who is to have a ticket.")
class TicketAssignInput:
    """Who is to have a ticket."""

    ticket_id: strawberry.ID = strawberry.field(description="The ticket.")
    assignee_id: strawberry.ID | None = strawberry.field(default=None, description="The agent; null for nobody.")
    group_id: strawberry.ID | None = strawberry.field(default=None, description="The group; null for none.")
    assigner: str | None = strawberry.field(
        default=None,
        description="The code of one of `assigners`, which picks the agent out of the group; then name no assignee.",
    )
    assigner_settings: JSON | None = strawberry.field(
        default=None, description="The assigner's settings, as its `settingsSchema` has them."
    )
    expected_version: int | None = strawberry.field(default=None, description="The version that you have seen.")


@strawberry.input(description="Where a ticket is to stand.")
class TicketSetStatusInput:
    """Where a ticket is to stand."""

    ticket_id: strawberry.ID = strawberry.field(description="The ticket.")
    status: TicketStatus = strawberry.field(description="The status to go to.")
    expected_version: int | None = strawberry.field(default=None, description="The version that you have seen.")


@strawberry.input(description="Tags of a ticket. Upper and lower case are kept, and count the same.")
class TicketTagInput:
    """Tags of a ticket."""

    ticket_id: strawberry.ID = strawberry.field(description="The ticket.")
    tags: list[str] = strawberry.field(description="One to 30 tags, each one line of at most 50 characters.")
    expected_version: int | None = strawberry.field(default=None, description="The version that you have seen.")


@strawberry.input(description="A file that is to be sent.")
class UploadCreateInput:
    """A file that is to be sent."""

    filename: str = strawberry.field(description="The file's name.")
    content_type: str = strawberry.field(default="", description="What it is; guessed from the name when left out.")
    size: int = strawberry.field(description="Its length in bytes, exactly.")


@strawberry.type(description="A place for one file: PUT the bytes to `url`, then attach by `id`.")
class Upload:
    """A place for one file."""

    id: strawberry.ID = strawberry.field(description="What to attach by.")
    url: str = strawberry.field(description="Where to PUT the bytes, once, within the hour.")


@strawberry.type(description="The ticket that was made.")
class TicketCreatePayload(Payload):
    """The ticket that was made."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")


@strawberry.type(description="The answer, and its ticket as it is now.")
class TicketReplyPayload(Payload):
    """The answer and its ticket."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")
    message: Message | None = strawberry.field(default=None, description="The answer; null on errors.")


@strawberry.type(description="The note, and its ticket as it is now.")
class TicketAddNotePayload(Payload):
    """The note and its ticket."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")
    message: Message | None = strawberry.field(default=None, description="The note; null on errors.")


@strawberry.type(description="The ticket as it is now.")
class TicketAssignPayload(Payload):
    """The ticket as it is now."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")


@strawberry.type(description="The ticket as it is now.")
class TicketSetStatusPayload(Payload):
    """The ticket as it is now."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")


@strawberry.type(description="The ticket as it is now.")
class TicketTagPayload(Payload):
    """The ticket as it is now."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")


@strawberry.type(description="The ticket as it is now.")
class TicketUntagPayload(Payload):
    """The ticket as it is now."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")


@strawberry.type(description="The place for the file.")
class UploadCreatePayload(Payload):
    """The place for the file."""

    upload: Upload | None = strawberry.field(default=None, description="The place; null on errors.")


def _ticket_id(given: strawberry.ID) -> int:
    return ids.required_row_id(given, "Ticket", path="ticketId")


def _uploads(given: list[strawberry.ID]) -> list[int]:
    return [ids.required_row_id(one, "Attachment", path="attachments") for one in given]


def _ticket(ticket_id: int) -> Any:
    return queries.tickets_by_ids([ticket_id])[0]


def _both(added: Added) -> dict[str, Any]:
    """Return ticket and message as they are now."""
    return {"ticket": _ticket(added.ticket_id), "message": queries.messages_by_ids([added.message_id])[0]}


def _new_ticket(context: Context, given: TicketCreateInput) -> NewTicket:
    customer = given.customer or CustomerInput()
    return NewTicket(
        required_subject(given.subject),
        required_body(given.body, is_html=given.body_format is BodyFormat.HTML),
        check_channel(given.channel),
        check_language(given.language, context.service.languages, context.service.default_language),
        Asker(customer.name or "", customer.email, customer.phone, customer.user_key),
        priority=given.priority,
        uploads=_uploads(given.attachments),
        external_ref=check_reference(given.external_ref),
    )


def _distribute(context: Context, ticket_id: int, given: TicketAssignInput) -> None:
    """Have the assigner pick the agent."""
    if given.assignee_id is not None or given.group_id is None:
        raise Invalid("An assigner picks out of a group: name the group, and no assignee.", path=("assigner",))
    name = given.assigner or ""
    distribution.assign(
        context.actor,
        ticket_id,
        group_id=ids.required_row_id(given.group_id, "AgentGroup", path="groupId"),
        assigner=name,
        settings=settings_of(
            given.assigner_settings, Kind.ASSIGNER, name, service_id=context.service.id, path="assignerSettings"
        ),
        expected_version=given.expected_version,
    )


@strawberry.type
class TicketMutations:
    """Mutations of tickets."""

    @strawberry.mutation(description="Make a ticket with its first message.")
    @answers(TicketCreatePayload)
    def ticket_create(self, info: Info, input: Input[TicketCreateInput]) -> TicketCreatePayload:
        """Make a ticket."""
        new = _new_ticket(info.context, input)
        added = operations.create(info.context.actor, new, idempotency_key=input.idempotency_key)
        return TicketCreatePayload(ticket=_ticket(added.ticket_id))

    @strawberry.mutation(
        description="Answer the customer, by the way on which the ticket came; refused when that would reach nobody."
    )
    @answers(TicketReplyPayload)
    def ticket_reply(self, info: Info, input: Input[TicketReplyInput]) -> TicketReplyPayload:
        """Answer the customer."""
        added = operations.reply(
            info.context.actor,
            _ticket_id(input.ticket_id),
            required_body(input.body, is_html=input.body_format is BodyFormat.HTML),
            status=input.status,
            uploads=_uploads(input.attachments),
            expected_version=input.expected_version,
            idempotency_key=input.idempotency_key,
            is_kept=input.is_kept,
        )
        return TicketReplyPayload(**_both(added))

    @strawberry.mutation(description="Add an inside note: nothing is sent, the status stays.")
    @answers(TicketAddNotePayload)
    def ticket_add_note(self, info: Info, input: Input[TicketAddNoteInput]) -> TicketAddNotePayload:
        """Add a note."""
        added = operations.add_note(
            info.context.actor,
            _ticket_id(input.ticket_id),
            required_body(input.body, is_html=input.body_format is BodyFormat.HTML),
            uploads=_uploads(input.attachments),
            idempotency_key=input.idempotency_key,
        )
        return TicketAddNotePayload(**_both(added))

    @strawberry.mutation(
        description="Give a ticket to an agent, a group, both, or nobody. Whoever may not forward tickets takes one"
        " that nobody has, or gives theirs back; its group stays."
    )
    @answers(TicketAssignPayload)
    def ticket_assign(self, info: Info, input: Input[TicketAssignInput]) -> TicketAssignPayload:
        """Give a ticket to somebody."""
        ticket_id = _ticket_id(input.ticket_id)
        if input.assigner is not None:
            _distribute(info.context, ticket_id, input)
            return TicketAssignPayload(ticket=_ticket(ticket_id))
        operations.assign(
            info.context.actor,
            ticket_id,
            agent_id=ids.row_id(input.assignee_id, "Agent", path="assigneeId"),
            group_id=ids.row_id(input.group_id, "AgentGroup", path="groupId"),
            expected_version=input.expected_version,
        )
        return TicketAssignPayload(ticket=_ticket(ticket_id))

    @strawberry.mutation(description="Move a ticket to a status; COMPLETED is for administrators, and final.")
    @answers(TicketSetStatusPayload)
    def ticket_set_status(self, info: Info, input: Input[TicketSetStatusInput]) -> TicketSetStatusPayload:
        """Move a ticket to a status."""
        ticket_id = _ticket_id(input.ticket_id)
        operations.set_status(info.context.actor, ticket_id, input.status, expected_version=input.expected_version)
        return TicketSetStatusPayload(ticket=_ticket(ticket_id))

    @strawberry.mutation(description="Put tags on a ticket; those it has stay. A ticket has at most 30.")
    @answers(TicketTagPayload)
    def ticket_tag(self, info: Info, input: Input[TicketTagInput]) -> TicketTagPayload:
        """Put tags on a ticket."""
        ticket_id = _ticket_id(input.ticket_id)
        tagging.tag(info.context.actor, ticket_id, input.tags, expected_version=input.expected_version)
        return TicketTagPayload(ticket=_ticket(ticket_id))

    @strawberry.mutation(description="Take tags off a ticket; one that it has not is fine.")
    @answers(TicketUntagPayload)
    def ticket_untag(self, info: Info, input: Input[TicketTagInput]) -> TicketUntagPayload:
        """Take tags off a ticket."""
        ticket_id = _ticket_id(input.ticket_id)
        tagging.untag(info.context.actor, ticket_id, input.tags, expected_version=input.expected_version)
        return TicketUntagPayload(ticket=_ticket(ticket_id))

    @strawberry.mutation(description="Make a place for one file: PUT the bytes to its URL, then attach it by its id.")
    @answers(UploadCreatePayload)
    def upload_create(self, info: Info, input: Input[UploadCreateInput]) -> UploadCreatePayload:
        """Make a place for one file."""
        upload_id = attachments.create_upload(
            info.context.actor,
            filename=input.filename,
            content_type=input.content_type,
            size=input.size,
            largest=info.context.settings.max_file_bytes,
        )
        place = Upload(id=ids.encode("Attachment", upload_id), url=links.upload(info.context, upload_id))
        return UploadCreatePayload(upload=place)
