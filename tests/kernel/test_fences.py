"""What a plugin's SQL may write: its own tables, by whatever statement; and nothing else, by none."""

import contextvars
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import peewee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.kernel import db
from helpdesk.kernel.db import Counter, Model, next_number, transaction, transactional
from helpdesk.kernel.fences import Trespass, fence, unfenced
from helpdesk.kernel.settings import Settings
from tests.factories.statements import counted

only_postgres = pytest.mark.parametrize("database_settings", ["postgres"], indirect=True)
only_sqlite = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)

EVERYWHERE = (
    "INSERT INTO counter (name, service_id, value) VALUES ('other', 7, 1)",
    "INSERT INTO counter (name, service_id, value) VALUES ('ticket', 1, 1) ON CONFLICT (name, service_id)"
    " DO UPDATE SET value = 9",
    "INSERT INTO counter SELECT name, 9, value FROM counter",
    "UPDATE counter SET value = 9",
    "UPDATE counter SET value = 9 WHERE name = 'nobody'",
    "DELETE FROM counter",
    'delete from "counter" where 1 = 0',
    "DELETE FROM counter RETURNING name",
    "WITH gone AS (SELECT 'ticket' AS name) DELETE FROM counter WHERE name IN (SELECT name FROM gone)",
    "/* SELECT */ DELETE FROM counter",
    "-- SELECT\nDELETE FROM counter",
    "DROP TABLE counter",
    "DROP TABLE IF EXISTS counter;",
    "ALTER TABLE counter ADD COLUMN extra TEXT",
    "ALTER TABLE counter RENAME TO p_x_counter",
    "ALTER TABLE counter RENAME COLUMN value TO worth",
    "CREATE INDEX p_x_counter_value ON counter (value)",
    "CREATE INDEX counter_value ON p_x_visit (number)",
    "DROP INDEX event_unsequenced",
    "CREATE TABLE other (id INTEGER)",
    "CREATE TABLE other AS SELECT * FROM counter",
    "CREATE TABLE p_x_child (id INTEGER PRIMARY KEY, event_id INTEGER REFERENCES event (id))",
    "ALTER TABLE p_x_visit ADD COLUMN event_id INTEGER REFERENCES event (id)",
    "ALTER TABLE p_x_visit RENAME TO visit",
    "ALTER TABLE p_x_visit RENAME /* p_x_ */ TO visit",
    "CREATE VIEW p_x_view AS SELECT 1 AS one",
)
ON_POSTGRES = (
    "TRUNCATE counter",
    "TRUNCATE p_x_visit, counter",
    "DROP TABLE p_x_visit, counter",
    "WITH gone AS (DELETE FROM counter RETURNING name) SELECT name FROM gone",
    "WITH gone AS (DELETE FROM counter RETURNING name) INSERT INTO p_x_visit (number, note) SELECT 1, name FROM gone",
    "MERGE INTO counter USING p_x_visit ON false WHEN NOT MATCHED THEN INSERT VALUES ('other', 7, 1)",
    "SELECT * INTO other FROM counter",
    "SELECT setval('event_id_seq', 1)",
    "LOCK TABLE counter IN EXCLUSIVE MODE",
    "EXPLAIN ANALYZE DELETE FROM counter",
    "DO $$ BEGIN DELETE FROM counter; END $$",
    "DO 'BEGIN DELETE FROM counter' 'END'",
    "SELECT 1; DELETE FROM counter",
    "COMMIT; DELETE FROM counter; BEGIN",
    "INSERT INTO p_x_visit (number, note) VALUES (1, ''); COMMIT; DELETE FROM counter",
    "SET search_path = nowhere",
    "SET session_replication_role = replica",
    "CREATE FUNCTION p_x_f() RETURNS int LANGUAGE sql AS 'DELETE FROM counter RETURNING 1'",
    "COMMENT ON TABLE counter IS 'mine'",
    "ALTER SEQUENCE event_id_seq RESTART WITH 1",
    "CREATE TABLE p_x_kin () INHERITS (counter)",
    "CREATE TEMPORARY TABLE p_x_visit (id INTEGER)",
    "GRANT ALL ON counter TO PUBLIC",
    "COPY counter FROM '/dev/null'",
    "UPDATE pg_class SET relname = relname WHERE relname = 'counter'",
    "PREPARE mine AS DELETE FROM counter",
)
ON_SQLITE = (
    "REPLACE INTO counter (name, service_id, value) VALUES ('ticket', 1, 9)",
    "EXPLAIN DELETE FROM counter",
    "CREATE TEMPORARY TABLE p_x_visit (id INTEGER)",
    "CREATE TRIGGER p_x_t AFTER INSERT ON p_x_visit BEGIN DELETE FROM counter; END",
    "PRAGMA foreign_keys = 0",
    "PRAGMA writable_schema = 1",
    "ATTACH ':memory:' AS other",
    "VACUUM INTO '/nowhere/at/all'",
    "ANALYZE",
    "REINDEX counter",
)


