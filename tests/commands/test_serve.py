"""``helpdesk serve`` as an operator has it: several real processes, real signals, one desk."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from tests.factories import plain
from tests.factories.processes import HELPDESK, Program, Site, eventually
from tests.servers.ports import answers, free_port


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    """A desk on SQLite and a key of it."""
    site = Site(tmp_path_factory.mktemp("site"))
    yield site, site.make()
    site.close()


@pytest.fixture
def site(made: tuple[Site, str]) -> Iterator[Site]:
    """The desk, with no program of it running before or after."""
    yield made[0]
    made[0].close()


def body_of_a_question(key: str) -> tuple[bytes, bytes]:
    """Return a request over the wire, in two halves."""
    body = b'{"query": "{ service { name } }"}'
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body[:9], body[9:]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_0_on_a_signal_once_what_was_asked_is_answered(
    made: tuple[Site, str], site: Site, number: signal.Signals
) -> None:
    program = site.serve()
    first, second = body_of_a_question(made[1])
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as client:
        client.sendall(first)
        eventually(lambda: len(program.children()) == 2, seconds=10, what="The second process")
        time.sleep(1)  # until one of them has taken the connection, which nothing tells from outside
        os.killpg(program.pid, number) if number is signal.SIGINT else program.send(number)  # as a terminal does
        eventually(lambda: not answers(site.port), seconds=10, what="The end of listening")
        client.sendall(second)
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert b'"name":"Helpdesk"' in answer
    assert program.wait() == 0
    assert "Traceback" not in program.said


def test_it_says_in_one_line_what_it_serves_and_replaces_a_process_that_was_killed(site: Site) -> None:
    program = site._start("told", [HELPDESK, "serve", "--port", str(site.port), "--workers", "2", "--json"], {})
    told = json.loads(line_of(program))
    assert (told["url"], told["workers"], told["threads"], told["services"]) == (site.url, 2, 8, ["demo"])
    before = eventually(lambda: {*program.children()} if len(program.children()) == 2 else None, seconds=10, what="Two")
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: len({*program.children()} - before) == 2, seconds=20, what="Their successors")
    assert plain.get(f"{site.url}/readyz", timeout=20).json()["status"] == "ok"


def test_process_that_holds_too_much_is_replaced_once_it_has_answered(made: tuple[Site, str], site: Site) -> None:
    options = ["serve", "--port", str(site.port), "--workers", "1", "--threads", "80"]
    program = site._answering(site._start("full", [HELPDESK, *options], {"HELPDESK_PROCESS_MAX_THREADS": "64"}))
    (before,) = program.children()
    first, second = body_of_a_question(made[1])
    with ExitStack() as ending:
        clients = [ending.enter_context(socket.create_connection(("127.0.0.1", site.port), 20)) for _ in range(70)]
        for client in clients:
            client.sendall(first)
        eventually(lambda: "another takes its place" in program.said, seconds=10, what="A sentence in the log")
        for client in clients:
            client.sendall(second)
        assert all(b'"name":"Helpdesk"' in b"".join(iter(partial(one.recv, 4096), b"")) for one in clients)
    eventually(lambda: {*program.children()} - {before}, seconds=10, what="A successor")


def test_taken_port_ends_it_with_2_and_a_sentence(site: Site) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        program = site._start("taken", [HELPDESK, "serve", "--port", str(port)], {})
        assert program.wait() == 2
    assert program.said.startswith(f"Error: Port {port} of 127.0.0.1 cannot be used")


def test_what_keeps_every_process_from_starting_ends_it_with_2_and_is_said(site: Site) -> None:
    storage = {"HELPDESK_KEYS": "no keyring"}
    program = site._start("unable", [HELPDESK, "serve", "--port", str(site.port), "--workers", "2"], storage)
    assert program.wait() == 2
    assert "a web process cannot start: " in program.said
    assert "Traceback" not in program.said


def line_of(program: Program) -> str:
    """Return the line of JSON that the program says, between those of its log."""
    return eventually(
        lambda: next((line for line in program.said.splitlines() if line.startswith("{") and line.endswith("}")), None),
        seconds=30, what="The program's line",
    )  # fmt: skip
