"""What a channel that fetches hands its finds to, where a test has no desk."""

from collections.abc import Callable, Mapping
from typing import Any


class Intake:
    """A desk's inlet in memory: keys are unique, and it closes once enough has come."""

    def __init__(self, *, enough: int, cursor: Mapping[str, Any] | None = None) -> None:
        self.cursor: Mapping[str, Any] = cursor or {}
        self.stored: dict[str, bytes] = {}
        self.enough = enough
        self.on_store: Callable[[], None] = lambda: None

    def store(self, key: str, raw: bytes, *, cursor: Mapping[str, Any]) -> bool:
        """Keep the mail in memory."""
        self.on_store()
        is_new = key not in self.stored
        self.stored[key] = raw
        self.cursor = dict(cursor)
        return is_new

    def reached(self, cursor: Mapping[str, Any]) -> None:
        """Keep the place in memory."""
        self.cursor = dict(cursor)

    def alive(self) -> bool:
        """Return whether more is wanted."""
        return len(self.stored) < self.enough

    @property
    def subjects(self) -> list[bytes]:
        """Return the line of the subject of each mail that has one."""
        return [line for raw in self.stored.values() for line in raw.splitlines() if line.startswith(b"Subject: ")]


def raw_mail(subject: str, body: str = "text") -> bytes:
    """Return a mail as it comes from a server."""
    return f"From: a@customer.example\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\n{body}\r\n".encode()
