"""Who is to work while the database is down waits for it, and says so; not for ever."""

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from helpdesk.commands import working
from helpdesk.commands.stopping import Stopping
from helpdesk.kernel import db, settings
from tests.commands.conftest import Shell
from tests.factories.processes import eventually
from tests.servers.postgres import PostgresServer


@pytest.fixture
def _log_of_before() -> Iterator[None]:
    """Put the log back as it was: a process that waits has begun to write it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("_log_of_before")
def test_a_database_that_comes_up_late_is_waited_for(
    postgres_server: PostgresServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "LOOK_SECONDS", 0.05)
    chosen = settings.load({}, data_dir=tmp_path, database_url=postgres_server.create_database())
    postgres_server.stop()
    try:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(working.await_database, chosen, Stopping())
            eventually(lambda: "does not answer" in caplog.text, seconds=10, what="A word about it")
            postgres_server.start()
            waiting.result(30)
        assert [record.message for record in caplog.records if "does not answer" in record.message] == [
            "the database does not answer; this process waits for it"
        ]
    finally:
        if not postgres_server.is_running:
            postgres_server.start()
        db.database.close_all()


@pytest.mark.parametrize("command", [["worker"], ["run", "--port", "0"], ["serve", "--port", "0"]])
def test_a_database_that_stays_away_ends_it_with_what_to_do(
    shell: Shell, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        monkeypatch.setenv("HELPDESK_DATABASE_URL", f"postgresql://desk@127.0.0.1:{port}/desk")
        monkeypatch.setattr(working, "DATABASE_SECONDS", 0.1)
        monkeypatch.setattr(working, "LOOK_SECONDS", 0.05)
        done = shell.run(*command)
    last = done.stderr.splitlines()[-1]
    assert done.exit_code == 2
    assert last.startswith("Error: The database has not answered for 0.1 seconds (")
    assert last.endswith("; start it, or check HELPDESK_DATABASE_URL.")
