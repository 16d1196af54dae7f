"""Work that is leased is done by one worker at a time, and never lost with it."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel import db, leases
from helpdesk.kernel.db import database_now
from helpdesk.kernel.leases import SECOND, Leased, backoff, claim, give_back, held, release, renew, wait_seconds
from helpdesk.kernel.settings import Settings


class Parcel(Leased):
    """A thing to be done."""

    id = peewee.BigAutoField()
    size = peewee.IntegerField(default=0)

    class Meta:
        table_name = "test_parcel"


@pytest.fixture
def parcels(database: Settings) -> Iterator[None]:
    """An empty table of parcels."""
    Parcel.create_table()
    yield
    Parcel.drop_table()


def add(count: int = 1) -> None:
    """Add parcels that are due."""
    Parcel.insert_many([{"size": number, "due_at": number} for number in range(count)]).execute()


def take(*, seconds: float = 60) -> Parcel:
    """Claim a parcel that must be there."""
    parcel = claim(Parcel, seconds=seconds)
    assert parcel is not None
    return parcel


def test_what_has_been_due_longest_comes_first(parcels: None) -> None:
    Parcel.insert_many([{"size": due, "due_at": due} for due in (300, 100, 200)]).execute()
    assert [take().size for _ in range(3)] == [100, 200, 300]
    assert claim(Parcel, seconds=60) is None


def test_what_is_not_due_is_left_alone(parcels: None) -> None:
    add()
    release(take(), due_in_seconds=60)
    assert claim(Parcel, seconds=60) is None


def test_only_what_fits_the_conditions_is_taken(parcels: None) -> None:
    add(3)
    parcel = claim(Parcel, Parcel.size == 2, seconds=60)
    assert parcel is not None
    assert (parcel.size, parcel.attempts) == (2, 1)
    assert claim(Parcel, Parcel.size == 2, seconds=60) is None


def test_two_workers_never_hold_one_row(parcels: None) -> None:
    add(60)
    ready = threading.Barrier(4)

    def work() -> list[int]:
        taken = []
        with db.connection():
            ready.wait(10)
            while (parcel := claim(Parcel, seconds=60)) is not None:
                taken.append(parcel.id)
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [future.result(60) for future in [pool.submit(work) for _ in range(4)]]
    everything = [number for numbers in taken for number in numbers]
    assert len(everything) == len(set(everything)) == 60
    assert Parcel.select().where(Parcel.attempts != 1).count() == 0


def test_an_expired_lease_is_taken_over_and_its_holder_can_no_longer_finish(parcels: None) -> None:
    add()
    first = take(seconds=0)
    second = take()
    assert (second.id, second.attempts) == (first.id, 2)
    assert not release(first, size=1)
    assert not renew(first, seconds=60)
    assert Parcel.get().size == 0
    assert release(second, size=2)
    assert Parcel.get().size == 2


def test_a_finished_row_is_never_due_again(parcels: None) -> None:
    add()
    assert release(take(), size=9, last_error="")
    row = Parcel.get()
    assert (row.due_at, row.lease, row.size) == (None, None, 9)
    assert claim(Parcel, seconds=60) is None


def test_a_row_that_was_given_back_is_taken_again_with_its_error(parcels: None) -> None:
    add()
    release(take(), due_in_seconds=0, last_error="the provider was away")
    again = take()
    assert (again.attempts, again.last_error) == (2, "the provider was away")


def test_renewing_keeps_the_row(parcels: None) -> None:
    add()
    parcel = take(seconds=0)
    assert renew(parcel, seconds=60)
    assert claim(Parcel, seconds=60) is None
    assert release(parcel)


def seconds_left() -> float:
    """Return how long the only parcel stays leased, by the database's clock."""
    left = peewee.NodeList((Parcel.due_at, peewee.SQL("-"), database_now()))
    return float(Parcel.select(left).scalar()) / SECOND


def wait_for(is_so: Callable[[], bool]) -> None:
    """Return once it is so; fail when that takes too long."""
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to pass within ten seconds")


