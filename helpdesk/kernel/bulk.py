"""Writes rows by the ten thousand, past the models: by prepared statements on SQLite, by COPY on PostgreSQL.

For a desk on which nobody else works meanwhile; ids may then be known before their rows are written. Values are
as the columns keep them (``kernel/columns.py``), and columns that are left out are empty. Refuses to know the tables.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from helpdesk.kernel.db import database, is_sqlite

Rows = Sequence[Sequence[Any]]

QUICK = {"cache_size": -256_000, "wal_autocheckpoint": 20_000}
"""What SQLite is told for the time: a cache that holds the indexes, and a log that is moved over less often."""

INDEXING = {"automerge": 0, "hashsize": 64 << 20}
USUAL_INDEXING = {"automerge": 4, "hashsize": 1 << 20}
"""How FTS5 gathers what it indexes: as much at once as fits, or as usual (SQLite's own defaults)."""


def reserve(table: str, count: int) -> int:
    """Return the first of so many ids that the table's next rows are to get.

    On PostgreSQL they are nobody else's from now on; on SQLite they are whoever's writes first.
    """
    if is_sqlite():
        return int(_value(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table}"))  # noqa: S608  # our own name
    series = f"pg_get_serial_sequence('{table}', 'id')"
    first = int(_value(f"SELECT nextval({series})"))
    _value(f"SELECT setval({series}, {first + count - 1})")
    return first


def write(table: str, columns: Sequence[str], rows: Rows | bytes) -> None:
    """Write the rows; on PostgreSQL as ``packed`` has packed them."""
    if isinstance(rows, bytes):
        with database.connection().cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            copy.write(rows)
    elif rows:
        marks = ", ".join("?" * len(columns))
        database.connection().executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608  # our own names


def packed(rows: Iterable[Sequence[Any]]) -> bytes:
    r"""Return rows as COPY takes them: a line each, a tab between the columns, \N for nothing."""
    return "".join(["\t".join(map(_packed, row)) + "\n" for row in rows]).encode()


def _packed(value: Any) -> str:
    if value.__class__ is int:
        return str(value)
    if value is None:
        return r"\N"
    if value is True or value is False:
        return "t" if value else "f"
    return str(value).replace("\\", r"\\").replace("\n", r"\n").replace("\t", r"\t").replace("\r", r"\r")


@contextmanager
def hurrying() -> Iterator[None]:
    """Let this connection and the search index work in larger lots for the time. Outside of a transaction."""
    if not is_sqlite():
        yield
        return
    before = {name: _value(f"PRAGMA {name}") for name in QUICK}
    try:
        _set(QUICK)
        _index(INDEXING)
        yield
    finally:
        _index(USUAL_INDEXING)
        _set(before)


def _set(pragmas: dict[str, Any]) -> None:
    for name, value in pragmas.items():
        _value(f"PRAGMA {name} = {value}")


def _index(options: dict[str, int]) -> None:
    for name, value in options.items():
        database.execute_sql("INSERT INTO search_index (search_index, rank) VALUES (?, ?)", (name, value))


def _value(sql: str) -> Any:
    row = database.execute_sql(sql).fetchone()
    return row and row[0]
