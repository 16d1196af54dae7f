"""Calls receivers one after the other in one thread of its own, so that whoever sends goes on at once.

Payloads are delivered in the order of their sending, each to the receivers that it was sent with, in
their order. Whatever a receiver raises is contained and counted. Nothing ends a thread from outside,
so one that overruns its deadline keeps the thread, and another one goes on with what is left; the
receiver is skipped until its call ends. After five failures in a row it rests, longer each time; then
one call is let through, and its success ends the rest.

A thread hand-over for each call, which the sender waits for (the lost alternative), took thirty times
as long as the call. The price is that a process that is killed tells nobody of its last changes: who
must not miss one subscribes durably (events.py). An orderly end waits for what was sent.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from helpdesk.kernel import clock, db
from helpdesk.kernel.errors import HelpdeskError, said

log = logging.getLogger(__name__)

DEADLINE_SECONDS = 5.0
LOOK_SECONDS = 0.25
LONGEST_BACKLOG = 10_000
EXIT_SECONDS = 5.0
FAILURES_IN_A_ROW = 5
FIRST_REST_SECONDS = 30.0
LONGEST_REST_SECONDS = 600.0

Trouble = Callable[["Receiver", str], None]
"""Takes a receiver and what went wrong; nothing when it does well again."""


def rest_seconds(openings: int) -> float:
    """Return how long one rests that has failed too often for the so-manieth time without a success between."""
    return min(FIRST_REST_SECONDS * 2.0 ** min(openings - 1, 10), LONGEST_REST_SECONDS)


@dataclass(slots=True, eq=False)
class Receiver:
    """Who is called, and what it has done in this process; ``seconds`` is the sum over its calls.

    ``topic`` is what it listens to; ``owner`` says whose it is, empty for nobody who wants to know.
    """

    call: Callable[[Any], object]
    topic: str
    owner: object = None
    calls: int = 0
    errors: int = 0
    overruns: int = 0
    seconds: float = 0.0
    is_ready: bool = True  # false when anything below stands in the way: one look decides in the usual case
    is_gone: bool = False
    in_a_row: int = 0
    openings: int = 0
    rests_until: float = 0.0
    reason: str = ""
    held_by: "_Dispatcher | None" = field(default=None, repr=False)

    @property
    def is_resting(self) -> bool:
        """Whether the last calls failed, and no later one has succeeded."""
        return self.openings > 0

    @property
    def is_overrunning(self) -> bool:
        """Whether a call that overran its deadline has not ended yet; one that a fork left behind never will."""
        return self.held_by is not None and self.held_by.post is _here.post

    def may_be_called(self) -> bool:
        """Return whether a call may be made although something stands, or stood, in the way."""
        return not (self.is_gone or self.is_overrunning or clock.monotonic() < self.rests_until)

    def leave(self) -> None:
        """Be called no more, not even with what was sent before."""
        self.is_gone, self.is_ready = True, False

    def succeeded(self) -> None:
        """Note that all is well again."""
        self.in_a_row = self.openings = 0
        self.rests_until, self.reason, self.held_by = 0.0, "", None
        self.is_ready = not self.is_gone

    def failed(self, reason: str) -> None:
        """Note a failure, and rest when there were enough of them in a row."""
        self.in_a_row += 1
        self.reason = reason
        if self.in_a_row >= FAILURES_IN_A_ROW:
            self.openings += 1
            self.rests_until = clock.monotonic() + rest_seconds(self.openings)
            self.is_ready = False


class _Dispatcher:
    """A thread that delivers, until it is retired because a receiver overran.

    The lock decides between a call's end and its retirement; whoever comes second does nothing.
    """

    def __init__(self, post: "_Post", left: Iterator[Receiver], payload: Any) -> None:
        self.post = post
        self.left, self.payload = left, payload
        self._at: Receiver | None = None
        self._began = 0.0
        self._is_retired = False
        self._lock = threading.Lock()
        self.thread = threading.Thread(target=self._run, name="signals", daemon=True)

    def seconds_left(self) -> float | None:
        """Return how long the present call may take, or None when there is none."""
        with self._lock:
            return None if self._at is None else self._began + DEADLINE_SECONDS - time.monotonic()

    def retire(self) -> Receiver | None:
        """Deliver nothing more after the present call if it has overrun, and return whose it is."""
        with self._lock:
            receiver, took = self._at, time.monotonic() - self._began
            if receiver is None or took < DEADLINE_SECONDS:
                return None
            self._is_retired = True
            receiver.calls += 1
            receiver.overruns += 1
            receiver.seconds += took
            receiver.held_by, receiver.is_ready = self, False
            receiver.failed(f"it did not end within {DEADLINE_SECONDS:g} seconds")
            return receiver

    def _run(self) -> None:
        while not self._is_retired:
            try:
                while self._deliver():
                    self._take()
            except BaseException:  # not a receiver's, whose is contained where it is called: memory, at worst
                log.exception("delivering signals stumbled")

    def _take(self) -> None:
        """Wait for the next payload."""
        line: tuple[Receiver, ...] = ()
        while not line:
            try:
                line, self.payload = self.post.queue.get_nowait()
            except Empty:
                self.payload = None  # an idle thread keeps nothing alive
                line, self.payload = self.post.queue.get()
            if not line:
                self.payload.set()  # somebody waits for what was sent until now
        self.left = iter(line)

    def _deliver(self) -> bool:
        """Call who is left. False when this thread was retired meanwhile."""
        self._advance()
        if not self.post.is_awake.is_set():
            self.post.is_awake.set()
        while (receiver := self._at) is not None:
            if not (receiver.is_ready or receiver.may_be_called()):
                self._advance()
            elif not self._settle(receiver, self._call(receiver)):
                return False
        return True

    def _advance(self) -> None:
        """Go to the next receiver."""
        with self._lock:
            self._at, self._began = next(self.left, None), time.monotonic()

    def _settle(self, receiver: Receiver, reason: str) -> bool:
        """Count a call that has ended, and go to the next receiver. False when this thread was retired meanwhile."""
        now = time.monotonic()
        with self._lock:
            if self._is_retired:
                receiver.held_by = None
                return False
            receiver.calls += 1
            receiver.seconds += now - self._began
            if reason:
                receiver.errors += 1
                receiver.failed(reason)
            elif receiver.in_a_row:
                receiver.succeeded()
            self._at, self._began = next(self.left, None), now
        return True

    def _call(self, receiver: Receiver) -> str:
        """Call, tell of trouble, and return what went wrong; a connection that the receiver opened goes back."""
        reason = ""
        try:
            receiver.call(self.payload)
        except BaseException as error:  # a receiver may be a plugin's, and raise anything
            reason = error.message if isinstance(error, HelpdeskError) else said(error)
            log.exception("signal receiver failed", extra={"signal": receiver.topic})
        try:
            db.let_go()
        except Exception as error:
            reason = reason or said(error)
        if reason or (receiver.in_a_row and not self._is_retired):
            self.post.tell(receiver, reason)
        return reason


class _Post:
    """What waits in this process to be delivered, who delivers it, and who watches that."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[tuple[tuple[Receiver, ...], Any]] = SimpleQueue()
        self.dispatcher: _Dispatcher | None = None
        self.dropped = 0
        self.is_awake = threading.Event()
        self._is_watched = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to deliver, unless somebody does already."""
        with self._lock:
            if not self._is_watched:
                threading.Thread(target=self._watch, name="signals-watch", daemon=True).start()
                self._is_watched = True
            if self.dispatcher is None:
                dispatcher = _Dispatcher(self, iter(()), None)
                dispatcher.thread.start()
                self.dispatcher = dispatcher
                self.is_awake.set()

    def drop(self, topic: str) -> None:
        """Count what cannot be kept, and say so the first time."""
        with self._lock:
            self.dropped += 1
            is_first = self.dropped == 1
        if is_first:
            log.error("too many signals wait to be delivered, so some are dropped", extra={"signal": topic})

    def tell(self, receiver: Receiver, reason: str) -> None:
        """Tell whoever wants to know of a receiver's trouble, or, without a reason, that it is over."""
        if receiver.owner is None:
            return
        try:
            _here.trouble(receiver, reason)
        except Exception:
            log.exception("the trouble of a signal receiver could not be told")

    def _watch(self) -> None:
        """Let another thread go on when a receiver overruns; asleep while nothing is delivered."""
        while True:
            self.is_awake.wait()
            self.is_awake.clear()
            while self.dispatcher and (left := self.dispatcher.seconds_left()) is not None:
                if left > 0:
                    time.sleep(min(left, LOOK_SECONDS))
                elif receiver := self.dispatcher.retire():
                    log.error("signal receiver overran its deadline", extra={"signal": receiver.topic})
                    self.tell(receiver, receiver.reason)
                    self._replace(self.dispatcher)

    def _replace(self, retired: _Dispatcher) -> None:
        """Let another thread go on with what is left, as soon as one can be had."""
        while True:
            self.dispatcher = _Dispatcher(self, retired.left, retired.payload)
            try:
                self.dispatcher.thread.start()
            except RuntimeError:
                log.exception("signals wait, since no thread can be started")
                time.sleep(LOOK_SECONDS)
            else:
                return


