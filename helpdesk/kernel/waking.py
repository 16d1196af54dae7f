"""Carries wake-ups to the queue in a thread of its own: a queue that is slow or away holds up no request.

Each wake-up brings one thread of a worker, so as many are carried as came, up to more than all workers have threads:
what waits stays small however long the queue takes. A wake-up that is lost costs time and nothing else (jobs.py); so
a queue that failed is left alone for a while, and what comes meanwhile is dropped.
"""

import logging
import os
import threading
from collections.abc import Callable

from helpdesk.kernel import clock

log = logging.getLogger(__name__)

MOST = 100  # of one name
QUIET_SECONDS = 5.0
IDLE_SECONDS = 10.0


class Waker:
    """The thread of this process, which begins when there is something to do and ends when there was nothing."""

    def __init__(self, put: Callable[[str], object]) -> None:
        self._put = put
        self._changed = threading.Condition()
        self._names: dict[str, int] = {}
        self._is_putting = False
        self._pid = 0
        self._quiet_until = 0.0
        self.thread: threading.Thread | None = None

    def wake(self, name: str) -> None:
        """Put the name into the queue soon, or drop it while the queue is left alone. Returns at once."""
        if clock.monotonic() < self._quiet_until:
            return
        with self._changed:
            is_first = not self._names
            self._names[name] = min(self._names.get(name, 0) + 1, MOST)
            if is_first:
                self._changed.notify_all()
            if self._pid != os.getpid():  # there is none yet, or this is a fork, which has no threads
                self._pid = os.getpid()
                self.thread = threading.Thread(target=self._run, name="wake-ups", daemon=True)
                self.thread.start()

    def flush(self, *, seconds: float) -> bool:
        """Wait until everything is in the queue, so long at most, and return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._names and not self._is_putting, seconds)

    def _run(self) -> None:
        while (name := self._next()) is not None:
            try:
                self._put(name)
            except Exception as error:  # whatever the queue raises: the sweeper finds the work
                self._quiet_until = clock.monotonic() + QUIET_SECONDS
                log.warning("could not wake a worker; the sweeper will", extra={"line": name, "error": repr(error)})

    def _next(self) -> str | None:
        """Return the name that has waited longest; None when nothing came for a while, and then the thread ends."""
        with self._changed:
            self._is_putting = False
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._names, IDLE_SECONDS):
                self._pid = 0
                return None
            name = next(iter(self._names))
            count = self._names.pop(name) - 1
            if count:
                self._names[name] = count  # behind the others
            self._is_putting = True
            return name
