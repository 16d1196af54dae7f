"""Owns server programs that tests start: found, unprivileged, in a folder of their own, gone for certain afterwards.

Three nets hold a stop: the fixture's end, the interpreter's exit, and the kernel (a parent-death signal,
for a test run that is killed). The last one follows the thread that started the server, so start servers
in the main thread. Every parallel test worker runs its own servers: they start in about a second, and a
fault test may then kill one without asking the others.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self

import pytest

REQUIRE = "HELPDESK_TEST_REQUIRE_SERVERS"
ROOT = 0
START_SECONDS = 30.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02


def find_program(name: str, *, package: str) -> str:
    """Return the path of a program, looking where Debian keeps servers too; skip the test when it is not installed."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_postgres_folders(), "/usr/local/sbin", "/usr/sbin"]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return found or missing(name, package=package)


def _postgres_folders() -> list[str]:
    versions = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if folder.parent.name.isdigit()]
    return [str(folder) for folder in sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)]


def missing(name: str, *, package: str) -> NoReturn:
    """Skip the test, or fail it where servers are required, saying how to install the program."""
    reason = f"{name} is not installed: apt-get install {package}"
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Account:
    """The system account that a server runs under."""

    name: str
    uid: int
    gid: int

    @classmethod
    def for_server(cls, *wanted: str) -> Self:
        """Return the first existing account of ``wanted`` when run as root, else the one that runs the tests."""
        if os.geteuid() != ROOT:
            return cls._of(pwd.getpwuid(os.geteuid()))
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        for name in (*wanted, "nobody"):
            if name in known:
                return cls._of(known[name])
        raise RuntimeError("There is no account “nobody” to run test servers under; add one, or do not test as root.")

    @classmethod
    def _of(cls, entry: pwd.struct_passwd) -> Self:
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    def make_folder(self, name: str) -> Path:
        """Return a new private temporary folder that belongs to the account and goes when the interpreter does.

        It is none of pytest's own: those may not be entered by another account.
        """
        folder = Path(tempfile.mkdtemp(prefix=f"helpdesk-{name}-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        self.give(folder)
        return folder

    def give(self, path: Path) -> None:
        """Make the account the owner of a file or folder."""
        if os.geteuid() == ROOT:
            os.chown(path, self.uid, self.gid)

    def wrap(self, command: Sequence[str], *, death_signal: signal.Signals | None = None) -> list[str]:
        """Return the command so that it runs under the account and gets the signal when its starter dies."""
        setpriv = shutil.which("setpriv", path="/usr/bin:/bin:/usr/sbin:/sbin")
        if setpriv is None and os.geteuid() == ROOT:
            missing("setpriv", package="util-linux")
        if setpriv is None:
            return list(command)
        options = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"] if os.geteuid() == ROOT else []
        if death_signal is not None:
            options.append(f"--pdeathsig={death_signal.name}")
        return [setpriv, *options, "--", *command] if options else list(command)


class ServerProcess:
    """One server program in the foreground, which can be stopped, killed and started again."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        account: Account,
        folder: Path,
        is_ready: Callable[[], bool],
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._command = account.wrap(command, death_signal=stop_signal)
        self._folder = folder
        self._is_ready = is_ready
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Return whether the program runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Run the program and return once it answers; raise with the end of its log when it does not."""
        assert not self.is_running, "The server runs already; stop it first."
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for pytest, which then stops the servers
            )
        atexit.register(self.stop)
        self._await_answer()

    def _await_answer(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if not self.is_running or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self._command} did not start:\n{self._log_end()}")
            time.sleep(POLL_SECONDS)  # another program gives no event to wait for

    def _log_end(self) -> str:
        return (self._folder / "log").read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        """Ask the program to end, and kill it with its children when it does not. Does nothing when it has ended."""
        self._end(self._stop_signal)

    def kill(self) -> None:
        """Kill the program with all its children at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, with_signal: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(with_signal)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        self._kill_children(process.pid)
        process.wait(STOP_SECONDS)
        self._process = None
        atexit.unregister(self.stop)

    @staticmethod
    def _kill_children(group: int) -> None:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            return  # nobody is left, as it should be
