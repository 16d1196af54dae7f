"""A change happens whole or not at all, and what follows it happens after its commit, once."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import peewee
import pytest

from helpdesk.kernel import db
from helpdesk.kernel.db import Counter, after_commit, next_number, transaction, transactional
from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.kernel.settings import Settings, load

only_postgres = pytest.mark.parametrize("database_settings", ["postgres"], indirect=True)
only_sqlite = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)


class Taken(Exception):
    """What a test raises to take a change back."""


def numbers() -> dict[str, int]:
    """Return the last number of each series."""
    return {row.name: row.value for row in Counter.select()}


def undone(change: Callable[[], object]) -> None:
    """Run the change in a transaction, or a savepoint, that fails at its end."""
    with pytest.raises(Taken):
        failing(change)


def failing(change: Callable[[], object]) -> None:
    with transaction():
        change()
        raise Taken


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at once, each in a thread with a connection of its own, and return what they return."""

    def connected(call: Callable[[], Any]) -> Any:
        with db.connection():
            return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(30) for future in [pool.submit(connected, call) for call in calls]]


def test_calls_are_made_in_order_after_the_outermost_commit(database: Settings) -> None:
    made: list[str] = []
    with transaction():
        after_commit(lambda: made.append("first"))
        with transaction():
            after_commit(lambda: made.append("inner"))
        after_commit(lambda: made.append("last"))
        assert made == []
    assert made == ["first", "inner", "last"]


def test_a_call_sees_what_was_committed(database: Settings) -> None:
    seen: list[Any] = []
    with transaction():
        next_number("ticket", 1)
        after_commit(lambda: seen.extend(in_threads(numbers)))
    assert seen == [{"ticket": 1}]


def test_a_rolled_back_savepoint_leaves_no_call_and_no_row(database: Settings) -> None:
    made: list[str] = []

    def inner() -> None:
        next_number("inner", 1)
        after_commit(lambda: made.append("inner"))
        with transaction():
            after_commit(lambda: made.append("innermost"))

    with transaction():
        next_number("outer", 1)
        after_commit(lambda: made.append("before"))
        undone(inner)
        after_commit(lambda: made.append("after"))
    assert (made, numbers()) == (["before", "after"], {"outer": 1})


def test_an_outermost_rollback_makes_no_call_ever(database: Settings) -> None:
    made: list[str] = []

    def change() -> None:
        with transaction():
            next_number("ticket", 1)
            after_commit(lambda: made.append("inner"))
        after_commit(lambda: made.append("outer"))

    undone(change)
    with transaction():
        next_number("other", 1)
    assert (made, numbers()) == ([], {"other": 1})


def test_without_a_transaction_a_call_is_made_at_once(database: Settings) -> None:
    made: list[str] = []
    after_commit(lambda: made.append("now"))
    assert made == ["now"]


