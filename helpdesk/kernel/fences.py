"""Keeps the SQL of a plugin's hooks to the plugin's own tables: whatever would write another's is refused.

Inside ``fence("p_visits_")`` a statement of this thread, and of threads that are given its context, may write
(rows, and the tables and indexes themselves) only what is named so; reading is free. What is refused has no
effect, and leaves the block as ``Trespass``, which takes the transaction back that it is in.

The database says what a statement writes, triggers and cascades included; a parser of our own (the lost
alternative) would know neither. SQLite asks an authorizer as it compiles the statement. PostgreSQL shows
afterwards, inside a transaction or savepoint, which relations are locked for writing; where a table was
written on the plugin's behalf in the same transaction before, the counters of its rows tell too.

It is a fence against mistakes: code in our process that means harm can open a connection of its own.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import peewee
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase

from helpdesk.kernel.texts import text_of

_fence: ContextVar[str] = ContextVar("fence", default="")

_SKIP = r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*"
_SELECT = re.compile(_SKIP + r"(?:select|values)\b", re.IGNORECASE | re.DOTALL)
_DEFINING = re.compile(_SKIP + r"(?:create|alter|drop)\b", re.IGNORECASE | re.DOTALL)

_READING = re.compile(_SKIP + r"(?:select|values|with|table|show)\b", re.IGNORECASE | re.DOTALL)
_BRACKET = re.compile(_SKIP + r"(?:begin|start|commit|end|rollback|abort|savepoint|release)\b", re.IGNORECASE)
_MAY_WRITE = re.compile(r"\b(?:insert|update|delete|merge|into|truncate|setval|dblink\w*)\b", re.IGNORECASE)
_KNOWN = re.compile(
    _SKIP + r"(?:select|values|with|insert|update|delete|merge|explain|truncate|lock|comment\s+on"
    r"|create\s+(?:unique\s+)?(?:table|index|sequence)|(?:alter|drop)\s+(?:table|index|sequence))\b",
    re.IGNORECASE | re.DOTALL,
)
_AT_ONCE = re.compile(r"\b(?:setval|dblink\w*)\b", re.IGNORECASE)

_ROWS = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
_NAMED_FIRST = _ROWS | {
    sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_REINDEX,
    sqlite3.SQLITE_CREATE_VTABLE, sqlite3.SQLITE_DROP_VTABLE,
}  # fmt: skip
_NAMED_BOTH = {sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_DROP_INDEX}  # the index and its table
_HARMLESS = {
    sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION, sqlite3.SQLITE_SAVEPOINT,
}  # fmt: skip
_PRAGMAS = {"data_version", "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"}
_PRAGMAS |= {"foreign_key_list"}

SQLITE_SHAPE = """
SELECT name, name FROM sqlite_master WHERE type <> 'index'
UNION SELECT m.name, f."table" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"""

POSTGRES_LOCKS = """
SELECT l.relation, c.relname, l.mode, pg_stat_get_xact_tuples_inserted(l.relation)
    + pg_stat_get_xact_tuples_updated(l.relation) + pg_stat_get_xact_tuples_deleted(l.relation)
FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
    AND c.relnamespace IS DISTINCT FROM 'pg_toast'::regnamespace"""
POSTGRES_RELATIONS = "SELECT oid, relname FROM pg_class WHERE relnamespace <> 'pg_toast'::regnamespace"
FIRST_OWN_OID = 16384
"""Below are PostgreSQL's own catalogs, which it writes itself when a table is made or changed."""


class Trespass(Exception):
    """A plugin's statement would write what is not the plugin's."""

    def __init__(self, prefix: str, what: str) -> None:
        super().__init__(f"A plugin may write only tables whose names begin with “{prefix}”, not {what}.")


@contextmanager
def fence(prefix: str) -> Iterator[None]:
    """Let the SQL of the block write only tables whose names begin with the prefix. Raises Trespass."""
    if not prefix:
        raise ValueError("a fence needs a prefix")
    token = _fence.set(prefix.lower())
    try:
        yield
    finally:
        _fence.reset(token)


@contextmanager
def unfenced() -> Iterator[None]:
    """Lift the fence for the desk's own work on behalf of a plugin."""
    token = _fence.set("")
    try:
        yield
    finally:
        _fence.reset(token)


class _Remembering:
    """Writes each query's SQL once."""

    execute_sql: Any

    def execute(self, query: Any, **options: Any) -> Any:
        """Execute a query, by the text that queries of its shape have."""
        if options:
            return peewee.Database.execute(self, query, **options)  # type: ignore[arg-type, no-untyped-call]
        return self.execute_sql(*text_of(self, query))