class _Here:
    """What this process has: its post, which a forked process replaces, and whom to tell of troubles."""

    def __init__(self) -> None:
        self.post = _Post()
        self.trouble: Trouble = lambda _receiver, _reason: None


_here = _Here()


def send(line: tuple[Receiver, ...], payload: Any) -> None:
    """Have the receivers called with the payload, soon. Never waits, and never raises."""
    post = _here.post
    if post.queue.qsize() >= LONGEST_BACKLOG:
        post.drop(line[0].topic)
        return
    post.queue.put((line, payload))
    if post.dispatcher is None:
        try:
            post.start()
        except RuntimeError:  # no thread can be had now; the next sending tries again
            log.exception("signals wait, since no thread can be started")


def flush(*, seconds: float = 10.0) -> bool:
    """Wait until all that was sent before is delivered, or has overrun; False when that takes longer.

    What receivers send meanwhile is not waited for. Called by a receiver, it would wait for itself: False at once.
    """
    post = _here.post
    dispatcher = post.dispatcher
    if dispatcher is None:
        return post.queue.empty()
    if threading.current_thread() is dispatcher.thread:
        return False
    is_reached = threading.Event()
    post.queue.put(((), is_reached))
    return is_reached.wait(seconds)


def dropped() -> int:
    """Return how many payloads this process has dropped because too many waited."""
    return _here.post.dropped


def report_troubles_to(trouble: Trouble) -> None:
    """Tell somebody of each failure of a receiver that has an owner, and, by an empty reason, that it does well again.

    It is called in the thread that delivers, so it must be quick.
    """
    _here.trouble = trouble


def _begin_anew() -> None:
    """Deliver for a forked process, which has none of its parent's threads; what waits there stays the parent's."""
    _here.post = _Post()


os.register_at_fork(after_in_child=_begin_anew)
atexit.register(flush, seconds=EXIT_SECONDS)
