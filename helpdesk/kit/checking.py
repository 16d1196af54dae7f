"""Checks a plugin's folder: first what lies on the disk, then what its code does in a process of its own."""

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import orjson

from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.kit import distribution, running
from helpdesk.kit.distribution import Verdict

RULE_SECONDS = 60.0
START_SECONDS = 60.0
MOST_STARTS = 100


def check(folder: Path, *, rule_seconds: float = RULE_SECONDS, writes_schema: bool = False) -> Iterator[Verdict]:
    """Yield what each rule says, as it becomes known. Raises NotFound when there is nothing to check.

    With ``writes_schema`` what whole plugins add to the API is written into the file beside them first.
    """
    summary = f"{distribution.FILE} can be read."
    verdict = Verdict("CHECK-PYPROJECT", distribution.FILE, summary, fix="Correct it: it is written in TOML.")
    try:
        found = distribution.read(folder)
    except Invalid as error:
        yield replace(verdict, reason=error.message)
        return
    yield verdict
    yield from distribution.verdicts(found)
    told: set[str] = set()
    lost: list[str] = []
    for _start in range(MOST_STARTS):
        given = {"told": sorted(told), "lost": lost, "writes_schema": writes_schema}
        broken_off = yield from _run(found.folder, given, told, rule_seconds)
        if broken_off is None:
            return
        lost.append(broken_off)


def _run(folder: Path, given: dict[str, Any], told: set[str], rule_seconds: float) -> Any:
    """Take the steps in a new process; return the key of the one that it did not survive, or None at the end."""
    command = [sys.executable, "-m", running.__name__, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # noqa: S603  # ours
        assert child.stdin is not None, "a pipe was asked for"
        child.stdin.write(orjson.dumps(given))
        child.stdin.close()
        answers = _answers(child)
        try:
            return (yield from _follow(child, answers, told, rule_seconds))
        finally:
            child.kill()


def _follow(child: Any, answers: "queue.Queue[bytes]", told: set[str], rule_seconds: float) -> Any:
    """Yield the verdicts as they come, each key once."""
    begun: dict[str, Any] | None = None
    while True:
        try:
            line = answers.get(timeout=rule_seconds if begun else START_SECONDS)
        except queue.Empty:
            return (yield from _broken_off(begun, f"It did not end within {rule_seconds:g} seconds.", told))
        if not line:
            code = child.wait()
            if begun is None and code == 0:
                return None
            return (yield from _broken_off(begun, f"It ended the process, with code {code}.", told))
        said = orjson.loads(line)
        if "begun" in said:
            begun = said
            continue
        begun = None
        if said["key"] not in told:
            told.add(said["key"])
            yield Verdict(**said["ended"])


def _broken_off(begun: dict[str, Any] | None, reason: str, told: set[str]) -> Any:
    """Yield what is to be said of a step that had no end, and return its key."""
    if begun is None:
        raise Unavailable(f"The check could not be run: {reason}")
    key = str(begun["key"])
    if key not in told:
        told.add(key)
        yield replace(Verdict(**begun["begun"]), reason=reason)
    return key


def _answers(child: Any) -> "queue.Queue[bytes]":
    """Return a queue of the child's lines, an empty one at the end."""
    lines: queue.Queue[bytes] = queue.Queue()

    def read(pipe: IO[bytes]) -> None:
        for line in pipe:
            lines.put(line)
        lines.put(b"")

    threading.Thread(target=read, args=(child.stdout,), daemon=True).start()
    return lines
