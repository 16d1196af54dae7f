"""The processes of channels that run apart, as the desk holds them: start, write, listen, end.

There is one for each such channel in each process of the desk; it serves all accounts of the channel,
many calls at once, and is started again by the first call after its end. One for each account lost:
fifty mailboxes would be fifty interpreters. The calls that a process had under way when it ended fail.

A call that overruns its deadline ends the process, which a thread cannot be. It takes no new calls
then, and is killed when its other calls, which have deadlines too, are over: one hanging call must not
have another message sent twice.

A channel that only reads apart has a second sort of process, which reads one message after the other
(``turn_of``): what is built to break its reader ends no other message's.

The process ends with its standard input, that is with ours.
"""

import atexit
import logging
import os
import select
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from io import BufferedReader, RawIOBase
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, cast

from helpdesk.channels import frames
from helpdesk.channels.frames import Broken, Frame
from helpdesk.kernel import clock, footprint, http
from helpdesk.kernel.text import one_line
from helpdesk.plugins.guard import WrongAnswer, blotted
from helpdesk.sdk.channel import AccountRefused, Refused, Retry, Unverified, WindowClosed

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-P", "-m", footprint.__name__, "helpdesk.channels.child")
OWN_SETTINGS = "HELPDESK_"
READER_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "67108864"}
"""What keeps a reader from growing: glibc gives back what a large mail took, whatever small things lie behind it."""
WRITE_SECONDS = 30.0
END_SECONDS = 2.0
LONGEST_LINE = 4000
TOO_LATE = "it was killed, because a call did not end in time"
SAID: Mapping[str, type[Exception]] = {kind.__name__: kind for kind in (Refused, WindowClosed, Unverified, WrongAnswer)}


class ProcessEnded(Exception):
    """The channel's process has ended, by itself or because it had to be."""


class NotTaken(ProcessEnded):
    """The process takes no more calls, and has not begun with this one: another process may."""


class _Children:
    """The running processes of this process, by channel and whether it only reads."""

    def __init__(self) -> None:
        self.current: dict[tuple[str, bool], Child] = {}
        self.turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self.all: set[Child] = set()
        self.lock = threading.RLock()


