"""Pages by keyset: a cursor names the last row seen, so page 20,000 costs what page 1 costs.

A cursor is opaque: the values of the order's columns and the id, with a mark of the order it
belongs to. OFFSET, the lost alternative, reads everything before the page, and skips or repeats
rows when the list moves meanwhile.
"""

import base64
import binascii
import functools
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Generic, TypeVar

import orjson
import peewee

from helpdesk.kernel.columns import to_micros
from helpdesk.kernel.db import Model, database
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.rows import Listed, Row, counts_by, grouped, load, select, together

DEFAULT_SIZE = 20
LARGEST_SIZE = 100
MOST_KNOWN = 500
MOST_REPEATED = 3
"""How often a thing is found by one word, about: so many times as many hits are read as are to be counted."""

Rows = TypeVar("Rows", bound=Row)


_known: dict[tuple[Any, ...], Listed] = {}


@dataclass(frozen=True, slots=True)
class Order:
    """One column to order by, never a nullable one. ``name`` is both the row's attribute and the column's name."""

    column: Any
    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is wanted: ``first`` rows after a cursor, or ``last`` rows before one."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def size(self) -> int:
        """The number of rows wanted. Raises Invalid for sizes out of range, or for both ends at once."""
        if self.first is not None and self.last is not None:
            raise Invalid("Give first or last, not both.", code="BAD_PAGE", path=("first",))
        size = self.first if self.first is not None else self.last
        name = "last" if self.last is not None else "first"
        if size is None:
            return DEFAULT_SIZE
        if not 0 <= size <= LARGEST_SIZE:
            raise Invalid(f"{name} must be from 0 to {LARGEST_SIZE}.", code="BAD_PAGE", path=(name,))
        return size

    @property
    def is_backward(self) -> bool:
        """Whether the rows nearest to ``before`` are wanted."""
        return self.last is not None or (self.first is None and self.before is not None and self.after is None)


@dataclass(slots=True)
class Page(Generic[Rows]):
    """Rows of one window, in the list's order.

    ``count`` tells how long the whole list is when somebody asks: up to a number, or with None to its end.
    ``is_cut`` says that a cursor ends the window on the side where it begins, and ``has_more`` whether there are more
    rows on the other.
    """

    rows: list[Rows]
    order: Sequence[Order]
    count: Callable[[int | None], int]
    is_backward: bool
    is_cut: bool
    has_more: Callable[[], bool]

    @property
    def has_next(self) -> bool:
        """Whether there are more rows behind these."""
        return self.is_cut if self.is_backward else self.has_more()

    @property
    def has_previous(self) -> bool:
        """Whether there are more rows before these."""
        return self.has_more() if self.is_backward else self.is_cut

    def cursor_of(self, row: Rows) -> str:
        """Return the cursor that names the row."""
        values = [_plain(getattr(row, key.name)) for key in self.order]
        return base64.urlsafe_b64encode(orjson.dumps([_mark(self.order), *values])).decode().rstrip("=")


def page(
    row_type: type[Rows],
    query: Any,
    *,
    order: Sequence[Order],
    window: Window,
    hits: Callable[[], Sequence[Any]] | None = None,
) -> Page[Rows]:
    """Return one window of the query. The last order column must be unique, such as the id.

    ``hits`` makes other queries for the same rows, when the list's own is better at its order than at being counted:
    each for ids as ``row_id``, some maybe more than once, and all of them together.

    Raises Invalid (BAD_PAGE, BAD_CURSOR).
    """
    size, whole = window.size, query
    if window.after is not None:
        query = query.where(_beyond(order, _values(order, window.after, "after"), backward=False))
    if window.before is not None:
        query = query.where(_beyond(order, _values(order, window.before, "before"), backward=True))
    backward = window.is_backward
    directions = [key.column.desc() if key.descending != backward else key.column.asc() for key in order]
    rows = load(row_type, query.order_by(*directions).limit(size + 1))
    length = partial(_length, lambda: whole) if hits is None else partial(_length_of_hits, hits)
    found = _cut(rows, size, order, window, length)
    together(found.rows)
    return found


def _mark(order: Sequence[Order]) -> str:
    return ",".join(("-" if key.descending else "") + key.name for key in order)


def _plain(value: Any) -> Any:
    return to_micros(value) if isinstance(value, datetime) else value


def _values(order: Sequence[Order], cursor: str, name: str) -> list[Any]:
    """Return the order's values that the cursor holds."""
    try:
        data = orjson.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        mark, values = data[0], list(data[1:])
    except (binascii.Error, ValueError, TypeError, LookupError):
        raise Invalid(
            "This cursor is not one of ours; take it from pageInfo.", code="BAD_CURSOR", path=(name,)
        ) from None
    scalars = all(isinstance(value, str | int) and not isinstance(value, bool) for value in values)
    if mark != _mark(order) or len(values) != len(order) or not scalars or not _fits(order, values):
        raise Invalid("This cursor belongs to another order of the list.", code="BAD_CURSOR", path=(name,))
    return values


def _fits(order: Sequence[Order], values: list[Any]) -> bool:
    """Return whether each value is of its column's sort, so that no database has to refuse it."""
    for key, value in zip(order, values, strict=True):
        is_number = isinstance(key.column, peewee.IntegerField)
        if is_number != isinstance(value, int) or (is_number and not -(2**63) <= value < 2**63):
            return False
    return True


def _beyond(order: Sequence[Order], values: list[Any], *, backward: bool) -> Any:
    """Return the SQL for "comes after these values in the list" (before them, when backward)."""
    directions = {key.descending != backward for key in order}
    if len(directions) == 1:
        left = peewee.Tuple(*(key.column for key in order))
        right = peewee.Tuple(*(peewee.Value(value, converter=False) for value in values))
        return left < right if directions == {True} else left > right
    condition = None
    for place in reversed(range(len(order))):
        key, value = order[place], values[place]
        step = key.column < value if key.descending != backward else key.column > value
        condition = step if condition is None else step | ((key.column == value) & condition)
    return condition


