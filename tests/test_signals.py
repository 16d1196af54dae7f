"""Receivers hear of what happened, one after the other, and none can hurt the sender or the others."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from helpdesk import signals
from helpdesk.kernel import clock, dispatching
from helpdesk.sdk.events import CustomerCreated, TicketStatusChanged
from helpdesk.signals import Signal, customer_created
from tests.factories.processes import eventually

PAYLOAD = CustomerCreated(service_id=1, customer_id=2, number=3)


@pytest.fixture
def signal() -> Signal[CustomerCreated]:
    """A signal that nobody listens to yet."""
    return Signal(CustomerCreated)


@pytest.fixture
def quick_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let receivers have a fifth of a second."""
    monkeypatch.setattr(dispatching, "DEADLINE_SECONDS", 0.2)


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """What a hanging receiver waits for; set at the end at the latest."""
    go_on = threading.Event()
    yield go_on
    go_on.set()


@pytest.fixture
def troubles() -> Iterator[list[tuple[object, str, str]]]:
    """What is told of the troubles of receivers with an owner: whose, of which signal, and what."""
    told: list[tuple[object, str, str]] = []
    before = dispatching._here.trouble
    signals.report_troubles_to(lambda receiver, reason: told.append((receiver.owner, receiver.topic, reason)))
    yield told
    signals.report_troubles_to(before)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def held_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time by which receivers rest."""
    held = Clock()
    monkeypatch.setattr(clock, "monotonic", held)
    return held


def send(signal: Signal[CustomerCreated], *numbers: int) -> None:
    """Send, and wait until it is delivered."""
    for number in numbers or (3,):
        signal.send(CustomerCreated(service_id=1, customer_id=2, number=number))
    assert signals.flush()


def test_receivers_are_called_in_the_order_in_which_they_connected(signal: Signal[CustomerCreated]) -> None:
    heard: list[str] = []

    def hear(name: str, payload: CustomerCreated) -> None:
        heard.append(f"{name}{payload.number}")

    for name in "cab":
        signal.connect(partial(hear, name))
    send(signal, 1, 2)
    assert heard == ["c1", "a1", "b1", "c2", "a2", "b2"]


def test_connecting_twice_changes_nothing(signal: Signal[CustomerCreated]) -> None:
    heard: list[str] = []

    @signal.connect
    def first(_payload: CustomerCreated) -> None:
        heard.append("first")

    signal.connect(lambda _payload: heard.append("second"))
    signal.connect(first)
    send(signal)
    assert heard == ["first", "second"]
    assert signal.figures[first].calls == 1


def test_a_local_function_stays_connected(signal: Signal[CustomerCreated]) -> None:
    heard: list[int] = []

    def connect() -> None:
        signal.connect(lambda payload: heard.append(payload.number))

    connect()
    send(signal)
    assert heard == [3]


def test_a_disconnected_receiver_hears_nothing(signal: Signal[CustomerCreated]) -> None:
    heard: list[CustomerCreated] = []
    signal.connect(heard.append)
    signal.disconnect(heard.append)
    signal.disconnect(heard.append)
    send(signal)
    assert (heard, signal.figures, signal._signal.receivers) == ([], {}, {})


def test_who_disconnects_hears_nothing_of_what_still_waits(
    signal: Signal[CustomerCreated], hanging: threading.Event
) -> None:
    heard: list[CustomerCreated] = []
    signal.connect(lambda _payload: hanging.wait(10))
    signal.connect(heard.append)
    signal.send(PAYLOAD)
    signal.send(PAYLOAD)
    signal.disconnect(heard.append)
    hanging.set()
    assert signals.flush()
    assert heard == []


def test_who_connects_hears_nothing_of_what_was_sent_before(
    signal: Signal[CustomerCreated], hanging: threading.Event
) -> None:
    heard: list[CustomerCreated] = []
    signal.connect(lambda _payload: hanging.wait(10))
    signal.send(PAYLOAD)
    signal.connect(heard.append)
    hanging.set()
    assert signals.flush()
    assert heard == []


def test_sender_does_not_wait(signal: Signal[CustomerCreated], hanging: threading.Event) -> None:
    ended: list[bool] = []
    signal.connect(lambda _payload: ended.append(hanging.wait(10)))
    signal.send(PAYLOAD)
    assert not signals.flush(seconds=0.05)
    assert ended == []
    hanging.set()
    assert signals.flush()
    assert ended == [True]


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_receiver_that_fails_is_counted_and_the_others_are_called(
    signal: Signal[CustomerCreated], error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[CustomerCreated] = []

    @signal.connect
    def fail(_payload: CustomerCreated) -> None:
        raise error

    signal.connect(heard.append)
    send(signal, 3, 3)
    assert heard == [PAYLOAD, PAYLOAD]
    assert (signal.figures[fail].calls, signal.figures[fail].errors, signal.figures[fail].overruns) == (2, 2, 0)
    assert "signal receiver failed" in caplog.text


def test_a_receiver_whose_error_cannot_be_told_is_contained_too(signal: Signal[CustomerCreated]) -> None:
    class Unspeakable(BaseException):
        def __str__(self) -> str:
            raise self

        __repr__ = __str__

    @signal.connect
    def fail(_payload: CustomerCreated) -> None:
        raise Unspeakable

    send(signal)
    assert (signal.figures[fail].errors, signal.figures[fail].reason) == (1, "Unspeakable")


@pytest.mark.usefixtures("quick_deadline")
def test_a_receiver_that_hangs_holds_up_neither_this_payload_nor_the_next(
    signal: Signal[CustomerCreated], hanging: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[int] = []
    hung = signal.connect(lambda _payload: hanging.wait(30))
    signal.connect(lambda payload: heard.append(payload.number))
    send(signal, 1, 2, 3)
    assert heard == [1, 2, 3]
    figures = signal.figures[hung]
    assert (figures.calls, figures.errors, figures.overruns, figures.is_overrunning) == (1, 0, 1, True)
    assert "signal receiver overran its deadline" in caplog.text


@pytest.mark.usefixtures("quick_deadline")
def test_many_receivers_that_hang_are_each_left_behind_once(
    signal: Signal[CustomerCreated], hanging: threading.Event
) -> None:
    heard: list[int] = []
    for _ in range(3):
        signal.connect(partial(lambda wait, _payload: wait(30), hanging.wait))
        signal.connect(partial(lambda append, payload: append(payload.number), heard.append))
    send(signal, 1, 2)
    assert heard == [1, 1, 1, 2, 2, 2]
    assert [one.overruns for one in signal.figures.values()] == [1, 0] * 3


@pytest.mark.usefixtures("quick_deadline")
def test_a_receiver_that_came_back_is_called_again(signal: Signal[CustomerCreated], hanging: threading.Event) -> None:
    hung = signal.connect(lambda _payload: hanging.wait(30))
    send(signal)
    figures = signal.figures[hung]
    assert figures.is_overrunning
    hanging.set()
    eventually(lambda: not figures.is_overrunning, seconds=10, what="The end of the call")
    send(signal)
    assert (figures.calls, figures.overruns, figures.in_a_row, figures.is_ready) == (2, 1, 0, True)


def dispatching_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "signals"}


@pytest.mark.usefixtures("quick_deadline")
def test_a_thread_that_was_left_behind_ends_with_its_call(
    signal: Signal[CustomerCreated], hanging: threading.Event
) -> None:
    signal.connect(lambda _payload: hanging.wait(30))
    send(signal)
    assert len(dispatching_threads()) >= 2
    hanging.set()
    eventually(lambda: len(dispatching_threads()) == 1, seconds=10, what="One thread alone")


def test_a_receiver_rests_after_five_failures_in_a_row_longer_each_time(
    signal: Signal[CustomerCreated], held_clock: Clock
) -> None:
    tries: list[float] = []

    @signal.connect
    def fail(_payload: CustomerCreated) -> None:
        tries.append(held_clock.seconds)
        raise ValueError("no")

    figures = signal.figures[fail]
    send(signal, *range(7))
    assert (len(tries), figures.errors, figures.is_resting, figures.reason) == (5, 5, True, "ValueError: no")
    for rest in (30, 60, 120, 240, 480, 600, 600):
        tries.clear()
        held_clock.seconds += rest - 1
        send(signal)
        assert tries == []
        held_clock.seconds += 1
        send(signal, 1, 2)
        assert len(tries) == 1, "one call is let through"


def test_a_success_ends_the_rest(signal: Signal[CustomerCreated], held_clock: Clock) -> None:
    errors: list[Exception] = [ValueError("no")]

    @signal.connect
    def fail(_payload: CustomerCreated) -> None:
        if errors:
            raise errors[0]

    figures = signal.figures[fail]
    send(signal, *range(5))
    errors.clear()
    send(signal)
    assert (figures.calls, figures.is_resting) == (5, True)
    held_clock.seconds += 30
    send(signal, 1, 2)
    assert (figures.calls, figures.is_resting, figures.in_a_row, figures.reason) == (7, False, 0, "")


def test_four_failures_and_a_success_are_no_reason_to_rest(signal: Signal[CustomerCreated]) -> None:
    @signal.connect
    def fail(payload: CustomerCreated) -> None:
        if payload.number % 5:
            raise ValueError

    send(signal, *range(1, 16))
    assert (signal.figures[fail].calls, signal.figures[fail].is_resting) == (15, False)


@pytest.mark.usefixtures("quick_deadline")
def test_troubles_of_an_owner_are_told_and_their_end_too(
    signal: Signal[CustomerCreated], hanging: threading.Event, troubles: list[Any]
) -> None:
    def fail(payload: CustomerCreated) -> None:
        if payload.number == 1:
            raise ValueError("no")
        if payload.number == 2:
            hanging.wait(30)

    signal.connect(fail, owner=("plugin", "greeter"))
    signal.connect(lambda payload: [][payload.number])
    send(signal, 1, 2)
    hanging.set()
    eventually(lambda: not signal.figures[fail].is_overrunning, seconds=10, what="The end of the call")
    send(signal, 3, 4)
    owner = ("plugin", "greeter")
    assert troubles == [
        (owner, "customer.created", "ValueError: no"),
        (owner, "customer.created", "it did not end within 0.2 seconds"),
        (owner, "customer.created", ""),
    ]


def test_who_is_told_of_troubles_may_fail_too(
    signal: Signal[CustomerCreated], troubles: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[CustomerCreated] = []

    def fail(*_given: object) -> None:
        raise ValueError

    signals.report_troubles_to(fail)
    signal.connect(fail, owner="greeter")
    signal.connect(heard.append)
    send(signal)
    assert heard == [PAYLOAD]
    assert "could not be told" in caplog.text


def test_what_an_owner_has_connected_is_disconnected_at_once() -> None:
    heard: list[str] = []
    for owner in ("a", "b"):
        for signal in (signals.customer_created, signals.ticket_tagged):
            signal.connect(partial(lambda told, payload: heard.append(told + payload.name), owner), owner)
    assert [(one.owner, one.topic) for one in signals.owned()] == [
        ("a", "customer.created"), ("b", "customer.created"), ("a", "ticket.tagged"), ("b", "ticket.tagged"),
    ]  # fmt: skip
    signals.disconnect_owner("a")
    send(signals.customer_created)
    signals.disconnect_owner("b")
    send(signals.customer_created)
    assert heard == ["bcustomer.created"]
    assert list(signals.owned()) == []


def test_a_receiver_may_send_itself_and_that_comes_after(signal: Signal[CustomerCreated]) -> None:
    other = Signal(CustomerCreated)
    heard: list[str] = []
    other.connect(lambda _payload: heard.append("other"))
    signal.connect(other.send)
    signal.connect(lambda _payload: heard.append("after"))
    send(signal)
    assert signals.flush()
    assert heard == ["after", "other"]


def test_a_receiver_cannot_wait_for_itself(signal: Signal[CustomerCreated]) -> None:
    waited: list[bool] = []
    signal.connect(lambda _payload: waited.append(signals.flush()))
    send(signal)
    assert waited == [False]


def test_senders_in_many_threads_do_not_mix(signal: Signal[CustomerCreated]) -> None:
    heard: list[int] = []
    signal.connect(lambda payload: heard.append(payload.number))

    def work(start: int) -> None:
        for number in range(start, start + 50):
            signal.send(CustomerCreated(service_id=1, customer_id=1, number=number))

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 50, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert signals.flush()
    assert sorted(heard) == list(range(150))
    assert [number for number in heard if number < 50] == list(range(50))


def test_what_nobody_can_deliver_in_time_is_dropped_counted_and_said_once(
    signal: Signal[CustomerCreated],
    hanging: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(dispatching, "_here", dispatching._Here())
    monkeypatch.setattr(dispatching, "LONGEST_BACKLOG", 10)
    heard: list[int] = []
    is_begun = threading.Event()

    @signal.connect
    def hang(payload: CustomerCreated) -> None:
        is_begun.set()
        hanging.wait(30)
        heard.append(payload.number)

    signal.send(PAYLOAD)
    assert is_begun.wait(10)
    for number in range(15):
        signal.send(CustomerCreated(service_id=1, customer_id=2, number=number))
    hanging.set()
    assert signals.flush()
    assert (heard, signals.dropped()) == ([3, *range(10)], 5)
    assert caplog.text.count("too many signals wait") == 1


def test_what_nobody_listens_to_costs_no_thread(
    signal: Signal[CustomerCreated], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatching, "_here", dispatching._Here())
    signal.send(PAYLOAD)
    assert dispatching._here.post.dispatcher is None
    assert signals.flush()


# Processes of their own: one forks while receivers hang and wait, and one ends right after sending.
FORKING = """
import os, threading
from helpdesk import signals
from helpdesk.kernel import dispatching
from helpdesk.sdk.events import CustomerCreated

