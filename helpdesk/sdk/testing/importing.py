"""Imports a module in a process of its own, and tells how long it took and what it did by the way.

Run as ``python -m helpdesk.sdk.testing.importing MODULE``; in this process a module that is imported
already, or that ends the process, would tell nothing.
"""

import functools
import importlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

LONGEST_IMPORT_SECONDS = 30.0
PAGES = ("action", "assigner", "channel", "condition", "events", "facts", "field_type", "graphql", "host", "plugin")
MORE_PAGES = ("slots", "storage", "tables", "theme", "web")
TOLD: dict[str, str] = {
    "socket.connect": "connects to the network",
    "socket.bind": "opens a port",
    "socket.getaddrinfo": "looks a host up",
    "subprocess.Popen": "starts a process",
    "os.system": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.fork": "starts a process",
    "os.remove": "removes a file",
    "os.rename": "renames a file",
    "os.mkdir": "makes a folder",
    "sqlite3.connect": "opens a database",
}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import went: ``fault`` says why it failed, ``effects`` what it did beside defining things."""

    seconds: float = 0.0
    effects: tuple[str, ...] = ()
    fault: str = ""


@functools.cache
def measured(module: str, *, most_seconds: float) -> Imported:
    """Return how importing the module goes in a fresh process, with this one's path of modules.

    One that takes longer than it may is imported once more: the machine may have been busy, and the files cold.
    """
    first = _measured(module)
    if first.fault or first.seconds < most_seconds:
        return first
    return min(first, _measured(module), key=lambda one: one.seconds)


def _measured(module: str) -> Imported:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}
    command = [sys.executable, "-B", "-m", __spec__.name, module]
    try:
        done = subprocess.run(  # noqa: S603  # the program is Python, the module the one under test
            command, env=environment, capture_output=True, timeout=LONGEST_IMPORT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Imported(LONGEST_IMPORT_SECONDS, (), f"it did not end within {LONGEST_IMPORT_SECONDS:g} seconds")
    told = done.stdout.rpartition(b"\n\x1e")[2]
    if done.returncode or not told:
        last = next(reversed(done.stderr.decode(errors="replace").strip().splitlines()), "")
        return Imported(fault=last or f"it ended the process with code {done.returncode}")
    answer = orjson.loads(told)
    return Imported(answer["seconds"], tuple(answer["effects"]), answer["fault"])


def _import(module: str) -> Imported:
    """Import here, and watch."""
    for page in (*PAGES, *MORE_PAGES):
        importlib.import_module(f"helpdesk.sdk.{page}")
    effects: list[str] = []
    is_watching = True

    def watch(event: str, given: tuple[Any, ...]) -> None:
        if is_watching and (what := _told(event, given)):
            effects.append(what)

    sys.addaudithook(watch)
    before = _state()
    began = time.monotonic()
    fault = ""
    try:
        importlib.import_module(module)
    except BaseException as error:  # an import may raise anything, SystemExit too
        fault = f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - began
    is_watching = False
    effects += [said for name, said in _STATES.items() if before[name] != _state()[name]]
    return Imported(seconds, tuple(dict.fromkeys(effects)), fault)


def _told(event: str, given: tuple[Any, ...]) -> str:
    """Return what an audit event says that the import does, or nothing for what any import does."""
    if event == "open":
        path, _mode, flags = given
        return f"writes {path}" if isinstance(flags, int) and flags & WRITES and path != os.devnull else ""
    return TOLD.get(event, "")


_STATES: dict[str, str] = {
    "threads": "starts a thread",
    "signals": "takes a signal of the process",
    "handlers": "adds a handler to the root logger",
    "environment": "changes the environment",
    "folder": "changes the working folder",
    "hooks": "replaces a hook of the interpreter",
}


def _state() -> dict[str, Any]:
    return {
        "threads": threading.active_count(),
        "signals": [signal.getsignal(number) for number in signal.valid_signals()],
        "handlers": list(logging.getLogger().handlers),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "hooks": (sys.excepthook, threading.excepthook, sys.displayhook),
    }


def _lines(found: Imported) -> Iterator[bytes]:
    yield b"\n\x1e"  # whatever the module has printed comes before it
    yield orjson.dumps({"seconds": found.seconds, "effects": found.effects, "fault": found.fault})


if __name__ == "__main__":
    sys.stdout.buffer.writelines(_lines(_import(sys.argv[1])))
    sys.stdout.flush()
    os._exit(0)  # a thread that the module has left behind must not hold the process
