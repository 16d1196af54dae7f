"""Values on their way between clients and a plugin: its answers are checked and copied, its arguments are made.

What leaves here is plain (texts, numbers, times, lists, and mappings by the schema's names), so
that no code of a plugin runs outside of a guarded call: not a property, not a lazy list. Both
directions are to be run inside that call.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from helpdesk.graphql.plugin_shapes import MISSING, Choice, Many, Maybe, Member, Plain, Record, Shape, members_of
from helpdesk.kernel.errors import Invalid
from helpdesk.plugins.guard import WrongAnswer, expect, listed

MOST_ITEMS = 1_000
MOST_THINGS = 20_000
MOST_CHARACTERS = 2_000_000
MOST_LEVELS = 20
LARGEST_INT = 2**31 - 1


class Records:
    """The dataclasses of one plugin, each read once."""

    def __init__(self) -> None:
        self._members: dict[type, tuple[Member, ...]] = {}

    def members(self, kind: type) -> tuple[Member, ...]:
        """Return the fields of the dataclass. Raises BadType."""
        if kind not in self._members:
            self._members[kind] = members_of(kind)
        return self._members[kind]


@dataclass(slots=True)
class _Check:
    """One answer that is looked through: what is left for it, and where in it we are."""

    records: Records
    things: int = MOST_THINGS
    characters: int = MOST_CHARACTERS
    level: int = 0

    def value(self, shape: Shape, answer: Any) -> Any:
        """Return a plain copy of the answer. Raises WrongAnswer."""
        self.things -= 1
        if self.things < 0:
            raise WrongAnswer(f"it answered more than {MOST_THINGS} things in one answer")
        if isinstance(shape, Maybe):
            return None if answer is None else self.value(shape.inner, answer)
        if isinstance(shape, Plain):
            return self._plain(shape.kind, answer)
        if isinstance(shape, Choice):
            return expect(answer, shape.kind)._name_
        self.level += 1
        if self.level > MOST_LEVELS:
            raise WrongAnswer(f"it answered something with more than {MOST_LEVELS} levels")
        found = self._many(shape, answer) if isinstance(shape, Many) else self._record(shape, answer)
        self.level -= 1
        return found

    def _many(self, shape: Many, answer: Any) -> list[Any]:
        expect(answer, list, tuple)
        return [self.value(shape.item, item) for item in listed(answer, object, most=MOST_ITEMS)]

    def _record(self, shape: Record, answer: Any) -> dict[str, Any]:
        expect(answer, shape.kind)
        found = {}
        for member in self.records.members(shape.kind):
            try:
                found[member.name] = self.value(member.shape, getattr(answer, member.attribute))
            except WrongAnswer as error:
                raise WrongAnswer(f"{shape.kind.__name__}.{member.attribute}: {error}") from None
        return found

    def _plain(self, kind: type, answer: Any) -> Any:
        if kind is str:
            return self._text(expect(answer, str))
        if kind is datetime:
            return _time(expect(answer, datetime))
        if kind is bool:
            return bool(expect(answer, bool))
        if isinstance(answer, bool):
            raise WrongAnswer(f"it answered a bool, not {kind.__name__}")
        return _integer(expect(answer, int)) if kind is int else _real(expect(answer, int, float))

    def _text(self, answer: str) -> str:
        self.characters -= len(answer)
        if self.characters < 0:
            raise WrongAnswer(f"it answered more than {MOST_CHARACTERS} characters")
        try:
            str.encode(answer)
        except UnicodeError:
            raise WrongAnswer("it answered a text with half of a character") from None
        return str.__str__(answer)


def checked(records: Records, shape: Shape, answer: Any) -> Any:
    """Return a plain copy of what a plugin answered. Raises WrongAnswer, naming what is not as it was annotated."""
    return _Check(records).value(shape, answer)


def checked_batch(records: Records, shape: Shape, answer: Any, *, rows: int) -> list[Any]:
    """Return plain copies of the results for a page's rows. Raises WrongAnswer, also for another number of results."""
    items = listed(expect(answer, list, tuple), object, most=rows)
    if len(items) != rows:
        raise WrongAnswer(f"it answered {len(items)} results for {rows} rows")
    return [checked(records, shape, item) for item in items]


def taken(records: Records, members: Sequence[Member], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a plugin is called with, or a dataclass made of, from what the client gave. Raises Invalid."""
    return {
        member.attribute: _take(records, member.shape, given.get(member.name), member.name)
        for member in members
        if member.name in given or member.default is MISSING
    }


def _take(records: Records, shape: Shape, value: Any, name: str) -> Any:
    if value is None:
        return None
    if isinstance(shape, Maybe):
        return _take(records, shape.inner, value, name)
    if isinstance(shape, Many):
        return shape.kind(_take(records, shape.item, item, name) for item in value)
    if isinstance(shape, Record):
        return shape.kind(**taken(records, records.members(shape.kind), value))
    if isinstance(shape, Choice):
        return shape.kind[value]
    if isinstance(value, datetime) and value.tzinfo is None:
        raise Invalid(f"“{name}” is a time without its zone; end it with Z or +09:00.", path=(name,))
    return value


def shown_default(records: Records, member: Member) -> Any:
    """Return a default as the schema shows it; MISSING for none, and for null. Raises WrongAnswer."""
    if member.default is MISSING or member.default is None:
        return MISSING
    _refuse_records(member.shape)
    return checked(records, member.shape, member.default)


def _refuse_records(shape: Shape) -> None:
    while isinstance(shape, Maybe | Many):
        shape = shape.inner if isinstance(shape, Maybe) else shape.item
    if isinstance(shape, Record):
        raise WrongAnswer("a dataclass can have no default but None")


def frozen(value: Any) -> Any:
    """Return a key that is equal for equal arguments."""
    if isinstance(value, Mapping):
        return tuple(sorted((name, frozen(item)) for name, item in value.items()))
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return (type(value).__name__, value)


def _integer(answer: int) -> int:
    if not -LARGEST_INT - 1 <= answer <= LARGEST_INT:
        raise WrongAnswer("it answered a number of more than 32 bits; make it a str")
    return int.__int__(answer)


def _time(answer: datetime) -> datetime:
    """Return the same time in UTC, without whatever a subclass may bring."""
    if answer.utcoffset() is None:
        raise WrongAnswer("it answered a time without its zone")
    utc = answer.astimezone(UTC)
    date, time = (utc.year, utc.month, utc.day), (utc.hour, utc.minute, utc.second, utc.microsecond)
    return datetime(*date, *time, tzinfo=UTC)


def _real(answer: float) -> float:
    try:
        found = float(answer)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise WrongAnswer("it answered a number that is not finite")
    return found
