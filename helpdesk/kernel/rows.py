"""What queries return: plain rows, never models, that know the siblings they were loaded with.

A relation asked of one row is loaded for its whole cohort in one statement (see graphql/batching.py),
so a page of tickets with their customers is two statements however long the page is.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import peewee

from helpdesk.kernel.db import Model


class Cohort:
    """Rows that were loaded together, and what has been loaded for all of them since."""

    __slots__ = ("failed", "loaded", "rows")

    def __init__(self, rows: Sequence[Any]) -> None:
        self.rows = rows
        self.loaded: dict[Hashable, dict[int, Any]] = {}
        self.failed: dict[Hashable, Exception] = {}

    def get(self, row: Any, key: Hashable, load: Callable[[Sequence[Any]], Sequence[Any]]) -> Any:
        """Return the row's share of what ``load`` answers for the whole cohort, loading it at the first asking.

        What it raises is raised for every row: asking again for each would ask a failing plugin as often.
        """
        if key in self.failed:
            raise self.failed[key]
        if key not in self.loaded:
            try:
                answers = load(self.rows)
            except Exception as error:
                self.failed[key] = error
                raise
            self.loaded[key] = {id(member): answer for member, answer in zip(self.rows, answers, strict=True)}
        return self.loaded[key][id(row)]


@dataclass(slots=True, kw_only=True)
class Row:
    """Base of every row; a subclass names the columns that it reads."""

    id: int
    cohort: Cohort | None = field(default=None, repr=False, compare=False)


Rows = TypeVar("Rows", bound=Row)


def columns(row_type: type[Row]) -> list[str]:
    """Return the columns that the row type reads, by their names in the table."""
    return [item.name for item in fields(row_type) if item.name != "cohort"]


def select(row_type: type[Row], model: type[Model]) -> Any:
    """Begin a query for the columns of the row type."""
    return model.select(*(model._meta.combined[name] for name in columns(row_type)))


def load(row_type: type[Rows], query: Any) -> list[Rows]:
    """Run a query begun by ``select`` and return its rows as one cohort."""
    names = columns(row_type)
    return together([row_type(**dict(zip(names, values, strict=True))) for values in query.tuples()])


def together(rows: list[Rows]) -> list[Rows]:
    """Make the rows one cohort and return them."""
    cohort = Cohort(rows)
    for row in rows:
        row.cohort = cohort
    return rows


def by_ids(row_type: type[Rows], model: type[Model], ids: Sequence[int | None]) -> list[Rows | None]:
    """Return rows aligned with the ids, None for a missing one, in one statement (none when no id is given)."""
    wanted = {row_id for row_id in ids if row_id is not None}
    if not wanted:
        return [None] * len(ids)
    found = {row.id: row for row in load(row_type, select(row_type, model).where(model.id.in_(wanted)))}
    return [found.get(row_id) if row_id is not None else None for row_id in ids]


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