class FencedSqlite(_Remembering, PooledSqliteDatabase):
    """SQLite that keeps fences."""

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Execute, inside a fence under its rules."""
        prefix = _fence.get()
        if not prefix or _SELECT.match(sql):
            return super().execute_sql(sql, params)
        if not _DEFINING.match(sql):
            return self._judged(prefix, sql, params, is_defining=False)
        with unfenced(), self.atomic():
            before = set(super().execute_sql(SQLITE_SHAPE))
            cursor = self._judged(prefix, sql, params, is_defining=True)
            for names in sorted(set(super().execute_sql(SQLITE_SHAPE)) - before):
                _require_own(prefix, *names)  # a table under its new name, or what a foreign key leads to
            return cursor

    def _judged(self, prefix: str, sql: str, params: Any, *, is_defining: bool) -> Any:
        """Execute with an authorizer; to set one makes SQLite compile again what Python keeps compiled."""
        refused: list[str] = []
        connection = self.connection()
        connection.set_authorizer(_judge(prefix, refused, is_defining=is_defining))
        try:
            return super().execute_sql(sql, params)
        except peewee.DatabaseError:
            if refused:
                raise Trespass(prefix, refused[0]) from None
            raise
        finally:
            connection.set_authorizer(None)


def _judge(prefix: str, refused: list[str], *, is_defining: bool) -> Callable[..., int]:
    """Return an authorizer that notes what it refuses."""

    def judge(action: int, first: str | None, second: str | None, *_rest: str | None) -> int:
        if action in _HARMLESS or (action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in _PRAGMAS):
            return sqlite3.SQLITE_OK
        names = _touched(action, first, second)
        strange = [name for name in names if not _is_own(name, prefix) and not _is_kept_by_sqlite(name, is_defining)]
        if names and not strange:
            return sqlite3.SQLITE_OK
        refused.append(f"“{strange[0]}”" if strange else "anything else")
        return sqlite3.SQLITE_DENY

    return judge


def _touched(action: int, first: str | None, second: str | None) -> list[str]:
    """Return the names of what SQLite's action writes; none for what only the desk may do."""
    if action in _NAMED_FIRST:
        return [first or ""]
    if action in _NAMED_BOTH:
        return [first or "", second or ""]
    return [second or ""] if action == sqlite3.SQLITE_ALTER_TABLE else []


def _is_kept_by_sqlite(name: str, is_defining: bool) -> bool:
    return is_defining and name.lower().startswith("sqlite_")


def _require_own(prefix: str, *names: str | None) -> None:
    """Raise Trespass for a name that is not the plugin's."""
    for name in names:
        if name and not (_is_own(name, prefix) or name.startswith("sqlite_")):
            raise Trespass(prefix, f"“{name}”")


def _is_own(name: str, prefix: str) -> bool:
    return name.lower().startswith(prefix)


class FencedPostgres(_Remembering, PooledPostgresqlDatabase):
    """PostgreSQL that keeps fences."""

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """Execute, inside a fence under its rules."""
        prefix = _fence.get()
        if not prefix:
            return super().execute_sql(sql, params)
        if not params and ";" in sql.rstrip("; \n"):  # without parameters the protocol takes several at once
            raise Trespass(prefix, "several statements at once; hand values in as parameters")
        if _BRACKET.match(sql) or (_READING.match(sql) and not _MAY_WRITE.search(sql)):
            return super().execute_sql(sql, params)
        if not _KNOWN.match(sql) or _AT_ONCE.search(sql):  # what is no table, or is not taken back
            raise Trespass(prefix, "anything else")
        return self._compared(prefix, sql, params)

    def _compared(self, prefix: str, sql: str, params: Any) -> Any:
        """Execute, compare what is locked and counted before and after, and take back what was not to be written."""
        is_defining = bool(_DEFINING.match(sql))
        has_begun = self.in_transaction()
        with unfenced(), self.atomic():
            before = set(super().execute_sql(POSTGRES_LOCKS)) if has_begun else set()
            names = dict(super().execute_sql(POSTGRES_RELATIONS).fetchall()) if is_defining else {}
            cursor = super().execute_sql(sql, params)
            for oid, name, *_ in sorted(set(super().execute_sql(POSTGRES_LOCKS)) - before, key=str):
                if not (is_defining and oid < FIRST_OWN_OID):
                    _require_own(prefix, names.get(oid), name)  # before and after: it may be renamed, or dropped
            return cursor
