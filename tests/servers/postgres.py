"""Owns a real PostgreSQL for tests: made once a session, without fsync, trusted on a loopback port."""

import itertools
import shutil
import signal
import subprocess
from typing import Self

import psycopg
from psycopg import sql

from tests.servers.ports import free_port
from tests.servers.processes import Account, ServerProcess, find_program

PACKAGE = "postgresql"
USER = "helpdesk"
MAX_CONNECTIONS = 100


class PostgresServer:
    """A cluster of its own in a temporary folder; tests make databases in it."""

    def __init__(self, *, follows: "PostgresServer | None" = None) -> None:
        self._account = Account.for_server("postgres")
        programs = {name: find_program(name, package=PACKAGE) for name in ("initdb", "postgres")}
        self.port = free_port()
        self._folder = self._account.make_folder("postgres")
        self._names = (f"test_{number}" for number in itertools.count(1))
        if follows is None:
            self._initialise(programs["initdb"])
        else:
            self._copy(follows)
        self._process = ServerProcess(
            [programs["postgres"], "-D", str(self._folder / "data"), *self._options()],
            account=self._account,
            folder=self._folder,
            is_ready=self._answers,
            stop_signal=signal.SIGQUIT,  # at once: nobody wants this data any more
        )

    def _initialise(self, initdb: str) -> None:
        data = str(self._folder / "data")
        self._run([initdb, "-D", data, "-U", USER, "-A", "trust", "--locale=C.UTF-8", "-E", "UTF8", "--no-sync"])

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            self._account.wrap(command), cwd=self._folder, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def _copy(self, primary: "PostgresServer") -> None:
        """Begin as a streaming replica of a running server."""
        program = find_program("pg_basebackup", package=PACKAGE)
        source = ["-h", "127.0.0.1", "-p", str(primary.port), "-U", USER, "--checkpoint=fast", "--no-sync"]
        self._run([program, "-D", str(self._folder / "data"), "--write-recovery-conf", *source])

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._folder,
            "max_connections": MAX_CONNECTIONS,
            "fsync": "off",
            "full_page_writes": "off",
            "timezone": "UTC",
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def is_running(self) -> bool:
        """Return whether the server runs."""
        return self._process.is_running

    def start(self) -> None:
        """Start on the same port and data, and return once it answers."""
        self._process.start()

    def stop(self) -> None:
        """Crash on purpose: every connection breaks, what was committed stays, and the next start recovers.

        SIGKILL lost: backends outlive the postmaster for a while and hold the data, so that no new start succeeds.
        """
        self._process.stop()

    def restart(self) -> None:
        """Break every connection and come back on the same port with the same data."""
        self.stop()
        self.start()

    def url(self, database: str) -> str:
        """Return the address of one database."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, *, template: str = "template1") -> str:
        """Make a database, empty or as a copy of ``template`` (its name), and return its URL.

        Nobody may be connected to the template meanwhile.
        """
        name = next(self._names)
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database that ``create_database`` made, breaking the connections to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_name_in(url))))

    def terminate(self, url: str) -> int:
        """Break every connection to one database, as a failing network would, and return how many there were."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (_name_in(url),)
            ).fetchall()
        return len(rows)

    def allow_writes(self, url: str, *, is_allowed: bool) -> None:
        """Let new connections to one database write, or only read, as on a server that has no room left."""
        value = sql.SQL("DEFAULT" if is_allowed else "on")
        name = sql.Identifier(_name_in(url))
        self._execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(name, value))

    def _execute(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5)

    def _answers(self) -> bool:
        try:
            with self._connect():
                return True
        except psycopg.OperationalError:
            return False


def _name_in(url: str) -> str:
    return url.rpartition("/")[2]
