"""The migrations and the models agree, from an empty database, on both databases."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest
from playhouse.migrate import SqliteMigrator
from playhouse.schema_diff import diff_models

import helpdesk
from helpdesk.kernel import db
from helpdesk.kernel.leases import Leased
from helpdesk.kernel.settings import Settings
from helpdesk.sdk.tables import Table

OWN = "migration_sample"
TABLES = ("sample", "sample_part", OWN)


def _models(parent: type[db.Model] = db.Model) -> list[type[db.Model]]:
    found = []
    for model in parent.__subclasses__():
        if model not in {Leased, Table} and model.__module__.startswith("helpdesk."):
            found.append(model)
        found += _models(model)
    return found


def _import_all() -> None:
    for module in pkgutil.walk_packages(helpdesk.__path__, "helpdesk."):
        if "migrations." not in module.name:
            importlib.import_module(module.name)


def test_migrations_from_empty_equal_the_models(database: Settings) -> None:
    _import_all()
    difference = diff_models(db.database.obj, _models())
    # SQLite has no GIN, so no model declares it
    unwanted = [index for index in difference.drop_indexes if index.name != "search_entry_terms"]
    difference = difference._replace(drop_indexes=unwanted)
    assert not difference, str(difference)


def test_every_column_can_be_null_exactly_where_the_model_says_so(database: Settings) -> None:
    _import_all()
    for model in _models():
        if getattr(model._meta, "extension_module", None):
            continue
        columns = {column.name: column for column in db.database.get_columns(model._meta.table_name)}
        for field in model._meta.sorted_fields:
            if not isinstance(field, peewee.AutoField):
                assert columns[field.column_name].null == field.null, f"{model.__name__}.{field.name}"


def test_applied_migrations_are_not_applied_again(database: Settings) -> None:
    assert db.migrate() == []
    assert db.pending_migrations() == []


def _write(folder: Path, name: str, *lines: str) -> None:
    body = "\n    ".join(("def up(migrator, db):", *lines))
    (folder / f"{name}.py").write_text(f"{body}\n")


def _names(history: str) -> list[str]:
    return [name for (name,) in db.database.execute_sql(f'SELECT name FROM "{history}" ORDER BY id')]


@pytest.fixture
def own_migrations(database: Settings, tmp_path: Path) -> Iterator[Path]:
    """A folder with one migration that is none of the core's; what it makes is gone after the test."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    _write(folder, "0001_sample", "db.execute_sql('CREATE TABLE sample (word TEXT)')")
    yield folder
    for table in TABLES:
        db.database.execute_sql(f'DROP TABLE IF EXISTS "{table}"')


def test_migrations_of_another_folder_keep_a_history_of_their_own(own_migrations: Path) -> None:
    core = _names("migration")
    assert db.migrate(own_migrations, history=OWN) == ["0001_sample"]
    assert db.migrate(own_migrations, history=OWN) == []
    assert db.database.table_exists("sample")
    assert _names(OWN) == ["0001_sample"]
    assert _names("migration") == core
    assert (db.migrate(), db.pending_migrations()) == ([], [])


def test_a_failing_migration_leaves_nothing_behind_and_runs_once_mended(own_migrations: Path) -> None:
    begun = (
        "db.execute_sql('CREATE TABLE sample_part (word TEXT)')",
        "db.execute_sql(\"INSERT INTO sample VALUES ('x')\")",
    )
    _write(own_migrations, "0002_part", *begun, "raise ValueError('half way')")
    with pytest.raises(ValueError, match="half way"):
        db.migrate(own_migrations, history=OWN)
    assert not db.database.table_exists("sample_part")
    assert db.database.execute_sql("SELECT count(*) FROM sample").fetchone() == (0,)
    assert _names(OWN) == ["0001_sample"]
    _write(own_migrations, "0002_part", *begun)
    assert db.migrate(own_migrations, history=OWN) == ["0002_part"]
    assert db.database.table_exists("sample_part")


def test_customers_that_there_are_can_be_found_after_the_migration() -> None:
    desk = peewee.SqliteDatabase(":memory:")
    desk.execute_sql("CREATE TABLE customer (id, service_id, name, email, phone, user_key)")
    for row in (
        (1, 5, "김미나", "Kim.Minsu@mail.example", "+821012345678", None),
        (2, 5, "Ａ환불", None, "unknown", "m-1"),
        (3, 6, "", None, "+8215881234", ""),
    ):
        desk.execute_sql("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?)", row)
    importlib.import_module("helpdesk.kernel.migrations.0017_customer_terms").up(None, desk)
    found: dict[tuple[int, int], set[str]] = {}
    for service_id, customer_id, term in desk.execute_sql("SELECT service_id, customer_id, term FROM customer_term"):
        found.setdefault((service_id, customer_id), set()).add(term)
    desk.close()
    assert found == {
        (5, 1): {
            "김미나", "미나", "kim.minsu@mail.example", "minsu@mail.example", "mail.example",
            "01012345678", "821012345678", "\x0212345678", "\x022345678", "\x0387654321010",
        },
        (5, 2): {"a환불", "환불", "unknown", "m-1", "1"},
        (6, 3): {"15881234", "8215881234", "\x0215881234", "\x025881234", "\x0343218851"},
    }  # fmt: skip


def test_oldest_administrator_of_each_organization_is_the_first_to_look_after_it() -> None:
    desk = peewee.SqliteDatabase(":memory:")
    for columns in (
        "organization (id)",
        "service (id)",
        "member (id, organization_id, deactivated_at)",
        "agent (id, member_id, role)",
    ):
        desk.execute_sql(f"CREATE TABLE {columns}")
    for member in ((1, 1, None), (2, 1, 5), (3, 1, None), (4, 1, None), (5, 2, None), (6, 3, None)):
        desk.execute_sql("INSERT INTO member VALUES (?, ?, ?)", member)
    for agent in ((1, 1, "AGENT"), (2, 2, "ADMINISTRATOR"), (3, 4, "ADMINISTRATOR"), (4, 3, "ADMINISTRATOR")):
        desk.execute_sql("INSERT INTO agent VALUES (?, ?, ?)", agent)
    desk.execute_sql("INSERT INTO agent VALUES (5, 5, 'ADMINISTRATOR')")
    importlib.import_module("helpdesk.kernel.migrations.0018_organization").up(SqliteMigrator(desk), desk)
    found = desk.execute_sql("SELECT id FROM member WHERE is_organization_administrator ORDER BY id").fetchall()
    desk.close()
    assert found == [(3,), (5,)]
