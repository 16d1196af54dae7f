"""The event log is kept for a time, and longer for those who still have to be told."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.kernel import clock, db, events, jobs, leases, retention
from helpdesk.kernel.events import EventRow, LoggedEvent, SubscriberRow
from helpdesk.kernel.settings import Settings
from tests.factories import tickets
from tests.factories.crowds import at_once
from tests.factories.desk import Desk

KEPT = timedelta(days=30)
LONG_AGO = timedelta(days=31)


@pytest.fixture
def diary(database: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A subscriber on a log of nobody else's; gives the positions that it was fed."""
    monkeypatch.setattr(events, "_wiring", events._Wiring())
    monkeypatch.setattr(retention, "LOT", 3)
    fed: list[int] = []
    events.subscribe("diary", lambda event: fed.append(event.position))
    events.feed_all()
    yield fed
    leases.hand_out()


def happen(count: int, *, ago: timedelta = LONG_AGO) -> None:
    """Let so much have happened at that time, and give it positions."""
    at = clock.now() - ago
    EventRow.insert_many([{"service_id": 1, "name": "x", "payload": {}, "at": at} for _ in range(count)]).execute()
    events.sequence()


def positions() -> list[int]:
    rows: Any = EventRow.select(EventRow.position).order_by(EventRow.position).tuples()
    return [row[0] for row in rows]


def left_for(name: str, ago: timedelta) -> None:
    """Let a subscriber have been fed for the last time at that time of the database."""
    SubscriberRow.update(due_at=db.present() - ago).where(SubscriberRow.name == name).execute()


def test_what_is_old_and_was_passed_goes_and_the_rest_stays(diary: list[int]) -> None:
    happen(7)
    happen(2, ago=timedelta(days=29))
    events.feed_all()
    happen(2)
    assert retention.prune(kept=KEPT) == 7
    assert positions() == [8, 9, 10, 11]
    events.feed_all()
    assert (retention.prune(kept=KEPT), retention.prune(kept=KEPT)) == (2, 0)
    assert (positions(), diary) == ([8, 9], [*range(1, 12)])


def test_a_log_without_subscribers_is_pruned_and_a_new_one_begins_with_what_comes(diary: list[int]) -> None:
    SubscriberRow.delete().execute()
    events.unsubscribe("diary")
    happen(4)
    assert (retention.prune(kept=KEPT), positions()) == (4, [])
    events.subscribe("later", lambda event: diary.append(event.position))
    events.feed_all()
    happen(1, ago=timedelta())
    events.feed_all()
    assert diary == [5]


def test_a_failing_subscriber_that_is_fed_loses_nothing(diary: list[int]) -> None:
    def fail(_event: LoggedEvent) -> None:
        raise ConnectionError("away")

    events.subscribe("failing", fail)
    events.feed_all()
    happen(4)
    events.feed_all()
    events.unsubscribe("failing")  # as in a worker that does not know of it yet
    assert (retention.prune(kept=KEPT), diary) == (0, [1, 2, 3, 4])


def test_a_plugin_that_was_removed_holds_up_nothing_for_ever(
    diary: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    happen(4)
    events.unsubscribe("diary")
    left_for("diary", timedelta(days=29))
    assert retention.prune(kept=KEPT) == 0
    left_for("diary", LONG_AGO)
    assert (retention.prune(kept=KEPT), positions()) == (4, [])
    happen(1, ago=timedelta())
    events.subscribe("diary", lambda event: diary.append(event.position))
    events.feed_all()
    (told,) = [record for record in caplog.records if record.message == "a subscriber was away for too long"]
    assert (diary, told.__dict__["missed"]) == ([5], 4)


def test_what_a_late_commit_makes_old_in_the_middle_is_told_too(
    diary: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    for ago in (timedelta(), LONG_AGO, timedelta()):  # positions go by commit, and times by when it was done
        happen(1, ago=ago)
    events.unsubscribe("diary")
    left_for("diary", LONG_AGO)
    assert (retention.prune(kept=KEPT), positions()) == (1, [1, 3])
    events.subscribe("diary", lambda event: diary.append(event.position))
    events.feed_all()
    (told,) = [record for record in caplog.records if record.message == "a subscriber was away for too long"]
    assert (diary, told.__dict__["missed"]) == ([1, 3], 1)


def test_a_desk_that_stood_still_feeds_its_subscribers_before_it_forgets(diary: list[int]) -> None:
    happen(4)
    left_for("diary", LONG_AGO)
    assert retention.prune(kept=KEPT) == 0
    events.feed_all()
    assert (retention.prune(kept=KEPT), diary) == (4, [1, 2, 3, 4])


def test_workers_that_prune_at_once_drop_each_event_once(diary: list[int]) -> None:
    happen(30)
    events.feed_all()
    dropped: list[int] = []
    at_once(3, lambda _place: dropped.append(retention.prune(kept=KEPT)))
    assert (sum(dropped), positions()) == (30, [])


def test_a_worker_that_ends_begins_no_further_lot(diary: list[int]) -> None:
    happen(4)
    events.feed_all()
    leases.hold_back()
    assert (retention.prune(kept=KEPT), len(positions())) == (0, 4)


def test_housekeeping_prunes_by_the_setting(desk: Desk) -> None:
    tickets.make(desk)
    events.feed_all()
    EventRow.update(at=clock.now() - LONG_AGO).execute()
    jobs.drain("housekeeping")
    assert positions() == []