class Child:
    """One process, as the desk holds it."""

    def __init__(self, name: str, *, is_reader: bool) -> None:
        self.name, self.is_reader = name, is_reader
        self.secrets: set[str] = set()
        self._reason = ""
        self._is_over = threading.Event()
        self._is_retired = False
        self._calls: dict[int, SimpleQueue[Frame | None]] = {}
        self._with_deadline: set[int] = set()
        self._numbers = count(1)
        self._lock, self._write_lock = threading.Lock(), threading.Lock()
        started: Future[None] = Future()
        threading.Thread(target=self._run, args=(started,), name=f"channel-{name}", daemon=True).start()
        started.result()
        threading.Thread(target=self._log, name=f"channel-{name}-log", daemon=True).start()
        self._write(_hello(name, is_reader=is_reader))

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._process.pid

    def call(
        self,
        do: str,
        account: int,
        given: Any = None,
        *,
        seconds: float | None,
        asked: Callable[[Frame], Any] | None = None,
    ) -> Any:
        """Have the process do something, and return its answer; ``asked`` answers what it wants to know meanwhile.

        Raises what the channel raised, and ProcessEnded.
        """
        number, came = self._begin(has_deadline=seconds is not None)
        frame = {"do": do, "number": number, "account": account, "given": given}
        try:
            return self._answer(frame, came, seconds, asked)
        except SystemExit:  # the guard has given the call up, and may say so in the midst of our own giving up
            self._over(number)
            self.retire(TOO_LATE)
            raise
        finally:
            self._over(number)

    def _answer(
        self,
        frame: Frame,
        came: SimpleQueue[Frame | None],
        seconds: float | None,
        asked: Callable[[Frame], Any] | None,
    ) -> Any:
        """Write the frame of a call, and return what is answered to it. Raises as ``call`` does."""
        deadline = None if seconds is None else clock.monotonic() + seconds
        errors: list[Exception] = []
        try:
            self._write(frame)
            while True:
                answer = came.get(timeout=None if deadline is None else max(deadline - clock.monotonic(), 0))
                if answer is None:
                    raise ProcessEnded(self._reason)
                if "ask" not in answer:
                    return _value(answer, errors)
                self._write(_reply(answer, asked, errors))
        except Empty:
            self.retire(TOO_LATE)
            raise ProcessEnded("it did not end in time") from None

    def tell(self, do: str, account: int) -> None:
        """Have the process do something that has no answer; one that is gone need not."""
        with suppress(ProcessEnded):
            self._write({"do": do, "account": account})

    def retire(self, reason: str) -> None:
        """Take no more calls; end when those with a deadline are over."""
        with self._lock:
            self._is_retired = True
            self._reason = self._reason or reason
            is_idle = not self._with_deadline
        forget(self)
        if is_idle:
            self.kill(reason)

    def kill(self, reason: str) -> None:
        """End the process now, and whatever it has started."""
        self._reason = self._reason or reason
        forget(self)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def abandon(self) -> None:
        """Let go of a process that belongs to the process which this one was forked from."""
        for pipe in (self._to, self._from, self._said):
            with suppress(OSError):
                pipe.close()
        self._process.returncode = 0  # not ours to wait for

    def _begin(self, *, has_deadline: bool) -> tuple[int, SimpleQueue[Frame | None]]:
        came: SimpleQueue[Frame | None] = SimpleQueue()
        with self._lock:
            if self._is_retired or self._process.returncode is not None:
                raise NotTaken(self._reason or "its process has ended")
            number = next(self._numbers)
            self._calls[number] = came
            if has_deadline:
                self._with_deadline.add(number)
        return number, came

    def _over(self, number: int) -> None:
        with self._lock:
            self._calls.pop(number, None)
            self._with_deadline.discard(number)
            is_to_end = self._is_retired and not self._with_deadline
        if is_to_end:
            self.kill(self._reason)

    def _write(self, frame: Mapping[str, Any]) -> None:
        """Write a frame. Raises ProcessEnded, also of a process that reads no more: it is killed."""
        pieces = frames.pack(frame)
        pipe, deadline = self._to, clock.monotonic() + WRITE_SECONDS
        if not self._write_lock.acquire(timeout=WRITE_SECONDS):
            self.kill("it was killed, because it read no more")
            raise ProcessEnded(self._reason)
        try:
            ready = select.poll()
            ready.register(pipe.fileno(), select.POLLOUT)
            for piece in pieces:
                left = memoryview(piece)
                while left:
                    if not ready.poll(max(deadline - clock.monotonic(), 0) * 1000):
                        self.kill("it was killed, because it read no more")
                        raise ProcessEnded(self._reason)
                    left = left[os.write(pipe.fileno(), left) :]
        except (OSError, ValueError):  # its end is closed, or ours, since it has ended
            self._is_over.wait(END_SECONDS)  # how, is known a moment later
            raise ProcessEnded(self._reason or "its process has ended") from None
        finally:
            self._write_lock.release()

    def _run(self, started: Future[None]) -> None:
        """Start the process and read it until it ends: a thread that ends before would end it. See child.py."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(OWN_SETTINGS)}
        environment |= READER_MEMORY if self.is_reader else {}
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own module
                COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                env=environment, start_new_session=True,
            )  # fmt: skip
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            assert self._process.stderr is not None
            self._to, self._from, self._said = self._process.stdin, self._process.stdout, self._process.stderr
            os.set_blocking(self._to.fileno(), False)
        except BaseException as error:  # whoever wants the process is told
            started.set_exception(error)
            return
        started.set_result(None)
        self._read()

    def _read(self) -> None:
        """Hand what the process writes to the calls it belongs to; in the end tell them all that it is over."""
        try:
            pipe = BufferedReader(cast("RawIOBase", self._from))
            while frame := frames.read(pipe):
                with self._lock:
                    came = self._calls.get(int(frame.get("re") or frame.get("of") or 0))
                if came is not None:
                    came.put(frame)
        except Broken as error:
            self.kill(f"it was killed, because {error}")
        except Exception:
            log.exception("a channel's process could not be read")
        self._end()
        self._from.close()
        with self._write_lock:  # a number that is written to must not be another file's by then
            self._to.close()

    def _end(self) -> None:
        """Wait for the end of a process that writes no more, and see to it."""
        forget(self)
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill("it was killed, because it answered no more")
            status = self._process.wait()
        with suppress(ProcessLookupError, PermissionError):  # what it has started, if anything
            os.killpg(self._process.pid, signal.SIGKILL)
        with self._lock:
            self._reason = self._reason or f"its process ended {_how(status)}"
            waiting = list(self._calls.values())
        self._is_over.set()
        with _children.lock:
            _children.all.discard(self)
        log.info("a channel's process has ended", extra={"channel": self.name, "reason": self._reason})
        for came in waiting:
            came.put(None)

    def _log(self) -> None:
        """Log what the channel prints and logs, line by line."""
        with self._said as pipe:
            while line := pipe.readline(LONGEST_LINE):
                secrets = sorted(self.secrets, key=len, reverse=True)  # one may be the beginning of another
                text = one_line(blotted(line.decode(errors="replace"), secrets), longest=LONGEST_LINE)
                if text:
                    log.info("a channel said", extra={"channel": self.name, "text": text})


_children = _Children()


def pids() -> dict[str, int]:
    """Return the running processes of this process by channel."""
    with _children.lock:
        return {name: child.pid for (name, is_reader), child in _children.current.items() if not is_reader}


def running() -> set[Child]:
    """Return every process that has not ended, also those that take no more calls."""
    with _children.lock:
        return set(_children.all)


def is_current(child: Child) -> bool:
    """Return whether new calls go to the process."""
    return _children.current.get((child.name, child.is_reader)) is child


def renew() -> None:
    """Let every process end once its calls are over: the next call starts one with what is installed then."""
    with _children.lock:
        current = list(_children.current.values())
    for child in current:
        child.retire("it was ended, because the plugins have changed")


def end_all() -> None:
    """End every process now."""
    with _children.lock:
        running = list(_children.all)
    for child in running:
        child.kill("it was ended with the desk")


def child_of(name: str, *, is_reader: bool) -> Child:
    """Return the process of the channel, or the one in which it only reads; it is started where there is none."""
    with _children.lock:
        child = _children.current.get((name, is_reader))
        if child is None:
            child = _children.current[name, is_reader] = Child(name, is_reader=is_reader)
            _children.all.add(child)
        return child


def turn_of(name: str) -> threading.Lock:
    """Return what whoever reads with the channel holds meanwhile."""
    with _children.lock:
        return _children.turns[name]


def forget(child: Child) -> None:
    """Have no further call go to the process."""
    with _children.lock:
        if is_current(child):
            del _children.current[child.name, child.is_reader]


def _after_fork() -> None:
    """Begin without any process in a process that was forked: the pipes are its parent's."""
    inherited, _children.lock = list(_children.all), threading.RLock()
    _children.current, _children.all = {}, set()
    _children.turns.clear()
    for child in inherited:
        child.abandon()


