"""Runs programs as a newcomer would: from an environment that knows nothing of this checkout, and ended for certain."""

import fnmatch
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.house.tree import ROOT

FOREIGN = ("HELPDESK_", "PYTHON", "VIRTUAL_ENV", "PYTEST", "COV_", "MYPYPATH")
STOP_SECONDS = 20.0


def fresh_environment() -> dict[str, str]:
    """Return the environment without what belongs to this test run or its virtual environment.

    What pip installs is compiled as it is imported: most of it never is.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    inside = str(Path(sys.prefix) / "bin")
    kept["PATH"] = os.pathsep.join(part for part in kept.get("PATH", os.defpath).split(os.pathsep) if part != inside)
    return kept | {"PIP_NO_COMPILE": "1"}


def working_copy(folder: Path) -> Path:
    """Copy the tree as a clone would give it, without what git ignores, and return the copy."""
    return Path(shutil.copytree(ROOT, folder / "helpdesk", ignore=_ignored))


def _ignored(folder: str, names: list[str]) -> set[str]:
    patterns = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split() if not line.startswith("#")]
    by_name = [pattern for pattern in patterns if "/" not in pattern] + [".git"]
    by_path = {pattern.strip("/") for pattern in patterns if "/" in pattern}
    here = Path(folder).relative_to(ROOT)
    return {
        name
        for name in names
        if (here / name).as_posix() in by_path or any(fnmatch.fnmatch(name, pattern) for pattern in by_name)
    }


def run(command: Sequence[str], *, folder: Path, seconds: float = 300) -> str:
    """Run a command to its end and return what it said; fail with that when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=fresh_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


class Running:
    """A program that serves until it is interrupted. Leaving the ``with`` kills whatever is left of it."""

    def __init__(self, command: Sequence[str], *, folder: Path, extra: Mapping[str, str] | None = None) -> None:
        self._said: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**fresh_environment(), "PYTHONUNBUFFERED": "1", **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._signal(signal.SIGKILL)
        self._process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def line_with(self, text: str, *, seconds: float = 60) -> str:
        """Return the first line that holds the text; fail with all that was said when none comes."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"“{text}” was not said:\n{''.join(self._said)}"
            self._said.append(line)
            if text in line:
                return line

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit status."""
        self._signal(signal.SIGINT)
        return self._process.wait(STOP_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return  # it has ended, which is what matters
