"""Every signal of the desk and its payload: what plugins in this process may listen to.

A signal is sent once the change that it tells of is committed, at once and best effort: a receiver
that must not miss one subscribes durably instead (kernel/events.py). Each receiver is isolated,
given a deadline and counted; they are called in the order in which they connected. Signals tell,
drivers answer: what a receiver returns is ignored.

Names are a noun and a past participle, ``ticket_created``; the wire name is ``ticket.created``.
This is the only file that imports blinker. Its own ``send`` stops at the first receiver that
raises, so the receivers are called from here; and it keeps them weakly unless told otherwise, so
a plugin's local function would vanish.
"""

import logging
import queue
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar, cast

import blinker

from helpdesk.kernel import clock
from helpdesk.kernel.events import Event

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 5.0

Payload = TypeVar("Payload", bound=Event)


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

    ``kind`` is INQUIRY, REPLY, NOTE or SYSTEM; ``is_automatic`` is true when a machine wrote it.
    """

    name: ClassVar[str] = "message.added"
    ticket_id: int
    message_id: int
    kind: str
    is_automatic: bool


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
class OpenApiChanged(Event):
    """What partners may do was changed. Sent by access.

    ``change`` is ``enabled``, ``disabled``, ``key_created``, ``key_rotated``, ``key_revoked``,
    ``address_allowed`` or ``address_forbidden``; a key's token is never part of an event.
    """

    name: ClassVar[str] = "open_api.changed"
    change: str


@dataclass(slots=True)
class ReceiverFigures:
    """What one receiver has done in this process; ``seconds`` is the sum over its calls."""

    calls: int = 0
    errors: int = 0
    overruns: int = 0
    seconds: float = 0.0
    overrunning: threading.Event | None = None


_Work = queue.SimpleQueue[tuple[Callable[[], None], threading.Event] | None]


class _Runner:
    """A thread that calls receivers for one sender; left behind when a receiver overruns its deadline.

    The thread does not know its runner, so it ends when the sender's thread, or the sender, drops it.
    """

    def __init__(self) -> None:
        self._work: _Work = queue.SimpleQueue()
        weakref.finalize(self, self._work.put, None)
        threading.Thread(target=_call_all, args=(self._work,), name="signal-receivers", daemon=True).start()

    def start(self, call: Callable[[], None]) -> threading.Event:
        """Begin the call and return what will be set when it has ended."""
        ended = threading.Event()
        self._work.put((call, ended))
        return ended


def _call_all(work: _Work) -> None:
    while (item := work.get()) is not None:
        call, ended = item
        try:
            call()
        finally:
            ended.set()


_sender = threading.local()


class Signal(Generic[Payload]):
    """One signal, declared below; ``connect`` a receiver that takes its payload."""

    def __init__(self, payload: type[Payload]) -> None:
        self.payload = payload
        self.name = payload.name
        self.figures: dict[Callable[[Payload], object], ReceiverFigures] = {}
        self._signal = blinker.Signal(payload.__doc__)

    def connect(self, receiver: Callable[[Payload], object]) -> Callable[[Payload], object]:
        """Call the receiver at each sending; usable as a decorator. Connecting it twice changes nothing."""
        self.figures.setdefault(receiver, ReceiverFigures())
        self._signal.connect(receiver, weak=False)
        return receiver

    def disconnect(self, receiver: Callable[[Payload], object]) -> None:
        """Stop calling the receiver and forget its figures."""
        self._signal.disconnect(receiver)
        self.figures.pop(receiver, None)

    def send(self, payload: Payload) -> None:
        """Tell every receiver; never raises. One that fails or overruns is counted, and the rest go on."""
        for receiver in list(self._signal.receivers.values()):
            figures = self.figures.get(cast("Callable[[Payload], object]", receiver))
            if figures is None or (figures.overrunning and not figures.overrunning.is_set()):
                continue
            runner = getattr(_sender, "runner", None) or _Runner()
            _sender.runner = runner
            ended = runner.start(partial(_call, receiver, payload, figures))
            if not ended.wait(DEADLINE_SECONDS):
                figures.overruns += 1
                figures.overrunning = ended
                _sender.runner = None
                log.error("signal receiver overran its deadline", extra={"signal": self.name})


def _call(receiver: Callable[..., object], payload: Event, figures: ReceiverFigures) -> None:
    """Call one receiver and count it. It runs in a thread of its own, so whatever it raises is its own fault."""
    started = clock.monotonic()
    figures.calls += 1
    try:
        receiver(payload)
    except BaseException:
        figures.errors += 1
        log.exception("signal receiver failed", extra={"signal": payload.name})
    finally:
        figures.seconds += clock.monotonic() - started


ticket_created = Signal(TicketCreated)
message_added = Signal(MessageAdded)
ticket_assigned = Signal(TicketAssigned)
ticket_status_changed = Signal(TicketStatusChanged)
customer_created = Signal(CustomerCreated)
delivery_finished = Signal(DeliveryFinished)
channel_account_changed = Signal(ChannelAccountChanged)
open_api_changed = Signal(OpenApiChanged)
service_changed = Signal(ServiceChanged)

ALL: dict[str, Signal[Any]] = {
    signal.name: signal
    for signal in (
        ticket_created,
        message_added,
        ticket_assigned,
        ticket_status_changed,
        customer_created,
        delivery_finished,
        channel_account_changed,
        open_api_changed,
        service_changed,
    )
}


def tell(event: Event) -> None:
    """Send the signal that belongs to the event."""
    ALL[event.name].send(event)
