"""Work that must not be lost: rows that a worker leases, finishes or gives back.

``due_at`` is the whole state of a row's waiting: empty when nothing is left to do, otherwise the
database time from which a worker may take it. Taking it moves ``due_at`` behind the lease, so a
worker that dies simply lets the row fall due again; a separate "locked" flag (the lost
alternative) would need somebody to clear it. ``attempts`` counts takings, so a crash counts too.
On SQLite the database's time is the machine's: where somebody sets that clock forward by more than a lease,
a row falls due early, and its work may be done twice, as after the death of a worker.
Work whose end nobody can foresee is done inside ``held``; one long lease for all (the lost
alternative) would leave the rows of a dead worker lying for just as long.
"""

import logging
import random
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import peewee

from helpdesk.kernel.columns import TimeColumn
from helpdesk.kernel.db import Model, connection, database_now, lock_rows

log = logging.getLogger(__name__)

SECOND = 1_000_000
LONGEST_WAIT_SECONDS = 3600.0
LONGEST_WISH_SECONDS = 86_400.0


class Leased(Model):
    """A row of work. Subclasses declare their own ``id``."""

    due_at = TimeColumn(null=True)
    lease = peewee.CharField(max_length=32, null=True)
    attempts = peewee.IntegerField(default=0)
    last_error = peewee.TextField(default="")


Work = TypeVar("Work", bound=Leased)

_held_back = threading.Event()


def hold_back() -> None:
    """Hand out no row in this process until ``hand_out``: it ends, and what is left is another worker's."""
    _held_back.set()


def hand_out() -> None:
    """Hand out rows again."""
    _held_back.clear()


def are_held_back() -> bool:
    """Return whether this process ends, so that long work without a lease had better pause too."""
    return _held_back.is_set()


def in_seconds(seconds: float) -> Any:
    """Return the SQL for the database's time so many seconds from now."""
    return database_now() if seconds <= 0 else peewee.NodeList((database_now(), peewee.SQL("+"), int(seconds * SECOND)))


def claim(model: type[Work], *conditions: Any, seconds: float) -> Work | None:
    """Take the row that has been due longest, or None. Nobody else gets it while the lease runs."""
    if _held_back.is_set():
        return None
    found = model.select(model.id).where(model.due_at <= database_now(), *conditions)
    found = lock_rows(found.order_by(model.due_at, model.id).limit(1))
    query = (
        model.update(due_at=in_seconds(seconds), lease=secrets.token_hex(16), attempts=model.attempts + 1)
        .where(model.id == found)  # not IN: PostgreSQL may then run the inner query again for each row
        .returning(model)
    )
    return next(iter(query.execute()), None)


def release(row: Leased, *, due_in_seconds: float | None = None, **changes: Any) -> bool:
    """End the lease and write the changes; the row falls due again only if told so.

    False when the lease was lost meanwhile: then nothing is written, somebody else owns the row.
    """
    model = type(row)
    due_at = None if due_in_seconds is None else in_seconds(due_in_seconds)
    query = model.update(due_at=due_at, lease=None, **changes).where(model.id == row.id, model.lease == row.lease)
    return bool(query.execute())


def give_back(row: Leased, *, base_seconds: float, wish: Any = None, is_free: bool = False, **changes: Any) -> bool:
    """End the lease and let the row fall due after a wait that grows with its tries, or the one that is wished for.

    A free try does not count. False when the lease was lost meanwhile, as with ``release``.
    """
    wait = wait_seconds(wish, backoff(row.attempts, base_seconds=base_seconds))
    return release(row, due_in_seconds=wait, attempts=row.attempts - is_free, **changes)


def renew(row: Leased, *, seconds: float, **changes: Any) -> bool:
    """Keep the lease longer and write the changes. False when it was lost: then nothing is written."""
    model = type(row)
    query = model.update(due_at=in_seconds(seconds), **changes).where(model.id == row.id, model.lease == row.lease)
    return bool(query.execute())


@contextmanager
def held(row: Leased, *, seconds: float) -> Iterator[None]:
    """Keep the lease for as long as the block takes, however long; a worker that dies keeps it no longer.

    A lease that is lost meanwhile stops nothing: ``release`` says so. Not for use inside a
    transaction, which the renewals, on a connection of their own, would wait for.
    """
    is_over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(row, seconds, is_over), name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        is_over.set()
        keeper.join()


def _keep(row: Leased, seconds: float, is_over: threading.Event) -> None:
    """Renew the lease until told that it is over, or until it is lost."""
    is_ours = True
    while is_ours and not is_over.wait(seconds / 3):
        try:
            with connection():
                is_ours = renew(row, seconds=seconds)
        except Exception:  # a database that is away may be back before the lease has run out
            log.warning("could not renew a lease; trying again", extra={"row_id": row.id}, exc_info=True)


def backoff(attempts: int, *, base_seconds: float) -> float:
    """Return how long to wait after so many tries: doubling, capped at an hour, with jitter over its later half."""
    ceiling: float = min(LONGEST_WAIT_SECONDS, base_seconds * 2 ** min(attempts - 1, 20))
    return ceiling / 2 + random.uniform(0, ceiling / 2)  # noqa: S311  # jitter, no secret


def wait_seconds(wish: Any, usual: float) -> float:
    """Return how long to wait before the next try: as the outside wishes, within a day, if it wishes sensibly."""
    if isinstance(wish, bool) or not isinstance(wish, int | float) or not wish >= 0:
        return usual
    return float(min(wish, LONGEST_WISH_SECONDS))


def index_due(*models: type[Leased]) -> None:
    """Give each table the index over the rows that wait, by which ``claim`` finds what is due."""
    for model in models:
        name = f"{model._meta.table_name}_due"
        model.add_index(model.index(model.due_at, where=model.due_at.is_null(False), name=name))
