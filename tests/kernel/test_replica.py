"""Queries are read from a real streaming replica, and never anything older than what was written before them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from helpdesk.app import create_app
from helpdesk.hosting import life
from helpdesk.kernel import db, replica, settings
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import registry
from tests.factories.client import Caller, open_to_partners, ticket
from tests.factories.desk import make_desk, ready
from tests.servers.postgres import PostgresServer

ROUNDS = 10


@pytest.fixture(scope="module")
def follower(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """A replica of the server."""
    with PostgresServer(follows=postgres_server) as server:
        yield server


@pytest.fixture
def chosen(tmp_path: Path, postgres_server: PostgresServer, follower: PostgresServer) -> Iterator[Settings]:
    """The process on a migrated database of the server, with its replica."""
    url = postgres_server.create_database()
    made = settings.load({}, data_dir=tmp_path, database_url=url, replica_url=follower.url(url.rpartition("/")[2]))
    db.use(made)
    db.migrate()
    yield made
    replica.use(None)
    db.database.close_all()


def where() -> str:
    """Return which of the two answers."""
    return "replica" if db.database.execute_sql("SELECT pg_is_in_recovery()").fetchone()[0] else "primary"


def number() -> int:
    """Return the last number of a series."""
    row = db.database.execute_sql("SELECT max(value) FROM counter").fetchone()
    return int(row[0] or 0)


@contextmanager
def standing_still(chosen: Settings) -> Iterator[None]:
    """Let the replica replay nothing in the block."""
    with psycopg.connect(chosen.replica_url, autocommit=True) as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            connection.execute("SELECT pg_wal_replay_resume()")


def test_query_sees_what_was_written_before_it_and_the_replica_answers(chosen: Settings) -> None:
    answered = []
    with db.connection():
        for turn in range(1, ROUNDS + 1):
            with db.transaction():
                db.next_number("ticket", 1)
            with db.reading():
                answered.append(where())
                assert number() == turn
            assert where() == "primary"
    assert "replica" in answered


def test_replica_that_is_behind_leaves_the_query_to_the_primary(chosen: Settings) -> None:
    with db.connection(), standing_still(chosen):
        with db.transaction():
            db.next_number("ticket", 1)
        with db.reading():
            assert (where(), number()) == ("primary", 1)


def test_change_amidst_a_query_goes_to_the_primary(chosen: Settings) -> None:
    with db.connection():
        with db.reading(), db.transaction():
            db.next_number("ticket", 1)
            assert where() == "primary"
        with db.transaction(), db.reading():
            assert (where(), number()) == ("primary", 1)


def test_replica_that_is_down_leaves_queries_to_the_primary_until_it_is_back(
    chosen: Settings, follower: PostgresServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with db.connection():
        with db.reading():
            pass
        follower.stop()
        for _ in range(3):
            with db.reading():
                assert where() == "primary"
        assert caplog.text.count("the replica does not answer; the primary does") == 1
        follower.start()
        monkeypatch.setattr(replica._replica, "rests_until", 0.0)
        answered = []
        for _ in range(ROUNDS):
            with db.reading():
                answered.append(where())
        assert "replica" in answered


def test_primary_that_is_named_as_its_own_replica_answers_as_ever(chosen: Settings) -> None:
    db.database.close_all()
    db.use(chosen.model_copy(update={"replica_url": chosen.database_url}))
    with db.connection(), db.reading():
        assert where() == "primary"


@pytest.fixture
def alone() -> Iterator[None]:
    """Leave nothing of an application behind."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    registry.forget_callbacks()
    life.let_go_of_all()
    registry.load(safe_mode=True, looks=False)
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("alone")
def test_partner_reads_each_ticket_right_after_making_it(chosen: Settings) -> None:
    db.database.close_all()
    app = create_app(chosen, watches=False)
    ready(chosen)
    with db.connection():
        key = open_to_partners(make_desk(chosen))
    caller = Caller(app, key)
    for turn in range(1, ROUNDS + 1):
        made = ticket(caller)
        assert caller.ask("Ticket", number=turn)["ticket"]["id"] == made["id"]
        assert caller.ask("TicketCount", first=1)["tickets"]["totalCount"] == turn
