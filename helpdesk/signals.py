"""Every signal of the desk: what plugins in this process may listen to. The payloads are in sdk/events.py.

A signal is sent once the change that it tells of is committed, best effort: a receiver that must not
miss one subscribes durably instead (kernel/events.py). The sender does not wait: a thread of its own
calls the receivers (kernel/dispatching.py), in the order in which they connected, each isolated, given
a deadline and counted. Signals tell, drivers answer: what a receiver returns is ignored.

Names are a noun and a past participle, ``ticket_created``; the wire name is ``ticket.created``.
This is the only file that imports blinker. It keeps who is connected; its own ``send`` stops at the
first receiver that raises and calls them in no order, so it is not used. It keeps receivers weakly
unless told otherwise, so a plugin's local function would vanish.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import blinker

from helpdesk.kernel import dispatching
from helpdesk.kernel.dispatching import Receiver, dropped, flush, report_troubles_to
from helpdesk.kernel.events import Event
from helpdesk.sdk.events import (
    AddressFailed,
    AddressRestored,
    AgentChanged,
    AgentGroupChanged,
    ChannelAccountChanged,
    CustomerCreated,
    DeliveryDelayed,
    DeliveryFinished,
    MessageAdded,
    OpenApiChanged,
    OrganizationChanged,
    PluginChanged,
    ServiceChanged,
    TicketAssigned,
    TicketCreated,
    TicketParticipantsChanged,
    TicketStatusChanged,
    TicketTagged,
)

__all__ = ["ALL", "Receiver", "Signal", "disconnect_owner", "dropped", "flush", "owned", "report_troubles_to", "tell"]

Payload = TypeVar("Payload", bound=Event)

_connecting = threading.Lock()


class Signal(Generic[Payload]):
    """One signal, declared below; ``connect`` a receiver that takes its payload.

    ``figures`` says of each receiver what it has done in this process.
    """

    def __init__(self, payload: type[Payload]) -> None:
        self.payload = payload
        self.name = payload.name
        self.figures: dict[Callable[[Payload], object], Receiver] = {}
        self._line: tuple[Receiver, ...] = ()
        self._signal = blinker.Signal(payload.__doc__)

    def connect(self, receiver: Callable[[Payload], object], owner: object = None) -> Callable[[Payload], object]:
        """Call the receiver with what is sent from now on; usable as a decorator. Connecting it twice changes nothing.

        ``owner`` (hashable) says whose it is, for ``disconnect_owner`` and for whoever is told of troubles.
        """
        with _connecting:
            if receiver not in self.figures:
                self.figures[receiver] = Receiver(receiver, self.name, owner)
                self._signal.connect(receiver, weak=False)
                self._line_up()
        return receiver

    def disconnect(self, receiver: Callable[[Payload], object]) -> None:
        """Stop calling the receiver, at once, and forget its figures."""
        with _connecting:
            left = self.figures.pop(receiver, None)
            if left is not None:
                left.leave()
                self._signal.disconnect(left.call)  # a method may be equal to the one that connected, yet another
                self._line_up()

    def send(self, payload: Payload) -> None:
        """Have every receiver told, soon; never waits and never raises. One that fails or overruns hurts no other."""
        line = self._line
        if line:
            dispatching.send(line, payload)

    def _line_up(self) -> None:
        by_call = {id(one.call): one for one in self.figures.values()}
        self._line = tuple(by_call[id(call)] for call in self._signal.receivers.values())


ticket_created = Signal(TicketCreated)
message_added = Signal(MessageAdded)
ticket_assigned = Signal(TicketAssigned)
ticket_status_changed = Signal(TicketStatusChanged)
customer_created = Signal(CustomerCreated)
address_failed = Signal(AddressFailed)
address_restored = Signal(AddressRestored)
delivery_delayed = Signal(DeliveryDelayed)
delivery_finished = Signal(DeliveryFinished)
channel_account_changed = Signal(ChannelAccountChanged)
open_api_changed = Signal(OpenApiChanged)
service_changed = Signal(ServiceChanged)
organization_changed = Signal(OrganizationChanged)
agent_changed = Signal(AgentChanged)
agent_group_changed = Signal(AgentGroupChanged)
ticket_tagged = Signal(TicketTagged)
ticket_participants_changed = Signal(TicketParticipantsChanged)
plugin_changed = Signal(PluginChanged)

ALL: dict[str, Signal[Any]] = {
    signal.name: signal
    for signal in (
        ticket_created,
        message_added,
        ticket_assigned,
        ticket_status_changed,
        customer_created,
        address_failed,
        address_restored,
        delivery_delayed,
        delivery_finished,
        channel_account_changed,
        open_api_changed,
        service_changed,
        organization_changed,
        agent_changed,
        agent_group_changed,
        ticket_tagged,
        ticket_participants_changed,
        plugin_changed,
    )
}


def tell(event: Event) -> None:
    """Send the signal that belongs to the event."""
    ALL[event.name].send(event)


def owned() -> Iterator[Receiver]:
    """Yield the receivers that have an owner, by signal and in the order of their connecting."""
    for signal in ALL.values():
        yield from (one for one in list(signal.figures.values()) if one.owner is not None)


def disconnect_owner(owner: object) -> None:
    """Stop calling whatever the owner has connected."""
    for signal in ALL.values():
        for receiver, figures in list(signal.figures.items()):
            if figures.owner == owner:
                signal.disconnect(receiver)
