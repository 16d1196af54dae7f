"""Tables of plugins: made, and taken back."""

import threading
from pathlib import Path
from typing import ClassVar

import pytest

from helpdesk.hosting import tables
from helpdesk.kernel import db
from helpdesk.kernel.actors import system
from helpdesk.kernel.errors import Conflict, Forbidden, NotFound
from tests.factories.desk import Desk
from tests.hosting.plugins import NAME, Hands, installed

FIRST = """
import time


def up(migrator, db):
    db.execute_sql('CREATE TABLE p_hands_visit (id INTEGER PRIMARY KEY)')
    time.sleep(0.3)


def down(migrator, db):
    db.execute_sql('DROP TABLE p_hands_visit')
"""
SECOND = """
atomic = False


def up(migrator, db):
    db.execute_sql('CREATE TABLE p_hands_page (id INTEGER PRIMARY KEY)')
    db.execute_sql('INSERT INTO p_hands_visit VALUES (1)')
    {more}


def down(migrator, db):
    db.execute_sql('DROP TABLE p_hands_page')
"""

LEANING = """
def up(migrator, db):
    db.execute_sql('CREATE TABLE p_hands_whole (id INTEGER PRIMARY KEY)')
    db.execute_sql(
        'CREATE TABLE p_hands_part (id INTEGER PRIMARY KEY, whole INTEGER NOT NULL REFERENCES p_hands_whole (id),'
        ' part INTEGER REFERENCES p_hands_part (id))'
    )
    db.execute_sql('CREATE INDEX p_hands_part_whole ON p_hands_part (whole)')
    db.execute_sql('INSERT INTO p_hands_whole VALUES (1)')
    db.execute_sql('INSERT INTO p_hands_part VALUES (1, 1, 1), (2, 1, 1)')
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two migrations."""
    (tmp_path / "0001_first.py").write_text(FIRST)
    (tmp_path / "0002_second.py").write_text(SECOND.format(more=""))
    return tmp_path


def plugin_of(folder: Path) -> type[Hands]:
    """Return a plugin with these migrations."""

    class Keeping(Hands):
        migrations: ClassVar[Path] = folder

    return Keeping


def own() -> set[str]:
    """Return the tables of the plugin that there are."""
    return {table for table in db.database.get_tables() if table.startswith("p_hands_")}


def test_migrations_run_once_and_keep_a_history_of_their_own(desk: Desk, folder: Path) -> None:
    plugin = plugin_of(folder)
    assert tables.migrate(NAME, plugin) == ["0001_first", "0002_second"]
    assert tables.migrate(NAME, plugin) == []
    assert own() == {"p_hands_visit", "p_hands_page"}
    assert db.database.table_exists("migration_p_hands")


def test_tables_are_taken_back_and_made_anew(desk: Desk, folder: Path) -> None:
    plugin = plugin_of(folder)
    tables.migrate(NAME, plugin)
    assert tables.unmake(system(0), NAME) == {"p_hands_page": 0, "p_hands_visit": 1}
    assert (own(), db.database.table_exists("migration_p_hands")) == (set(), False)
    assert tables.migrate(NAME, plugin) == ["0001_first", "0002_second"]


def test_rows_that_lean_on_each_other_and_indexes_go_too(desk: Desk, folder: Path) -> None:
    (folder / "0003_more.py").write_text(LEANING)
    tables.migrate(NAME, plugin_of(folder))
    assert tables.unmake(system(0), NAME)["p_hands_part"] == 2
    assert own() == set()


def test_tables_of_a_plugin_that_is_on_stay(desk: Desk, folder: Path) -> None:
    plugin = plugin_of(folder)
    with installed(plugin), pytest.raises(Conflict, match="helpdesk plugin disable plugin/hands"):
        tables.unmake(system(0), NAME)
    assert tables.unmake(system(0), NAME)["p_hands_visit"] == 1


def test_plugin_that_keeps_nothing_is_not_found_and_a_namesake_keeps_its_tables(desk: Desk, folder: Path) -> None:
    tables.migrate(NAME, plugin_of(folder))
    for name in ("hand", "hands_visit"):
        with pytest.raises(NotFound, match="these do: hands"):
            tables.unmake(system(0), name)
    assert own() == {"p_hands_visit", "p_hands_page"}


def test_only_who_may_install_drops_tables(desk: Desk, folder: Path) -> None:
    tables.migrate(NAME, plugin_of(folder))
    with pytest.raises(Forbidden):
        tables.unmake(desk.agent, NAME)
    assert own() == {"p_hands_visit", "p_hands_page"}


def test_migration_that_wants_no_transaction_has_one_all_the_same(desk: Desk, folder: Path) -> None:
    (folder / "0002_second.py").write_text(SECOND.format(more="raise ValueError('half way')"))
    with pytest.raises(Exception, match="half way"):
        tables.migrate(NAME, plugin_of(folder))
    assert own() == {"p_hands_visit"}
    assert db.database.execute_sql("SELECT count(*) FROM p_hands_visit").fetchone() == (0,)


def test_plugin_without_migrations_has_nothing_to_make(desk: Desk) -> None:
    assert tables.migrate(NAME, Hands) == []


def test_of_two_that_start_together_one_makes_the_tables(desk: Desk, folder: Path) -> None:
    made: list[list[str]] = []
    start = threading.Barrier(2)

    def begin() -> None:
        start.wait()
        made.append(tables.migrate(NAME, plugin_of(folder)))

    threads = [threading.Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(name for names in made for name in names) == ["0001_first", "0002_second"]
    assert own() == {"p_hands_visit", "p_hands_page"}
