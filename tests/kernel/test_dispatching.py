"""A receiver that opens a connection to the database leaves nothing of it to those who are called after it."""

from typing import Any

import pytest

from helpdesk.kernel import db, dispatching
from helpdesk.kernel.db import Counter, next_number
from helpdesk.kernel.dispatching import Receiver
from helpdesk.kernel.settings import Settings


def leave_open(_payload: Any) -> None:
    """Open what a transaction needs, and forget it."""
    db.database.connect()
    db.database.atomic().__enter__()
    next_number("left", 1)


def leave_begun(_payload: Any) -> None:
    """Begin without telling anybody."""
    db.database.connect()
    db.database.begin()
    next_number("left", 1)


def fail(_payload: Any) -> None:
    """Fail with a connection in hand."""
    leave_open(_payload)
    raise SystemExit


@pytest.mark.parametrize("careless", [leave_open, leave_begun, fail])
def test_a_connection_that_a_receiver_leaves_open_goes_back_clean(database: Settings, careless: Any) -> None:
    seen: list[bool] = []
    after: list[str] = []

    def look(_payload: Any) -> None:
        seen.append(db.database.is_closed())
        with db.connection(), db.transaction():
            db.after_commit(lambda: after.append("committed"))
            next_number("kept", 1)

    line = (Receiver(careless, "careless"), Receiver(look, "look"))
    dispatching.send(line, None)
    assert dispatching.flush()
    assert (seen, after) == ([True], ["committed"])
    assert [(row.name, row.value) for row in Counter.select()] == [("kept", 1)]
    assert (line[0].errors, line[1].errors) == (careless is fail, 0)


def test_letting_go_of_nothing_is_fine(database_settings: Settings) -> None:
    db.let_go()
    with db.connection():
        db.let_go()
        assert db.database.is_closed()
