"""Waits for Ctrl-C or SIGTERM, so that what runs can end in order.

From its beginning on a signal is kept rather than raised: one that comes while the desk still starts
ends it right after. The second one is not waited for: it takes its usual, hard effect.
"""

import queue
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS = 0.2


class Stopping:
    """The wish to stop."""

    def __init__(self) -> None:
        self._wishes: queue.SimpleQueue[int] = queue.SimpleQueue()  # its put may be called by a signal handler

    def wait(self) -> None:
        """Return once somebody wants an end; from then on signals are hard.

        It looks up now and then: the system may hand a signal to another thread, which does not wake this one.
        """
        while not self._is_wished():
            continue
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _is_wished(self) -> bool:
        try:
            self._wishes.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            return False
        return True

    def wish(self, number: int, frame: FrameType | None = None) -> None:
        """Note a signal."""
        del frame
        self._wishes.put(number)


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Keep signals until they are waited for. For the main thread alone."""
    wanted = Stopping()
    before = {number: signal.signal(number, wanted.wish) for number in SIGNALS}
    try:
        yield wanted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
