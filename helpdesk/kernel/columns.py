"""The column types that peewee lacks, the same bytes on both databases.

Times are microseconds since 1970 in a BIGINT: SQLite has no time type, and text or naive
timestamps compare differently on the two databases. JSON is text, for the same reason.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson
import peewee

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Return the moment as microseconds since 1970. A naive time is a bug and raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC time of microseconds since 1970."""
    return EPOCH + micros * MICROSECOND


class TimeColumn(peewee.BigIntegerField):
    """An aware UTC time."""

    def db_value(self, value: Any) -> Any:
        return to_micros(value) if isinstance(value, datetime) else value

    def python_value(self, value: Any) -> Any:
        return None if value is None else from_micros(value)


class JsonColumn(peewee.TextField):
    """A JSON value as text."""

    def db_value(self, value: Any) -> Any:
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def python_value(self, value: Any) -> Any:
        return None if value is None else orjson.loads(value)


class EnumColumn(peewee.CharField):
    """One word of an enumeration, kept as that word."""

    def __init__(self, choice: type[StrEnum], **kwargs: Any) -> None:
        super().__init__(max_length=32, **kwargs)
        self.choice = choice

    def db_value(self, value: Any) -> Any:
        return None if value is None else str(self.choice(value))

    def python_value(self, value: Any) -> Any:
        return None if value is None else self.choice(value)
