"""The one database of the desk: SQLite (embedded) or PostgreSQL, chosen by its URL.

A process serves one desk, so ``database`` is one proxy for the whole process; the lost
alternative, a handle passed through every call, cost an argument everywhere and bought nothing.

Every change runs in ``transaction()``. Calls left by ``after_commit`` run once the outermost
transaction has committed; those left inside a savepoint that was rolled back never run (peewee's
own ``after_commit`` does run them). Times of leases come from ``database_now()``, never from a
worker's clock. How far one database goes, and what comes after it, says the README (What grows first).
"""

import functools
import logging
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import peewee
from playhouse.migrations import Runner
from playhouse.pool import MaxConnectionsExceeded

from helpdesk.kernel import clock, replica
from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.kernel.fences import FencedPostgres, FencedSqlite
from helpdesk.kernel.patience import Patience, patience
from helpdesk.kernel.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger(__name__)

database = replica.RoutedProxy()

MIGRATIONS = Path(__file__).parent / "migrations"
TRIES = 5
UNREACHABLE = (peewee.OperationalError, peewee.InterfaceError, peewee.InternalError, MaxConnectionsExceeded)
"""What is raised while the database does not answer, or all connections of the pool are in use: see ``explained``."""
BUSY = "The database is busy; try again in a moment."
TAKES_NOTHING = "The desk can be read and not changed at the moment: its database is full, or may only be read."
TOLD = {
    "57014": ("DATABASE_TIMEOUT", "This takes the database too long; ask for less, or try again in a moment."),
    "25P03": ("DATABASE_TIMEOUT", "This took the desk too long; try again in a moment."),
    "55P03": ("DATABASE_BUSY", BUSY),
    "25006": ("DATABASE_READ_ONLY", TAKES_NOTHING),
    "53100": ("DATABASE_READ_ONLY", TAKES_NOTHING),
}
"""What is told by SQLSTATE: statement time-out, transaction that stood still, lock time-out, read-only, disk full."""
SQLITE_TAKES_NOTHING = ("database or disk is full", "attempt to write a readonly database", "disk I/O error")
TRANSIENT_STATES = frozenset({"40001", "40P01"})  # serialization failure, deadlock
SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 1,
    "foreign_keys": 1,
    "busy_timeout": 5_000,
    "cache_size": -32_000,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SQLITE_NOW = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"
POSTGRES_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


class _Level:
    """What a transaction, or a savepoint in it, leaves for the end: rows to insert, calls to make after the commit."""

    def __init__(self) -> None:
        self.rows: dict[type[Model], list[Mapping[str, Any]]] = {}
        self.calls: list[Callable[[], None]] = []

    def take(self, other: "_Level") -> None:
        """Take what an inner level has left."""
        for model, rows in other.rows.items():
            self.rows.setdefault(model, []).extend(rows)
        self.calls.extend(other.calls)

    def write(self) -> None:
        """Insert the rows, one statement a table."""
        for model, rows in self.rows.items():
            model.insert_many(rows).execute()


class _Pending(threading.local):
    """The open transaction levels of this thread."""

    def __init__(self) -> None:
        self.levels: list[_Level] = []


_pending = _Pending()


class Model(peewee.Model):
    """A table. Subclasses declare ``id`` themselves and use no back-references."""

    id: Any

    class Meta:
        database = database
        legacy_table_names = False


def use(settings: Settings) -> None:
    """Point the process at the database that the settings name. Nothing is connected yet."""
    database.initialize(make(settings))
    url = settings.replica_url
    replica.use(make(settings.model_copy(update={"database_url": url})) if url and not is_sqlite() else None)


def make(settings: Settings) -> Any:
    """Return a pooled database for the settings. Raises Invalid for a URL it cannot serve."""
    url = settings.database_url or f"sqlite:///{settings.data_dir / 'desk.db'}"
    pool = {"max_connections": settings.database_pool, "timeout": 10}
    if url.startswith(("postgresql://", "postgres://")):
        url = url.replace("postgres://", "postgresql://", 1)
        return FencedPostgres(url, prefer_psycopg3=True, statement_seconds=settings.statement_seconds, **pool)
    if url.startswith("sqlite:///"):
        # The pool hands a connection from thread to thread, though never to two at a time.
        path = url.removeprefix("sqlite:///")
        return FencedSqlite(path, pragmas=SQLITE_PRAGMAS, check_same_thread=False, **pool)
    raise Invalid(
        "HELPDESK_DATABASE_URL must begin with sqlite:/// or postgresql://.", code="BAD_SETTING", path=("database_url",)
    )