class Visit(Model):
    """A table of a plugin's."""

    id = peewee.BigAutoField()
    number = peewee.IntegerField(default=0)
    note = peewee.TextField(default="", index=True)

    class Meta:
        table_name = "p_x_visit"


@pytest.fixture
def visits(database: Settings) -> Iterator[None]:
    """A plugin's table beside the core's, which has a row."""
    next_number("ticket", 1)
    with fence("p_x_"):
        Visit.create_table()
    yield
    Visit.drop_table()


def core() -> Any:
    """Return all that must stay the same: the core's rows, and the names of tables and columns."""
    tables = [name for name in db.database.get_tables() if not name.startswith("p_x_")]
    columns = [column.name for column in db.database.get_columns("counter")]
    return sorted(tables), columns, list(Counter.select().order_by(Counter.name, Counter.service_id).tuples())


def refused(sql: str, values: Any = None, *, names: str = "p_x_") -> None:
    with fence("p_x_"), pytest.raises(Trespass, match=names):
        db.database.execute_sql(sql, values)


@pytest.mark.usefixtures("visits")
def test_a_plugin_writes_its_own_table_in_every_way() -> None:
    with fence("p_x_"):
        made = Visit.create(number=1)
        Visit.insert_many([{"number": 2}, {"number": 3}]).execute()
        assert Visit.update(note="seen" * 2000).where(Visit.id == made.id).execute() == 1
        Visit.insert(id=made.id, number=9).on_conflict(conflict_target=[Visit.id], preserve=[Visit.number]).execute()
        assert [row.number for row in Visit.insert(number=4).returning(Visit.number)] == [4]
        assert Visit.delete().where(Visit.number == 2).execute() == 1
        assert sorted(row.number for row in Visit.select()) == [3, 4, 9]


@pytest.mark.usefixtures("visits")
def test_a_plugin_makes_changes_and_drops_its_own_tables() -> None:
    with fence("p_x_"):
        for sql in (
            "CREATE TABLE p_x_page (id INTEGER PRIMARY KEY, visit_id BIGINT REFERENCES p_x_visit, word TEXT UNIQUE)",
            "CREATE INDEX p_x_page_word ON p_x_page (word)",
            "ALTER TABLE p_x_page ADD COLUMN title TEXT",
            "ALTER TABLE p_x_page RENAME COLUMN title TO name",
            "ALTER TABLE p_x_page RENAME TO p_x_leaf",
            "DROP INDEX p_x_page_word",
            "CREATE TABLE p_x_copy AS SELECT * FROM counter",
            "DROP TABLE p_x_copy",
            "DROP TABLE p_x_leaf;",
        ):
            db.database.execute_sql(sql)
        assert [name for name in db.database.get_tables() if name.startswith("p_x_")] == ["p_x_visit"]


@only_postgres
@pytest.mark.usefixtures("visits")
def test_a_plugin_empties_its_own_table() -> None:
    with fence("p_x_"):
        Visit.create()
        Visit.truncate_table(restart_identity=True)
        assert Visit.create().id == 1


@pytest.mark.usefixtures("visits")
@pytest.mark.parametrize("sql", EVERYWHERE)
def test_what_is_not_the_plugins_own_is_refused(sql: str) -> None:
    before = core()
    refused(sql)
    assert core() == before


@only_postgres
@pytest.mark.usefixtures("visits")
@pytest.mark.parametrize("sql", ON_POSTGRES)
def test_what_only_postgres_can_do_is_refused(sql: str) -> None:
    before = core()
    refused(sql)
    assert core() == before


@only_sqlite
@pytest.mark.usefixtures("visits")
@pytest.mark.parametrize("sql", ON_SQLITE)
def test_what_only_sqlite_can_do_is_refused(sql: str) -> None:
    before = core()
    refused(sql)
    assert core() == before


