"""How conditions are written, read and refused; what they mean stands in conditions.py.

Owns the shape of the language and every complaint about it: a condition is read once, from JSON
values, into frozen dataclasses that need no further checking. Refuses to know any field: the
caller declares them. Numbers are whole and of 64 bits, because floats compare differently on the
two databases.
"""

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from helpdesk.kernel.errors import HelpdeskError, Invalid, LimitExceeded

DEEPEST = 8
MOST_NODES = 100
MOST_VALUES = 100
LONGEST_TEXT = 1000
LARGEST_NUMBER = 2**63 - 1


class FieldKind(StrEnum):
    """What a field holds. KEYWORD is one word of a known set; REFERENCE is the id of a row, or none."""

    TEXT = "text"
    KEYWORD = "keyword"
    NUMBER = "number"
    TIME = "time"
    BOOLEAN = "boolean"
    REFERENCE = "reference"


class Operator(StrEnum):
    """How a field is compared, as it is written."""

    IS = "is"
    IS_NOT = "isNot"
    IN = "in"
    NOT_IN = "notIn"
    CONTAINS = "contains"
    NOT_CONTAINS = "notContains"
    STARTS_WITH = "startsWith"
    LESS_THAN = "lessThan"
    AT_MOST = "atMost"
    GREATER_THAN = "greaterThan"
    AT_LEAST = "atLeast"
    BEFORE = "before"
    AFTER = "after"
    IS_EMPTY = "isEmpty"
    IS_NOT_EMPTY = "isNotEmpty"
    CHANGED = "changed"
    CHANGED_TO = "changedTo"
    CHANGED_FROM = "changedFrom"


ONE = (Operator.IS, Operator.IS_NOT)
MANY = (Operator.IN, Operator.NOT_IN)
PARTS = (Operator.CONTAINS, Operator.NOT_CONTAINS, Operator.STARTS_WITH)
ORDER = (Operator.LESS_THAN, Operator.AT_MOST, Operator.GREATER_THAN, Operator.AT_LEAST)
MOMENTS = (Operator.BEFORE, Operator.AFTER)
PRESENCE = (Operator.IS_EMPTY, Operator.IS_NOT_EMPTY)
CHANGES = (Operator.CHANGED, Operator.CHANGED_TO, Operator.CHANGED_FROM)

OPERATORS: Mapping[FieldKind, tuple[Operator, ...]] = {
    FieldKind.TEXT: (*ONE, *MANY, *PARTS, *PRESENCE, *CHANGES),
    FieldKind.KEYWORD: (*ONE, *MANY, *PRESENCE, *CHANGES),
    FieldKind.NUMBER: (*ONE, *MANY, *ORDER, *PRESENCE, *CHANGES),
    FieldKind.TIME: (*ONE, *MOMENTS, *PRESENCE, *CHANGES),
    FieldKind.BOOLEAN: (*ONE, *PRESENCE, *CHANGES),
    FieldKind.REFERENCE: (*ONE, *MANY, *PRESENCE, *CHANGES),
}
"""Which operators each kind of field allows; forms and the API's description are made from it."""

_VALUELESS = frozenset({*PRESENCE, Operator.CHANGED})
_NULLABLE = frozenset({*ONE, *MANY, Operator.CHANGED_TO, Operator.CHANGED_FROM})


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that may be asked about.

    ``column`` is a peewee column or expression for SQL, None for a fact that only predicates know;
    ``choices`` are the words of a KEYWORD; ``convert`` turns a value as it is written outside (an
    opaque id) into the one meant here, and raises Invalid.
    """

    kind: FieldKind
    column: Any = None
    choices: Collection[str] | None = None
    convert: Callable[[Any], Any] | None = None


Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field compared with a value: already checked, a time in UTC, a list as a tuple."""

    field: str
    operator: Operator
    value: Any = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of the conditions; true when there are none."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the conditions."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of the condition."""

    condition: "Condition"


Condition = Comparison | AllOf | AnyOf | Not
Path = tuple[str, ...]


def from_rows(*, required: Sequence[Any], optional: Sequence[Any]) -> dict[str, Any]:
    """Return, as JSON to be parsed, the rows of an AND/OR column: all required ones and, if any, one optional."""
    return {"all": [*required, {"any": list(optional)}] if optional else list(required)}


def parse(value: Any, fields: Fields, *, path: Path = ()) -> Condition:
    """Return the condition that JSON values describe; ``path`` is where the value stood in the input.

    Raises Invalid or LimitExceeded with the path to the bad node.
    """
    return _Parser(fields).node(value, path, depth=1)


class _Parser:
    """Reads one condition and counts its nodes."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._nodes = 0

    def node(self, value: Any, path: Path, *, depth: int) -> Condition:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise LimitExceeded(f"A condition has at most {MOST_NODES} parts; split it in two.", path=path)
        if depth > DEEPEST:
            raise LimitExceeded(f"A condition is nested at most {DEEPEST} deep; flatten it.", path=path)
        if not isinstance(value, Mapping):
            raise Invalid("A condition is an object with field, op and value, or with one of all, any, not.", path=path)
        if "field" in value or "op" in value:
            return self._comparison(value, path)
        if len(value) != 1:
            raise Invalid("A condition has either field, op and value, or exactly one of all, any, not.", path=path)
        (name, inner), *_ = value.items()
        return self._group(name, inner, (*path, str(name)), depth=depth + 1)

    def _group(self, name: Any, inner: Any, path: Path, *, depth: int) -> Condition:
        if name == "not":
            return Not(self.node(inner, path, depth=depth))
        if name not in {"all", "any"}:
            raise Invalid(f"“{name}” is no part of a condition; write all, any, not or field.", path=path)
        if not isinstance(inner, list | tuple):
            raise Invalid(f"“{name}” takes a list of conditions.", path=path)
        if name == "any" and not inner:
            raise Invalid("“any” takes at least one condition; “all” may be empty and then always holds.", path=path)
        parts = tuple(self.node(part, (*path, str(place)), depth=depth) for place, part in enumerate(inner))
        return AllOf(parts) if name == "all" else AnyOf(parts)

    def _comparison(self, value: Mapping[Any, Any], path: Path) -> Comparison:
        for key in value:
            if key not in {"field", "op", "value"}:
                raise Invalid(f"“{key}” is no part of a comparison; write field, op and value.", path=(*path, str(key)))
        name, field = self._field(value.get("field"), (*path, "field"))
        chosen = _operator(value.get("op"), name, field, path=(*path, "op"))
        if chosen in _VALUELESS:
            if value.get("value") is not None:
                raise Invalid(f"“{chosen}” takes no value; leave it out.", path=(*path, "value"))
            return Comparison(name, chosen)
        if "value" not in value:
            raise Invalid(f"“{chosen}” needs a value.", path=(*path, "value"))
        return Comparison(name, chosen, _operand(value["value"], chosen, field, path=(*path, "value")))

    def _field(self, name: Any, path: Path) -> tuple[str, Field]:
        if not isinstance(name, str):
            raise Invalid("“field” is the name of a field.", path=path)
        if name not in self._fields:
            raise Invalid(f"There is no field “{name[:100]}”.{_nearest(name, self._fields)}", path=path)
        return name, self._fields[name]


