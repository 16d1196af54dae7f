"""Every test of this folder leaves the desk without plugins, and without their tables."""

from collections.abc import Iterator

import pytest

from helpdesk import signals
from helpdesk.hosting import instances, life
from helpdesk.kernel import db
from helpdesk.plugins import guard, registry
from helpdesk.plugins.kinds import Kind
from tests.factories.desk import Desk

PREFIXES = ("p_", "migration_p_")


@pytest.fixture(autouse=True)
def no_plugins_stay(desk: Desk) -> Iterator[None]:
    """Let go of what the test has installed."""
    yield
    signals.flush()
    life.let_go_of_all()
    for name in registry.named(Kind.PLUGIN):
        instances.forget(name)
    registry.load(looks=False)
    guard.reset()
    for table in sorted(db.database.get_tables(), reverse=True):
        if table.startswith(PREFIXES):
            db.database.execute_sql(f'DROP TABLE "{table}"')
