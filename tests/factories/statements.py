"""The SQL that a piece of work sends, to be counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from helpdesk.kernel import db

CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements of the block, without those that only begin and end transactions."""
    sent: list[str] = []
    database = db.database.obj
    execute = database.execute_sql

    def note(sql: str, *args: Any, **kwargs: Any) -> Any:
        if not sql.startswith(CONTROL):
            sent.append(sql)
        return execute(sql, *args, **kwargs)

    database.execute_sql = note
    try:
        yield sent
    finally:
        del database.execute_sql