def _hello(name: str, *, is_reader: bool) -> Frame:
    allow = [str(network) for network in http.client().allow]
    level = logging.getLogger().level
    return {"channel": name, "path": list(sys.path), "allow": allow, "log_level": level, "is_reader": is_reader}


def _value(frame: Frame, errors: Sequence[Exception]) -> Any:
    """Return the answer of a call. Raises what the channel raised: ours again, if it let an error of ours pass."""
    error = frame.get("error")
    if error is None:
        return frame.get("value")
    words = str(error["words"])
    if error["says"] == "FromDesk" and errors:
        raise errors[-1]
    if error["says"] == "AccountRefused":
        raise AccountRefused(words, must_reconnect=error["must_reconnect"])
    if error["says"] == "Retry":
        raise Retry(words, after_seconds=error["after_seconds"])
    if error["says"] == "Refused":
        raise Refused(words, is_permanent=error["is_permanent"])
    if error["says"] in SAID:
        raise SAID[error["says"]](words)
    parent = BaseException if error["ends_a_process"] else Exception
    raised: BaseException = type(str(error["name"]), (parent,), {})(words)
    raised.add_note(str(error["trace"]))
    raise raised


def _reply(frame: Frame, asked: Callable[[Frame], Any] | None, errors: list[Exception]) -> Frame:
    """Answer what the channel asks in the course of a call; an error is kept, to be raised when it comes back."""
    try:
        return {"re": frame["number"], "value": asked(frame) if asked else None}
    except Exception as error:
        errors.append(error)
        return {"re": frame["number"], "error": str(error)}


def _how(status: int) -> str:
    if status >= 0:
        return f"with status {status}"
    if status == -signal.SIGPROF:
        return "because it took too much processor time"
    with suppress(ValueError):
        return f"by signal {signal.Signals(-status).name}"
    return f"by signal {-status}"


atexit.register(end_all)
os.register_at_fork(after_in_child=_after_fork)
