"""How long PostgreSQL may take over what, and how a connection that it has left is known.

One slow statement must not hold a web thread for ever, nor a process that stands still the locks of its
transaction. Whoever does more than a visitor waits for says so by ``patience``: work by far, migrations
without end. It is per connection and told anew only where the pool hands it to somebody of another patience;
``SET LOCAL`` in each transaction lost, a round trip each time. SQLite has ``busy_timeout`` for its one lock,
and no limit on statements.

PostgreSQL says good-bye to idle connections when it ends, so one with something to read is no good any more.
That is looked up as the pool hands it out (a microsecond), and so nobody gets a connection from before a restart;
asking each by a statement first lost, which costs every request a round trip.
"""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import Any

from playhouse.pool import PooledPostgresqlDatabase

CONNECT_SECONDS = 5
SILENT_MILLISECONDS = 20_000  # a server whose machine is gone breaks no connection by itself
LIVELINESS = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": SILENT_MILLISECONDS,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
LOCK_SHARE = 3
"""A lock is waited for a third of the time of a statement: who waits for it holds other locks meanwhile."""
IDLE_TIMES = 4
"""A transaction may stand still for so many times the time of a statement."""


class Patience(Enum):
    """For whom a connection works; the value is how many times as long as the web's its statements may take."""

    WEB = 1
    WORK = 10
    ENDLESS = 0


_patience: ContextVar[Patience] = ContextVar("patience", default=Patience.WEB)


@contextmanager
def patience(wanted: Patience) -> Iterator[None]:
    """Let connections that are taken in the block have the patience."""
    token = _patience.set(wanted)
    try:
        yield
    finally:
        _patience.reset(token)


class PatientPostgres(PooledPostgresqlDatabase):
    """A pool of connections to PostgreSQL that are alive, and that give up in time."""

    def init(self, database: str, *, statement_seconds: float = 0, **options: Any) -> None:
        """Set up; a web statement may take so many seconds, 0 is without end."""
        self._statement_seconds = statement_seconds
        super().init(database, **LIVELINESS, **options)

    def _connect(self) -> Any:
        taken = super()._connect()
        wanted = _patience.get()
        if getattr(taken, "patience", None) is not wanted:
            try:
                taken.execute(self._limits(wanted))
            except BaseException:
                self._close(taken, close_conn=True)
                raise
            taken.patience = wanted
        return taken

    def _limits(self, wanted: Patience) -> str:
        statement = int(self._statement_seconds * wanted.value * 1000)
        return (
            f"SET statement_timeout = {statement}; SET lock_timeout = {statement // LOCK_SHARE};"
            f" SET idle_in_transaction_session_timeout = {statement * IDLE_TIMES}"
        )

    def _is_closed(self, conn: Any) -> bool:
        return bool(super()._is_closed(conn)) or has_been_left(conn)


def has_been_left(conn: Any) -> bool:
    """Return whether the server has said something on a connection on which nothing was asked."""
    looker = select.poll()
    looker.register(conn.fileno(), select.POLLIN)
    return bool(looker.poll(0))
