"""PostgreSQL gives up in time, says so in words, and a connection that it has left is handed to nobody."""

import threading
from collections.abc import Iterator

import peewee
import psycopg
import pytest

from helpdesk.kernel import db, settings
from helpdesk.kernel.errors import Unavailable
from helpdesk.kernel.patience import Patience, patience
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="module")
def url(postgres_server: PostgresServer) -> str:
    """A database with one table of one row."""
    made = postgres_server.create_database()
    with psycopg.connect(made) as connection:
        connection.execute("CREATE TABLE thing (id int)")
        connection.execute("INSERT INTO thing VALUES (1)")
    return made


@pytest.fixture
def base(url: str) -> Iterator[str]:
    """The process on that database, where a statement of the web may take a third of a second."""
    db.use(settings.load({}, database_url=url, statement_seconds=0.3))
    yield url
    db.database.close_all()


def told(sql: str, wanted: Patience = Patience.WEB) -> tuple[str, str]:
    """Return code and sentence of what becomes of a statement; nothing when all went well."""
    try:
        with patience(wanted), db.connection():
            db.database.execute_sql(sql)
    except db.UNREACHABLE as error:
        said = db.explained(error)
        assert isinstance(said, Unavailable)
        return said.code, said.message
    return "", ""


def test_statement_that_takes_too_long_is_ended_and_told_with_a_code(base: str) -> None:
    code, sentence = told("SELECT pg_sleep(5)")
    assert (code, sentence[:28]) == ("DATABASE_TIMEOUT", "This takes the database too ")
    assert told("SELECT 1") == ("", ""), "The connection is as good as before."


def test_work_may_take_longer_and_migrations_as_long_as_they_like(base: str) -> None:
    assert told("SELECT pg_sleep(0.4)", Patience.WORK) == ("", "")
    with patience(Patience.ENDLESS), db.connection():
        limits = [
            db.database.execute_sql(f"SHOW {name}").fetchone()[0] for name in ("statement_timeout", "lock_timeout")
        ]
    assert limits == ["0", "0"]
    assert told("SELECT pg_sleep(0.4)")[0] == "DATABASE_TIMEOUT", "Whoever takes the connection next is the web again."


def test_lock_that_another_keeps_is_waited_for_a_while_and_told_with_a_code(base: str) -> None:
    with psycopg.connect(base) as other:
        other.execute("LOCK TABLE thing")
        assert told("SELECT * FROM thing") == ("DATABASE_BUSY", "The database is busy; try again in a moment.")
    assert told("SELECT * FROM thing") == ("", "")


def test_transaction_that_stands_still_loses_its_locks(base: str) -> None:
    def stand_still() -> None:
        with db.connection(), db.transaction():
            db.database.execute_sql("UPDATE thing SET id = 2")
            with psycopg.connect(base) as other:
                other.execute("UPDATE thing SET id = 3")  # waits until the database has ended the other
            db.database.execute_sql("UPDATE thing SET id = 4")

    with pytest.raises(db.UNREACHABLE) as raised:
        stand_still()
    assert isinstance(db.explained(raised.value), Unavailable)
    with db.connection():
        assert db.database.execute_sql("SELECT id FROM thing").fetchone() == (3,)


def test_connection_from_before_a_restart_is_handed_to_nobody(base: str, postgres_server: PostgresServer) -> None:
    inside, leave = threading.Barrier(4), threading.Event()

    def hold() -> None:
        with db.connection():
            inside.wait()
            leave.wait()

    holders = [threading.Thread(target=hold) for _ in range(3)]
    for holder in holders:
        holder.start()
    inside.wait()
    leave.set()
    for holder in holders:
        holder.join()
    for end in (postgres_server.restart, lambda: postgres_server.terminate(base)):
        end()
        assert [told("SELECT 1") for _ in range(4)] == [("", "")] * 4


def test_connection_that_breaks_in_use_costs_the_one_that_uses_it(base: str, postgres_server: PostgresServer) -> None:
    def lose() -> None:
        with db.connection(), db.transaction():
            db.database.execute_sql("SELECT 1")
            postgres_server.terminate(base)
            db.database.execute_sql("SELECT 1")

    with pytest.raises(db.UNREACHABLE):
        lose()
    assert told("SELECT 1") == ("", "")


def test_database_that_takes_nothing_is_told_so(base: str, postgres_server: PostgresServer) -> None:
    postgres_server.allow_writes(base, is_allowed=False)
    code, sentence = told("UPDATE thing SET id = id")
    assert (code, sentence[:37]) == ("DATABASE_READ_ONLY", "The desk can be read and not changed ")
    postgres_server.allow_writes(base, is_allowed=True)
    db.database.close_all()
    assert told("UPDATE thing SET id = id") == ("", "")


def test_bug_is_not_explained_away() -> None:
    assert db.explained(ValueError("x")) is None
    assert db.explained(peewee.IntegrityError("x")) is None
