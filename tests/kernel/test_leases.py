"""Work that is leased is done by one worker at a time, and never lost with it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel import db, leases
from helpdesk.kernel.db import database_now
from helpdesk.kernel.leases import Leased, backoff, claim, release, renew
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


@given(attempts=st.integers(1, 10_000), base_seconds=st.floats(0.001, 3600))
def test_waiting_grows_with_the_tries_within_its_bounds(attempts: int, base_seconds: float) -> None:
    wait = backoff(attempts, base_seconds=base_seconds)
    ceiling = min(3600.0, base_seconds * 2.0 ** min(attempts - 1, 100))
    assert min(ceiling, base_seconds * 2.0 ** min(attempts - 1, 20)) / 2 <= wait <= ceiling


def test_waits_are_spread() -> None:
    assert len({backoff(3, base_seconds=10) for _ in range(20)}) > 10
