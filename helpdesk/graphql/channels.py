"""Channel accounts, the inbox and deliveries in the schema. Secrets are write-only."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.channels import queries, rules
from helpdesk.channels.queries import AccountRow, DeliveryRow, InboxItemRow
from helpdesk.channels.rules import AccountState, DeliveryState, InboxOutcome, InboxState
from helpdesk.customers import queries as customers
from helpdesk.customers.queries import IdentityRow
from helpdesk.graphql import enums, ids, links, nodes
from helpdesk.graphql.batching import batched
from helpdesk.graphql.connections import After, Connection, First, window
from helpdesk.graphql.context import Context, Info
from helpdesk.graphql.nodes import Node
from helpdesk.graphql.tickets import Message, Ticket
from helpdesk.tickets import queries as tickets

ids.declare(ids.NodeKind("ChannelAccount", AccountRow, "channel_account.read", queries.accounts_by_ids))
ids.declare(ids.NodeKind("InboxItem", InboxItemRow, "inbox.read", queries.inbox_by_ids))
ids.declare(ids.NodeKind("Delivery", DeliveryRow, "delivery.read", queries.deliveries_by_ids))

enums.declare(
    AccountState,
    name="ChannelAccountState",
    description="How a channel account stands with its provider.",
    values={
        "WORKING": "Nothing is known to be wrong.",
        "FAILING": "The last try failed; it is tried again soon.",
        "REFUSED": "The provider refuses the log-in. What is to go out waits; correct the settings.",
        "RECONNECT": "The permission has ended. What is to go out waits; grant access anew and set what comes of it.",
        "OFF": "It is switched off.",
    },
)
enums.declare(
    InboxState,
    description="How far what came in is.",
    values={
        "RECEIVED": "It is stored, and waits to be read.",
        "RETRYING": "Reading it failed, and is tried again.",
        "PROCESSED": "It was read; `outcome` says what became of it.",
        "QUARANTINED": "It can't be read, or is held; it is kept, and can be tried again.",
    },
)
enums.declare(
    InboxOutcome,
    description="What became of what came in.",
    values={
        "TICKET": "A new ticket.",
        "REPLY": "A message of a ticket that was there.",
        "BOUNCE": "A report on a message that we sent.",
        "AUTO": "Written by a machine, such as a vacation note.",
        "SPAM": "Unwanted.",
        "DUPLICATE": "It was here before.",
        "IGNORED": "Nothing to file.",
    },
)
enums.declare(
    DeliveryState,
    description="How far an outgoing message is; FAILED can be tried again.",
    values={
        "QUEUED": "It waits to be sent.",
        "RETRYING": "Sending failed for now, and is tried again.",
        "SENT": "The provider took it.",
        "FAILED": "It was given up; an agent may try it again.",
    },
)


@strawberry.type(description="How fetching goes for an account.")
class AccountHealth:
    """How fetching goes."""

    last_alive_at: datetime | None = strawberry.field(description="When the provider last answered.")
    last_error: str = strawberry.field(description="What is wrong, in words; empty when nothing is.")
    failed_at: datetime | None = strawberry.field(description="When it failed last; null for never.")


@strawberry.type(description="How sending goes for an account.")
class SendingHealth:
    """How sending goes."""

    last_sent_at: datetime | None = strawberry.field(
        description="When the provider took a message, to within half a minute; null for never with these settings."
    )
    last_error: str = strawberry.field(description="What is wrong, in words; empty when nothing is.")
    failed_at: datetime | None = strawberry.field(description="When it failed last; null for never.")
    rests_until: datetime | None = strawberry.field(
        description="When the account is tried next that its provider refuses; null while it is let in."
    )


@strawberry.type(description="One account of a channel.")
class ChannelAccount(Node):
    """One account of a channel."""

    driver: str = strawberry.field(description="The channel's code, such as email.")
    name: str = strawberry.field(description="The name that people see.")
    is_enabled: bool = strawberry.field(description="Whether anything comes in or goes out by it.")
    is_primary: bool = strawberry.field(description="Whether it is the one of its driver that is used by default.")
    version: int = strawberry.field(description="Grows with every change; send it as `expectedVersion`.")
    created_at: datetime = strawberry.field(description="When it was made.")

    @strawberry.field(graphql_type=JSON, description="Its settings without the secrets.")
    def settings(self, info: Info) -> Any:
        """Return the settings, to those who may see accounts; an agent sees an account's name alone."""
        info.context.actor.require("channel_account.read")
        return self.settings

    @strawberry.field(description="Where the provider is to call us.")
    def hook_url(self, info: Info) -> str:
        """Return the unguessable address of the account's hook."""
        info.context.actor.require("channel_account.read")
        return f"{info.context.url}/channels/{self.hook_token}/hook"  # type: ignore[attr-defined]  # of the row

    @batched(description="How fetching goes; null where nothing is fetched.", graphql_type=AccountHealth | None)
    def health(rows: Sequence[AccountRow], context: Context) -> list[Any]:
        """Return how listening goes for each account."""
        context.actor.require("channel_account.read")
        return queries.listening_of_accounts([row.id for row in rows])

    @batched(description="How sending goes; null where nothing was sent yet.", graphql_type=SendingHealth | None)
    def sending(rows: Sequence[AccountRow], context: Context) -> list[Any]:
        """Return how sending goes for each account."""
        context.actor.require("channel_account.read")
        return queries.sending_of_accounts([row.id for row in rows])

    @batched(description="How it stands with its provider.", graphql_type=AccountState)
    def state(rows: Sequence[AccountRow], context: Context) -> list[Any]:
        """Return the worse of listening and sending for each account."""
        context.actor.require("channel_account.read")
        return queries.states_of_accounts(rows)

    is_type_of = nodes.of(AccountRow)


