"""Changes to channel accounts, and second tries of what went wrong. Ids in, one operation, payload out."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.channels import accounts, inbox, outbox, queries
from helpdesk.graphql import ids
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.channels import ChannelAccount, Delivery, InboxItem
from helpdesk.graphql.context import Info
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.kernel.errors import Invalid


@strawberry.input(description="A new channel account.")
class ChannelAccountCreateInput:
    """A new channel account."""

    driver: str = strawberry.field(description="The channel's code, one of `channelDrivers`.")
    name: str = strawberry.field(description="The name that people are to see.")
    settings: JSON = strawberry.field(
        description="An object that fits the driver's `settingsSchema`, secrets included; they are never shown again."
    )
    is_enabled: bool = strawberry.field(default=True, description="Whether anything comes in or goes out by it.")
    is_primary: bool = strawberry.field(
        default=False, description="Whether to use it by default; a driver's first account is used so anyway."
    )


@strawberry.input(description="What is to change in a channel account; what is left out stays.")
class ChannelAccountUpdateInput:
    """What is to change in a channel account."""

    id: strawberry.ID = strawberry.field(description="The account.")
    name: str | None = strawberry.field(default=None, description="The name that people are to see.")
    settings: JSON | None = strawberry.field(
        default=None, description="An object of the settings that change; one given as null goes back to its default."
    )
    is_enabled: bool | None = strawberry.field(default=None, description="Whether anything comes in or goes out by it.")
    is_primary: bool | None = strawberry.field(
        default=None, description="True to use it by default in place of the present one."
    )
    expected_version: int | None = strawberry.field(default=None, description="The version that you have seen.")


@strawberry.input(description="The channel account that is to go.")
class ChannelAccountDeleteInput:
    """The channel account that is to go."""

    id: strawberry.ID = strawberry.field(description="The account.")


@strawberry.input(description="The channel account that is to be tried.")
class ChannelAccountTestInput:
    """The channel account that is to be tried."""

    id: strawberry.ID = strawberry.field(description="The account.")


@strawberry.input(description="The outgoing message that is to be sent again.")
class DeliveryRetryInput:
    """The outgoing message that is to be sent again."""

    id: strawberry.ID = strawberry.field(description="The delivery.")


@strawberry.input(description="What is to be read again.")
class InboxRetryInput:
    """What is to be read again."""

    id: strawberry.ID = strawberry.field(description="The inbox item.")


@strawberry.input(description="What is held or was put aside, and is to be filed.")
class InboxReleaseInput:
    """What is held or was put aside, and is to be filed."""

    id: strawberry.ID = strawberry.field(description="The inbox item.")


@strawberry.input(description="What is quarantined, and is of no use to anybody.")
class InboxDismissInput:
    """What is quarantined, and is of no use to anybody."""

    id: strawberry.ID = strawberry.field(description="The inbox item.")


@strawberry.type(description="The account that was made.")
class ChannelAccountCreatePayload(Payload):
    """The account that was made."""

    account: ChannelAccount | None = strawberry.field(default=None, description="The account; null on errors.")


@strawberry.type(description="The account as it is now.")
class ChannelAccountUpdatePayload(Payload):
    """The account as it is now."""

    account: ChannelAccount | None = strawberry.field(default=None, description="The account; null on errors.")


@strawberry.type(description="The account that is gone.")
class ChannelAccountDeletePayload(Payload):
    """The account that is gone."""

    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="Its id; null on errors.")


@strawberry.type(description="How the test of an account went.")
class ChannelAccountTestPayload(Payload):
    """How the test of an account went."""

    is_ok: bool | None = strawberry.field(default=None, description="Whether the settings work; null on errors.")
    message: str | None = strawberry.field(
        default=None, description="What is wrong with them, or that nothing is; null on errors."
    )


@strawberry.type(description="The outgoing message as it is now.")
class DeliveryRetryPayload(Payload):
    """The outgoing message as it is now."""

    delivery: Delivery | None = strawberry.field(default=None, description="The delivery; null on errors.")


@strawberry.type(description="The inbox item as it is now.")
class InboxRetryPayload(Payload):
    """The inbox item as it is now."""

    item: InboxItem | None = strawberry.field(default=None, description="The inbox item; null on errors.")


@strawberry.type(description="The inbox item as it is now.")
class InboxReleasePayload(Payload):
    """The inbox item as it is now."""

    item: InboxItem | None = strawberry.field(default=None, description="The inbox item; null on errors.")


@strawberry.type(description="The inbox item as it is now.")
class InboxDismissPayload(Payload):
    """The inbox item as it is now."""

    item: InboxItem | None = strawberry.field(default=None, description="The inbox item; null on errors.")


def _account_id(given: strawberry.ID) -> int:
    return ids.required_row_id(given, "ChannelAccount", path="id")


def _account(account_id: int) -> Any:
    return queries.accounts_by_ids([account_id])[0]


def _object(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise Invalid("The settings must be a JSON object of names and values.", path=("settings",))
    return given


@strawberry.type
class ChannelMutations:
    """Mutations of channel accounts, the inbox and the outbox."""

    @strawberry.mutation(description="Make a channel account.")
    @answers(ChannelAccountCreatePayload)
    def channel_account_create(
        self,
        info: Info,
        input: Input[ChannelAccountCreateInput],
    ) -> ChannelAccountCreatePayload:
        """Make a channel account."""
        account_id = accounts.create(
            info.context.actor,
            driver=input.driver,
            name=input.name,
            settings=_object(input.settings),
            is_enabled=input.is_enabled,
            is_primary=input.is_primary,
        )
        return ChannelAccountCreatePayload(account=_account(account_id))

    @strawberry.mutation(description="Change a channel account.")
    @answers(ChannelAccountUpdatePayload)
    def channel_account_update(
        self,
        info: Info,
        input: Input[ChannelAccountUpdateInput],
    ) -> ChannelAccountUpdatePayload:
        """Change a channel account."""
        account_id = _account_id(input.id)
        accounts.update(
            info.context.actor,
            account_id,
            name=input.name,
            settings=None if input.settings is None else _object(input.settings),
            is_enabled=input.is_enabled,
            is_primary=input.is_primary,
            expected_version=input.expected_version,
        )
        return ChannelAccountUpdatePayload(account=_account(account_id))

    @strawberry.mutation(description="Delete a channel account: its messages stay, its secrets go.")
    @answers(ChannelAccountDeletePayload)
    def channel_account_delete(
        self,
        info: Info,
        input: Input[ChannelAccountDeleteInput],
    ) -> ChannelAccountDeletePayload:
        """Delete a channel account."""
        accounts.delete(info.context.actor, _account_id(input.id))
        return ChannelAccountDeletePayload(deleted_id=input.id)

    @strawberry.mutation(description="Try an account's settings against its provider; nothing is changed.")
    @answers(ChannelAccountTestPayload)
    def channel_account_test(
        self,
        info: Info,
        input: Input[ChannelAccountTestInput],
    ) -> ChannelAccountTestPayload:
        """Try an account's settings."""
        check = accounts.test(info.context.actor, _account_id(input.id))
        return ChannelAccountTestPayload(is_ok=check.is_ok, message=check.message)

    @strawberry.mutation(description="Send a failed message again, to those who do not have it yet.")
    @answers(DeliveryRetryPayload)
    def delivery_retry(self, info: Info, input: Input[DeliveryRetryInput]) -> DeliveryRetryPayload:
        """Send a failed message again."""
        delivery_id = ids.required_row_id(input.id, "Delivery", path="id")
        outbox.retry(info.context.actor, delivery_id)
        return DeliveryRetryPayload(delivery=_delivery(delivery_id))

    @strawberry.mutation(description="Have something that came in read again, with all its tries.")
    @answers(InboxRetryPayload)
    def inbox_retry(self, info: Info, input: Input[InboxRetryInput]) -> InboxRetryPayload:
        """Have something that came in read again."""
        item_id = ids.required_row_id(input.id, "InboxItem", path="id")
        inbox.retry(info.context.actor, item_id)
        return InboxRetryPayload(item=_item(item_id))

    @strawberry.mutation(
        description="Have something that is held filed, its sender believed; or what was taken for a report, a"
        " machine's or spam and became part of no ticket, as a person's message."
    )
    @answers(InboxReleasePayload)
    def inbox_release(self, info: Info, input: Input[InboxReleaseInput]) -> InboxReleasePayload:
        """Have something that is held, or was put aside, filed."""
        item_id = ids.required_row_id(input.id, "InboxItem", path="id")
        inbox.let_through(info.context.actor, item_id)
        return InboxReleasePayload(item=_item(item_id))

    @strawberry.mutation(
        description="Put something that is quarantined aside as spam, held or not. `inboxRelease` takes it back."
    )
    @answers(InboxDismissPayload)
    def inbox_dismiss(self, info: Info, input: Input[InboxDismissInput]) -> InboxDismissPayload:
        """Put something that is quarantined aside as spam."""
        item_id = ids.required_row_id(input.id, "InboxItem", path="id")
        inbox.dismiss(info.context.actor, item_id)
        return InboxDismissPayload(item=_item(item_id))


def _delivery(delivery_id: int) -> Any:
    return queries.deliveries_by_ids([delivery_id])[0]


def _item(item_id: int) -> Any:
    return queries.inbox_by_ids([item_id])[0]
