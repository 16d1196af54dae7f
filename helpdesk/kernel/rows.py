"""What queries return: plain rows, never models, that know the siblings they were loaded with.

A relation asked of one row is loaded for its whole cohort in one statement (see graphql/batching.py),
so a page of tickets with their customers is two statements however long the page is.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cache
from operator import is_
from typing import Any, TypeVar

import peewee

from helpdesk.kernel.columns import EPOCH, MICROSECOND, EnumColumn, TimeColumn
from helpdesk.kernel.db import Model, database
from helpdesk.kernel.texts import Given, Prepared


class Cohort:
    """Rows that were loaded together, and what has been loaded for all of them since."""

    __slots__ = ("_places", "failed", "loaded", "rows")

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = tuple(rows)  # whoever holds the list may sort or cut it
        self.loaded: dict[Hashable, list[Any]] = {}
        self.failed: dict[Hashable, Exception] = {}
        self._places: dict[int, int] = {}

    def get(self, row: Any, key: Hashable, load: Callable[[Sequence[Any]], Sequence[Any]]) -> Any:
        """Return the row's share of what ``load`` answers for the whole cohort."""
        return self.shares(key, load)[self.place(row)]

    def shares(self, key: Hashable, load: Callable[[Sequence[Any]], Sequence[Any]]) -> list[Any]:
        """Return what ``load`` answers for the whole cohort, aligned with its rows; loaded at the first asking.

        What it raises is raised for every row: asking again for each would ask a failing plugin as often.
        """
        if key in self.failed:
            raise self.failed[key]
        if key not in self.loaded:
            try:
                answers = list(load(self.rows))
                if len(answers) != len(self.rows):
                    raise ValueError(f"{len(answers)} answers for {len(self.rows)} rows")
            except Exception as error:
                self.failed[key] = error
                raise
            self.loaded[key] = answers
        return self.loaded[key]

    def place(self, row: Any) -> int:
        """Return where in the cohort the row is, the last of its places if there are some."""
        if not self._places:
            self._places = {id(member): place for place, member in enumerate(self.rows)}
        return self._places[id(row)]

    def is_whole(self, rows: Sequence[Any]) -> bool:
        """Return whether these are the rows of the cohort, all of them and in its order, each once."""
        if len(rows) != len(self.rows) or not all(map(is_, rows, self.rows)):
            return False
        return not rows or (self.place(rows[0]) == 0 and len(self._places) == len(rows))


@dataclass(slots=True, kw_only=True)
class Row:
    """Base of every row; a subclass names the columns that it reads, and has nothing else to do when it is made."""

    id: int
    cohort: Cohort | None = field(default=None, repr=False, compare=False)

    def __init_subclass__(cls) -> None:
        """Refuse what ``load`` would leave out, since it calls no ``__init__``. Raises TypeError."""
        if hasattr(cls, "__post_init__"):
            raise TypeError(f"{cls.__name__} has a __post_init__, which no row from the database calls; use a property")


Rows = TypeVar("Rows", bound=Row)


def columns(row_type: type[Row]) -> list[str]:
    """Return the columns that the row type reads, by their names in the table."""
    return [item.name for item in fields(row_type) if item.name != "cohort"]


def select(row_type: type[Row], model: type[Model]) -> Any:
    """Begin a query for the columns of the row type."""
    return model.select(*_selected(row_type, model))  # type: ignore[arg-type]  # a class can be hashed


@cache
def _selected(row_type: type[Row], model: type[Model]) -> tuple[Any, ...]:
    return tuple(model._meta.combined[name] for name in columns(row_type))


def load(row_type: type[Rows], query: Any) -> list[Rows]:
    """Run a query begun by ``select`` and return its rows as one cohort."""
    return _maker(row_type, tuple(query.selected_columns))(database.execute(query).fetchall())


class Listed:
    """A query for rows that looks in one list of ids, and the function that makes the rows; for the busiest paths."""

    def __init__(self, row_type: type[Row], model: type[Model], narrow: Callable[[Any, Given], Any]) -> None:
        self._prepared = Prepared(lambda given: narrow(select(row_type, model), given))
        self._make = _made_maker(row_type, _selected(row_type, model))  # type: ignore[arg-type]  # a class can be hashed

    def rows(self, ids: Sequence[int]) -> list[Any]:
        """Return the rows as one cohort, none for no id."""
        if not ids:
            return []
        sql, parameters = self._prepared.filled(database.obj, ids)
        return self._make(database.execute_sql(sql, parameters).fetchall())


def _maker(row_type: type[Rows], selected: tuple[Any, ...]) -> Callable[[Sequence[Any]], list[Rows]]:
    """Return what makes a cohort of rows of a cursor's tuples; made once for each kind of rows."""
    key = (row_type, *map(id, selected))  # a field is compared as SQL would
    if key not in _makers:
        _makers[key] = (_made_maker(row_type, selected), selected)
    return _makers[key][0]


