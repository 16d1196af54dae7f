"""A desk as its operator runs it: web, worker and commands as real processes that a test may signal and kill.

The test's own process may join the same desk, to prepare much at once and to look into its books.
Everything is started in a session of its own and is gone when the test is.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import httpx2

from helpdesk.kernel import crypto, db
from helpdesk.kernel import settings as deployment
from helpdesk.plugins import registry
from tests.factories import plain
from tests.factories.desk import ready
from tests.house.programs import fresh_environment
from tests.house.tree import ROOT
from tests.servers.ports import free_port
from tests.servers.processes import Account

START_SECONDS = 30.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.05
HELPDESK = str(Path(sys.executable).with_name("helpdesk"))
NOTHING: Mapping[str, str] = {}
QUICK = {"HELPDESK_RETRY_SECONDS": "0.3", "HELPDESK_LEASE_SECONDS": "2", "HELPDESK_SWEEP_SECONDS": "0.5"}

Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None], *, seconds: float, what: str) -> Found:
    """Look again and again until there is something, and return it; fail when there is nothing in time."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds:g} seconds."
        time.sleep(POLL_SECONDS)  # another process gives no event to wait for
    return found


class Program:
    """One running program. What it says goes to a file, so that it never waits for a reader."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        me = Account("", os.geteuid(), os.getegid())
        self._log = log
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                me.wrap(command, death_signal=signal.SIGKILL),
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Return whether it has not ended."""
        return self._process.poll() is None

    @property
    def said(self) -> str:
        """Return everything that it and its predecessors of the same name have said."""
        return self._log.read_text(errors="replace")

    def children(self) -> list[int]:
        """Return the processes that it has started and that live."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(number) for number in listed]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the program and whatever it has started, at once."""
        with suppress(ProcessLookupError):  # nobody is left
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(STOP_SECONDS)

    def wait(self, *, seconds: float = STOP_SECONDS) -> int:
        """Return the exit status once it has ended; fail when it does not end in time."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self._process.args!r} did not end:\n{self.said[-4000:]}") from None


class Site:
    """One desk: where its data lies, how it is set, and its running programs."""

    def __init__(
        self, folder: Path, *, database_url: str = "", redis_url: str = "", helpdesk: str = HELPDESK, **extra: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._helpdesk = helpdesk
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **fresh_environment(),
            **QUICK,
            "HELPDESK_DATA_DIR": str(folder / "data"),
            "HELPDESK_DATABASE_URL": database_url,
            "HELPDESK_REDIS_URL": redis_url,
            "HELPDESK_BASE_URL": self.url,
            "PYTHONUNBUFFERED": "1",
            **extra,
        }
        self._programs: list[Program] = []

    def serve(self, extra: Mapping[str, str] = NOTHING, *, workers: int = 2, threads: int = 4) -> Program:
        """Start ``helpdesk serve``, so many web processes, and return once one of them answers."""
        arguments = ["serve", "--port", str(self.port), "--workers", str(workers), "--threads", str(threads)]
        return self._answering(self._start("serve", [self._helpdesk, *arguments], extra))

    def web(self, extra: Mapping[str, str] = NOTHING, *, workers: int = 1) -> Program:
        """Start gunicorn on ``wsgi:app`` and return once it answers."""
        options = ["--workers", str(workers), "--worker-class", "gthread", "--threads", "4"]
        bind = ["--bind", f"127.0.0.1:{self.port}", "--no-control-socket"]
        return self._answering(
            self._start("web", [sys.executable, "-m", "gunicorn", "wsgi:app", *options, *bind], extra)
        )

    def run(self, extra: Mapping[str, str] = NOTHING) -> Program:
        """Start ``helpdesk run``, web and worker in one process, and return once it answers."""
        arguments = ["run", "--host", "127.0.0.1", "--port", str(self.port)]
        return self._answering(self._start("run", [self._helpdesk, *arguments], extra))

    def worker(self, extra: Mapping[str, str] = NOTHING) -> Program:
        """Start ``helpdesk worker`` and return at once; what it does is to be waited for."""
        return self._start("worker", [self._helpdesk, "worker"], extra)

    def command(self, *arguments: str) -> str:
        """Run a command of helpdesk to its end and return its standard output; fail when it fails."""
        done = subprocess.run(
            [self._helpdesk, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"helpdesk {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def make(self) -> str:
        """Make the desk with the service ``demo`` and return a key of it, as an operator would."""
        self.command("init", "--yes", "--service", "demo", "--admin-email", "admin@demo.example")
        return self.command("key", "create", "--allow", "127.0.0.1").strip()

    def close(self) -> None:
        """Kill every program that still runs."""
        for program in self._programs:
            program.kill()

    @contextmanager
    def joined(self) -> Iterator[deployment.Settings]:
        """Make this process one of the desk's, on a migrated database, with the installed plugins."""
        names = {name: value for name, value in self.environment.items() if name.startswith(deployment.PREFIX)}
        fields = {name.removeprefix(deployment.PREFIX).lower(): value for name, value in names.items()}
        made = deployment.load({}, **fields)
        made.data_dir.mkdir(parents=True, exist_ok=True)
        db.use(made)
        db.migrate()
        ready(made)
        registry.load()
        try:
            with db.connection():
                yield made
        finally:
            db.database.close_all()
            crypto.use_passwords(crypto.PasswordHashes())

    def _start(self, name: str, command: Sequence[str], extra: Mapping[str, str]) -> Program:
        environment = {**self.environment, **extra}
        program = Program(command, environment=environment, log=self.folder / f"{name}.log")
        self._programs.append(program)
        return program

    def _answering(self, program: Program) -> Program:
        def is_up() -> bool:
            assert program.is_running, f"The program ended:\n{program.said[-4000:]}"
            try:
                return plain.get(f"{self.url}/healthz", timeout=5).status_code == 200
            except httpx2.TransportError:
                return False

        eventually(is_up, seconds=START_SECONDS, what="An answer of the web")
        return program
