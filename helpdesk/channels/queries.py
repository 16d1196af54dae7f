"""Every read of channel accounts, the inbox and the outbox. Secrets are never read here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee

from helpdesk.channels.models import ChannelAccount, Delivery, InboxRow, Listening, Sending
from helpdesk.channels.rules import AccountState, DeliveryState, InboxOutcome, InboxState, Recipient, worst
from helpdesk.kernel.paging import Order, Page, Window, page
from helpdesk.kernel.rows import Row, Rows, by_ids, load, of_owners, select
from helpdesk.plugins import registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.settings import schema_of
from helpdesk.sdk.channel import Channel


@dataclass(slots=True, kw_only=True)
class AccountRow(Row):
    """A channel account without its secrets."""

    service_id: int
    driver: str
    name: str
    hook_token: str
    is_enabled: bool
    is_primary: bool
    settings: dict[str, Any]
    version: int
    created_at: datetime
    deleted_at: datetime | None


@dataclass(slots=True, kw_only=True)
class ListeningRow(Row):
    """How listening goes for an account."""

    account_id: int
    last_alive_at: datetime | None
    last_error: str
    failed_at: datetime | None
    state: AccountState


@dataclass(slots=True, kw_only=True)
class SendingRow(Row):
    """How sending goes for an account."""

    account_id: int
    state: AccountState
    last_sent_at: datetime | None
    last_error: str
    failed_at: datetime | None
    rests_until: datetime | None


@dataclass(slots=True, kw_only=True)
class InboxItemRow(Row):
    """What came in and what became of it; the raw bytes are under ``storage_key``."""

    service_id: int
    account_id: int
    state: InboxState
    outcome: InboxOutcome | None
    is_held: bool
    sender: str | None
    subject: str | None
    ticket_id: int | None
    message_id: int | None
    size: int
    digest: str
    storage_key: str
    attempts: int
    last_error: str
    received_at: datetime
    due_at: datetime | None


@dataclass(slots=True, kw_only=True)
class DeliveryRow(Row):
    """An outgoing message and how far it is; a notice of the desk's own has no ticket and no message."""

    service_id: int
    account_id: int
    ticket_id: int | None
    message_id: int | None
    state: DeliveryState
    external_id: str | None
    recipients: list[Recipient]
    attempts: int
    last_error: str
    created_at: datetime
    finished_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Driver:
    """An installed channel: its code, its titles by language (``en`` always), and its settings as JSON Schema."""

    code: str
    titles: Mapping[str, str]
    settings_schema: dict[str, Any]


def drivers(service_id: int | None = None) -> list[Driver]:
    """Return the channels that are in use, in the service if one is told, by their codes."""
    loaded = registry.named(Kind.CHANNEL, service_id=service_id)
    return [Driver(code, driver.title, _schema_of(code, driver)) for code, driver in sorted(loaded.items())]


def _schema_of(code: str, driver: type[Channel]) -> dict[str, Any]:
    """Return the channel's settings as JSON Schema; of settings that have none, one that takes any object."""
    return schema_of(Ref(Kind.CHANNEL, code), driver.Settings) or {"type": "object"}


def accounts_of_service(service_id: int) -> list[AccountRow]:
    """Return the accounts that are not deleted, oldest first."""
    query = select(AccountRow, ChannelAccount).where(
        ChannelAccount.service == service_id, ChannelAccount.deleted_at.is_null()
    )
    return load(AccountRow, query.order_by(ChannelAccount.id))


def accounts_by_ids(ids: Sequence[int | None]) -> list[AccountRow | None]:
    """Return accounts aligned with the ids, deleted ones too."""
    return by_ids(AccountRow, ChannelAccount, ids)


def drivers_of_accounts(account_ids: Sequence[int]) -> list[str]:
    """Return the code of each account's channel; empty for an account that is not there."""
    return ["" if row is None else row.driver for row in accounts_by_ids(account_ids)]


def account_by_hook(service_id: int, hook_token: str) -> AccountRow | None:
    """Return the enabled account that the hook URL names."""
    query = select(AccountRow, ChannelAccount).where(
        ChannelAccount.service == service_id,
        ChannelAccount.hook_token == hook_token,
        ChannelAccount.is_enabled,
        ChannelAccount.deleted_at.is_null(),
    )
    return next(iter(load(AccountRow, query)), None)


