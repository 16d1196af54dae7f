"""A plugin's own tables: they keep to its prefix, lean on nobody else's, and are made by its own migrations.

Each migration is one transaction, whatever it says of itself, and runs within the plugin's fence. What
it made is looked at before the commit, so one that leans on a table of the core leaves nothing behind.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playhouse.migrations import Runner

from helpdesk.hosting.rules import prefix_of
from helpdesk.kernel import db
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import database, transactional
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.fences import fence
from helpdesk.kernel.patience import Patience, patience
from helpdesk.plugins import guard, operations
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.plugin import Plugin

SECONDS = 300.0
WAIT_SECONDS = 0.5
HISTORY = "migration_p_"
VIRTUAL = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'"
LOCK = 719202  # of the migrations of plugins, on PostgreSQL


class BadTables(Exception):
    """The plugin's tables are not as they must be; the text says what is wrong."""


def history_of(name: str) -> str:
    """Return the name of the table in which the plugin's applied migrations stand."""
    return f"{HISTORY}{name}"


def keepers() -> set[str]:
    """Return the names of the plugins that have had tables made, also of those that are installed no more."""
    with db.connection():
        return {table.removeprefix(HISTORY) for table in database.get_tables() if table.startswith(HISTORY)}


def migrate(name: str, plugin: type[Plugin]) -> list[str]:
    """Apply the plugin's pending migrations and return their names. Raises what the plugin's code raises, guarded."""
    folder = plugin.migrations
    if folder is None:
        return []
    return guard.call(Ref(Kind.PLUGIN, name), "migrations", lambda: _up(_runner(name, plugin)), seconds=SECONDS)


def take_back(name: str, plugin: type[Plugin]) -> list[str]:
    """Take back every migration by its own ``down``, the newest first, and return their names. Raises as ``migrate``.

    For a version that goes back to the one before, and for authors; ``unmake`` needs none of the plugin's code.
    """
    if plugin.migrations is None:
        return []
    return guard.call(Ref(Kind.PLUGIN, name), "migrations", lambda: _down(_runner(name, plugin)), seconds=SECONDS)


def kept_by(name: str) -> dict[str, int]:
    """Return the tables that the plugin's migrations have made, and how many rows each has.

    Raises NotFound for a plugin that keeps none.
    """
    known = keepers()
    if name not in known:
        told = ", ".join(sorted(known)) or "none does"
        raise NotFound(f"The plugin “{name}” keeps no tables; these do: {told}.", path=("name",))
    with db.connection():
        return {table: _count(table) for table in _own(prefix_of(name))}


@transactional
def unmake(actor: Actor, name: str) -> dict[str, int]:
    """Drop the plugin's tables with all that they hold, and its history; return how many rows each had.

    None of the plugin's code runs, so it may be gone already: to call the ``down`` of its migrations would need
    what was just switched off. Raises NotFound, and Conflict (PLUGIN_IS_ON). Records PluginChanged.
    """
    tables = kept_by(name)
    operations.dropping_tables(actor, Ref(Kind.PLUGIN, name), tables)
    if db.is_sqlite():
        _drop_one_by_one(prefix_of(name))
    elif tables:
        database.execute_sql(f"DROP TABLE {', '.join(map(_quoted, tables))}")
    database.execute_sql(f"DROP TABLE {_quoted(history_of(name))}")
    return tables


def _drop_one_by_one(prefix: str) -> None:
    """Drop the tables on SQLite: virtual ones take those along that they are made of, and rows may lean on rows."""
    database.execute_sql("PRAGMA defer_foreign_keys = ON")
    for (table,) in database.execute_sql(VIRTUAL).fetchall():
        if table.startswith(prefix):
            database.execute_sql(f"DROP TABLE {_quoted(table)}")
    tables = _own(prefix)
    for table in tables:
        database.execute_sql(f"DELETE FROM {_quoted(table)}")  # noqa: S608  # a name that the catalog tells
    for table in tables:
        database.execute_sql(f"DROP TABLE {_quoted(table)}")


def _own(prefix: str) -> list[str]:
    return [table for table in database.get_tables() if table.startswith(prefix)]


def _count(table: str) -> int:
    return int(database.execute_sql(f"SELECT count(*) FROM {_quoted(table)}").fetchone()[0])  # noqa: S608  # as above


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _Runner(Runner):
    """Runs the migrations of one plugin."""

    def __init__(self, name: str, folder: str) -> None:
        self._prefix = prefix_of(name)
        super().__init__(database, folder, table_name=history_of(name))

    def _run(self, name: str, module: Any, direction: str, fake: bool = False) -> None:
        step = getattr(module, direction)

        def fenced(migrator: Any, tables: Any) -> None:
            with fence(self._prefix):
                step(migrator, tables)
            _check_made(self._prefix)

        module.atomic = True
        setattr(module, direction, fenced)
        super()._run(name, module, direction, fake=fake)


def _runner(name: str, plugin: type[Plugin]) -> _Runner:
    return _Runner(name, str(plugin.migrations))


def _up(runner: _Runner) -> list[str]:
    """Apply what is pending. Of two processes that start together one makes the tables, and the other finds them."""
    with patience(Patience.ENDLESS), db.connection(), _alone():
        for attempt in range(db.TRIES):
            pending = _pending(runner)
            try:
                return list(runner.up()) if pending else []
            except Exception as error:
                is_other_faster = db.is_transient(error) or _pending(runner) != pending
                if attempt + 1 == db.TRIES or not is_other_faster:
                    raise
                time.sleep(WAIT_SECONDS)
    return []


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other processes from migrating a plugin meanwhile, on PostgreSQL; SQLite has no lock for that."""
    if db.is_sqlite():
        yield
        return
    database.execute_sql("SELECT pg_advisory_lock(%s)", (LOCK,))
    try:
        yield
    finally:
        database.execute_sql("SELECT pg_advisory_unlock(%s)", (LOCK,))


def _pending(runner: _Runner) -> list[str]:
    return [row.name for row in runner.status() if not row.applied]


def _down(runner: _Runner) -> list[str]:
    with db.connection(), _alone():
        applied = [row.name for row in runner.status() if row.applied]
        return list(runner.down(applied[0])) if applied else []


def _check_made(prefix: str) -> None:
    """Raise BadTables when a table of the plugin's leans on another's."""
    for table in _own(prefix):
        for key in database.get_foreign_keys(table):
            if not key.dest_table.startswith(prefix):
                raise BadTables(f"{table}.{key.column} is a foreign key onto {key.dest_table}, which is not its own")