_makers: dict[Any, tuple[Callable[[Sequence[Any]], list[Any]], Any]] = {}


def _made_maker(row_type: type[Row], selected: Sequence[Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """Write the function: generated, since to look each column up by name takes longer than to read it."""
    known: dict[str, Any] = {"row_type": row_type, "Cohort": Cohort, "EPOCH": EPOCH, "MICROSECOND": MICROSECOND}
    values = [f"v{place}" for place in range(len(selected))]
    lines = [
        "def make(found):",
        "    rows = []",
        "    cohort = Cohort(())",
        f"    for {', '.join(values)}, in found:",
        "        row = row_type.__new__(row_type)",  # to hand all columns to __init__ takes as long again
        "        row.cohort = cohort",
        *(
            f"        row.{name} = {_expression(column, value, known)}"
            for name, value, column in zip(columns(row_type), values, selected, strict=True)
        ),
        "        rows.append(row)",
        "    cohort.rows = tuple(rows)",
        "    return rows",
    ]
    exec("\n".join(lines), known)  # noqa: S102  # names of our own
    made: Callable[[Sequence[Any]], list[Any]] = known["make"]
    return made


def _expression(column: Any, value: str, known: dict[str, Any]) -> str:
    """Return what makes the value of that name one of ours; what it calls becomes known to it."""
    if isinstance(column, TimeColumn):  # the busiest of all: from_micros without the call
        return f"None if {value} is None else EPOCH + {value} * MICROSECOND"
    convert = _converter(column)
    if convert is None:
        return value
    known[f"make_{value}"] = convert
    return f"None if {value} is None else make_{value}({value})"


def _converter(column: Any) -> Callable[[Any], Any] | None:
    """Return what makes a value of the database's one of ours; None where it is one already."""
    if isinstance(column, EnumColumn):
        return _Choices(column.choice).__getitem__
    if isinstance(column, peewee.BooleanField):
        return bool
    if isinstance(column, peewee.ForeignKeyField) or type(column).python_value is peewee.Field.python_value:
        return None
    converter: Callable[[Any], Any] = column.python_value
    return converter


class _Choices(dict[Any, Any]):
    """The choices of an enumeration by their words; a word that is none is refused in the enumeration's own way."""

    def __init__(self, choice: type[StrEnum]) -> None:
        super().__init__({one.value: one for one in choice})
        self._choice = choice

    def __missing__(self, word: str) -> Any:
        return self._choice(word)


def together(rows: list[Rows]) -> list[Rows]:
    """Make the rows one cohort and return them."""
    cohort = Cohort(rows)
    for row in rows:
        row.cohort = cohort
    return rows


def by_ids(row_type: type[Rows], model: type[Model], ids: Sequence[int | None]) -> list[Rows | None]:
    """Return rows aligned with the ids, None for a missing one, in one statement (none when no id is given)."""
    wanted = list({row_id for row_id in ids if row_id is not None})
    if not wanted:
        return [None] * len(ids)
    found = {row.id: row for row in of_owners(row_type, model.id, wanted)}
    return [found.get(row_id) if row_id is not None else None for row_id in ids]


def of_owners(row_type: type[Rows], owner: Any, owner_ids: Sequence[int]) -> list[Rows]:
    """Return the rows whose column ``owner`` is one of the ids, oldest first, in at most one statement."""
    key = (row_type, id(owner))
    if key not in _owned:
        model = owner.model
        _owned[key] = Listed(row_type, model, lambda query, given: query.where(owner.in_(given)).order_by(model.id))
    return _owned[key].rows(owner_ids)


_owned: dict[tuple[type[Row], int], Listed] = {}
"""By kind of rows and the identity of the owner's column, which the query keeps: columns are compared as SQL."""


def grouped(parents: Iterable[int], rows: Iterable[Rows], key: Callable[[Rows], int]) -> list[list[Rows]]:
    """Return the rows in lists aligned with the parents' ids, each in the order given."""
    lists: dict[int, list[Rows]] = {}
    for row in rows:
        lists.setdefault(key(row), []).append(row)
    return [lists.get(parent, []) for parent in parents]


def counts_by(model: type[Model], parent: Any, parent_ids: Sequence[int], *, condition: Any = True) -> list[int]:
    """Return how many rows of the model each parent has, aligned with the parents, in one statement."""
    counts: Any = model.select(parent, peewee.fn.COUNT(model.id)).where(parent.in_(list(parent_ids)), condition)
    found = dict(counts.group_by(parent).tuples())
    return [found.get(parent_id, 0) for parent_id in parent_ids]