def test_a_failing_call_is_reported_and_the_others_are_made(
    database: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[int] = []
    with transaction():
        after_commit(lambda: made.append(1))
        after_commit([].pop)
        after_commit(lambda: made.append(next_number("ticket", 1) + 1))
    assert made == [1, 2]
    assert "after the commit failed" in caplog.text


def test_a_call_may_change_something_itself(database: Settings) -> None:
    made: list[str] = []

    def change() -> None:
        with transaction():
            next_number("ticket", 1)
            after_commit(lambda: made.append("second"))
        made.append("first ended")

    with transaction():
        after_commit(change)
    assert (made, numbers()) == (["second", "first ended"], {"ticket": 1})


@only_postgres
def test_a_deadlock_is_tried_again_until_both_have_succeeded(database: Settings) -> None:
    both_hold_one = threading.Barrier(2)
    tries: list[str] = []

    @transactional
    def take(first: str, second: str) -> None:
        tries.append(first)
        next_number(first, 1)
        if len(tries) <= 2:
            both_hold_one.wait(10)
        next_number(second, 1)

    in_threads(lambda: take("a", "b"), lambda: take("b", "a"))
    assert numbers() == {"a": 2, "b": 2}
    assert len(tries) == 3


@only_postgres
def test_a_serialization_failure_is_tried_again(database: Settings) -> None:
    next_number("a", 1)
    both_have_read = threading.Barrier(2)
    tries: list[int] = []

    @transactional
    def add() -> None:
        db.database.execute_sql("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        before = numbers()["a"]
        tries.append(before)
        if len(tries) <= 2:
            both_have_read.wait(10)
        Counter.update(value=before + 1).where(Counter.name == "a").execute()

    in_threads(add, add)
    assert numbers() == {"a": 3}
    assert len(tries) == 3


@only_postgres
def test_a_change_that_never_succeeds_is_given_up_with_a_clear_error(database: Settings) -> None:
    made: list[str] = []
    tries: list[None] = []

    @transactional
    def fail() -> None:
        tries.append(None)
        after_commit(lambda: made.append("never"))
        db.database.execute_sql("DO $$ BEGIN RAISE 'no' USING ERRCODE = '40001'; END $$")

    with pytest.raises(Unavailable, match="try again") as refused:
        fail()
    assert (refused.value.code, len(tries), made) == ("DATABASE_BUSY", 5, [])


class _OnRetry(logging.Handler):
    """Does something when the database asks for another try."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__()
        self._call = call

    def emit(self, record: logging.LogRecord) -> None:
        if "busy" in record.getMessage():
            self._call()


def _occupy(settings: Settings) -> sqlite3.Connection:
    """Hold SQLite's only writing lock from another connection, and let this one not wait for it."""
    db.database.execute_sql("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(settings.data_dir / "desk.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


@only_sqlite
def test_a_busy_sqlite_is_tried_again(database: Settings, caplog: pytest.LogCaptureFixture) -> None:
    other = _occupy(database)
    handler = _OnRetry(other.close)
    caplog.set_level(logging.INFO, logger=db.log.name)
    db.log.addHandler(handler)
    try:
        assert transactional(next_number)("ticket", 1) == 1
    finally:
        db.log.removeHandler(handler)
        other.close()


@only_sqlite
def test_a_sqlite_that_stays_busy_is_given_up_with_a_clear_error(database: Settings) -> None:
    other = _occupy(database)
    try:
        with pytest.raises(Unavailable, match="try again") as refused:
            transactional(next_number)("ticket", 1)
    finally:
        other.close()
    assert refused.value.code == "DATABASE_BUSY"
    assert transactional(next_number)("ticket", 1) == 1


def test_another_error_of_the_database_is_not_tried_again(database: Settings) -> None:
    tries: list[None] = []

    @transactional
    def double() -> None:
        tries.append(None)
        for _ in range(2):
            Counter.insert(name="a", service_id=1, value=1).execute()

    with pytest.raises(peewee.IntegrityError):
        double()
    assert (len(tries), numbers()) == (1, {})


def test_an_inner_operation_leaves_trying_again_to_the_outer_one(database: Settings) -> None:
    tries: list[str] = []

    @transactional
    def inner() -> None:
        tries.append("inner")
        raise peewee.OperationalError("database is locked")

    @transactional
    def outer() -> None:
        tries.append("outer")
        next_number("ticket", 1)
        if len(tries) < 4:
            inner()

    outer()
    assert tries == ["outer", "inner", "outer", "inner", "outer"]
    assert numbers() == {"ticket": 1}


def test_numbers_have_no_gap_and_no_double_however_many_take_them(database: Settings) -> None:
    def take() -> list[int]:
        taken = []
        for turn in range(10):
            if turn % 3 == 2:
                undone(lambda: transactional(next_number)("ticket", 1))
            else:
                taken.append(transactional(next_number)("ticket", 1))
        return taken

    taken = sorted(number for numbers in in_threads(take, take, take, take) for number in numbers)
    assert taken == list(range(1, 29))


def test_series_are_counted_apart_and_may_be_taken_in_bulk(database: Settings) -> None:
    assert [next_number("ticket", 1), next_number("ticket", 2), next_number("customer", 1)] == [1, 1, 1]
    assert [next_number("ticket", 1, count=5), next_number("ticket", 1)] == [6, 7]


def test_a_row_is_inserted_once(database: Settings) -> None:
    class Once(db.Model):
        id = peewee.BigAutoField()
        key = peewee.CharField(unique=True)

        class Meta:
            table_name = "test_once"

    Once.create_table()
    try:
        ids = in_threads(*[lambda: db.insert_once(Once, {"key": "같은 것"})] * 4)
        assert [each for each in ids if each is not None] == [Once.get().id]
    finally:
        Once.drop_table()


@pytest.mark.parametrize("url", ["mysql://host/name", "desk.db", "postgresql//x"])
def test_a_database_of_another_kind_is_refused_with_the_right_ones(url: str) -> None:
    with pytest.raises(Invalid, match="sqlite:/// or postgresql://"):
        db.make(load({}, database_url=url))


def test_a_connection_goes_from_one_thread_to_the_next(database_settings: Settings) -> None:
    for turn in (1, 2, 3):
        assert in_threads(lambda: next_number("ticket", 1)) == [turn]


def test_nested_connections_are_one_and_end_with_the_outer(database_settings: Settings) -> None:
    with db.connection():
        with db.connection():
            next_number("ticket", 1)
        assert next_number("ticket", 1) == 2
    assert db.database.is_closed()
