"""Owns the choice of a free loopback port.

Ports come from below the kernel's ephemeral range, so that no outgoing connection takes the port of a
server that a fault test has stopped for a moment. Port 0 lost: its number comes from that very range.
A port may be chosen long before it is listened on, so that it is claimed: by a lock on its byte of a
file, which ends with the process.
"""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

LOWEST = 20_000
HIGHEST = 32_000
TRIES = 200
CLAIMS = Path(tempfile.gettempdir()) / f"helpdesk-test-ports-{os.geteuid()}"

_claimed: dict[int, set[int]] = {}  # by process, since a fork inherits the set and none of the locks
_claims = CLAIMS.open("ab")  # open for good: closing it once would give up every lock


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens, and which no test of a living process was given."""
    for _ in range(TRIES):
        port = random.randint(LOWEST, HIGHEST)
        if _claim(port) and _is_free(port):
            return port
    raise RuntimeError(f"No free port of 127.0.0.1 was found between {LOWEST} and {HIGHEST}; stop what listens there.")


def _claim(port: int) -> bool:
    ours = _claimed.setdefault(os.getpid(), set())
    if port in ours:  # a process is not kept out by its own locks
        return False
    try:
        fcntl.lockf(_claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    ours.add(port)
    return True


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Return whether something accepts connections on the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
