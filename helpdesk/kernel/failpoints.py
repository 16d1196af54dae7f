"""Places where a test lets the process die or fail, to prove that nothing is lost there.

Owns the one armed place; knows nothing of what is done around it. A place is a call of ``reach``
in ordinary code, left in for good: unarmed it costs one look-up in an empty dictionary. Patching
the code from a test lost, because a process that is killed has to be a real, separate one.
"""

import os
import re
import signal
import threading

from helpdesk.kernel.errors import Invalid

_SPEC = re.compile(r"(?P<name>[a-z0-9_.-]{1,80}):(?P<action>kill|raise)(?::(?P<count>[1-9][0-9]{0,8}))?")

_lock = threading.Lock()
_armed: dict[str, "_Failpoint"] = {}


class _Failpoint:
    """What is to happen at one place; ``nth`` None means every time."""

    def __init__(self, action: str, nth: int | None) -> None:
        self.action = action
        self.nth = nth
        self.reached = 0

    def is_due(self) -> bool:
        with _lock:
            self.reached += 1
            return self.nth is None or self.reached == self.nth


def arm(spec: str) -> None:
    """Set where this process is to fail, instead of where it was to before; an empty spec disarms.

    ``name:kill`` sends SIGKILL, ``name:raise`` raises; ``name:kill:3`` does so the third time only.
    """
    match = _SPEC.fullmatch(spec)
    if spec and match is None:
        raise Invalid(
            f"{spec!r} is not a failpoint. Write name:kill, name:raise or name:kill:3 (the third time).",
            code="BAD_FAILPOINT",
        )
    _armed.clear()
    if match is not None:
        count = match["count"]
        _armed[match["name"]] = _Failpoint(match["action"], int(count) if count else None)


def reach(name: str) -> None:
    """Fail here if this place is armed; otherwise do nothing."""
    failpoint = _armed.get(name)
    if failpoint is None or not failpoint.is_due():
        return
    if failpoint.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise RuntimeError(f"The failpoint {name} was reached.")
