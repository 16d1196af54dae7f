"""Waking workers. Huey only wakes; the database is the truth.

Huey loses a running task on SIGKILL and on SIGTERM (measured), so no work is ever kept in it: the
work is a leased row (leases.py), a *line* of such rows has a function that drains it, and a wake-up
merely says "drain that line now". A sweeper in each worker drains every line now and then, so a
lost wake-up, a flushed Redis or a killed worker costs time and nothing else.

This is the only file that imports huey.
"""

import hashlib
import hmac
import logging
import threading
from collections.abc import Callable
from typing import Any

import orjson
from huey import Huey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

from helpdesk.kernel import clock, leases
from helpdesk.kernel.db import after_commit, connection
from helpdesk.kernel.errors import Unavailable
from helpdesk.kernel.patience import Patience, patience
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.waking import Waker

log = logging.getLogger(__name__)

REDIS_SECONDS = 1.0
STOP_SECONDS = 60.0
MORE_ROUNDS = 2
SIGNATURE_BYTES = 32


class SignedJson(Serializer):
    """Wake-ups as signed JSON: a forged or foreign payload is refused, and nothing is ever unpickled."""

    def __init__(self, secret: bytes) -> None:
        super().__init__()
        self._secret = secret

    def serialize(self, data: Message) -> bytes:
        body = orjson.dumps({"id": data.id, "name": data.name, "args": data.args})
        return hmac.digest(self._secret, body, hashlib.sha256) + body

    def deserialize(self, data: bytes) -> Message:
        signature, body = data[:SIGNATURE_BYTES], data[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, hmac.digest(self._secret, body, hashlib.sha256)):
            raise ValueError("a wake-up with a wrong signature was refused")
        fields = orjson.loads(body)
        return Message(fields["id"], fields["name"], args=tuple(fields["args"]), kwargs={}, retries=0, retry_delay=0)


class _Desk:
    """The lines of work and the huey of this process."""

    def __init__(self) -> None:
        self.lines: dict[str, Callable[[], None]] = {}
        self.pauses: dict[str, float] = {}
        self.woken: set[str] = set()
        self.huey: Huey | None = None
        self.drain: Callable[[str], Any] | None = None
        self.waker = Waker(lambda name: self.drain(name) if self.drain else None)


_desk = _Desk()


def use(settings: Settings, *, secret: bytes) -> None:
    """Set up the wake-ups of this process; ``secret`` signs them."""
    serializer = SignedJson(secret)
    # A name of its own: desks that share a Redis would take each other's wake-ups, and refuse them.
    name = f"helpdesk-{hmac.digest(secret, b'queue', hashlib.sha256).hex()[:12]}"
    if settings.redis_url:
        joint = "&" if "?" in settings.redis_url else "?"
        limits = f"{joint}socket_connect_timeout={REDIS_SECONDS}&socket_timeout={REDIS_SECONDS + 1}"
        huey = RedisHuey(name, url=settings.redis_url + limits, results=False, serializer=serializer)
    else:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        path = settings.data_dir / "wakeups.db"
        huey = SqliteHuey(name, filename=str(path), results=False, serializer=serializer, fsync=False)
    _desk.huey = huey
    _desk.drain = huey.task(name="drain")(_drain_quietly)


def line(name: str, drain: Callable[[], None], *, every_seconds: float = 0.0) -> None:
    """Declare a line of work: ``drain`` does what is due and returns when nothing is left that it can claim.

    A sweeper leaves ``every_seconds`` between two sweeps of the line.
    """
    _desk.lines[name] = drain
    _desk.pauses[name] = every_seconds


def lines() -> tuple[str, ...]:
    """Return the names of the lines of work."""
    return tuple(_desk.lines)


def wake(name: str) -> None:
    """Wake a worker for the line once the transaction is committed, without waiting for the queue (waking.py)."""
    after_commit(lambda: _enqueue(name))


def _enqueue(name: str) -> None:
    if _desk.drain is None:
        raise Unavailable("The application was not set up; call create_app() first.")
    _desk.woken.add(name)
    _desk.waker.wake(name)


def flush(*, seconds: float) -> bool:
    """Wait, so long at most, until every wake-up has reached the queue; for processes that are about to end."""
    return _desk.waker.flush(seconds=seconds)


def drain(name: str) -> None:
    """Do what is due in the line, in this thread."""
    with patience(Patience.WORK), connection():
        _desk.lines[name]()


def drain_all() -> None:
    """Do what is due, in this thread: each line once, and up to twice more those that were woken meanwhile."""
    _desk.woken.clear()
    for name in lines():
        drain(name)
    for _round in range(MORE_ROUNDS):
        if not drain_woken():
            break


def drain_woken() -> bool:
    """Do what is due in the lines that were woken since they were last drained so; return whether there were any."""
    woken, _desk.woken = _desk.woken, set()
    for name in lines():
        if name in woken:
            drain(name)
    return bool(woken)


def _drain_quietly(name: str) -> None:
    try:
        drain(name)
    except Exception:
        log.exception("a line of work failed; the sweeper tries again", extra={"line": name})


class Worker:
    """The threads of one worker: huey's consumer, and a sweeper for each line, which needs no queue.

    A line that is slow, for its work is a plugin's, holds up no other.
    """

    def __init__(self, settings: Settings) -> None:
        if _desk.huey is None:
            raise Unavailable("The application was not set up; call create_app() first.")
        self._seconds = settings.sweep_seconds
        self._stopping = threading.Event()
        self._sweepers = [
            threading.Thread(target=self._sweep, args=(name,), name=f"sweeper-{name}", daemon=True) for name in lines()
        ]
        self._consumer = _desk.huey.create_consumer(
            workers=settings.worker_threads, periodic=False, initial_delay=0.05, max_delay=0.1, backoff=1.1
        )
        self._consumer._signal_actions = {}  # signals belong to the command that runs the worker

    def start(self) -> None:
        """Start the threads; the caller keeps the process alive."""
        self._consumer.start()
        for sweeper in self._sweepers:
            sweeper.start()

    def stop(self) -> None:
        """Let the rows under way end, then return; those still in the line are not begun, and keep their place."""
        self._stopping.set()
        leases.hold_back()
        try:
            self._consumer.stop(graceful=True)
            deadline = clock.monotonic() + STOP_SECONDS
            for sweeper in self._sweepers:
                sweeper.join(timeout=max(0.0, deadline - clock.monotonic()))
        finally:
            leases.hand_out()

    def _sweep(self, name: str) -> None:
        pause = max(self._seconds, _desk.pauses.get(name, 0.0))
        while not self._stopping.is_set():
            _drain_quietly(name)
            self._stopping.wait(pause)
