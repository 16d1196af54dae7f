"""The threads in which a plugin's code runs: used again while it keeps its deadlines, told to end when it does not."""

import contextvars
import ctypes
import logging
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from helpdesk.kernel import db
from helpdesk.kernel.errors import said

log = logging.getLogger(__name__)

MOST_IDLE = 16

Answer = TypeVar("Answer")


class Call(Generic[Answer]):
    """One call under way; ``answer`` or ``error`` is set before ``ended``."""

    def __init__(self, function: Callable[[], Answer]) -> None:
        self._function = function
        self._context = contextvars.copy_context()
        self.ended = threading.Event()
        self.answer: Answer
        self.error: BaseException | None = None
        self.words = ""
        self.trace = ""

    def run(self) -> None:
        """Call, in a thread of its own; a connection to the database that the call opened is closed with it."""
        try:
            self.answer = self._context.run(self._function)
        except BaseException as error:  # a plugin may raise anything, and this thread is there for it
            self.error, self.words = error, said(error)
            self.trace = traceback.format_exc()
        try:
            db.let_go()
        except Exception:
            log.exception("a connection that a plugin's hook had opened could not be closed")
        finally:
            self.ended.set()


class Runner:
    """A thread that makes calls, one after the other, and is used again while it keeps the deadlines."""

    def __init__(self) -> None:
        self._work: SimpleQueue[Call[Any] | None] = SimpleQueue()
        self._current: Call[Any] | None = None
        self._thread = threading.Thread(target=self._run, name="plugin", daemon=True)
        self._thread.start()

    def start(self, call: Call[Any]) -> None:
        """Begin the call."""
        self._current = call
        self._work.put(call)

    def dismiss(self) -> None:
        """End the thread once its call has ended."""
        self._work.put(None)

    def interrupt(self) -> None:
        """Have the thread raise SystemExit as soon as it runs Python again; it is used no more."""
        self.dismiss()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(SystemExit)
        )

    def _run(self) -> None:
        with suppress(SystemExit):  # an interruption that comes before the call has begun, or when it has just ended
            while call := self._work.get():
                call.run()
                self._current = None
                del call  # an idle thread keeps no plugin's answer alive
        if self._current is not None:
            self._current.ended.set()


class _Pool:
    """The threads that wait for a call."""

    def __init__(self) -> None:
        self.idle: list[Runner] = []
        self.lock = threading.Lock()


_pool = _Pool()


def hire() -> Runner:
    """Return a thread that is free."""
    with _pool.lock:
        return _pool.idle.pop() if _pool.idle else Runner()


def rehire(runner: Runner) -> None:
    """Keep a thread whose call has ended for another, unless there are enough."""
    with _pool.lock:
        if len(_pool.idle) < MOST_IDLE:
            _pool.idle.append(runner)
            return
    runner.dismiss()
