"""What happened is recorded with the change, told after it, and fed to those who must not miss it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from helpdesk.kernel import db, events
from helpdesk.kernel.actors import system
from helpdesk.kernel.db import transaction
from helpdesk.kernel.events import Event, EventRow, HistoryRow, LoggedEvent, Reaction, SubscriberRow, record
from helpdesk.kernel.settings import Settings

only_postgres = pytest.mark.parametrize("database_settings", ["postgres"], indirect=True)
ACTOR = system(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRung(Event):
    """Somebody rang."""

    name: ClassVar[str] = "bell.rung"
    number: int


@dataclass
class Heard:
    """What was told and fed in this test, as the numbers of the bells."""

    told: list[int]
    wakes: list[None]


@pytest.fixture
def heard(database: Settings, monkeypatch: pytest.MonkeyPatch) -> Heard:
    """A desk of which nobody knows yet: no reaction, no subscriber, and an ear for what is told."""
    monkeypatch.setattr(events, "_wiring", events._Wiring())
    found = Heard([], [])
    wire(found)
    return found


def wire(heard: Heard, *reactions: Reaction) -> None:
    def tell(event: Event) -> None:
        assert isinstance(event, BellRung)
        heard.told.append(event.number)

    events.wire({BellRung: reactions}, tell=tell, wake=lambda: heard.wakes.append(None))


def ring(number: int) -> None:
    """Ring in a transaction of its own."""
    with transaction():
        record(ACTOR, BellRung(service_id=1, number=number), subject=("bell", 7), changes={"number": (None, number)})


def listen(name: str) -> list[int]:
    """Subscribe from now on, and return the list of numbers that will be fed."""
    fed: list[int] = []
    events.subscribe(name, lambda event: fed.append(event.payload["number"]))
    events.feed_all()
    return fed


def connected(call: Callable[[], Any]) -> Any:
    with db.connection():
        return call()


def test_a_happening_is_kept_as_history_and_event_and_told(heard: Heard) -> None:
    ring(1)
    history, event = HistoryRow.get(), EventRow.get()
    assert (history.subject, history.subject_id, history.name) == ("bell", 7, "bell.rung")
    assert (history.actor_kind, history.actor_name, history.changes) == ("system", "system", {"number": [None, 1]})
    assert (event.name, event.service_id, event.payload) == ("bell.rung", 1, {"service_id": 1, "number": 1})
    assert history.at == event.at
    assert (heard.told, len(heard.wakes)) == ([1], 1)


def test_a_rolled_back_change_has_recorded_nothing(heard: Heard) -> None:
    fed = listen("reports")

    def change() -> None:
        with transaction():
            ring(1)
            raise InterruptedError

    with transaction():
        ring(2)
        with pytest.raises(InterruptedError):
            change()
        assert heard.told == []
    events.feed_all()
    assert (heard.told, fed, HistoryRow.select().count()) == ([2], [2], 1)


def test_recording_outside_a_transaction_is_refused(heard: Heard) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record(ACTOR, BellRung(service_id=1, number=1), subject=("bell", 7))
    assert EventRow.select().count() == 0


def test_reactions_run_in_their_order_inside_the_transaction(heard: Heard) -> None:
    seen: list[tuple[str, bool]] = []
    reactions = [lambda _actor, _event, name=name: seen.append((name, db.database.in_transaction())) for name in "abc"]
    wire(heard, *reactions)
    with transaction():
        ring(1)
        assert (seen, heard.told) == ([("a", True), ("b", True), ("c", True)], [])


def test_a_reaction_may_record_too_and_is_told_of_later(heard: Heard) -> None:
    def echo(_actor: Any, event: BellRung) -> None:
        if event.number < 3:
            record(ACTOR, BellRung(service_id=1, number=event.number + 1), subject=("bell", 7))

    fed = listen("reports")
    wire(heard, echo)
    ring(1)
    events.feed_all()
    assert (fed, heard.told) == ([1, 2, 3], [1, 2, 3])


def test_a_reaction_that_raises_takes_everything_back(heard: Heard) -> None:
    def count(_actor: Any, _event: Any) -> None:
        db.next_number("reacted", 1)

    def refuse(_actor: Any, _event: Any) -> None:
        raise ZeroDivisionError

    wire(heard, count, refuse)
    with pytest.raises(ZeroDivisionError):
        ring(1)
    assert (EventRow.select().count(), HistoryRow.select().count(), heard.told) == (0, 0, [])
    assert db.next_number("reacted", 1) == 1


def test_a_subscriber_is_fed_everything_since_it_subscribed_in_order(heard: Heard) -> None:
    ring(1)
    fed = listen("reports")
    for number in range(2, 6):
        ring(number)
    events.feed_all()
    events.feed_all()
    assert fed == [2, 3, 4, 5]


def test_more_than_one_batch_is_fed_at_once(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "BATCH", 3)
    fed = listen("reports")
    with transaction():
        for number in range(10):
            ring(number)
    events.feed_all()
    assert fed == list(range(10))


def test_a_failing_subscriber_is_fed_again_later_and_holds_up_nobody(
    heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def stumble(event: LoggedEvent) -> None:
        tries.append(event.payload["number"])
        if tries == [1, 2]:
            raise ConnectionError("away")

    events.subscribe("stumbling", stumble)
    fed = listen("reports")
    for number in (1, 2, 3):
        ring(number)
    events.feed_all()
    assert (tries, fed) == ([1, 2], [1, 2, 3])
    row = SubscriberRow.get(name="stumbling")
    assert ("away" in row.last_error, row.position, row.due_at is not None) == (True, 1, True)

    events.feed_all()
    assert tries == [1, 2], "it waits before the next try"
    SubscriberRow.update(due_at=0).execute()
    events.feed_all()
    assert tries == [1, 2, 2, 3]
    assert (SubscriberRow.get(name="stumbling").last_error, "stumbling" not in caplog.text) == ("", True)


class Unspeakable(BaseException):
    """Cannot even be told."""

    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, Unspeakable])
def test_a_subscriber_may_raise_whatever_it_likes(heard: Heard, error: type[BaseException]) -> None:
    def fail(_event: LoggedEvent) -> None:
        raise error

    events.subscribe("failing", fail)
    fed = listen("reports")
    ring(1)
    events.feed_all()
    assert fed == [1]
    row = SubscriberRow.get(name="failing")
    assert (error.__name__ in row.last_error, row.position, row.lease) == (True, 0, None)


def test_who_unsubscribed_is_fed_no_more_and_goes_on_from_there_later(heard: Heard) -> None:
    fed = listen("reports")
    ring(1)
    events.feed_all()
    events.unsubscribe("reports")
    events.unsubscribe("nobody")
    ring(2)
    events.feed_all()
    assert (fed, events.subscriptions()) == ([1], ())
    assert listen("reports") == [2]


def test_unsubscribing_while_being_fed_ends_it_there_and_hurts_nobody(heard: Heard) -> None:
    first: list[int] = []

    def leave(event: LoggedEvent) -> None:
        first.append(event.payload["number"])
        events.unsubscribe("leaving")
        events.unsubscribe("reports")

    events.subscribe("leaving", leave)
    fed = listen("reports")
    others = listen("others")
    for number in (1, 2):
        ring(number)
    events.feed_all()
    assert (first, fed, others) == ([1], [], [1, 2])
    row = SubscriberRow.get(name="leaving")
    assert (row.position, row.lease, row.last_error) == (1, None, "")


def test_two_workers_do_not_feed_one_subscriber_at_once(heard: Heard) -> None:
    feeding, go_on = threading.Event(), threading.Event()
    fed: list[int] = []

    def slow(event: LoggedEvent) -> None:
        feeding.set()
        assert go_on.wait(10)
        fed.append(event.payload["number"])

    events.subscribe("slow", slow)
    events.feed_all()
    for number in (1, 2, 3):
        ring(number)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(connected, events.feed_all)
        assert feeding.wait(10)
        events.feed_all()
        assert fed == []
        go_on.set()
        other.result(30)
    assert fed == [1, 2, 3]


@only_postgres
def test_an_event_that_commits_late_is_not_skipped(heard: Heard) -> None:
    fed = listen("reports")
    recorded, go_on = threading.Event(), threading.Event()

    def late() -> None:
        with db.database.atomic():
            with transaction():
                ring(1)
            recorded.set()
            assert go_on.wait(10)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(connected, late)
        assert recorded.wait(10)
        ring(2)
        events.feed_all()
        assert fed == [2]
        go_on.set()
        other.result(30)
    events.feed_all()
    assert fed == [2, 1]
    assert [row.payload["number"] for row in EventRow.select().order_by(EventRow.id)] == [1, 2]


def test_positions_are_without_gap_or_double_when_many_sequence(heard: Heard) -> None:
    def work() -> None:
        for number in range(10):
            ring(number)
            events.sequence()

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(connected, work) for _ in range(3)]:
            future.result(60)
    assert [event.position for event in events.read(0)] == list(range(1, 31))


# Real processes: one rings and dies before it tells; one feeds and dies between two events.
PROGRAM = """
import os, signal, sys
from dataclasses import dataclass
from typing import ClassVar
from helpdesk.kernel import db, events, settings
from helpdesk.kernel.actors import system