def is_sqlite() -> bool:
    """Return whether the desk runs on SQLite."""
    return isinstance(database.obj, peewee.SqliteDatabase)


def takes_changes() -> bool:
    """Return whether the database may be written, as far as it says so; one that is full may say nothing yet."""
    if is_sqlite():
        return os.access(database.obj.database, os.W_OK)
    return bool(database.execute_sql("SHOW transaction_read_only").fetchone()[0] == "off")


def migrate(directory: Path = MIGRATIONS, *, history: str = "migration") -> list[str]:
    """Apply what is pending in the directory and return the names; each file is one transaction.

    Two processes that start together are serialised on PostgreSQL; SQLite's own lock does it there.
    """
    runner = Runner(database, str(directory), table_name=history)
    with patience(Patience.ENDLESS), connection():
        if is_sqlite():
            return list(runner.up())
        database.execute_sql("SELECT pg_advisory_lock(719200)")
        try:
            return list(runner.up())
        finally:
            database.execute_sql("SELECT pg_advisory_unlock(719200)")


def pending_migrations() -> list[str]:
    """Return the names of core migrations that the database lacks."""
    runner = Runner(database, str(MIGRATIONS), table_name="migration")
    with connection():
        return [row.name for row in runner.status() if not row.applied]


@contextmanager
def connection() -> Iterator[None]:
    """Hold a pooled connection in this thread; nested use shares the outer one."""
    opened = database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            database.close()


def let_go() -> None:
    """Give this thread's connection back, and take back what somebody left open on it."""
    held = database.obj
    if held is None or held.is_closed():
        return
    while held.transaction_depth():
        held.pop_transaction()
    _pending.levels.clear()
    held.close()  # the pool rolls back


@contextmanager
def reading() -> Iterator[None]:
    """Read in the block, for a query that changes nothing: from a replica, if it is as new as the primary."""
    with replica.reading(database.obj, UNREACHABLE):
        yield


@contextmanager
def transaction() -> Iterator[None]:
    """Run the block whole or not at all; inside another transaction it is a savepoint."""
    with replica.on_the_primary(), _transaction():
        yield


@contextmanager
def _transaction() -> Iterator[None]:
    outermost = not database.in_transaction()
    begin = ("IMMEDIATE",) if outermost and is_sqlite() else ()
    level = _Level()
    _pending.levels.append(level)
    try:
        with database.atomic(*begin):
            yield
            if len(_pending.levels) == 1:
                level.write()
    finally:
        _pending.levels.pop()
    if _pending.levels:
        _pending.levels[-1].take(level)
    else:
        _run(level.calls)


def insert_late(model: type[Model], rows: list[Mapping[str, Any]]) -> None:
    """Insert rows that nobody reads before the commit: just before it, those of all calls in one statement."""
    if _pending.levels:
        _pending.levels[-1].rows.setdefault(model, []).extend(rows)
    else:
        model.insert_many(rows).execute()


def after_commit(call: Callable[[], None]) -> None:
    """Make the call once the outermost transaction has committed; at once when there is none."""
    if _pending.levels:
        _pending.levels[-1].calls.append(call)
    else:
        _run([call])


def _run(calls: list[Callable[[], None]]) -> None:
    """Make the calls in order. The change is committed, so a failing call is reported and the rest go on."""
    for call in calls:
        try:
            call()
        except Exception:
            log.exception("a call after the commit failed")


def transactional(operation: Callable[P, R]) -> Callable[P, R]:
    """Run the operation in a transaction, again (with jitter, up to 5 times) when the database asks for it.

    Only the outermost call tries again: an inner one has no right to drop what the outer one did.
    Raises Unavailable when the database stays busy.
    """

    @functools.wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if database.in_transaction():
            with transaction():
                return operation(*args, **kwargs)
        for attempt in range(TRIES):
            try:
                with transaction():
                    return operation(*args, **kwargs)
            except peewee.DatabaseError as error:
                if not is_transient(error):
                    raise
                log.info("database busy, trying again", extra={"attempt": attempt + 1})
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311  # jitter, no secret
        raise Unavailable(BUSY, code="DATABASE_BUSY")

    return run


