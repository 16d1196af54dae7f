"""Owns the header block of a mail or of one of its parts: raw fields, and the readings that other files need."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from helpdesk_email.addresses import Mailbox, parse_mailboxes
from helpdesk_email.cleaning import single_line
from helpdesk_email.errors import Unreadable
from helpdesk_email.parameters import Value, parse_value
from helpdesk_email.words import header_text

MAX_BLOCK_BYTES = 1_048_576
MAX_FIELDS = 5_000
MAX_TEXT_BYTES = 65_536
MAX_TEXT = 4_096
MAX_CLOCK_ERROR = timedelta(days=1)

_ZONES = {"KST": "+0900", "JST": "+0900", "HKT": "+0800", "CET": "+0100", "CEST": "+0200"}
"""Names beside those of RFC 5322 that mail programs write, and that mean one thing where mail comes from."""
_ZONE = re.compile(rf"\b(?:({'|'.join(_ZONES)})|(?:GMT|UTC)([+-])(\d{{1,2}}):?(\d{{2}})?)$", re.IGNORECASE)
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")


@dataclass(frozen=True, slots=True)
class Headers:
    """Fields by lower-case name, in their order; values are raw and unfolded."""

    fields: tuple[tuple[str, bytes], ...] = ()
    hint: str = field(default="", compare=False)

    def with_hint(self, charset: str) -> "Headers":
        """Return the same fields, whose raw 8-bit text is taken to be in a charset if it is not UTF-8."""
        return replace(self, hint=charset)

    def all(self, name: str) -> list[bytes]:
        """Return every value of a field."""
        return [value for known, value in self.fields if known == name]

    def first(self, name: str) -> bytes | None:
        """Return the first value of a field: later ones of the same name are additions by strangers."""
        return next((value for known, value in self.fields if known == name), None)

    def text(self, name: str, *, limit: int = MAX_TEXT) -> str:
        """Return a field's decoded text on one line; empty if it is absent."""
        return single_line(header_text((self.first(name) or b"")[:MAX_TEXT_BYTES], hint=self.hint), limit=limit)

    def texts(self, name: str) -> list[str]:
        """Return the decoded text of every field of this name."""
        return [single_line(header_text(value[:MAX_TEXT_BYTES]), limit=MAX_TEXT) for value in self.all(name)[:100]]

    def value(self, name: str) -> Value:
        """Return a field as value and parameters."""
        return parse_value(self.first(name) or b"")

    def mailboxes(self, name: str) -> list[Mailbox]:
        """Return the people that all fields of this name list, at most a hundred a field."""
        return [mailbox for value in self.all(name)[:20] for mailbox in parse_mailboxes(value, hint=self.hint)]

    def date(self, *, now: datetime) -> datetime | None:
        """Return the Date in UTC, or None if it is absent, unreadable or in the future."""
        text = re.sub(r"\([^()]*\)", " ", self.text("date", limit=200)).strip()
        text = _ZONE.sub(_offset, text)
        try:
            claimed = parsedate_to_datetime(text)
            claimed = (claimed if claimed.tzinfo else claimed.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return claimed if claimed.year >= 1970 and claimed <= now + MAX_CLOCK_ERROR else None


def _offset(zone: re.Match[str]) -> str:
    """Return a time zone that has a name, or is told from GMT, as RFC 5322 writes it."""
    name, sign, hours, minutes = zone.groups()
    return _ZONES[name.upper()] if name else f"{sign}{hours:0>2}{minutes or '00'}"


def read_headers(raw: bytes, start: int = 0, end: int | None = None) -> tuple[Headers, int]:
    """Read the header block from ``start``; return it and where the body begins.

    A line that is no field ends the block, as if the empty line had been forgotten.
    """
    fields: list[tuple[str, list[bytes]]] = []
    end = len(raw) if end is None else end
    body = end
    for line, position, following in _lines(raw, start, end):
        if following - start > MAX_BLOCK_BYTES or len(fields) > MAX_FIELDS:
            raise Unreadable("The headers of this mail are larger than any mail needs; it was set aside unread.")
        if not line.rstrip(b"\r"):
            body = following
            break
        match = _FIELD.match(line)
        if line[:1] in b" \t" and fields:
            fields[-1][1].append(line)
        elif match is not None:
            fields.append((match[1].decode("ascii").lower(), [line[match.end() :]]))
        elif not line.startswith((b"From ", b">From ")):
            body = position
            break
    return Headers(tuple((name, b"".join(lines).replace(b"\r", b"").strip()) for name, lines in fields)), body


def _lines(raw: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    position = start
    while position < end:
        found = raw.find(b"\n", position, end)
        following = end if found < 0 else found + 1
        yield raw[position : end if found < 0 else found], position, following
        position = following