dispatching.DEADLINE_SECONDS = 0.05
go_on = threading.Event()
signal = signals.customer_created

def hang(payload):
    if payload.number == 0:
        go_on.wait(30)

def say(payload):
    os.write(1, f"{'parent' if os.getpid() == parent else 'child'} {payload.number}\\n".encode())

parent = os.getpid()
signal.connect(hang)
signal.connect(say)
def send(number):
    signal.send(CustomerCreated(service_id=1, customer_id=1, number=number))
send(0)
assert signals.flush()
assert signal.figures[hang].is_overrunning
if child := os.fork():
    os.waitpid(child, 0)
    send(2)
    assert signals.flush()
    go_on.set()
else:
    assert not signal.figures[hang].is_overrunning
    send(1)
    assert signals.flush()
    assert signal.figures[hang].calls == 2
    os._exit(0)
"""
ENDING = """
import time
from helpdesk import signals
from helpdesk.sdk.events import CustomerCreated

def say(payload):
    time.sleep(0.05)
    print(payload.number, flush=True)

signals.customer_created.connect(say)
for number in range(5):
    signals.customer_created.send(CustomerCreated(service_id=1, customer_id=1, number=number))
"""


def run(program: str) -> str:
    """Run the program in a process of its own, and return what it printed."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(signals.__file__).parents[1])}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout


def test_a_forked_process_delivers_its_own() -> None:
    assert run(FORKING).splitlines() == ["parent 0", "child 1", "parent 2"]


def test_a_process_that_ends_delivers_before_what_it_has_sent() -> None:
    assert run(ENDING).split() == ["0", "1", "2", "3", "4"]


def test_an_event_is_told_by_its_name() -> None:
    heard: list[CustomerCreated] = []
    customer_created.connect(heard.append)
    try:
        signals.tell(PAYLOAD)
        signals.tell(TicketStatusChanged(service_id=1, ticket_id=1, before="NEW", after="OPEN"))
        assert signals.flush()
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
