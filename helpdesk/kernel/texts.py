"""Remembers the SQL text of a query by its shape, so that peewee writes each text once and not for each request.

Writing SQL costs peewee some ten times what running it costs. Two queries of one shape differ in their values only:
numbers and words to compare with, rows to insert. ``text_of`` walks a query, takes the values out and makes of the
rest a key. When the key is new, the values are put back as marks, peewee writes the text, and the marks tell in which
order, and by which converter, the values are to be handed in; from then on the walk is all that is done.

Whatever the walk does not know is written by peewee as ever.

SQLAlchemy has the same idea; hand-written text for hot queries, the lost alternative, would stand beside the query
that the room has.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import peewee

from helpdesk.kernel.shapes import Slot, Unknown, Walk, Writer, filled_length

MOST_TEXTS = 2_000


class Given(peewee.Node):
    """Stands in a ``Prepared`` query for a list to look in, which is handed in when the query is run."""

    NAME = "(given)"

    def __sql__(self, ctx: Any) -> Any:
        ctx._values.append(self)
        return ctx.literal(self.NAME)


class Prepared:
    """A query that looks in one list of ids, for the paths on which even a walk takes too long.

    ``build`` makes the query with a ``Given`` behind the ``IN`` of the list. Everything else in it is the same whenever
    it is run. PostgreSQL gets the list as one array, so that it has one statement to plan, and SQLite one parameter for
    each id, filled up to a power of two.
    """

    def __init__(self, build: Callable[[Given], Any]) -> None:
        self._build = build
        self._texts: dict[tuple[type, int], tuple[str, list[Any], int]] = {}

    def filled(self, database: Any, ids: Sequence[int]) -> tuple[str, list[Any]]:
        """Return the SQL and its parameters for a list, which has at least one id."""
        takes_arrays = isinstance(database, peewee.PostgresqlDatabase)
        length = 0 if takes_arrays else filled_length(len(ids))
        key = (type(database), length)
        if key not in self._texts:
            self._texts[key] = self._text(database, length)
        sql, parameters, at = self._texts[key]
        given = [list(ids)] if takes_arrays else [*ids, *[ids[-1]] * (length - len(ids))]
        return sql, [*parameters[:at], *given, *parameters[at + 1 :]]

    def _text(self, database: Any, length: int) -> tuple[str, list[Any], int]:
        """Return the SQL, its parameters, and at which of them the list stands; without a length it is an array."""
        sql, parameters = database.get_sql_context().sql(self._build(Given())).query()
        if length:
            sql = sql.replace(Given.NAME, f"({', '.join([database.param] * length)})")
        else:
            sql = sql.replace(f"IN {Given.NAME}", f"= ANY({database.param}::bigint[])")
        at = next(place for place, one in enumerate(parameters) if type(one) is Given)
        return sql, list(parameters), at


class _Text:
    """A text, its parameters (slots, and values that are always the same), and what its key names by identity."""

    __slots__ = ("_parameters", "_sql", "kept")

    def __init__(self, sql: str, parameters: Sequence[Any], kept: Sequence[Any]) -> None:
        self._sql, self.kept = sql, kept
        self._parameters = [
            (one.place, one.converter, None) if isinstance(one, Slot) else (-1, None, one) for one in parameters
        ]

    def filled(self, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """Return the text with its parameters."""
        return self._sql, [
            fixed if place < 0 else convert(values[place]) if convert else values[place]
            for place, convert, fixed in self._parameters
        ]


_texts: dict[Any, _Text | None] = {}
_writing = threading.Lock()


def text_of(database: Any, query: Any) -> tuple[str, Sequence[Any]]:
    """Return the SQL of a query and its parameters."""
    try:
        walk = Walk(marks=False)
        key = (type(database), walk.key(query))
        is_new = key not in _texts
    except (Unknown, TypeError):  # what cannot be hashed is no key
        return _written(database, query)
    known = _learn(database, query, key) if is_new else _texts.get(key)
    return _written(database, query) if known is None else known.filled(walk.values)


def _written(database: Any, query: Any) -> tuple[str, Sequence[Any]]:
    sql, parameters = database.get_sql_context().sql(query).query()
    return sql, parameters


def _learn(database: Any, query: Any, key: Any) -> _Text | None:
    """Write the text of a new shape, alone: marks may stand in expressions that other queries share."""
    with _writing:
        try:
            walk = Walk(marks=True)
            walk.key(query)
            writer: Any = Writer(**database.get_context_options())
            sql, parameters = writer.sql(query).query()
            text: _Text | None = _Text(sql, parameters, walk.kept)
        except Unknown:
            text = None
        if len(_texts) >= MOST_TEXTS:
            _texts.clear()
        _texts[key] = text
    return text
