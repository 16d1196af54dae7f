"""What the release before writes and reads goes on working on the schema of today: expand, then contract.

So a rolling upgrade may migrate first and replace its processes afterwards. Source: SECURITY 4.3 row 36.
"""

import json

import pytest

from helpdesk.kernel import db
from helpdesk.kernel.settings import Settings
from tests.releases.recording import decoded, path_of


def refused(database: str) -> list[str]:
    """Replay the recorded statements on the connected database, and return those that it does not take."""
    found = []
    for sql, params in json.loads(path_of(database).read_text())["statements"]:
        try:
            with db.database.atomic():
                db.database.execute_sql(sql, [decoded(value) for value in params]).fetchall()
        except Exception as error:  # whatever the database has against it
            if "no results to fetch" not in str(error) and "didn't produce" not in str(error):
                found.append(f"{error}\n  {sql}")
    return found


def kind() -> str:
    """Return the kind of the connected database."""
    return "sqlite" if db.is_sqlite() else "postgres"


def test_old_code_works_on_the_schema_of_today(database: Settings) -> None:
    assert refused(kind()) == []
    counts = [db.database.execute_sql(f"SELECT count(*) FROM {table}").fetchone() for table in ("ticket", "outbox")]
    assert counts == [(2,), (1,)]


@pytest.mark.parametrize(
    "step",
    [
        "ALTER TABLE message ADD COLUMN mood VARCHAR(9) NOT NULL DEFAULT ''",
        "ALTER TABLE message ADD COLUMN mood VARCHAR(9)",
    ],
)
def test_schema_that_only_grows_is_taken(database: Settings, step: str) -> None:
    with db.database.atomic() as step_alone:
        db.database.execute_sql(step)
        assert refused(kind()) == []
        step_alone.rollback()


@pytest.mark.parametrize(
    "step",
    [
        "ALTER TABLE message RENAME COLUMN proof TO evidence",
        "ALTER TABLE participant RENAME TO people",
        "ALTER TABLE inbox DROP COLUMN sender",
    ],
)
def test_schema_that_takes_something_away_is_noticed(database: Settings, step: str) -> None:
    with db.database.atomic() as step_alone:
        db.database.execute_sql(step)
        assert refused(kind()) != []
        step_alone.rollback()