def _nearest(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word[:100], known, n=1)
    return f" Did you mean “{near[0]}”?" if near else ""


def _operator(word: Any, name: str, field: Field, *, path: Path) -> Operator:
    allowed = OPERATORS[field.kind]
    if not isinstance(word, str) or word not in allowed:
        raise Invalid(f"“op” of {name}, a {field.kind} field, is one of {', '.join(allowed)}.", path=path)
    return Operator(word)


def _operand(value: Any, chosen: Operator, field: Field, *, path: Path) -> Any:
    """Return the value as its kind has it: one, or a tuple without repeats for ``in`` and ``notIn``."""
    if chosen not in MANY:
        if chosen in PARTS and value == "":
            raise Invalid(f"“{chosen}” needs at least one character.", path=path)
        return _one(value, field, nullable=chosen in _NULLABLE, path=path)
    if not isinstance(value, list | tuple) or not value:
        raise Invalid(f"“{chosen}” takes a list of at least one value.", path=path)
    if len(value) > MOST_VALUES:
        raise LimitExceeded(f"“{chosen}” takes at most {MOST_VALUES} values.", path=path)
    values = (_one(each, field, nullable=True, path=(*path, str(place))) for place, each in enumerate(value))
    return tuple(dict.fromkeys(values))


def _one(value: Any, field: Field, *, nullable: bool, path: Path) -> Any:
    if value is None:
        if nullable:
            return None
        raise Invalid("A value is needed here; isEmpty and isNotEmpty ask for its absence.", path=path)
    try:
        return _CHECKS[field.kind](field.convert(value) if field.convert else value, field)
    except HelpdeskError as error:
        error.path = path
        raise


def _text(value: Any, _field: Field) -> str:
    if not isinstance(value, str):
        raise Invalid("The value of a text field is a text.")
    if len(value) > LONGEST_TEXT:
        raise LimitExceeded(f"A text to compare with has at most {LONGEST_TEXT} characters.")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Invalid("A text holds no null character and no half of a surrogate pair.")
    return value


def _keyword(value: Any, field: Field) -> str:
    word = _text(value, field)
    if field.choices is not None and word not in field.choices:
        known = ", ".join(list(field.choices)[:20])
        raise Invalid(f"“{word[:100]}” is not one of {known}.{_nearest(word, field.choices)}")
    return str(word)


def _number(value: Any, _field: Field) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("The value of a number field is a whole number.")
    if not -LARGEST_NUMBER - 1 <= value <= LARGEST_NUMBER:
        raise Invalid("A number has at most 64 bits.")
    return value


def _reference(value: Any, field: Field) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid("The value of a reference field is an id, or null for none.")
    return _number(value, field)


def _boolean(value: Any, _field: Field) -> bool:
    if not isinstance(value, bool):
        raise Invalid("The value of a boolean field is true or false.")
    return value


def _time(value: Any, _field: Field) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise Invalid("The value of a time field is a time with its zone, such as 2026-01-31T09:00:00+09:00.")


_CHECKS: Mapping[FieldKind, Callable[[Any, Field], Any]] = {
    FieldKind.TEXT: _text,
    FieldKind.KEYWORD: _keyword,
    FieldKind.NUMBER: _number,
    FieldKind.TIME: _time,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.REFERENCE: _reference,
}
