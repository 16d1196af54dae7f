"""The page of tickets over real HTTP: a desk, a bare Flask and the peers, one process of each, asked in turns.

Each is asked by one client and by eight, who keep their connections. The clock is the wall's and the ratio that of the
answers a second, so more is better.
"""

import json
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from tests.bench.asking import same
from tests.bench.desks import Place
from tests.bench.measuring import Row, percentile
from tests.bench.reading import PAGE
from tests.factories.client import operations
from tests.factories.processes import Program, eventually
from tests.house.programs import fresh_environment
from tests.servers.ports import free_port

CLIENTS = (1, 8)
THREADS = 8
START_SECONDS = 60.0
SECONDS = 30.0


@dataclass(slots=True)
class Server:
    """Something that answers on a port of this machine."""

    name: str
    port: int
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=dict)
    goal: str = ""
    note: str = ""

    def request(self, body: bytes) -> bytes:
        """Return a POST of JSON as it goes over the wire."""
        lines = {
            "Host": f"127.0.0.1:{self.port}", "Content-Type": "application/json", "Accept": "application/json",
            "Content-Length": str(len(body)), **self.headers,
        }  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


class Client:
    """One connection that is kept. It reads as little as it can, since it runs on the same cores."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def ask(self, request: bytes) -> bytes:
        """Return the body of the answer, which must be a success."""
        self._socket.sendall(request)
        head, _, body = self._until(b"\r\n\r\n").partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        assert b" 200 " in lines[0] + b" ", (head + body)[:2000]
        lengths = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
        assert lengths, head
        parts, size = [body], len(body)
        while size < lengths[0]:
            parts.append(self._received())
            size += len(parts[-1])
        return b"".join(parts)

    def _until(self, end: bytes) -> bytes:
        got = b""
        while end not in got:
            got += self._received()
        return got

    def _received(self) -> bytes:
        got = self._socket.recv(262_144)
        assert got, "The server has closed the connection."
        return got


@contextmanager
def program(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Program]:
    """Run a program as long as the block."""
    running = Program(command, environment={**fresh_environment(), **environment}, log=log)
    try:
        yield running
    finally:
        running.kill()


def answering(server: Server, running: Program, body: bytes) -> bytes:
    """Return the first answer of a server that has just been started."""

    def look() -> bytes | None:
        assert running.is_running, running.said[-4000:]
        try:
            with closing(Client(server.port)) as client:
                return client.ask(server.request(body))
        except OSError:
            return None

    return eventually(look, seconds=START_SECONDS, what=f"An answer of {server.name}")


def gunicorn(python: str, application: str, port: int) -> list[str]:
    """Return the command that serves an application as ``helpdesk serve`` does, in one process."""
    options = ["--workers", "1", "--worker-class", "gthread", "--threads", str(THREADS), "--keep-alive", "65"]
    return [python, "-m", "gunicorn", application, *options, "--bind", f"127.0.0.1:{port}", "--no-control-socket"]


def bare_environment(place: Place) -> dict[str, str]:
    """Return what a bare program must know of the desk's database."""
    return {"BENCH_DATABASE": place.address, "BENCH_SERVICE": str(place.service_id)}


def asked() -> bytes:
    """Return the body of a request for the page."""
    return json.dumps({"query": operations()["Tickets"], "variables": {"first": PAGE}}).encode()


def desk_server(place: Place) -> Server:
    """Return the desk as a server; it is not started."""
    note = "with key, allowed addresses, limits and costs; the others ask nobody who they are"
    goal = "≥ 0.6" if place.database == "SQLite" else "≥ 0.8"
    return Server(
        "desk", place.site.port, "/demo/graphql", {"Authorization": f"Bearer {place.key}"}, goal=goal, note=note
    )


def list_page(place: Place, *, turns: int, seconds: float, peers: Sequence["Peer"] = ()) -> list[Row]:
    """Compare the servers, after checking that they answer the same."""
    body = asked()
    with ExitStack() as held:
        limit = Server("bare Flask and raw SQL", free_port())
        command = gunicorn(sys.executable, "tests.bench.bare_app:app", limit.port)
        running = held.enter_context(program(command, bare_environment(place), place.site.folder / "bare.log"))
        held.callback(place.site.close)
        served = place.site.serve(workers=1, threads=THREADS)
        servers = [limit, desk_server(place)]
        answers = [data_of(answering(limit, running, body)), data_of(answering(servers[1], served, body))]
        for peer in peers:
            server = Server(peer.name, free_port(), note=peer.note)
            environment = bare_environment(place) | {"BENCH_PORT": str(server.port)}
            begun = held.enter_context(
                program(peer.command(server.port), environment, place.site.folder / f"{peer.name}.log")
            )
            answers.append(data_of(answering(server, begun, body)))
            servers.append(server)
        size = len(same(*answers))
        return [row for clients in CLIENTS for row in _compared(servers, place, clients, turns, seconds, body, size)]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another server of the same schema: its name, what is different about it, and how it is started on a port."""

    name: str
    note: str
    start: tuple[str, ...]

    def command(self, port: int) -> list[str]:
        """Return the command that starts it."""
        return [part.replace("{port}", str(port)) for part in self.start]


def data_of(answer: bytes) -> bytes:
    """Return the data of an answer as JSON; fail when there are errors."""
    told = orjson.loads(answer)
    assert "errors" not in told, told["errors"]
    return orjson.dumps(told["data"])


def _compared(
    servers: Sequence[Server], place: Place, clients: int, turns: int, seconds: float, body: bytes, size: int
) -> list[Row]:
    times: list[list[list[float]]] = [[] for _ in servers]
    for turn in range(turns + 1):
        for server, kept in zip(servers, times, strict=True):
            took = _asked_for(server, clients, seconds if turn else seconds / 4, body)
            if turn:
                kept.append(took)
    rates = [[len(took) / seconds for took in kept] for kept in times]
    rows = []
    for server, kept, rate in zip(servers, times, rates, strict=True):
        ordered = sorted(one for took in kept for one in took)
        ratio = statistics.median(mine / theirs for mine, theirs in zip(rate, rates[0], strict=True))
        rows.append(
            Row(
                f"http c{clients}",
                place.database,
                server.name,
                "wall",
                statistics.median(ordered) * 1000,
                percentile(ordered, 99) * 1000,
                statistics.median(rate),
                ratio,
                server.goal if clients == 1 else "",
                None,
                size,
                server.note,
            )
        )
    return rows


def _asked_for(server: Server, clients: int, seconds: float, body: bytes) -> list[float]:
    """Ask for so long by so many at once, and return how long each answer took, in seconds."""
    took: list[float] = []
    request = server.request(body)

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
