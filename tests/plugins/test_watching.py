"""Every process follows what is done to plugins in any."""

import threading

import pytest

from helpdesk.kernel import db
from helpdesk.kernel.db import next_number, transaction
from helpdesk.plugins import guard, queries, registry, watching
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.models import PluginSwitch
from tests.factories.desk import Desk
from tests.factories.processes import eventually

ECHO = Ref(Kind.CHANNEL, "echo")


def switch_off_elsewhere() -> None:
    """Do to the database what another process does."""
    with transaction():
        PluginSwitch.insert(kind=Kind.CHANNEL, name="echo", service_id=0, is_on=False, secrets={}).execute()
        next_number(queries.CHANGES, 0)


def test_switch_of_another_process_is_followed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.02)
    watching.ensure()
    watching.ensure()
    try:
        assert [thread.name for thread in threading.enumerate()].count("plugins") == 1
        switch_off_elsewhere()
        eventually(lambda: registry.named(Kind.CHANNEL) == {}, seconds=10, what="The change")
    finally:
        watching.stop()
    assert "plugins" not in [thread.name for thread in threading.enumerate()]


def test_stopping_writes_down_what_was_counted(desk: Desk) -> None:
    watching.ensure()
    guard.call(ECHO, "send", lambda: 7, seconds=5)
    watching.stop()
    assert [(row.hook, row.calls) for row in queries.figures()] == [("send", 1)]


def test_look_that_fails_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    db.database.execute_sql("ALTER TABLE counter RENAME TO counter_gone")
    try:
        watching.look()
    finally:
        db.database.execute_sql("ALTER TABLE counter_gone RENAME TO counter")
    assert "could not look after the plugins" in caplog.messages
