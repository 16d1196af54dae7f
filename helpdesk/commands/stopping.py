"""Waits for Ctrl-C or SIGTERM, so that what runs can end in order.

From its beginning on a signal is kept rather than raised: one that comes while the desk still starts
ends it right after. The second one is not waited for: it takes its usual, hard effect. A process that
begins anew (recycling.py) loses no signal: ``pass_on`` leaves one that comes meanwhile to its successor.
"""

import queue
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS = 0.2
FINISHING = "Stopping: what runs is finished first."


def _nothing() -> str:
    return ""


class Stopping:
    """The wish to stop."""

    def __init__(self) -> None:
        self._wishes: queue.SimpleQueue[int] = queue.SimpleQueue()  # its put may be called by a signal handler
        self._ends = False
        self.is_wished = False

    def wait(self, reason: Callable[[], str] = _nothing) -> str:
        """Return nothing once somebody wants an end, or before that a reason to end, once there is one.

        From a wish on, which may come while the process ends for that reason, signals are hard. It looks up
        now and then: the system may hand a signal to another thread, which does not wake this one.
        """
        why = ""
        while not self._look() and not (why := reason()):
            continue
        self._ends = True
        if self.is_wished:
            _harden(signal.default_int_handler)
        return "" if self.is_wished else why

    def _look(self) -> bool:
        with suppress(queue.Empty):
            self._wishes.get(timeout=LOOK_SECONDS)
        return self.is_wished

    def wish(self, number: int, frame: FrameType | None = None) -> None:
        """Note a signal."""
        del frame
        self.is_wished = True
        self._wishes.put(number)
        if self._ends:
            _harden(signal.default_int_handler)

    def pass_on(self) -> bool:
        """Leave signals from now on to the program that this process is about to become. False after a wish.

        They are blocked in this thread, and wait; in one that is left over, which does not block them, they are hard.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        _harden(signal.SIG_DFL)
        return not self.is_wished


def _harden(interrupted: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    """Let signals have their usual effect from now on."""
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Keep signals until they are waited for, those too that were passed on. For the main thread alone."""
    wanted = Stopping()
    before = {number: signal.signal(number, wanted.wish) for number in SIGNALS}
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    try:
        yield wanted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
