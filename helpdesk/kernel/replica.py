"""Lets queries read from a replica of the PostgreSQL database, and never anything older than what was asked after.

Before a query the primary is asked how far it has written (one small statement), and the replica whether it has
replayed as much; only then it answers, a few milliseconds later at most. So whoever has written reads what they
wrote, through any process, and so does everybody else. A note of who wrote when, and a time in which they read from
the primary (the lost alternatives), would cost a write for each writer, or trust a lag that nobody promises.
PostgreSQL must commit as it does by default (``synchronous_commit``).

A replica that is behind, down or none at all leaves the query to the primary. What changes something, even amidst
a query, goes to the primary (``transaction``).
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import peewee

from helpdesk.kernel import clock

log = logging.getLogger(__name__)

LOOKS = 4
LOOK_SECONDS = 0.005
REST_SECONDS = 5.0

_elsewhere: ContextVar[Any] = ContextVar("elsewhere", default=None)


_PRIMARY: Any = peewee.DatabaseProxy.__dict__["obj"]  # the slot that peewee keeps its database in


class RoutedProxy(peewee.DatabaseProxy):
    """Stands for the primary, and inside ``reading`` for the replica."""

    @property
    def obj(self) -> Any:
        """Return the database that is meant here."""
        return _elsewhere.get() or _PRIMARY.__get__(self)

    @obj.setter
    def obj(self, value: Any) -> None:
        _PRIMARY.__set__(self, value)


class _Replica:
    """The replica of this process, if there is one."""

    def __init__(self) -> None:
        self.pool: Any = None
        self.rests_until = 0.0


_replica = _Replica()


def use(pool: Any) -> None:
    """Read from the pool's database from now on where that is allowed; None is from none."""
    if _replica.pool is not None:
        _replica.pool.close_all()
    _replica.pool, _replica.rests_until = pool, 0.0


@contextmanager
def reading(primary: Any, trouble: tuple[type[Exception], ...]) -> Iterator[None]:
    """Read from the replica in the block if it has everything that the primary has now.

    ``trouble`` is what an unreachable database raises.
    """
    pool = _replica.pool
    if pool is None or primary is pool or clock.monotonic() < _replica.rests_until or primary.in_transaction():
        yield
        return
    is_as_new = False
    try:
        position = primary.execute_sql("SELECT pg_current_wal_lsn()").fetchone()[0]
        pool.connect(reuse_if_open=True)
        is_as_new = _has_replayed(pool, position)
    except trouble as error:
        _replica.rests_until = clock.monotonic() + REST_SECONDS
        log.warning("the replica does not answer; the primary does", extra={"error": repr(error)})
    token = _elsewhere.set(pool if is_as_new else None)
    try:
        yield
    finally:
        _elsewhere.reset(token)
        if not pool.is_closed():
            pool.close()


def _has_replayed(pool: Any, position: str) -> bool:
    """Return whether the replica has come to the position within a moment."""
    for look in range(LOOKS):
        time.sleep(LOOK_SECONDS if look else 0)
        (has_come,) = pool.execute_sql("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,)).fetchone()
        if has_come:
            return True
    return False


@contextmanager
def on_the_primary() -> Iterator[None]:
    """Leave the replica for the block."""
    token = _elsewhere.set(None)
    try:
        yield
    finally:
        _elsewhere.reset(token)
