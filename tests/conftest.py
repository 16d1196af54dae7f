"""What every test may ask for: a clean database of each kind, and a desk on it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from helpdesk.kernel import crypto, db, settings
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.factories.desk import Desk, make_desk, ready
from tests.factories.echo import Echo
from tests.servers.postgres import PostgresServer

DATABASES = ("sqlite", "postgres")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    db.use(settings.load({}, data_dir=folder))
    db.migrate()
    with db.connection():
        db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.database.close_all()
    return folder / "desk.db"


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """A migrated PostgreSQL database, emptied before each test that uses it."""
    url = postgres_server.create_database()
    db.use(settings.load({}, database_url=url))
    db.migrate()
    db.database.close_all()
    return url


class Broom:
    """Empties every table of a PostgreSQL database, and begins every series anew; TRUNCATE takes forty times as long.

    Through a connection of its own, which has looked up all the tables once; a desk's begins anew with each test.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection: psycopg.Connection[Any] | None = None

    def sweep(self) -> None:
        """Empty the tables, though a test may have broken the connection, or the whole server."""
        try:
            self._sweep(self._connected())
        except psycopg.OperationalError:
            self.put_away()
            self._sweep(self._connected())

    def put_away(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connected(self) -> "psycopg.Connection[Any]":
        if self._connection is None:
            self._connection = psycopg.connect(self.url, autocommit=True)
        return self._connection

    @staticmethod
    def _sweep(connection: "psycopg.Connection[Any]") -> None:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        statements = [
            "SET session_replication_role = replica",  # no foreign key holds a row back
            *(f'DELETE FROM "{table}"' for (table,) in found if table != "migration"),
            "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences"
            " WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename <> 'migration_id_seq'",
            "RESET session_replication_role",
        ]
        connection.execute("; ".join(statements))


@pytest.fixture(scope="session")
def broom(postgres_url: str) -> Iterator[Broom]:
    """What empties the PostgreSQL database of the tests."""
    made = Broom(postgres_url)
    yield made
    made.put_away()


@pytest.fixture(params=DATABASES)
def database_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[settings.Settings]:
    """Settings of a desk on a clean database, once for SQLite and once for PostgreSQL."""
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), data_dir / "desk.db")
        made = settings.load({}, data_dir=data_dir)
        db.use(made)
    else:
        broom: Broom = request.getfixturevalue("broom")
        broom.sweep()
        made = settings.load({}, data_dir=data_dir, database_url=broom.url)
        db.use(made)
    yield made
    db.database.close_all()


@pytest.fixture
def database(database_settings: settings.Settings) -> Iterator[settings.Settings]:
    """A clean, migrated, connected database of each kind; gives its settings."""
    with db.connection():
        yield database_settings


@pytest.fixture
def desk(database: settings.Settings) -> Iterator[Desk]:
    """A desk with one service, wired, with the Echo channel and no other plugin."""
    ready(database)
    Echo.reset()
    registry.load(looks=False)
    registry.register(Kind.CHANNEL, "echo", Echo)
    yield make_desk(database)
    crypto.use_passwords(crypto.PasswordHashes())
    registry.load(safe_mode=True, looks=False)