def test_work_that_is_held_stays_leased_until_it_ends_and_no_longer(parcels: None) -> None:
    add()
    parcel = take(seconds=60)
    with held(parcel, seconds=0.3):
        wait_for(lambda: seconds_left() < 1)  # the first renewal
        before = Parcel.get().due_at
        wait_for(lambda: Parcel.get().due_at > before)
    assert "lease" not in {thread.name for thread in threading.enumerate()}
    assert release(parcel, size=1)
    assert Parcel.get().due_at is None


def test_work_whose_lease_is_lost_while_it_is_held_goes_on_and_cannot_finish(parcels: None) -> None:
    add()
    first = take(seconds=60)
    with held(first, seconds=0.03):
        Parcel.update(lease="another's", due_at=1).execute()
        wait_for(lambda: "lease" not in {thread.name for thread in threading.enumerate()})
    assert not release(first, size=1)
    assert (Parcel.get().lease, Parcel.get().size) == ("another's", 0)
    assert seconds_left() < 0


def test_held_work_outlives_a_database_that_fails_for_a_while(parcels: None, caplog: pytest.LogCaptureFixture) -> None:
    add()
    parcel = take(seconds=60)
    db.database.execute_sql("ALTER TABLE test_parcel RENAME TO test_parcel_away")
    with held(parcel, seconds=0.1):
        wait_for(lambda: "could not renew a lease" in caplog.text)
        db.database.execute_sql("ALTER TABLE test_parcel_away RENAME TO test_parcel")
        wait_for(lambda: seconds_left() < 1)
    assert release(parcel)


def test_a_lease_ends_by_the_clock_of_the_database(parcels: None) -> None:
    add()
    take(seconds=60)
    left = Parcel.select(peewee.fn.MAX(Parcel.due_at - database_now())).scalar(as_tuple=True)[0]
    assert 50_000_000 < int(left) <= 60_000_000


def test_nothing_is_handed_out_while_work_is_held_back(parcels: None) -> None:
    add()
    leases.hold_back()
    try:
        assert claim(Parcel, seconds=60) is None
    finally:
        leases.hand_out()
    assert claim(Parcel, seconds=60) is not None


@pytest.mark.parametrize(("is_free", "attempts"), [(False, 1), (True, 0)])
def test_row_that_is_given_back_waits_as_long_as_was_wished(parcels: None, is_free: bool, attempts: int) -> None:
    add()
    parcel = take(seconds=60)
    assert give_back(parcel, base_seconds=1, wish=500, is_free=is_free, last_error="busy")
    kept: Any = Parcel.get()
    assert (kept.attempts, kept.lease, kept.last_error) == (attempts, None, "busy")
    assert 490 < seconds_left() <= 500
    assert not give_back(parcel, base_seconds=1), "The lease is over."


@pytest.mark.parametrize(
    ("wish", "wait"),
    [
        *((None, 7.0), (0, 0.0), (90, 90.0), (1e12, 86_400.0), (10**400, 86_400.0), (float("inf"), 86_400.0)),
        *((-1, 7.0), (float("nan"), 7.0), (True, 7.0), ("soon", 7.0), (object(), 7.0)),
    ],
)
def test_wish_is_followed_within_reason(wish: Any, wait: float) -> None:
    assert wait_seconds(wish, 7.0) == wait


@given(attempts=st.integers(1, 10_000), base_seconds=st.floats(0.001, 3600))
def test_waiting_grows_with_the_tries_within_its_bounds(attempts: int, base_seconds: float) -> None:
    wait = backoff(attempts, base_seconds=base_seconds)
    ceiling = min(3600.0, base_seconds * 2.0 ** min(attempts - 1, 100))
    assert min(ceiling, base_seconds * 2.0 ** min(attempts - 1, 20)) / 2 <= wait <= ceiling


def test_waits_are_spread() -> None:
    assert len({backoff(3, base_seconds=10) for _ in range(20)}) > 10