def primary_account(service_id: int, driver: str) -> AccountRow | None:
    """Return the service's primary account of a driver."""
    found = [row for row in accounts_of_service(service_id) if row.driver == driver and row.is_primary]
    return found[0] if found else None


def listening_of_accounts(account_ids: Sequence[int]) -> list[ListeningRow | None]:
    """Return how listening goes, aligned with the accounts; None where nobody has listened yet."""
    return _by_owner(ListeningRow, Listening.account, account_ids)


def sending_of_accounts(account_ids: Sequence[int]) -> list[SendingRow | None]:
    """Return how sending goes, aligned with the accounts; None where nothing was sent yet."""
    return _by_owner(SendingRow, Sending.account, account_ids)


def states_of_accounts(rows: Sequence[AccountRow]) -> list[AccountState]:
    """Return how each account stands with its provider: as badly as the worse of its listening and its sending."""
    ids = [row.id for row in rows]
    both = zip(rows, listening_of_accounts(ids), sending_of_accounts(ids), strict=True)
    return [
        worst(one.state for one in (listening, sending) if one is not None) if row.is_enabled else AccountState.OFF
        for row, listening, sending in both
    ]


def inbox_page(service_id: int, state: InboxState | None, window: Window) -> Page[InboxItemRow]:
    """Return one page of the inbox, newest first."""
    query = select(InboxItemRow, InboxRow).where(InboxRow.service == service_id)
    query = query if state is None else query.where(InboxRow.state == state)
    return page(InboxItemRow, query, order=[Order(InboxRow.id, "id", descending=True)], window=window)


def inbox_by_ids(ids: Sequence[int | None]) -> list[InboxItemRow | None]:
    """Return inbox rows aligned with the ids."""
    return by_ids(InboxItemRow, InboxRow, ids)


def deliveries_page(service_id: int, state: DeliveryState | None, window: Window) -> Page[DeliveryRow]:
    """Return one page of the outbox, newest first."""
    query = select(DeliveryRow, Delivery).where(Delivery.service == service_id)
    query = query if state is None else query.where(Delivery.state == state)
    return page(DeliveryRow, query, order=[Order(Delivery.id, "id", descending=True)], window=window)


def deliveries_by_ids(ids: Sequence[int | None]) -> list[DeliveryRow | None]:
    """Return deliveries aligned with the ids."""
    return by_ids(DeliveryRow, Delivery, ids)


def deliveries_of_messages(message_ids: Sequence[int]) -> list[DeliveryRow | None]:
    """Return each message's delivery; None where nothing goes out."""
    return _by_owner(DeliveryRow, Delivery.message, message_ids)


def _by_owner(row_type: type[Rows], owner: Any, ids: Sequence[int]) -> list[Rows | None]:
    """Return the one row of each owner, a foreign key, aligned with the owners' ids; None where there is none."""
    found = {getattr(row, owner.object_id_name): row for row in of_owners(row_type, owner, ids)}
    return [found.get(owner_id) for owner_id in ids]


def oldest_waiting() -> dict[str, datetime | None]:
    """Return since when the oldest unread inbox row and the oldest unsent delivery wait. For health checks."""
    return {"inbox": _oldest(InboxRow, InboxRow.received_at), "outbox": _oldest(Delivery, Delivery.created_at)}


def _oldest(model: Any, since: Any) -> datetime | None:
    """Return the least time among rows that are due; asked so that the index over due rows alone is read."""
    least: datetime | None = model.select(peewee.fn.MIN(since)).where(model.due_at.is_null(False)).scalar()
    return least


def states() -> dict[str, dict[str, int]]:
    """Return how many rows of inbox and outbox are in each state, in the whole desk. For metrics."""
    return {"inbox": _states(InboxRow, tuple(InboxState)), "outbox": _states(Delivery, tuple(DeliveryState))}


def _states(model: Any, names: Sequence[str]) -> dict[str, int]:
    query: Any = model.select(model.state, peewee.fn.COUNT(model.id)).group_by(model.state)
    return dict.fromkeys(map(str, names), 0) | {str(state): count for state, count in query.tuples()}
