"""Receivers hear of what happened, one after the other, and none can hurt the sender or the others."""

import threading
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from functools import partial

import pytest

from helpdesk import signals
from helpdesk.signals import CustomerCreated, Signal, TicketStatusChanged, customer_created

PAYLOAD = CustomerCreated(service_id=1, customer_id=2, number=3)


@pytest.fixture
def signal() -> Signal[CustomerCreated]:
    """A signal that nobody listens to yet."""
    return Signal(CustomerCreated)


@pytest.fixture
def quick_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let receivers have a tenth of a second."""
    monkeypatch.setattr(signals, "DEADLINE_SECONDS", 0.1)


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """What a hanging receiver waits for; set at the end at the latest."""
    go_on = threading.Event()
    yield go_on
    go_on.set()


def test_receivers_are_called_in_the_order_in_which_they_connected(signal: Signal[CustomerCreated]) -> None:
    heard: list[str] = []

    def hear(name: str, payload: CustomerCreated) -> None:
        heard.append(f"{name}{payload.number}")

    for name in "cab":
        signal.connect(partial(hear, name))
    signal.send(PAYLOAD)
    assert heard == ["c3", "a3", "b3"]


def test_connecting_twice_changes_nothing(signal: Signal[CustomerCreated]) -> None:
    heard: list[str] = []

    @signal.connect
    def first(_payload: CustomerCreated) -> None:
        heard.append("first")

    signal.connect(lambda _payload: heard.append("second"))
    signal.connect(first)
    signal.send(PAYLOAD)
    assert heard == ["first", "second"]
    assert signal.figures[first].calls == 1


def test_a_local_function_stays_connected(signal: Signal[CustomerCreated]) -> None:
    heard: list[int] = []

    def connect() -> None:
        signal.connect(lambda payload: heard.append(payload.number))

    connect()
    signal.send(PAYLOAD)
    assert heard == [3]


def test_a_disconnected_receiver_hears_nothing(signal: Signal[CustomerCreated]) -> None:
    heard: list[CustomerCreated] = []
    receiver = signal.connect(heard.append)
    signal.disconnect(receiver)
    signal.send(PAYLOAD)
    assert (heard, signal.figures) == ([], {})


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_receiver_that_fails_is_counted_and_the_others_are_called(
    signal: Signal[CustomerCreated], error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[CustomerCreated] = []

    @signal.connect
    def fail(_payload: CustomerCreated) -> None:
        raise error

    signal.connect(heard.append)
    signal.send(PAYLOAD)
    signal.send(PAYLOAD)
    assert heard == [PAYLOAD, PAYLOAD]
    assert (signal.figures[fail].calls, signal.figures[fail].errors, signal.figures[fail].overruns) == (2, 2, 0)
    assert "signal receiver failed" in caplog.text


@pytest.mark.usefixtures("quick_deadline")
def test_a_receiver_that_hangs_holds_up_neither_this_sending_nor_the_next(
    signal: Signal[CustomerCreated], hanging: threading.Event
) -> None:
    heard: list[CustomerCreated] = []
    hung = signal.connect(lambda _payload: hanging.wait(30))
    signal.connect(heard.append)
    for _ in range(3):
        signal.send(PAYLOAD)
    assert len(heard) == 3
    assert (signal.figures[hung].calls, signal.figures[hung].overruns) == (1, 1)


@pytest.mark.usefixtures("quick_deadline")
def test_a_receiver_that_came_back_is_called_again(signal: Signal[CustomerCreated], hanging: threading.Event) -> None:
    hung = signal.connect(lambda _payload: hanging.wait(30))
    signal.send(PAYLOAD)
    overrunning = signal.figures[hung].overrunning
    assert overrunning is not None
    hanging.set()
    assert overrunning.wait(10)
    signal.send(PAYLOAD)
    assert (signal.figures[hung].calls, signal.figures[hung].overruns) == (2, 1)


def test_a_receiver_may_send_itself(signal: Signal[CustomerCreated]) -> None:
    other = Signal(CustomerCreated)
    heard: list[str] = []
    other.connect(lambda _payload: heard.append("other"))
    signal.connect(other.send)
    signal.connect(lambda _payload: heard.append("after"))
    signal.send(PAYLOAD)
    assert heard == ["other", "after"]


def test_senders_in_many_threads_do_not_mix(signal: Signal[CustomerCreated]) -> None:
    heard: list[int] = []
    signal.connect(lambda payload: heard.append(payload.number))

    def send(start: int) -> None:
        for number in range(start, start + 50):
            signal.send(CustomerCreated(service_id=1, customer_id=1, number=number))

    threads = [threading.Thread(target=send, args=(start,)) for start in (0, 50, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(heard) == list(range(150))
    assert [number for number in heard if number < 50] == list(range(50))


def receiver_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "signal-receivers"}


@pytest.mark.usefixtures("quick_deadline")
def test_no_thread_outlives_its_sender(signal: Signal[CustomerCreated], hanging: threading.Event) -> None:
    before = receiver_threads()
    signal.connect(lambda _payload: hanging.wait(30))
    sender = threading.Thread(target=signal.send, args=(PAYLOAD,))
    sender.start()
    sender.join(10)
    hanging.set()
    for thread in receiver_threads() - before:
        thread.join(10)
    assert receiver_threads() <= before


def test_an_event_is_told_by_its_name() -> None:
    heard: list[CustomerCreated] = []
    customer_created.connect(heard.append)
    try:
        signals.tell(PAYLOAD)
        signals.tell(TicketStatusChanged(service_id=1, ticket_id=1, before="NEW", after="OPEN"))
    finally:
        customer_created.disconnect(heard.append)
    assert heard == [PAYLOAD]


def test_a_payload_cannot_be_changed_by_a_receiver() -> None:
    with pytest.raises(FrozenInstanceError):
        PAYLOAD.number = 4  # type: ignore[misc]


@pytest.mark.parametrize("signal", signals.ALL.values(), ids=signals.ALL)
def test_every_signal_says_when_it_fires_and_what_it_carries(signal: Signal[CustomerCreated]) -> None:
    documentation = signal.payload.__doc__ or ""
    assert "Sent by " in documentation
    names = {field.name for field in fields(signal.payload)} - {"service_id"}
    undescribed = {name for name in names if f"``{name}``" not in documentation and not name.endswith("_id")}
    assert undescribed == set()
