"""The one condition language: triggers, queue entry, saved views, list filters, webhooks, conditional fields.

Owns what a condition means, in Python (a predicate over facts) and in SQL (an expression over a
query); condition_syntax.py owns how it is written. A property test holds the two meanings together
on both databases, so these rules bind both:

* Everything is two-valued. A field without a value (None) equals only ``null``, is less than and
  contains nothing; the negation of a false condition is true, so ``isNot`` and ``not`` do match it.
* ``is``, ``isNot``, ``in`` and ``notIn`` compare text exactly, code point by code point.
* ``contains``, ``notContains`` and ``startsWith`` ignore the case of the letters A to Z and of no
  others; Hangul has no case. Full Unicode folding lost: SQLite's ``lower`` knows ASCII only and
  PostgreSQL's depends on its locale. ``%``, ``_`` and ``\\`` mean themselves.
* ``isEmpty`` is no value, or an empty text.
* ``changed``, ``changedTo`` and ``changedFrom`` need a before: without one nothing has changed, and
  a query has none, so SQL refuses them.

SQL keeps a comparison bare (``status = 'OPEN'``) so that an index serves it, and pushes negations
down to where a missing value can be named; wrapping all in COALESCE, the lost alternative, would
read the whole table.
"""

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, reduce
from typing import Any

import peewee

from helpdesk.kernel.columns import to_micros
from helpdesk.kernel.condition_syntax import (
    CHANGES,
    OPERATORS,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Field,
    FieldKind,
    Fields,
    Not,
    Operator,
    from_rows,
    parse,
)
from helpdesk.kernel.db import is_sqlite
from helpdesk.kernel.errors import Invalid

__all__ = [
    "OPERATORS",
    "AllOf",
    "AnyOf",
    "Comparison",
    "Condition",
    "Facts",
    "Field",
    "FieldKind",
    "Fields",
    "Not",
    "Operator",
    "Predicate",
    "expression",
    "from_rows",
    "parse",
    "predicate",
]

Facts = Mapping[str, Any]
Predicate = Callable[[Facts, Facts | None], bool]

_TEXTS = frozenset({FieldKind.TEXT, FieldKind.KEYWORD})
_NEGATIONS = {
    Operator.IS_NOT: Operator.IS,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
    Operator.IS_NOT_EMPTY: Operator.IS_EMPTY,
}
_ORDERS = {
    Operator.LESS_THAN: operator.lt,
    Operator.BEFORE: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.GREATER_THAN: operator.gt,
    Operator.AFTER: operator.gt,
    Operator.AT_LEAST: operator.ge,
}
_SQL_ORDERS = {operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">="}


def predicate(condition: Condition, fields: Fields) -> Predicate:
    """Return a function of the facts after and before (None when there is no before) that says whether it holds.

    A fact that is missing has no value. Times are aware, references are ids.
    """
    match condition:
        case AllOf(parts):
            return _every(tuple(predicate(part, fields) for part in parts))
        case AnyOf(parts):
            return _some(tuple(predicate(part, fields) for part in parts))
        case Not(part):
            return _opposite(predicate(part, fields))
        case Comparison(name, chosen, value) if chosen in CHANGES:
            return _change(name, chosen, value)
        case Comparison(name, chosen, value):
            positive = _compiled(name, _NEGATIONS.get(chosen, chosen), value, fields[name].kind)
            return _opposite(positive) if chosen in _NEGATIONS else positive


def _opposite(inner: Predicate) -> Predicate:
    return lambda after, before: not inner(after, before)


def _every(parts: tuple[Predicate, ...]) -> Predicate:
    def holds(after: Facts, before: Facts | None) -> bool:
        for part in parts:  # noqa: SIM110  # a generator costs twice as much
            if not part(after, before):
                return False
        return True

    return holds


def _some(parts: tuple[Predicate, ...]) -> Predicate:
    def holds(after: Facts, before: Facts | None) -> bool:
        for part in parts:  # noqa: SIM110  # a generator costs twice as much
            if part(after, before):
                return True
        return False

    return holds


def _change(name: str, chosen: Operator, value: Any) -> Predicate:
    """Compile a comparison of before and after: they differ and, unless any change will do, one is the value."""

    if chosen is Operator.CHANGED:
        return lambda after, before: before is not None and after.get(name) != before.get(name)
    if chosen is Operator.CHANGED_TO:
        return lambda after, before: before is not None and after.get(name) == value != before.get(name)
    return lambda after, before: before is not None and before.get(name) == value != after.get(name)


