"""Keeps a test's code off the network: every connection is refused, but for what the test serves itself.

The plugin's own ``http`` never comes here, since the kit answers it. Patching the socket class lost nothing
over an audit hook, which could not be taken back. What was tried is kept, since plugins catch errors.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class NoNetworkError(ConnectionRefusedError):
    """A test may not reach the network."""


class Guard:
    """What may be reached, and what was tried beside it."""

    def __init__(self) -> None:
        self.allowed: set[tuple[str, int]] = set()
        self.strays: list[str] = []

    def allow(self, host: str, port: int) -> None:
        """Let connections to the address pass, and look-ups of its host."""
        self.allowed.add((host, port))

    def check(self, host: str, port: object) -> None:
        """Raise NoNetworkError, and keep the address, unless it is allowed."""
        if (host, port) not in self.allowed:
            self.strays.append(f"{host}:{port}")
            raise NoNetworkError(f"A test may not connect to {host}:{port}; use http, or kit.allow() it.")


@contextmanager
def guarded() -> Iterator[Guard]:
    """Let all connections of this process pass the guard."""
    guard = Guard()
    connect, look_up = socket.socket.connect, socket.getaddrinfo
    connect_quietly, send_to = socket.socket.connect_ex, socket.socket.sendto

    def checked(address: Any) -> None:
        if isinstance(address, tuple):  # a path is a socket of this machine's own
            guard.check(str(address[0]), address[1])

    def connect_checked(self: socket.socket, address: Any) -> None:
        checked(address)
        connect(self, address)

    def connect_quietly_checked(self: socket.socket, address: Any) -> int:
        checked(address)
        return connect_quietly(self, address)

    def send_checked(self: socket.socket, data: Any, *given: Any) -> int:
        checked(given[-1])
        return send_to(self, data, *given)

    def look_up_checked(host: Any, port: Any, *given: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not any(name == known for known, _port in guard.allowed):
            guard.check(name, port)
        return look_up(host, port, *given, **named)

    patches: tuple[tuple[Any, str, Any], ...] = (
        (socket.socket, "connect", connect_checked),
        (socket.socket, "connect_ex", connect_quietly_checked),
        (socket.socket, "sendto", send_checked),
        (socket, "getaddrinfo", look_up_checked),
    )
    for owner, name, patch in patches:
        setattr(owner, name, patch)
    try:
        yield guard
    finally:
        for owner, name, original in zip(
            (socket.socket, socket.socket, socket.socket, socket),
            ("connect", "connect_ex", "sendto", "getaddrinfo"),
            (connect, connect_quietly, send_to, look_up),
            strict=True,
        ):
            setattr(owner, name, original)
