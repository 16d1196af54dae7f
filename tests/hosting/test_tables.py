"""Tables of plugins: made, and taken back."""

import threading
from pathlib import Path
from typing import ClassVar

import pytest

from helpdesk.hosting import tables
from helpdesk.kernel import db
from tests.factories.desk import Desk
from tests.hosting.plugins import NAME, Hands

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


def test_tables_are_taken_back(desk: Desk, folder: Path) -> None:
    plugin = plugin_of(folder)
    tables.migrate(NAME, plugin)
    assert tables.unmake(NAME, plugin) == ["0002_second", "0001_first"]
    assert own() == set()
    assert tables.migrate(NAME, plugin) == ["0001_first", "0002_second"]


def test_migration_that_wants_no_transaction_has_one_all_the_same(desk: Desk, folder: Path) -> None:
    (folder / "0002_second.py").write_text(SECOND.format(more="raise ValueError('half way')"))
    with pytest.raises(Exception, match="half way"):
        tables.migrate(NAME, plugin_of(folder))
    assert own() == {"p_hands_visit"}
    assert db.database.execute_sql("SELECT count(*) FROM p_hands_visit").fetchone() == (0,)


def test_plugin_without_migrations_has_nothing_to_make(desk: Desk) -> None:
    assert (tables.migrate(NAME, Hands), tables.unmake(NAME, Hands)) == ([], [])


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
