"""Gives these tests a command line in this process, on a folder of its own, that leaves nothing behind in it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from helpdesk.channels import accounts
from helpdesk.cli import main
from helpdesk.kernel import actors, crypto, db, settings
from helpdesk.organization import queries as organization
from helpdesk.plugins import registry


@dataclass(frozen=True)
class Shell:
    """A terminal at which nobody sits, in front of the desk in ``data``."""

    data: Path

    def run(self, *arguments: str, stdin: bytes | None = None) -> Result:
        """Run a command whatever becomes of it."""
        return CliRunner().invoke(main, arguments, input=stdin)

    def text(self, *arguments: str) -> str:
        """Return what a command that succeeds says on stdout."""
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Return the one line of JSON that a command which succeeds says."""
        (line,) = self.text(*arguments, "--json").splitlines()
        return json.loads(line)

    def refused(self, *arguments: str) -> str:
        """Return the sentence with which a command ends that could not do it: on stderr, without a traceback."""
        done = self.run(*arguments)
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        (line,) = done.stderr.splitlines()
        return line

    def init(self, *more: str) -> Any:
        """Make a desk with a service “demo” and return what was said."""
        return self.json("init", "--yes", "--service", "demo", "--admin-email", "admin@demo.example", *more)

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Open the desk that the last command has used; gives the id of its first service."""
        with db.connection():
            yield organization.services()[0].id
        db.database.close_all()

    def mail_account(self, *, name: str = "support", **more: str) -> int:
        """Make a mail account and return its id."""
        with self.opened() as service_id:
            values = {"address": f"{name}@demo.example", **more}
            return accounts.create(actors.system(service_id), driver="email", name=name, settings=values)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A command line on an empty folder, with cheap passwords."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setenv("HELPDESK_DATA_DIR", str(tmp_path / "desk"))
    crypto.use_passwords(crypto.PasswordHashes(time_cost=1, memory_cost=8, parallelism=1))
    yield Shell(tmp_path / "desk")
    if db.database.obj is not None:
        db.database.close_all()
    crypto.use_passwords(crypto.PasswordHashes())
    registry.load(safe_mode=True, looks=False)
    accounts._drivers.clear()  # it is kept by account ids, which begin anew with each desk
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def made(shell: Shell) -> Shell:
    """A command line in front of a desk with one service, “demo”."""
    shell.init()
    return shell


@pytest.fixture
def empty_postgres(postgres_server: Any, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A command line in front of a PostgreSQL database without any table."""
    monkeypatch.setenv(f"{settings.PREFIX}DATABASE_URL", postgres_server.create_database())
    return shell
