"""Owns the choice of a free loopback port.

Ports come from below the kernel's ephemeral range, so that no outgoing connection takes the port of a
server that a fault test has stopped for a moment. Port 0 lost: its number comes from that very range.
"""

import random
import socket

LOWEST = 20_000
HIGHEST = 32_000
TRIES = 200


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nothing listens."""
    for _ in range(TRIES):
        port = random.randint(LOWEST, HIGHEST)  # random, so that parallel workers seldom meet
        if _is_free(port):
            return port
    raise RuntimeError(f"No free port of 127.0.0.1 was found between {LOWEST} and {HIGHEST}; stop what listens there.")


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
