"""Imports one plugin in a process of its own, so that whatever the import does, it does not do it to the desk.

``try_out`` starts the process (``main`` with kind, name and path), which says on its
standard output, as JSON, what is wrong. One that exits, crashes or does not end within ten seconds has
said enough. Trusting the import statement's own exceptions lost: ``os._exit`` and an endless loop raise none.
"""

import contextlib
import os
import subprocess
import sys
from importlib.metadata import EntryPoint

import orjson

from helpdesk.kernel import footprint
from helpdesk.kernel.text import one_line
from helpdesk.plugins import kinds
from helpdesk.plugins.kinds import GROUPS, Kind
from helpdesk.plugins.loading import Candidate

SECONDS = 10.0
LONGEST_FAULT = 500


def try_out(candidate: Candidate, *, seconds: float = SECONDS) -> str:
    """Return what is wrong with importing the plugin, or nothing."""
    command = [sys.executable, "-m", footprint.__name__, __name__, candidate.kind, candidate.name, candidate.path]
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter, and three words that are no options
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False, env=_environment()
        )
    except subprocess.TimeoutExpired:
        return f"its import does not end within {seconds:g} seconds"
    verdict = done.stdout.rpartition(b"\n")[2]
    if done.returncode == 0 and verdict.startswith(b"{"):
        return one_line(orjson.loads(verdict)["fault"], longest=LONGEST_FAULT)
    how = f"with status {done.returncode}" if done.returncode >= 0 else f"by signal {-done.returncode}"
    return f"its import ended the process {how}"


def _environment() -> dict[str, str]:
    """Return the environment for the trial: the same modules can be found, and no secret of the desk is in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def main(kind: str, name: str, path: str) -> None:
    """Import, judge, and say so on the real standard output, which the plugin does not get."""
    answer = os.dup(1)
    os.dup2(2, 1)
    fault = ""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            value = EntryPoint(name, path, GROUPS[Kind(kind)]).load()
        fault = kinds.problem(Kind(kind), value)
    except BaseException as error:  # whatever it is, it is the answer
        fault = f"{type(error).__name__}: {error}"
    os.write(answer, b"\n" + orjson.dumps({"fault": fault.encode("utf-8", "replace").decode()}))
    os._exit(0)  # threads that the import started do not hold this up
