"""Everything that happens on the desk, as plugins and partners are told of it: ids and plain values, never a row.

The wire name is ``ticket.created``. Ids are whole numbers; read the thing by its id for more.
"""

from dataclasses import dataclass
from typing import ClassVar

from helpdesk.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCreated(Event):
    """A ticket exists, with its first message. Sent by tickets.

    ``ticket_id`` and ``number`` name it; ``channel`` is the code of the way in; ``customer_id`` is
    whoever asks (empty when nobody is known); ``message_id`` is the first message.
    """

    name: ClassVar[str] = "ticket.created"
    ticket_id: int
    number: int
    channel: str
    customer_id: int | None
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAdded(Event):
    """A ticket has one message more, the first one included. Sent by tickets.

    ``kind`` is INQUIRY, REPLY, NOTE or SYSTEM; ``is_automatic`` is true when a machine wrote it; ``is_kept`` when it is
    an answer that is not to be sent, because the customer reads it elsewhere.
    """

    name: ClassVar[str] = "message.added"
    ticket_id: int
    message_id: int
    kind: str
    is_automatic: bool
    is_kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAssigned(Event):
    """A ticket went to an agent or a group, or back to nobody. Sent by tickets.

    ``agent_id`` and ``group_id`` are the present holders, empty for none.
    """

    name: ClassVar[str] = "ticket.assigned"
    ticket_id: int
    agent_id: int | None
    group_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketStatusChanged(Event):
    """A ticket's status changed. Sent by tickets. ``before`` and ``after`` are status names."""

    name: ClassVar[str] = "ticket.status_changed"
    ticket_id: int
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCreated(Event):
    """Somebody wrote for the first time. Sent by customers. ``number`` is the customer number."""

    name: ClassVar[str] = "customer.created"
    customer_id: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressFailed(Event):
    """A customer's address takes no messages any more. Sent by customers.

    ``cause`` is ``failed`` (what was sent came back for good), ``complained`` (its owner calls it unwanted) or
    ``misspelt`` (it came so that it had to be guessed); ``identity_id`` names the address.
    """

    name: ClassVar[str] = "address.failed"
    customer_id: int
    identity_id: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRestored(Event):
    """A customer's address is taken to be good again: its owner wrote from it, or an agent said so. Sent by customers.

    ``identity_id`` names the address.
    """

    name: ClassVar[str] = "address.restored"
    customer_id: int
    identity_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDelayed(Event):
    """An outgoing message is not out after hours of trying, and will be tried for days yet. Sent by channels.

    ``message_id`` is the ticket message that waits. The reason stands in the history.
    """

    name: ClassVar[str] = "delivery.delayed"
    delivery_id: int
    ticket_id: int
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFinished(Event):
    """An outgoing message reached its end. Sent by channels.

    ``state`` is SENT or FAILED; ``message_id`` is the ticket message that was carried.
    """

    name: ClassVar[str] = "delivery.finished"
    delivery_id: int
    ticket_id: int
    message_id: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAccountChanged(Event):
    """A channel account was made, changed or deleted. Sent by channels.

    ``change`` is ``created``, ``updated`` or ``deleted``; secrets are never part of an event.
    """

    name: ClassVar[str] = "channel_account.changed"
    account_id: int
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged(Event):
    """A setting of the service was changed. Sent by organization. What changed stands in the history."""

    name: ClassVar[str] = "service.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationChanged(Event):
    """Something above the services was changed. Sent by organization. More stands in the history.

    ``change`` is ``renamed``, ``service_created``, ``administrator_added``, ``administrator_removed``,
    ``company_information_created``, ``company_information_updated``, ``company_information_deleted``,
    ``member_invited``, ``member_deactivated`` or ``member_activated``; ``service_id`` is the service at whose address
    it was asked for.
    """

    name: ClassVar[str] = "organization.changed"
    organization_id: int
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanged(Event):
    """Somebody became an agent of the service, may do other things there, or is one no more. Sent by agents.

    ``change`` is ``added``, ``updated`` or ``removed``. What changed stands in the history, before and after.
    """

    name: ClassVar[str] = "agent.changed"
    agent_id: int
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentGroupChanged(Event):
    """A group of agents was made, changed or deleted. Sent by agents.

    ``change`` is ``created``, ``updated`` or ``deleted``. Who is in it stands in the history, before and after.
    """

    name: ClassVar[str] = "agent_group.changed"
    group_id: int
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApiChanged(Event):
    """What partners may do was changed. Sent by access.

    ``change`` is ``enabled``, ``disabled``, ``key_created``, ``key_rotated``, ``key_revoked``,
    ``address_allowed`` or ``address_forbidden``; a key's token is never part of an event.
    """

    name: ClassVar[str] = "open_api.changed"
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTagged(Event):
    """Tags were put on a ticket or taken off it. Sent by tickets. ``tags`` are those it has now, sorted."""

    name: ClassVar[str] = "ticket.tagged"
    ticket_id: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketParticipantsChanged(Event):
    """Somebody was let into a ticket beside its customer, or sent out. Sent by tickets. ``emails`` take part now."""

    name: ClassVar[str] = "ticket.participants_changed"
    ticket_id: int
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginChanged(Event):
    """A plugin was enabled, disabled, configured or isolated for the service, or lost its tables. Sent by plugins.

    ``kind`` and ``plugin`` name it; ``change`` is ``enabled``, ``disabled``, ``configured``, ``isolated``,
    ``joined`` or ``tables_dropped``. ``service_id`` is 0 when it concerns every service.
    """

    name: ClassVar[str] = "plugin.changed"
    kind: str
    plugin: str
    change: str