@pytest.mark.usefixtures("visits")
def test_refusal_names_table_and_prefix() -> None:
    refused("DELETE FROM counter", names="begin with “p_x_”, not “counter”")
    refused("DROP TABLE counter", names="begin with “p_x_”, not “counter”")


@pytest.mark.usefixtures("visits")
def test_the_transaction_of_a_refused_statement_is_taken_back() -> None:
    before = core()

    @transactional
    def write() -> None:
        Visit.create(number=1)
        Counter.delete().execute()

    with fence("p_x_"), pytest.raises(Trespass):
        write()
    assert (core(), Visit.select().count()) == (before, 0)


@pytest.mark.usefixtures("visits")
def test_a_refusal_that_is_caught_has_no_effect_and_the_rest_goes_on() -> None:
    before = core()
    with fence("p_x_"), transaction():
        Visit.create(number=1)
        with pytest.raises(Trespass):
            Counter.update(value=9).execute()
        Visit.create(number=2)
    assert (core(), Visit.select().count()) == (before, 2)


@pytest.mark.usefixtures("visits")
def test_an_error_of_the_statement_itself_stays_what_it_is() -> None:
    with fence("p_x_"):
        made = Visit.create()
        with pytest.raises(peewee.IntegrityError):
            Visit.insert(id=made.id).execute()
        with pytest.raises(peewee.DatabaseError, match="p_x_nothing"):
            db.database.execute_sql("DELETE FROM p_x_nothing")


@pytest.mark.usefixtures("visits")
def test_a_statement_that_was_compiled_before_the_fence_is_refused_too() -> None:
    delete = Counter.delete().where(Counter.name == "nobody")
    for _ in range(10):
        delete.execute()
    for _ in range(3):
        with fence("p_x_"), pytest.raises(Trespass):
            delete.execute()
        delete.execute()


@pytest.mark.usefixtures("visits")
def test_desk_works_on_behalf_of_a_plugin_and_the_fence_stands_again_after_it() -> None:
    with fence("p_x_"):
        with unfenced():
            assert next_number("ticket", 1) == 2
        with pytest.raises(Trespass):
            next_number("ticket", 1)
    assert next_number("ticket", 1) == 3


@pytest.mark.usefixtures("visits")
@pytest.mark.parametrize(
    "sql", ["DELETE FROM counter", "UPDATE counter SET value = 9", "INSERT INTO counter VALUES ('other', 7, 1)"]
)
def test_table_that_the_desk_has_written_in_the_same_transaction_stays_closed(sql: str) -> None:
    with fence("p_x_"), transaction():
        Visit.create()
        with unfenced():
            next_number("ticket", 1)
        Visit.create()
        with pytest.raises(Trespass, match="counter"):
            db.database.execute_sql(sql)
        Visit.create()
    assert (Counter.get().value, Counter.select().count(), Visit.select().count()) == (2, 1, 3)


@pytest.mark.usefixtures("visits")
def test_rows_may_be_written_while_others_are_read() -> None:
    with fence("p_x_"):
        Visit.insert_many([{"number": number} for number in range(200)]).execute()
        for row in Visit.select().iterator():
            Visit.update(number=row.number + 1).where(Visit.id == row.id).execute()
        assert sorted(row.number for row in Visit.select()) == list(range(1, 201))


@pytest.mark.usefixtures("visits")
def test_reading_is_free() -> None:
    with fence("p_x_"), counted() as sent:
        assert Counter.get().value == 1
        assert list(Visit.select().join(Counter, on=(Counter.value == Visit.number))) == []
        assert db.database.table_exists("counter")
    assert len(sent) == 3


@pytest.mark.usefixtures("visits")
def test_without_a_fence_nothing_more_is_sent() -> None:
    with counted() as sent, transaction():
        next_number("ticket", 1)
        Visit.create()
        Visit.update(number=1).execute()
    assert len(sent) == 3


@only_postgres
@pytest.mark.usefixtures("visits")
@pytest.mark.parametrize(
    "sql", ["SELECT name FROM counter FOR UPDATE", "SELECT 'update' AS word", "SHOW server_version"]
)
def test_reading_that_looks_like_writing_is_reading(sql: str) -> None:
    with fence("p_x_"):
        assert len(db.database.execute_sql(sql).fetchall()) == 1


