"""Run with ``python -m tests.bench``: takes under a minute, needs no server, prints one report."""

import argparse
import platform
import sqlite3
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from tests.bench.filling import filled, small_desk
from tests.bench.mails import ingest
from tests.bench.works import Asking, create, dispatch, list_page

LIBRARIES = ("flask", "strawberry-graphql", "graphql-core", "peewee", "orjson", "blinker")


def report(*, ticket_count: int, rounds: int, size: int) -> Iterator[str]:
    """Yield the lines of the report."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    yield f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}"
    yield f"{ticket_count} tickets, {rounds} rounds in turns, medians; in process, statements beside BEGIN and COMMIT"
    with (
        tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder,
        small_desk(Path(folder)) as desk,
    ):
        yield ingest(desk, rounds=rounds)
        context = filled(desk, ticket_count=ticket_count)
        asking = Asking(context)
        yield str(list_page(asking, context, rounds=rounds, size=size))
        yield str(create(asking, rounds=rounds))
        yield str(dispatch(rounds=rounds))


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Compare the desk with the raw limit.")
    parser.add_argument("--tickets", type=int, default=500, help="how many tickets the desk has (500)")
    parser.add_argument("--rounds", type=int, default=60, help="how often each work is done (60)")
    given = parser.parse_args()
    for line in report(ticket_count=given.tickets, rounds=given.rounds, size=min(50, given.tickets)):
        print(line, flush=True)


if __name__ == "__main__":
    main()