@dataclass(frozen=True, slots=True, kw_only=True)
class BellRung(events.Event):
    name: ClassVar[str] = "bell.rung"
    number: int

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def note(event):
    print(event.payload["number"], flush=True)
    if event.payload["number"] == 3:
        die()

data_dir, database_url, task = sys.argv[1:]
db.use(settings.load({}, data_dir=data_dir, database_url=database_url))
with db.connection():
    if task == "ring":
        events.wire({}, tell=die, wake=lambda: None)
        with db.transaction():
            events.record(system(1), BellRung(service_id=1, number=1), subject=("bell", 7))
    else:
        events.subscribe("reports", note)
        events.feed_all()
"""


def run(task: str, settings: Settings) -> tuple[int, str]:
    """Run the program in a process of its own until it ends, and return how it ended and what it printed."""
    command = [sys.executable, "-c", PROGRAM, str(settings.data_dir), settings.database_url, task]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(events.__file__).parents[2])}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout


def test_a_process_killed_between_commit_and_signal_loses_no_event(heard: Heard, database: Settings) -> None:
    fed = listen("reports")
    assert run("ring", database)[0] == -signal.SIGKILL
    events.feed_all()
    assert (fed, heard.told) == ([1], [])


def test_a_process_killed_while_feeding_is_followed_by_another_at_the_same_event(
    heard: Heard, database: Settings
) -> None:
    fed = listen("reports")
    for number in range(1, 6):
        ring(number)
    assert run("feed", database) == (-signal.SIGKILL, "1\n2\n3\n")
    events.feed_all()
    assert fed == [], "the dead process holds its lease until that runs out"
    SubscriberRow.update(due_at=0).execute()
    events.feed_all()
    assert fed == [3, 4, 5]