def _compiled(name: str, chosen: Operator, value: Any, kind: FieldKind) -> Predicate:
    """Compile one comparison that is not a negation; each is one call, for a change is held against hundreds."""
    if chosen is Operator.IS:
        return lambda after, _before: after.get(name) == value
    if chosen is Operator.IN:
        values = frozenset(value)
        return lambda after, _before: after.get(name) in values
    if chosen is Operator.IS_EMPTY:
        empty = (None, "") if kind in _TEXTS else (None,)
        return lambda after, _before: after.get(name) in empty
    if chosen is Operator.CONTAINS:
        part = _fold(value)
        return lambda after, _before: (fact := after.get(name)) is not None and part in _fold(fact)
    if chosen is Operator.STARTS_WITH:
        start = _fold(value)
        return lambda after, _before: (fact := after.get(name)) is not None and _fold(fact).startswith(start)
    compare = _ORDERS[chosen]
    return lambda after, _before: (fact := after.get(name)) is not None and compare(fact, value)


@lru_cache(maxsize=16)  # one change is looked at by all triggers
def _fold(text: str) -> bytes:
    """Lower A to Z and nothing else, which is what ``bytes.lower`` does."""
    return text.encode("utf-8", "surrogatepass").lower()


def expression(condition: Condition, fields: Fields) -> Any:
    """Return the condition as a peewee expression for a WHERE; negate the condition, never the expression.

    Raises Invalid for a comparison that a query cannot answer: one of a change, or of a field without a column.
    """
    return _expression(condition, fields, negated=False)


def _expression(condition: Condition, fields: Fields, *, negated: bool) -> Any:
    match condition:
        case AllOf(parts):
            return _joined(parts, fields, negated=negated, every=not negated)
        case AnyOf(parts):
            return _joined(parts, fields, negated=negated, every=negated)
        case Not(part):
            return _expression(part, fields, negated=not negated)
        case Comparison():
            return _comparison(condition, fields, negated=negated)


def _joined(parts: tuple[Condition, ...], fields: Fields, *, negated: bool, every: bool) -> Any:
    if not parts:
        return peewee.SQL("(1 = 1)" if every else "(1 = 0)")
    join = operator.and_ if every else operator.or_
    return reduce(join, (_expression(part, fields, negated=negated) for part in parts))


def _comparison(comparison: Comparison, fields: Fields, *, negated: bool) -> Any:
    """Write the comparison of values as a test beside what holds where there is none."""
    column = fields[comparison.field].column
    if comparison.operator in CHANGES:
        raise Invalid(
            f"“{comparison.operator}” asks what a change did, and a list has no before; ask for the value itself."
        )
    if column is None:
        raise Invalid(f"“{comparison.field}” has no column, so lists cannot be filtered by it; leave it out.")
    is_negation = comparison.operator in _NEGATIONS
    chosen = _NEGATIONS.get(comparison.operator, comparison.operator)
    test, holds_for_none = _sql_test(column, chosen, comparison.value, fields[comparison.field])
    if negated != is_negation:
        return _sql_opposite(column, test, holds_for_none)
    if not holds_for_none:
        return test
    is_null = peewee.Expression(column, peewee.OP.IS, None)
    return is_null if test is None else test | is_null


def _sql_opposite(column: Any, test: Any, holds_for_none: bool) -> Any:
    """Return the negation, which is never unknown: a missing value is named."""
    opposite = None if test is None else peewee.NodeList((peewee.SQL("NOT"), test))
    if holds_for_none:
        is_not_null = peewee.Expression(column, peewee.OP.IS_NOT, None)
        return is_not_null if opposite is None else is_not_null & opposite
    return peewee.Expression(column, peewee.OP.IS, None) | opposite


def _sql_test(column: Any, chosen: Operator, value: Any, field: Field) -> tuple[Any, bool]:
    """Return the test of a column with a value (None: only its absence counts), and the answer for one without."""
    if chosen is Operator.IS:
        return (None, True) if value is None else (_compare(column, peewee.OP.EQ, value), False)
    if chosen is Operator.IS_EMPTY:
        return (_compare(column, peewee.OP.EQ, "") if field.kind in _TEXTS else None), True
    if chosen is Operator.IN:
        present = tuple(_raw(each) for each in value if each is not None)
        return (_compare(column, peewee.OP.IN, present) if present else None), None in value
    if chosen in _ORDERS:
        return _compare(column, _SQL_ORDERS[_ORDERS[chosen]], value), False
    place = _place(column, _fold(value).decode())
    return (place > 0 if chosen is Operator.CONTAINS else place == 1), False


def _compare(column: Any, sign: str, value: Any) -> Any:
    return peewee.Expression(column, sign, peewee.Value(_raw(value), converter=False))


def _raw(value: Any) -> Any:
    """Return the value as it lies in its column."""
    return to_micros(value) if isinstance(value, datetime) else value


def _place(column: Any, part: str) -> Any:
    """Return the place (from 1, or 0) of a lowered text in the column, lowering only A to Z on both databases."""
    literal = peewee.Value(part, converter=False)
    if is_sqlite():
        return peewee.fn.INSTR(peewee.fn.LOWER(column), literal)
    in_c = peewee.NodeList((column, peewee.SQL('COLLATE "C"')))
    return peewee.fn.STRPOS(peewee.fn.LOWER(in_c), literal)