@strawberry.type(description="Something that came in, and what became of it.")
class InboxItem(Node):
    """Something that came in."""

    state: InboxState = strawberry.field(description="How far it is.")
    outcome: InboxOutcome | None = strawberry.field(description="What became of it; null until it is processed.")
    is_held: bool = strawberry.field(
        description="Whether its sender is in doubt, so that a person must release it; `reason` says why."
    )
    sender: str | None = strawberry.field(
        description="Who wrote it, as the message says; null until it is understood, and when it does not say."
    )
    subject: str | None = strawberry.field(
        description="Its subject on one line; null until it is understood, and when it has none."
    )
    size: int = strawberry.field(description="Bytes.")
    digest: str = strawberry.field(description="SHA-256 of the raw bytes, in hexadecimal.")
    attempts: int = strawberry.field(description="How often it was tried.")
    received_at: datetime = strawberry.field(description="When it came.")

    @strawberry.field(description="Why it is where it is, in words; empty for nothing to say.")
    def reason(self) -> str:
        """Return the last error or remark."""
        return self.last_error  # type: ignore[attr-defined,no-any-return]  # of the row

    @strawberry.field(description="When it is tried next; null for never.")
    def next_try_at(self) -> datetime | None:
        """Return when the row falls due; what is due at once is due since it came."""
        return self.due_at and max(self.due_at, self.received_at)  # type: ignore[attr-defined,no-any-return]  # of the row

    @batched(
        description="Where to download the bytes as they came; the link works for an hour, for whoever has it.",
        graphql_type=str,
    )
    def raw_url(rows: Sequence[InboxItemRow], context: Context) -> list[str]:
        """Return a signed link to each row's bytes, to those who may read the inbox."""
        context.actor.require("inbox.read")
        drivers = queries.drivers_of_accounts([row.account_id for row in rows])
        names = [rules.raw_name(driver, row.digest) for row, driver in zip(rows, drivers, strict=True)]
        return [links.raw(context, row, name) for row, name in zip(rows, names, strict=True)]

    @batched(description="The account by which it came.", graphql_type=ChannelAccount | None)
    def account(rows: Sequence[InboxItemRow], context: Context) -> list[Any]:  # noqa: ARG002
        """Return each row's account."""
        return queries.accounts_by_ids([row.account_id for row in rows])

    @batched(description="The ticket that it became part of; null for none.", graphql_type=Ticket | None)
    def ticket(rows: Sequence[InboxItemRow], context: Context) -> list[Any]:
        """Return each row's ticket."""
        context.actor.require("ticket.read")
        return tickets.tickets_by_ids([row.ticket_id for row in rows])

    is_type_of = nodes.of(InboxItemRow)


@strawberry.type(description="One page of the inbox.")
class InboxConnection(Connection[InboxItem]):
    """One page of the inbox."""


@strawberry.type(description="What became of a message for one recipient.")
class DeliveryRecipient:
    """One recipient."""

    address: str = strawberry.field(description="The recipient's address in the channel.")
    name: str = strawberry.field(description="The recipient's name.")
    verdict: str = strawberry.field(
        description="accepted, delayed, failed or complained; empty until something is known."
    )
    reason: str = strawberry.field(description="The provider's words; empty when there are none.")
    is_permanent: bool = strawberry.field(
        description="Whether the address itself is no good, or its owner complains, so that trying again is in vain."
    )


