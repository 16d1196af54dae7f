"""Runs what is wanted, database by database, and yields the rows as they come."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bench import conditions as deciding
from tests.bench import desks, over_http, peers_at_hand, raw, reading, rivals, searching, starting, telling, writing
from tests.bench.asking import Asking
from tests.bench.desks import Place, Say
from tests.bench.ingesting import ingest
from tests.bench.measuring import Row
from tests.servers.postgres import PostgresServer

ANYWHERE = ("conditions", "signals")
NAMES = ("inproc", "http", "write", "page", "search", "conditions", "ingest", "start-up", "signals")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done: tickets of both desks, rounds of a work, turns over HTTP and their seconds, starts."""

    small: int
    large: int
    rounds: int
    turns: int
    seconds: float
    starts: int


QUICK = Scale(small=1_000, large=10_000, rounds=40, turns=2, seconds=0.6, starts=2)
FULL = Scale(small=100_000, large=1_000_000, rounds=200, turns=4, seconds=2.0, starts=5)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured: which works, how much, in which folder, on PostgreSQL too or not, with which peers."""

    names: Sequence[str]
    scale: Scale
    folder: Path | None = None
    on_postgres: bool = False
    peers: Path | None = None


def rows(wanted: Wanted, say: Say) -> Iterator[Row]:
    """Yield the rows; ``say`` is told what is no measurement."""
    scale = wanted.scale
    if "conditions" in wanted.names:
        yield from deciding.conditions(rounds=scale.rounds)
    if "signals" in wanted.names:
        yield from telling.dispatch(rounds=max(scale.rounds // 4, 1))
    if not set(wanted.names) - set(ANYWHERE):
        return
    with ExitStack() as held:
        folder = wanted.folder or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="helpdesk-bench-")))
        yield from of_database(wanted, folder.resolve(), say, lambda: "")
        if wanted.on_postgres:
            try:
                server = held.enter_context(PostgresServer())
            except pytest.skip.Exception as missing:
                say(f"Without PostgreSQL: {missing}")
                return
            with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as fresh:
                say("PostgreSQL runs without fsync, for the desk and for all others alike.")
                yield from of_database(wanted, Path(fresh), say, server.create_database)


def of_database(wanted: Wanted, folder: Path, say: Say, new_database: Callable[[], str]) -> Iterator[Row]:
    """Yield the rows of the works that need a desk; an empty URL is an SQLite in the folder."""
    scale, names = wanted.scale, set(wanted.names)
    large = desks.made(folder, scale.large, say, database_url=new_database())
    if names & {"inproc", "page"}:
        with desks.joined(large) as context:
            asking = Asking(context)
            if "inproc" in names:
                yield from reading.list_page(asking, large, rounds=scale.rounds)
                yield from _peers_in_process(wanted, large)
            if "page" in names:
                yield from reading.deep_page(asking, large, rounds=max(scale.rounds // 4, 1))  # OFFSET takes its time
    if "search" in names:
        small = desks.made(folder, scale.small, say, database_url=new_database())
        yield from searching.search(small, large, rounds=scale.rounds)
    if "http" in names:
        others = peers_at_hand.peers(wanted.peers, large.database, say) if wanted.peers else []
        yield from over_http.list_page(large, turns=scale.turns, seconds=scale.seconds, peers=others)
        if wanted.peers and large.database == "SQLite":
            yield from rivals.django_helpdesk(large, wanted.peers, say, turns=scale.turns, seconds=scale.seconds)
    if "start-up" in names:
        yield from starting.start_up(large, rounds=scale.starts)
    if names & {"write", "ingest"}:
        with desks.joined(large) as context, desks.kept_in_order():
            if "write" in names:
                yield from writing.create(Asking(context), large, rounds=scale.rounds)
            if "ingest" in names:
                yield from ingest(context, large, rounds=max(scale.rounds // 2, 1))


def _peers_in_process(wanted: Wanted, place: Place) -> Iterator[Row]:
    if wanted.peers:
        limit = raw.page(desks.bare(), place.service_id, reading.PAGE)
        size, rounds = reading.PAGE, max(wanted.scale.rounds // 4, 1)
        yield from peers_at_hand.in_process(place, wanted.peers, over_http.asked(), limit, size, rounds=rounds)
