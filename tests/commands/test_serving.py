"""The embedded server: what it answers, what it leaves alone, and how it ends."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from flask import Flask, request

from helpdesk.commands.serving import WebServer, address_of, bind
from helpdesk.kernel import settings
from helpdesk.kernel.errors import Conflict, Invalid
from tests.factories import plain


@pytest.fixture
def gate() -> threading.Event:
    """Opened by the test to let a request be answered."""
    return threading.Event()


@pytest.fixture
def entered() -> threading.Event:
    """Set once a request is being worked on."""
    return threading.Event()


@pytest.fixture
def app(gate: threading.Event, entered: threading.Event) -> Flask:
    """An application that echoes, and one address that waits for the gate."""
    made = Flask("served")

    @made.post("/echo")
    def echo() -> dict[str, object]:
        seen = request.headers.get("X-Forwarded-For")
        return {"peer": request.remote_addr, "forwarded": seen, "size": len(request.get_data())}

    @made.get("/slow")
    def slow() -> str:
        entered.set()
        assert gate.wait(10)
        return "x" * 3_000_000

    return made


@pytest.fixture
def server(app: Flask, tmp_path: Path) -> Iterator[tuple[WebServer, str]]:
    """A server and its address; it is stopped at the end at the latest."""
    with closing(bind("127.0.0.1", 0)) as bound:
        made = WebServer(app, bound, settings.load({}, data_dir=tmp_path, web_threads=2))
        made.start()
        yield made, address_of(bound, "127.0.0.1")
        made.stop()


def test_proxy_headers_are_left_to_the_application(server: tuple[WebServer, str]) -> None:
    answer = plain.post(f"{server[1]}/echo", headers={"X-Forwarded-For": "203.0.113.9"}, content=b"x" * 2_000_000)
    assert answer.json() == {"peer": "127.0.0.1", "forwarded": "203.0.113.9", "size": 2_000_000}
    assert "server" not in answer.headers


def test_request_in_work_is_answered_whole_before_the_server_ends(
    server: tuple[WebServer, str], gate: threading.Event, entered: threading.Event
) -> None:
    answers: list[httpx2.Response] = []
    asking = threading.Thread(target=lambda: answers.append(plain.get(f"{server[1]}/slow", timeout=20)))
    asking.start()
    assert entered.wait(10)
    stopping = threading.Thread(target=server[0].stop)
    stopping.start()
    gate.set()
    asking.join(20)
    stopping.join(20)
    assert [(answer.status_code, len(answer.content)) for answer in answers] == [(200, 3_000_000)]
    with pytest.raises(httpx2.ConnectError):
        plain.get(server[1])


def test_requests_that_wait_for_a_thread_are_answered_before_the_server_ends(
    server: tuple[WebServer, str], gate: threading.Event, entered: threading.Event
) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(plain.get, f"{server[1]}/slow", timeout=20) for _ in range(6)]
        assert entered.wait(10)
        late = socket.create_connection(("127.0.0.1", int(server[1].rpartition(":")[2])))
        time.sleep(0.3)  # until all connections are taken, of which the server tells nobody
        stopping = pool.submit(server[0].stop)
        late.sendall(b"POST /echo HTTP/1.0\r\n\r\n")
        gate.set()
        assert [one.result().status_code for one in asked] == [200] * 6
        with late, late.makefile("rb") as answer:
            assert answer.readline() == b"HTTP/1.0 200 OK\r\n"
        stopping.result(20)


def test_connection_that_nobody_uses_does_not_hold_up_the_end(server: tuple[WebServer, str]) -> None:
    with plain.Client(base_url=server[1]) as idle:
        assert idle.post("/echo").status_code == 200
        before = time.monotonic()
        server[0].stop()
        assert time.monotonic() - before < 1


def test_taken_port_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(Conflict, match="--port"):
        bind("127.0.0.1", other.getsockname()[1])


def test_host_that_is_not_ours_is_refused() -> None:
    with pytest.raises(Invalid, match="no address to listen on"):
        bind("no such host.invalid", 0)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")])
def test_address_is_one_that_a_browser_can_open(host: str, shown: str) -> None:
    with closing(bind(host, 0)) as bound:
        assert address_of(bound, host) == f"http://{shown}:{bound.getsockname()[1]}"
