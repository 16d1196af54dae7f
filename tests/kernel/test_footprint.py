"""What is imported, and what is not, for a process that a command starts."""

import os
import subprocess
import sys

import pytest

LOOK = """
import gc, sys
from helpdesk.kernel import footprint
with footprint.importing({environment!r}):
    import helpdesk.commands.worker
    assert not gc.isenabled()
assert gc.isenabled() and gc.get_freeze_count() > 10_000
print(*sorted(sys.modules.keys() & {{"psycopg", "redis"}}))
import psycopg, redis
"""


@pytest.mark.parametrize(
    ("environment", "drivers"),
    [
        ({}, ""),
        ({"HELPDESK_DATABASE_URL": "sqlite:///desk.db"}, ""),
        ({"HELPDESK_DATABASE_URL": "postgresql://desk@db.example/desk"}, "psycopg"),
        ({"HELPDESK_REDIS_URL": "redis://db.example"}, "redis"),
    ],
)
def test_process_imports_the_drivers_that_its_desk_asks_for_and_others_when_somebody_wants_them(
    environment: dict[str, str], drivers: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(environment=environment)],
        capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == (drivers, "")
