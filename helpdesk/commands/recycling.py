"""Begins this process anew when it holds too much: under the same number, with the same arguments, on the same port.

What a plugin has leaked is given back when the process ends, and by nothing else. It becomes its own
successor by ``exec``: leaving it to whoever started the desk lost, because nobody watches over a
``helpdesk run`` in a terminal; so did a parent that starts workers, which would have to be looked after
in its turn. What runs is finished first, so nothing is done twice. The listening socket stays open all
the while: who connects meanwhile waits.

It happens once a minute at most; a desk whose limits are too small must still get something done.
"""

import logging
import math
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from helpdesk import signals
from helpdesk.commands.asking import FLUSH_SECONDS
from helpdesk.commands.stopping import Stopping
from helpdesk.kernel import clock, db, resources
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import watching

log = logging.getLogger(__name__)

# No HELPDESK_ name: it is no setting, and another release, which may be what begins, would refuse to start with it.
HANDOVER = "_HELPDESK_HANDOVER"
LOOK_SECONDS = 1.0
REST_SECONDS = 60.0
OPEN_FILES = "/proc/self/fd"


class Recycling:
    """How this process began, and whether it is to begin anew. To be made first, while nothing of the desk runs.

    ``bound`` is the listening socket that its predecessor has left to it; None when there was none.
    """

    def __init__(self) -> None:
        left = _taken()
        self.is_successor = left is not None
        self.bound = _socket_of((left or {}).get("fd"))
        self._environment = dict(os.environ)
        self._inherited = set(_inheritable_files())
        self._began_at = (left or {}).get("at", -math.inf)
        self._looks_at = 0.0
        self._is_told = False

    def reason(self, settings: Settings) -> str:
        """Return why to begin anew, now; nothing while there is no reason. May be asked as often as one likes."""
        now = clock.monotonic()
        if now < self._looks_at:
            return ""
        self._looks_at = now + LOOK_SECONDS
        too_much = resources.excess(settings)
        is_resting = now - self._began_at < REST_SECONDS
        if too_much and is_resting and not self._is_told:
            log.error("%s; it began anew less than a minute ago, so it goes on until that minute is over", too_much)
        self._is_told = bool(too_much) and is_resting
        return "" if is_resting else too_much

    def begin_anew(self, stop: Stopping, bound: socket.socket | None = None) -> None:
        """Become the program that was started, with what was leaked given back. Returns only after a wish to stop.

        To be called when all work has ended. Raises OSError when the program cannot be started any more.
        """
        watching.stop()  # writes down what was counted
        signals.flush(seconds=FLUSH_SECONDS)
        db.database.close_all()
        left: dict[str, object] = {"pid": os.getpid(), "at": clock.monotonic()}
        self._close_at_exec()
        if bound is not None:
            bound.set_inheritable(True)
            left["fd"] = bound.fileno()
        sys.stdout.flush()
        sys.stderr.flush()
        if stop.pass_on():
            environment = {**self._environment, HANDOVER: orjson.dumps(left).decode()}
            os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606  # our own program

    def _close_at_exec(self) -> None:
        """See to it that only what this process was given stays open, whatever a plugin has made inheritable."""
        for number in _inheritable_files():
            if number not in self._inherited:
                os.set_inheritable(number, False)


def _taken() -> Mapping[str, Any] | None:
    """Take from the environment what the predecessor has left; None when it is another process's, or nothing."""
    try:
        left = orjson.loads(os.environ.pop(HANDOVER, ""))
        is_ours = left["pid"] == os.getpid() and math.isfinite(left["at"])
        return left if is_ours else None
    except (ValueError, TypeError, KeyError):
        return None


def _socket_of(number: Any) -> socket.socket | None:
    """Return the listening socket that is open under the number, if there is one."""
    if not isinstance(number, int):
        return None
    try:
        bound = socket.socket(fileno=number)
    except (OSError, ValueError, OverflowError):
        return None
    bound.set_inheritable(False)
    if bound.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return bound
    bound.detach()
    return None


def _inheritable_files() -> Iterator[int]:
    """Yield the open files beyond the standard ones that a started program would get too."""
    try:
        numbers = [int(name) for name in os.listdir(OPEN_FILES)]
    except OSError:
        return
    for number in numbers:
        try:
            if number > 2 and os.get_inheritable(number):
                yield number
        except OSError:  # closed meanwhile; the listing itself was open too
            continue
