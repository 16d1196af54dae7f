"""The page of tickets over real HTTP: a desk, a bare Flask and the peers, one process of each, asked in turns.

Each is asked by one client and by eight, who keep their connections. The clock is the wall's and the ratio that of the
answers a second, so more is better.
"""

import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import orjson
from graphql import FieldNode, OperationDefinitionNode, parse, print_ast

from tests.bench.asking import same
from tests.bench.desks import Place
from tests.bench.measuring import Row, percentile
from tests.bench.peers_at_hand import Peer
from tests.bench.reading import PAGE
from tests.bench.wire import Client, Server
from tests.factories.client import operations
from tests.factories.processes import Program, eventually
from tests.house.programs import fresh_environment
from tests.servers.ports import free_port

CLIENTS = (1, 8)
THREADS = 8
START_SECONDS = 60.0
WARM_UP_SECONDS = 1.5  # what compiles as it runs has done so by then
NOTE = "asks for key, address and cost; the others answer anybody"


@contextmanager
def program(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Program]:
    """Run a program as long as the block."""
    running = Program(command, environment={**fresh_environment(), **environment}, log=log)
    try:
        yield running
    finally:
        running.kill()


def answering(server: Server, running: Program) -> bytes:
    """Return the first answer of a server that has just been started, and let it know its process."""
    server.pid = running.pid

    def look() -> bytes | None:
        assert running.is_running, running.said[-4000:]
        try:
            with closing(Client(server.port)) as client:
                return client.ask(server.request())
        except OSError:
            return None

    return eventually(look, seconds=START_SECONDS, what=f"An answer of {server.name}")


def gunicorn(python: str, application: str, port: int) -> list[str]:
    """Return the command that serves an application as ``helpdesk serve`` does, in one process."""
    options = ["--workers", "1", "--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "65"]
    return [python, "-m", "gunicorn", application, *options, "--bind", f"127.0.0.1:{port}", "--no-control-socket"]


def bare_server() -> Server:
    """Return the bare Flask as a server; it is not started."""
    return Server("bare Flask and raw SQL", free_port(), asked())


def bare_command(server: Server) -> list[str]:
    """Return the command that starts it."""
    return gunicorn(sys.executable, "tests.bench.bare_app:app", server.port)


def bare_environment(place: Place) -> dict[str, str]:
    """Return what a bare program must know of the desk's database."""
    return {"BENCH_DATABASE": place.address, "BENCH_SERVICE": str(place.service_id)}


def asked() -> bytes:
    """Return the body of a request for the page, for all the same."""
    return json.dumps({"query": _first_page(), "variables": {"first": PAGE}}).encode()


@cache
def _first_page() -> str:
    """Return the operation Tickets with its variable ``first`` alone.

    graphql-jit has no end with a variable whose type contains itself, as a condition's does, and compiles nothing then.
    """
    (operation,) = parse(operations()["Tickets"]).definitions
    assert isinstance(operation, OperationDefinitionNode)
    (field,) = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    arguments = tuple(one for one in field.arguments or () if one.name.value == "first")
    variables = tuple(one for one in operation.variable_definitions or () if one.variable.name.value == "first")
    selected = replace(operation.selection_set, selections=(replace(field, arguments=arguments),))
    return print_ast(replace(operation, variable_definitions=variables, selection_set=selected))


def desk_server(place: Place, body: bytes, goal: str = "", *, pid: int = 0) -> Server:
    """Return the desk as a server; it is not started, unless its process is named."""
    key = {"Authorization": f"Bearer {place.key}"}
    return Server("desk", place.site.port, body, "/demo/graphql", key, goal=goal, note=NOTE, pid=pid)


def list_page(place: Place, *, turns: int, seconds: float, peers: Sequence[Peer] = ()) -> list[Row]:
    """Compare the servers, after checking that they answer the same."""
    environment, folder = bare_environment(place), place.site.folder
    with ExitStack() as held:
        servers = [bare_server(), desk_server(place, asked(), "≥ 0.6" if place.database == "SQLite" else "≥ 0.8")]
        running = held.enter_context(program(bare_command(servers[0]), environment, folder / "bare.log"))
        held.callback(place.site.close)
        served = place.site.serve(workers=1, threads=THREADS)
        answers = [data_of(answering(servers[0], running)), data_of(answering(servers[1], served))]
        for peer in peers:
            server = Server(peer.name, free_port(), asked(), note=peer.note)
            more = {"BENCH_PORT": str(server.port), "PEERS_FOLDER": str(peer.folder)}
            begun = program(peer.command(server.port), environment | more, folder / f"{peer.name}.log")
            answers.append(data_of(answering(server, held.enter_context(begun))))
            servers.append(server)
        size = len(same(*answers))
        compared = [compare("http", place.database, servers, count, turns, seconds) for count in CLIENTS]
    return [row.of_bytes(size) for rows in compared for row in rows]


def data_of(answer: bytes) -> bytes:
    """Return the data of an answer as JSON; fail when there are errors."""
    told = orjson.loads(answer)
    assert "errors" not in told, told["errors"]
    return orjson.dumps(told["data"])


def compare(name: str, database: str, servers: Sequence[Server], clients: int, turns: int, seconds: float) -> list[Row]:
    """Ask the servers in turns, for so many seconds each, and return a row of each."""
    times: list[list[list[float]]] = [[] for _ in servers]
    cpu = [0.0 for _ in servers]
    for turn in range(turns + 1):
        for place, server in enumerate(servers):
            before = server.cpu_seconds()
            took = _asked_for(server, clients, seconds if turn else max(seconds, WARM_UP_SECONDS))
            if turn:
                times[place].append(took)
                cpu[place] += server.cpu_seconds() - before
    rates = [[len(took) / seconds for took in kept] for kept in times]
    return [
        _row(f"{name} c{clients}", database, server, kept, rate, rates[0], spent)
        for server, kept, rate, spent in zip(servers, times, rates, cpu, strict=True)
    ]


def _row(
    name: str, database: str, server: Server, times: list[list[float]], rate: list[float], base: list[float], cpu: float
) -> Row:
    """Return the row of a server: how long its answers took by turns, how many a second, and its CPU time in all."""
    ordered = [1000 * one for one in sorted(one for took in times for one in took)]
    ratio = statistics.median(mine / theirs for mine, theirs in zip(rate, base, strict=True))
    return Row(
        name, database, server.name, "wall", statistics.median(ordered), percentile(ordered, 99),
        statistics.median(rate), ratio, server.goal if name.endswith("c1") else "", note=server.note,
        cpu_ms=1000 * cpu / len(ordered),
    )  # fmt: skip


def _asked_for(server: Server, clients: int, seconds: float) -> list[float]:
    """Ask for so long by so many at once, and return how long each answer took, in seconds."""
    took: list[float] = []
    request = server.request()

    def ask() -> None:
        with closing(Client(server.port)) as client:
            until = time.perf_counter() + seconds
            while (started := time.perf_counter()) < until:
                client.ask(request)
                took.append(time.perf_counter() - started)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert took, f"{server.name} has answered nothing."
    return took
