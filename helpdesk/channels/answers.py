"""What a channel answers is looked at to the last field, and made anew of plain values, before anybody believes it.

To be called where the guard holds, since a lazy answer does its work as it is read. What comes out
has no code of the plugin left in it: a text is a ``str`` and no subclass, a time is in UTC.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from helpdesk.plugins.guard import WrongAnswer, expect, listed
from helpdesk.sdk.channel import DeliveryReport, Inbound, Sent

MOST_ITEMS = 1000
MOST_PARTS = 10_000


def messages(answer: Any) -> list[Inbound | DeliveryReport]:
    """Return what ``receive`` read, at most MOST_ITEMS messages. Raises WrongAnswer."""
    items = listed(answer, Inbound, DeliveryReport, most=MOST_ITEMS)
    return [_anew(Inbound if isinstance(item, Inbound) else DeliveryReport, item, "") for item in items]


def sent(answer: Any) -> Sent:
    """Return what ``send`` answered. Raises WrongAnswer."""
    made: Sent = _anew(Sent, expect(answer, Sent), "")
    return made


def outside_id(answer: Any) -> str | None:
    """Return what ``identify`` answered. Raises WrongAnswer."""
    return None if answer is None else str(_anew(str, expect(answer, str, NoneType), "the id"))


@cache
def hints_of(kind: type) -> Mapping[str, Any]:
    """Return the types of a dataclass's fields."""
    return get_type_hints(kind)


def without_none(kind: Any) -> tuple[Any, bool]:
    """Return the type apart from None, and whether None was of it."""
    if get_origin(kind) not in (Union, UnionType):
        return kind, False
    (inner,) = (one for one in get_args(kind) if one is not NoneType)
    return inner, True


def _anew(kind: Any, value: Any, place: str) -> Any:
    """Return the value made anew as its type says; ``place`` names it. Raises WrongAnswer."""
    kind, may_be_none = without_none(kind)
    if value is None and may_be_none:
        return None
    if is_dataclass(kind) and isinstance(kind, type):
        return _made(kind, value, place)
    if get_origin(kind) is tuple:
        _insist(isinstance(value, tuple | list), place, value, "a tuple")
        _insist(len(value) <= MOST_PARTS, place, value, f"at most {MOST_PARTS} things")
        return tuple(_anew(get_args(kind)[0], item, place) for item in value)
    return _leaf(kind, value, place)


def _made(kind: type, value: Any, place: str) -> Any:
    _insist(isinstance(value, kind), place, value, kind.__name__)
    within, hints = place or kind.__name__, hints_of(kind)
    try:
        given = {one.name: getattr(value, one.name) for one in fields(kind)}
    except AttributeError as error:
        raise WrongAnswer(f"{within} was never filled in: {error}") from error
    return kind(**{name: _anew(hints[name], one, f"{within}.{name}") for name, one in given.items()})


def _leaf(kind: Any, value: Any, place: str) -> Any:
    if issubclass(kind, Enum):
        words = ", ".join(str(one.value) for one in kind)
        _insist(isinstance(value, str) and value in {one.value for one in kind}, place, value, f"one of {words}")
        return kind(value)
    _insist(isinstance(value, kind) and (kind is bool or not isinstance(value, bool)), place, value, kind.__name__)
    if kind is datetime:
        _insist(value.utcoffset() is not None, place, value, "a time with its zone")
        at = value.astimezone(UTC)
        return datetime.combine(at.date(), at.time(), UTC)
    if kind in (str, bytes):
        return kind().join((value,))  # the same object, or a plain copy of a subclass's
    return int.__int__(value) if kind is int else value


def _insist(is_right: bool, place: str, value: Any, wanted: str) -> None:
    if not is_right:
        raise WrongAnswer(f"{place or 'its answer'} is a {type(value).__name__}, not {wanted}")