def test_trigger_on_a_plugins_table_carries_nothing_out(visits: None, database: Settings) -> None:
    action = "UPDATE counter SET value = 9"
    if db.is_sqlite():
        db.database.execute_sql(f"CREATE TRIGGER p_x_t AFTER INSERT ON p_x_visit BEGIN {action}; END")
    else:
        body = f"BEGIN {action}; RETURN NULL; END"
        db.database.execute_sql(f"CREATE OR REPLACE FUNCTION p_x_f() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        db.database.execute_sql("CREATE TRIGGER p_x_t AFTER INSERT ON p_x_visit EXECUTE FUNCTION p_x_f()")
    with fence("p_x_"), pytest.raises(Trespass, match="counter"):
        Visit.create()
    assert (Counter.get().value, Visit.select().count()) == (1, 0)


def test_foreign_key_carries_nothing_out(visits: None, database: Settings) -> None:
    db.database.execute_sql("CREATE TABLE holder (visit_id BIGINT REFERENCES p_x_visit (id) ON DELETE CASCADE)")
    try:
        made = Visit.create()
        db.database.execute_sql(f"INSERT INTO holder VALUES ({made.id})")
        with fence("p_x_"), pytest.raises(Trespass, match="holder"):
            made.delete_instance()
        assert Visit.select().count() == 1
        assert db.database.execute_sql("SELECT count(*) FROM holder").fetchone()[0] == 1
    finally:
        db.database.execute_sql("DROP TABLE holder")


@pytest.mark.usefixtures("visits")
def test_a_fence_goes_where_its_context_goes_and_to_no_other_thread() -> None:
    outcomes: list[object] = []

    def write() -> None:
        with db.connection():
            try:
                outcomes.append(next_number("ticket", 1))
            except Trespass as error:
                outcomes.append(type(error))

    with fence("p_x_"):
        for target in (write, partial(contextvars.copy_context().run, write)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join(10)
    assert outcomes == [2, Trespass]


def test_a_fence_needs_a_prefix() -> None:
    with pytest.raises(ValueError, match="prefix"), fence(""):
        pass


WORDS = st.sampled_from(["ticket", "nobody", "", "'; --", "p_x_visit", "여러분"])
NUMBERS = st.integers(-5, 5)
CONDITIONS = st.one_of(
    st.none(),
    st.builds(lambda word: Counter.name == word, WORDS),
    st.builds(lambda number: Counter.value < number, NUMBERS),
    st.just(Counter.value.in_(Visit.select(Visit.number))),
    st.just(peewee.fn.EXISTS(Visit.select())),
)
QUERIES = st.one_of(
    st.builds(lambda number: Counter.update(value=number), NUMBERS),
    st.builds(Counter.delete),
    st.builds(lambda number: Counter.update(value=Counter.value + number).returning(Counter.name), NUMBERS),
)
INSERTS = st.builds(
    lambda word, numbers: Counter.insert_many([{"name": word, "service_id": n, "value": n} for n in numbers]),
    WORDS,
    st.lists(NUMBERS, min_size=1, max_size=3),
)
WRITES = st.one_of(
    INSERTS,
    st.builds(lambda query, condition: query if condition is None else query.where(condition), QUERIES, CONDITIONS),
    st.builds(lambda insert: insert.on_conflict_ignore(), INSERTS),
    st.just(
        Counter.insert_from(
            Visit.select(Visit.note, Visit.id, Visit.number), [Counter.name, Counter.service_id, Counter.value]
        )
    ),
)


def read_whole(answer: Any) -> None:
    """Read what a statement returns: one that is half read stands in the way of the rollback."""
    if isinstance(answer, Iterable):
        list(answer)


@pytest.mark.usefixtures("visits")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=WRITES, is_in_transaction=st.booleans(), has_run_before=st.booleans())
def test_whatever_writes_a_core_table_is_refused_and_its_rows_stay(
    query: Any, is_in_transaction: bool, has_run_before: bool
) -> None:
    before = core()
    if has_run_before:
        with db.database.atomic() as outer:
            with suppress(peewee.IntegrityError):
                read_whole(query.execute())
            outer.rollback()

    def write() -> None:
        if is_in_transaction:
            Visit.create()
        query.execute()

    with fence("p_x_"), pytest.raises((Trespass, peewee.IntegrityError), match="counter"):  # a row may be there already
        transactional(write)() if is_in_transaction else write()
    assert (core(), Visit.select().count()) == (before, 0)
