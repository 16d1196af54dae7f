"""Run with ``python -m tests.bench``: under a minute, no server needed; ``--full`` takes its time."""

import argparse
import gc
import os
import platform
import sqlite3
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import orjson

from helpdesk.kernel import footprint
from tests.bench.measuring import Row, heading
from tests.bench.running import FULL, NAMES, QUICK, Wanted, rows

LIBRARIES = ("flask", "strawberry-graphql", "graphql-core", "peewee", "orjson", "gunicorn")
FIELDS = (
    "name", "database", "variant", "p50_ms", "p99_ms", "rps", "statements", "ratio", "bytes", "clock", "cpu_ms", "note",
)  # fmt: skip


def as_json(row: Row) -> str:
    """Return a row as one line of JSON."""
    values = {name: getattr(row, name) for name in FIELDS}
    return orjson.dumps({name: round(v, 4) if isinstance(v, float) else v for name, v in values.items()}).decode()


def about() -> str:
    """Return what machine and versions the figures are of."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    machine = f"{len(os.sched_getaffinity(0))} cores (load {os.getloadavg()[0]:.1f})"
    return f"{machine}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}"


def say(remark: str) -> None:
    """Tell what is no measurement, beside the report."""
    print(remark, file=sys.stderr, flush=True)


def look_for_garbage_as_served() -> None:
    """Let this process look for garbage as seldom as the desk's own programs do."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(footprint.NEW_OBJECTS, footprint.TWENTIETH, footprint.TWENTIETH)


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Compare the desk with the raw limit.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which works: {', '.join(NAMES)} (all)")
    parser.add_argument("--full", action="store_true", help="a million tickets, and PostgreSQL too")
    parser.add_argument("--json", action="store_true", help="one line of JSON a row")
    parser.add_argument("--folder", type=Path, help="where desks on SQLite are made, and stay (a temporary one)")
    parser.add_argument("--peers", type=Path, help="a folder that has the peers' packages, to measure them beside")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"There is no {', '.join(sorted(unknown))}; there is {', '.join(NAMES)}.")
    written: Callable[[Row], str] = as_json if given.json else str
    say(about())
    look_for_garbage_as_served()
    if not given.json:
        print(heading(), flush=True)
    wanted = Wanted(
        given.names or NAMES, FULL if given.full else QUICK, given.folder, on_postgres=given.full, peers=given.peers
    )
    for row in rows(wanted, say):
        print(written(row), flush=True)


if __name__ == "__main__":
    main()