def is_transient(error: BaseException) -> bool:
    """Return whether the same transaction may succeed when it is run again."""
    return _state_of(error) in TRANSIENT_STATES or "database is locked" in str(error)


def _state_of(error: BaseException) -> str | None:
    """Return the SQLSTATE with which PostgreSQL refused."""
    return getattr(error.__cause__ or error.__context__ or error, "sqlstate", None)


def explained(error: BaseException) -> Unavailable | None:
    """Return what a person is told of an error of the database that is nobody's mistake; None for any other."""
    cause = error.__cause__ or error.__context__ or error
    if not isinstance(error, UNREACHABLE) or getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return None  # the last is SQLite's word for a statement that is wrong, and peewee's OperationalError too
    if (state := _state_of(error)) in TOLD:
        code, sentence = TOLD[state]
        return Unavailable(sentence, code=code)
    if is_transient(error):
        return Unavailable(BUSY, code="DATABASE_BUSY")
    if str(error).startswith(SQLITE_TAKES_NOTHING):
        return Unavailable(TAKES_NOTHING, code="DATABASE_READ_ONLY")
    return Unavailable("The desk cannot reach its database; try again in a moment.")


def database_now() -> peewee.SQL:
    """Return the SQL for the database's present time, in microseconds since 1970."""
    held = clock.held()
    if held is not None:
        return peewee.SQL(str(int(held.timestamp() * 1_000_000)))
    present = SQLITE_NOW if is_sqlite() else POSTGRES_NOW
    ahead = int(clock.ahead_seconds() * 1_000_000)
    return peewee.SQL(f"({present} + {ahead})" if ahead else present)


def present() -> datetime:
    """Return the database's present time, which is every worker's, whatever the clock of its machine says.

    SQLite has no clock but the machine's: there it is as much of that as can be believed.
    """
    if is_sqlite():
        return clock.steady()
    ((since,),) = database.execute_sql(f"SELECT {database_now().sql}").fetchall()
    return EPOCH + timedelta(microseconds=int(since))


def locked(query: Any) -> Any:
    """Add ``FOR UPDATE`` where the database has it; SQLite's writer is alone anyway."""
    return query if is_sqlite() else query.for_update()


def lock_rows(query: Any) -> Any:
    """Add ``FOR UPDATE SKIP LOCKED`` where the database has it; SQLite's writer is alone anyway."""
    return query if is_sqlite() else query.for_update("FOR UPDATE SKIP LOCKED")


def next_number(name: str, service_id: int, *, count: int = 1) -> int:
    """Return the next number of a series, 1 first; without gaps, since it is part of the transaction.

    With ``count``, that many numbers are taken and the last of them is returned.
    """
    sql = (
        "INSERT INTO counter (name, service_id, value) VALUES (?, ?, ?)"
        " ON CONFLICT (name, service_id) DO UPDATE SET value = counter.value + excluded.value RETURNING value"
    )
    cursor = database.execute_sql(sql.replace("?", database.param), (name, service_id, count))
    return int(cursor.fetchone()[0])


def last_number(name: str, service_id: int) -> int:
    """Return the number of a series that was given out last; 0 before the first."""
    found: Any = Counter.select(Counter.value).where(Counter.name == name, Counter.service_id == service_id)
    return next((int(row[0]) for row in found.tuples()), 0)


class Counter(Model):
    """The last number given out in a series, one row a series and service; service 0 is the desk."""

    name = peewee.CharField(max_length=40)
    service_id = peewee.BigIntegerField()
    value = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("name", "service_id")


def insert_once(model: type[Model], values: Mapping[str, Any]) -> int | None:
    """Insert the row and return its id, or None when a unique key says that it is there already."""
    rows = model.insert(values).on_conflict_ignore().returning(model.id).tuples().execute()
    return next((row[0] for row in rows), None)