def pages_of(
    row_type: type[Rows], model: type[Model], parent: Any, parent_ids: Sequence[int], *,
    order: Sequence[Order], window: Window, condition: Any = True,
) -> list[Page[Rows]]:  # fmt: skip
    """Return each parent's rows, one page each by the same window, aligned with the parents, in one statement.

    ``parent`` is the column that names the parent; rows of all pages are one cohort.
    """
    size, name = window.size, parent.column_name
    narrow = partial(_of_parents, model, parent, order=order, window=window, condition=condition)
    key = (row_type, id(parent), id(condition), _mark(order), size, window.is_backward)
    if _is_at_an_end(window):
        if key not in _known:
            if len(_known) >= MOST_KNOWN:
                _known.clear()
            _known[key] = Listed(row_type, model, narrow)  # which keeps parent and condition what they are
        rows = _known[key].rows(parent_ids)
    else:
        rows = load(row_type, narrow(select(row_type, model), list(parent_ids)))
    lists = grouped(parent_ids, rows, attrgetter(name))
    lengths = _Lengths(model, parent, parent_ids, condition)
    pages = [
        _cut(found, size, order, window, partial(lengths.of, parent_id))
        for parent_id, found in zip(parent_ids, lists, strict=True)
    ]
    if _is_at_an_end(window):
        for parent_id, one in zip(parent_ids, pages, strict=True):
            if len(one.rows) == size:
                one.has_more = partial(lengths.exceeds, parent_id, size)
    together([row for found in pages for row in found.rows])
    return pages


def _of_parents(
    model: type[Model], parent: Any, query: Any, parents: Any, *, order: Sequence[Order], window: Window, condition: Any
) -> Any:
    """Narrow a query to the window of each parent's rows; ``parents`` are ids, or what stands for them.

    At an end of the lists it reads none further: few ask whether there are more, and then the lists are counted.
    """
    backward = window.is_backward
    directions = [key.column.desc() if key.descending != backward else key.column.asc() for key in order]
    place = peewee.fn.ROW_NUMBER().over(partition_by=[parent], order_by=directions).alias("place")
    inner = model.select(model.id.alias("row_id"), place).where(parent.in_(parents), condition)
    for cursor, name in ((window.after, "after"), (window.before, "before")):
        if cursor is not None:
            inner = inner.where(_beyond(order, _values(order, cursor, name), backward=name == "before"))
    wanted = peewee.Select([inner], [inner.c.row_id])
    wanted = wanted.where(inner.c.place <= window.size + (not _is_at_an_end(window)))
    return query.where(model.id.in_(wanted)).order_by(*directions)


def _cut(
    rows: list[Rows], size: int, order: Sequence[Order], window: Window, count: Callable[[int | None], int]
) -> Page[Rows]:
    """Return the page that so many rows, read one further than wanted, make."""
    more, kept, backward = len(rows) > size, rows[:size], window.is_backward
    is_cut = (window.before if backward else window.after) is not None
    return Page(kept[::-1] if backward else kept, order, count, backward, is_cut, lambda: more)


def _is_at_an_end(window: Window) -> bool:
    return window.after is None and window.before is None


def _length(counting: Callable[[], Any], most: int | None) -> int:
    """Return how many rows the query has; beyond ``most`` it is not looked."""
    query = counting()
    counted: Any = query if most is None else query.limit(most)
    return int(counted.count())


def _length_of_hits(hits: Callable[[], Sequence[Any]], most: int | None) -> int:
    """Return how many different rows are hit; beyond ``most`` it is not looked, which a mere DISTINCT would do."""
    queries = list(hits())
    if not queries:
        return 0
    if most is not None:
        enough = most * MOST_REPEATED
        some = _all_of([_beginning(query, enough) for query in queries])
        counts = [peewee.fn.COUNT(peewee.SQL("*")), peewee.fn.COUNT(some.c.row_id.distinct())]
        ((found, different),) = peewee.Select([some], counts).tuples().execute(database)
        if different >= most or found < enough:
            return int(min(different, most))
    everything = _all_of(queries)
    different = peewee.Select([everything], [everything.c.row_id]).distinct().limit(most).alias("different")
    ((count,),) = peewee.Select([different], [peewee.fn.COUNT(peewee.SQL("*"))]).tuples().execute(database)
    return int(count)


def _beginning(query: Any, most: int) -> Any:
    """Return a query for so many of the hits, in a form that may stand in a UNION."""
    beginning = query.limit(most).alias("beginning")
    return peewee.Select([beginning], [beginning.c.row_id])


def _all_of(queries: Sequence[Any]) -> Any:
    return functools.reduce(operator.add, queries).alias("together")


class _Lengths:
    """The lengths of many parents' lists, counted together when the first of them is asked for."""

    def __init__(self, model: type[Model], parent: Any, parent_ids: Sequence[int], condition: Any) -> None:
        self._count = partial(counts_by, model, parent, parent_ids, condition=condition)
        self._parent_ids = parent_ids
        self._counts: dict[int, int] = {}

    def exceeds(self, parent_id: int, size: int) -> bool:
        """Return whether one list is longer than that."""
        return self.of(parent_id, None) > size

    def of(self, parent_id: int, most: int | None) -> int:
        """Return the length of one list."""
        if not self._counts:
            self._counts = dict(zip(self._parent_ids, self._count(), strict=True))
        length = self._counts[parent_id]
        return length if most is None else min(length, most)
