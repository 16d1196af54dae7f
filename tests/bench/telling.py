"""Telling ten receivers of an event, isolated and counted, against bare blinker."""

from collections import Counter, deque
from collections.abc import Callable

import blinker

from helpdesk import signals
from helpdesk.sdk.events import TicketCreated
from tests.bench.measuring import Row, Variant, compare

RECEIVERS = 10
SENDINGS = 2000


def dispatch(*, rounds: int) -> list[Row]:
    """Compare, until the last receiver has heard; a row's time is that of 2000 events."""
    ours, theirs = signals.Signal(TicketCreated), blinker.Signal()
    payloads = [
        TicketCreated(service_id=1, ticket_id=number, number=number, channel="email", customer_id=1, message_id=1)
        for number in range(SENDINGS)
    ]
    heard: deque[int] = deque(maxlen=RECEIVERS * SENDINGS)
    for receiver in [_ear(heard) for _ in range(RECEIVERS)]:
        ours.connect(receiver)
        theirs.connect(receiver, weak=False)

    def desk() -> None:
        for payload in payloads:
            ours.send(payload)
        assert signals.flush()

    def bare() -> None:
        for payload in payloads:
            theirs.send(payload)

    assert _heard(heard, desk) == _heard(heard, bare) == dict.fromkeys(range(SENDINGS), RECEIVERS)
    note = f"{SENDINGS} events to {RECEIVERS} receivers"
    ways = [Variant("blinker", bare), Variant("desk", desk, goal="≤ 2", note=note)]
    return compare("signals", "none", ways, rounds=rounds, clock="cpu")


def _ear(heard: deque[int]) -> Callable[[TicketCreated], None]:
    def hear(payload: TicketCreated) -> None:
        heard.append(payload.ticket_id)

    return hear


def _heard(heard: deque[int], work: Callable[[], object]) -> dict[int, int]:
    """Return how often each ticket is heard of."""
    heard.clear()
    work()
    return dict(Counter(heard))
