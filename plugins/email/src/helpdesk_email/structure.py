"""Owns the tree of MIME parts: offsets into the received bytes, bounded in depth and number.

The stdlib's parser recurses without bound, descends into attached mails and can't give them back byte
for byte, so the tree is built here: attached mails are leaves, kept as they came. What the parser
killers do (depth, tens of thousands of parts) is counted while it is read, and refused.
"""

from dataclasses import dataclass
from functools import cached_property

from helpdesk_email.encodings import decoded
from helpdesk_email.errors import Unreadable
from helpdesk_email.headers import Headers, read_headers
from helpdesk_email.parameters import Value

MAX_DEPTH = 20
MAX_PARTS = 1_000
MAX_BOUNDARY_LOOKALIKES = 50_000
MAX_BOUNDARY = 250


@dataclass(frozen=True)  # without slots, which would leave no place for what is decoded once
class Part:
    """One part: a container with ``parts``, or a leaf whose ``body`` is still in its transfer encoding."""

    headers: Headers
    content: Value
    body: bytes
    parts: tuple["Part", ...] = ()

    @property
    def content_type(self) -> str:
        """Return type and subtype in lower case."""
        return self.content.value

    @cached_property
    def data(self) -> bytes:
        """Return the bytes that a leaf carries."""
        return decoded(self.body, self.headers.value("content-transfer-encoding").value.strip("'\" "))

    def leaves(self) -> list["Part"]:
        """Return every leaf at or below this part, in order."""
        return [leaf for part in self.parts for leaf in part.leaves()] if self.parts else [self]


class _Budget:
    """How much of a mail may still be looked at."""

    def __init__(self) -> None:
        self.parts = MAX_PARTS
        self.lookalikes = MAX_BOUNDARY_LOOKALIKES

    def take_part(self) -> None:
        self.parts -= 1
        if self.parts < 0:
            raise Unreadable(f"This mail has more than {MAX_PARTS} parts; it was set aside unread.")

    def take_lookalike(self) -> None:
        self.lookalikes -= 1
        if self.lookalikes < 0:
            raise Unreadable("This mail is full of lines that imitate its own boundaries; it was set aside unread.")


def parse(raw: bytes) -> Part:
    """Read received bytes as a tree of parts. Raises Unreadable for what is built to break its reader."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    start = len(raw) - len(raw.lstrip(b"\r\n"))
    return _entity(raw, start, len(raw), depth=0, default="text/plain", budget=_Budget())


def _entity(raw: bytes, start: int, end: int, *, depth: int, default: str, budget: _Budget) -> Part:
    if depth > MAX_DEPTH:
        raise Unreadable(f"The parts of this mail are nested more than {MAX_DEPTH} deep; it was set aside unread.")
    budget.take_part()
    headers, body = read_headers(raw, start, end)
    content = headers.value("content-type")
    content = content if "/" in content.value else Value(default, content.parameters)
    if content.value.startswith("multipart/"):
        inner = "message/rfc822" if content.value == "multipart/digest" else "text/plain"
        spans = _spans(raw, body, end, boundary=_boundary(content), budget=budget)
        parts = tuple(_entity(raw, first, last, depth=depth + 1, default=inner, budget=budget) for first, last in spans)
        if parts:
            return Part(headers, content, b"", parts)
        content = Value("text/plain", {})  # a container that contains nothing: show what is there
    return Part(headers, content, raw[body:end])


def _boundary(content: Value) -> bytes:
    found = content.parameters.get("boundary")
    return b"" if found is None else found.data.rstrip()[:MAX_BOUNDARY]


def _spans(raw: bytes, start: int, end: int, *, boundary: bytes, budget: _Budget) -> list[tuple[int, int]]:
    """Return where the parts between the boundary lines begin and end; the last may lack its closing line."""
    if not boundary:
        return []
    mark = b"--" + boundary
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    position = raw.find(mark, start, end)
    while position >= 0:
        following = _after_line(raw, position, end)
        tail = raw[position + len(mark) : min(following, position + len(mark) + 200)].strip()
        if (position == start or raw[position - 1] == 0x0A) and tail in (b"", b"--"):
            if opened is not None:
                spans.append((opened, max(opened, _before_break(raw, position))))
            opened = following if not tail else None
            if tail:
                return spans
        else:
            budget.take_lookalike()
        position = raw.find(mark, following, end)
    if opened is not None:
        spans.append((opened, end))
    return spans


def _after_line(raw: bytes, position: int, end: int) -> int:
    found = raw.find(b"\n", position, end)
    return end if found < 0 else found + 1


def _before_break(raw: bytes, position: int) -> int:
    """Return the end of the text before a boundary line: the line break there belongs to the boundary."""
    position -= 1
    return position - 1 if position > 0 and raw[position - 1] == 0x0D else position