@strawberry.type(description="An outgoing message on its way.")
class Delivery(Node):
    """An outgoing message."""

    state: DeliveryState = strawberry.field(description="How far it is.")
    external_id: str | None = strawberry.field(description="The id under which the message is known outside.")
    attempts: int = strawberry.field(description="How often it was tried.")
    last_error: str = strawberry.field(description="What went wrong, in words; empty when nothing did.")
    created_at: datetime = strawberry.field(description="When it was written.")
    finished_at: datetime | None = strawberry.field(description="When it reached its end; null until then.")

    @strawberry.field(description="When it is tried next; null for never.")
    def next_try_at(self) -> datetime | None:
        """Return when the row falls due; what is due at once is due since it was written."""
        return self.due_at and max(self.due_at, self.created_at)  # type: ignore[attr-defined,no-any-return]  # of the row

    @strawberry.field(description="The recipients, each with what became of it.")
    def recipients(self) -> list[DeliveryRecipient]:
        """Return the recipients."""
        return [_recipient(one) for one in self.recipients]

    @batched(
        description="What is known of its recipients that an agent should know, one sentence each: whose address"
        " takes no messages any more, since when, and why.",
        graphql_type=list[str],
    )
    def warnings(rows: Sequence[DeliveryRow], context: Context) -> list[list[str]]:
        """Return the marks of each delivery's recipients, in words."""
        recipients = [[(one["kind"], one["value"]) for one in row.recipients] for row in rows]
        marks = customers.undeliverable(context.service.id, [one for some in recipients for one in some])
        return [[_warning(marks[one]) for one in some if one in marks] for some in recipients]

    @batched(description="The account that carries it.", graphql_type=ChannelAccount | None)
    def account(rows: Sequence[DeliveryRow], context: Context) -> list[Any]:  # noqa: ARG002
        """Return each delivery's account."""
        return queries.accounts_by_ids([row.account_id for row in rows])

    @batched(
        description="The ticket that it belongs to; null for a notice of the desk's own, such as an invitation.",
        graphql_type=Ticket | None,
    )
    def ticket(rows: Sequence[DeliveryRow], context: Context) -> list[Any]:
        """Return each delivery's ticket."""
        context.actor.require("ticket.read")
        return tickets.tickets_by_ids([row.ticket_id for row in rows])

    @batched(
        description="The message that it carries; null for a notice of the desk's own.", graphql_type=Message | None
    )
    def message(rows: Sequence[DeliveryRow], context: Context) -> list[Any]:
        """Return each delivery's message."""
        context.actor.require("ticket.read")
        return tickets.messages_by_ids([row.message_id for row in rows])

    is_type_of = nodes.of(DeliveryRow)


def _warning(mark: IdentityRow) -> str:
    since = f"{mark.undeliverable_since:%Y-%m-%d}"
    return f"{mark.value} takes no messages since {since}: {mark.undeliverable_reason}"


def _recipient(one: rules.Recipient) -> DeliveryRecipient:
    return DeliveryRecipient(
        address=one["value"], name=one["name"], verdict=one["verdict"], reason=one["reason"],
        is_permanent=one.get("is_permanent", False),
    )  # fmt: skip


@strawberry.type(description="One page of outgoing messages.")
class DeliveryConnection(Connection[Delivery]):
    """One page of outgoing messages."""


State = strawberry.argument(description="Only those in this state.")


@strawberry.type
class ChannelQueries:
    """Query fields over channels."""

    @strawberry.field(graphql_type=list[ChannelAccount], description="The service's channel accounts, oldest first.")
    def channel_accounts(self, info: Info) -> Any:
        """Return the accounts."""
        info.context.actor.require("channel_account.read")
        return queries.accounts_of_service(info.context.service.id)

    @strawberry.field(graphql_type=InboxConnection, description="What came in, newest first, with the quarantine.")
    def inbox(
        self, info: Info, state: Annotated[InboxState | None, State] = None, first: First = None, after: After = None
    ) -> Any:
        """Return one page of the inbox."""
        info.context.actor.require("inbox.read")
        return Connection(page=queries.inbox_page(info.context.service.id, state, window(first, after)))

    @strawberry.field(
        graphql_type=DeliveryConnection, description="What goes out, newest first, with the dead letters."
    )
    def deliveries(
        self, info: Info, state: Annotated[DeliveryState | None, State] = None, first: First = None, after: After = None
    ) -> Any:
        """Return one page of the outbox."""
        info.context.actor.require("delivery.read")
        return Connection(page=queries.deliveries_page(info.context.service.id, state, window(first, after)))
