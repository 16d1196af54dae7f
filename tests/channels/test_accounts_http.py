"""What a driver has as ``self.http``: the guarded client of the process, with the SDK's errors."""

import ipaddress
import socket
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from helpdesk.channels import accounts
from helpdesk.kernel import http
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Channel, ChannelSettings, Inbound, InboundRequest, Outbound, Refused, Retry, Sent
from tests.factories.client import app
from tests.factories.desk import Desk, make_desk

__all__ = ["app"]

NEWS = Outbound("k", 1, "Subject", "text", ())
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
ANSWERS = {"/json": b'{"a": 1}', "/text": b"hello", "/large": b"[" + b"1," * 20 + b"1]"}


class CallingSettings(ChannelSettings):
    """Whom to call."""

    url: str


class Calling(Channel):
    """A driver whose every work is a call."""

    title: ClassVar = {"en": "Calling"}
    Settings: ClassVar = CallingSettings

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        return []

    def send(self, message: Outbound) -> Sent:
        self.check()
        return Sent()

    def check(self) -> None:
        answer = self.http.request("POST", self.settings.url, headers={"X-From": "desk"}, json=[1], max_bytes=20)
        assert (answer.status, answer.headers["x-got"], answer.json()) == (200, "desk [1]", {"a": 1})


class Provider(BaseHTTPRequestHandler):
    """Answers by path, and says in a header what it got."""

    def do_POST(self) -> None:
        """Answer."""
        got = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(200)
        self.send_header("X-Got", f"{self.headers['X-From']} {got}")
        self.end_headers()
        self.wfile.write(ANSWERS[self.path])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[str]:
    """A running provider; gives its address."""
    with HTTPServer(("127.0.0.1", 0), Provider) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def chosen(database_settings: Settings) -> Settings:
    """The settings of an operator who lets calls reach loopback; the process knows nothing of them yet."""
    http.use(http.OutgoingClient())
    return database_settings.model_copy(update={"outgoing_allow": LOOPBACK})


def calling(desk: Desk, url: str) -> int:
    """Make an account whose driver calls the address."""
    registry.register(Kind.CHANNEL, "calling", Calling)
    return accounts.create(desk.administrator, driver="calling", name="Calling", settings={"url": url})


@pytest.mark.usefixtures("app")
def test_driver_of_the_served_desk_reaches_what_the_setting_allows(chosen: Settings, provider: str) -> None:
    desk = make_desk(chosen)
    assert accounts.test(desk.administrator, calling(desk, f"{provider}/json")) == accounts.Check(
        True, "The settings work."
    )


def test_driver_reaches_loopback_only_while_it_is_allowed(desk: Desk, provider: str) -> None:
    account_id = calling(desk, f"{provider}/json")
    for client, is_ok in ((http.OutgoingClient(), False), (http.OutgoingClient(LOOPBACK), True)):
        http.use(client)
        check = accounts.test(desk.administrator, account_id)
        assert (check.is_ok, "HELPDESK_OUTGOING_ALLOW" in check.message) == (is_ok, not is_ok)


@pytest.mark.parametrize(
    ("path", "kind", "words"),
    [("/text", Retry, "is not JSON"), ("/large", Refused, "larger than 20 bytes")],
)
def test_driver_meets_a_bad_answer_as_an_error_of_the_sdk(
    desk: Desk, provider: str, path: str, kind: type[Exception], words: str
) -> None:
    driver: Any = accounts.driver_by_id(calling(desk, provider + path))
    http.use(http.OutgoingClient(LOOPBACK))
    with pytest.raises(kind, match=words):
        driver.send(NEWS)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "http:// or https://"),
        ("http://10.0.0.1/", "open internet"),
        ("http://a.test:25", "Port"),
    ],
)
def test_driver_that_may_not_call_is_refused(desk: Desk, url: str, words: str) -> None:
    driver = accounts.driver_by_id(calling(desk, url))
    with pytest.raises(Refused, match=words):
        driver.send(NEWS)


def test_provider_that_never_answers_is_to_be_tried_again(desk: Desk) -> None:
    http.use(http.OutgoingClient(LOOPBACK, read_seconds=0.1))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        driver = accounts.driver_by_id(calling(desk, f"http://127.0.0.1:{silent.getsockname()[1]}/"))
        with pytest.raises(Retry, match="in time"):
            driver.send(NEWS)
