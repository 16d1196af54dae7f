"""The README's channel and theme work as they stand there: they are taken from it, not copied."""

import ipaddress
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from helpdesk import plugins
from helpdesk.channels import accounts, inbox, queries
from helpdesk.channels.queries import DeliveryRow
from helpdesk.channels.rules import DeliveryState
from helpdesk.helpcenter.rendering import Renderer
from helpdesk.helpcenter.themes import Themes
from helpdesk.helpcenter.views import ServiceView
from helpdesk.kernel import http
from helpdesk.kernel.paging import Window
from helpdesk.kernel.settings import Settings
from helpdesk.sdk.channel import Channel, InboundRequest, Unverified
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets.rules import Body
from tests.factories.desk import Desk
from tests.helpcenter.desks import MemoryDesk, application
from tests.house.readme import blocks
from tests.house.tree import ROOT

README = (ROOT / "README.md").read_text()


def example(language: str, words: str) -> str:
    """Return the README's block of a language that holds the words."""
    (text,) = [block.text for block in blocks(README) if block.language == language and words in block.text]
    return text


@pytest.fixture
def database(database: Settings) -> Settings:
    """A database of a desk whose operator lets calls reach loopback."""
    return database.model_copy(update={"outgoing_allow": (ipaddress.ip_network("127.0.0.0/8"),)})


@pytest.fixture
def echo() -> type[Channel]:
    """The README's channel, loaded like a plugin."""
    names: dict[str, Any] = {"__name__": "helpdesk_echo"}
    exec(compile(example("python", "class Echo"), "README.md", "exec"), names)
    loaded = plugins.register(plugins.CHANNELS, "readme_echo", names["Echo"])
    assert loaded.reason == ""
    return loaded.value  # type: ignore[no-any-return]


class Provider(BaseHTTPRequestHandler):
    """The provider that the channel sends to; keeps what it gets."""

    received: list[Any]

    def do_POST(self) -> None:
        """Take a message."""
        self.server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[HTTPServer]:
    """A running provider."""
    with HTTPServer(("127.0.0.1", 0), Provider) as server:
        server.received = []  # type: ignore[attr-defined]
        server.status = 204  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def account(desk: Desk, port: int) -> int:
    """Make an account of the channel."""
    settings = {"url": f"http://127.0.0.1:{port}/", "token": "s3cret"}
    return accounts.create(desk.administrator, driver="readme_echo", name="Echo", settings=settings)


def answered(desk: Desk, port: int) -> DeliveryRow:
    """Take a message in, answer it, and return what became of the answer."""
    raw = json.dumps({"id": "1", "from": "minji", "text": "Hello?"}).encode()
    row = inbox.settle(inbox.store(account(desk, port), desk.service_id, raw, largest=1000).row_id, desk.settings)
    tickets.reply(desk.agent, row.ticket_id, Body("Yes."))
    desk.run_jobs()
    (delivery,) = queries.deliveries_page(desk.service_id, None, Window(first=9)).rows
    return delivery


def test_channel_of_the_readme_takes_a_message_and_brings_the_answer(
    desk: Desk, echo: type[Channel], provider: HTTPServer
) -> None:
    raw = json.dumps({"id": "1", "from": "minji", "name": "Minji", "text": "Is anybody there?"}).encode()
    kept = inbox.store(account(desk, provider.server_port), desk.service_id, raw, largest=1000)
    row = inbox.settle(kept.row_id, desk.settings)
    ticket = ticket_queries.tickets_by_ids([row.ticket_id])[0]
    assert ticket is not None
    assert (ticket.subject, ticket.channel) == ("Is anybody there?", "readme_echo")
    tickets.reply(desk.agent, ticket.id, Body("Yes."))
    desk.run_jobs()
    assert [(one["to"], one["text"]) for one in provider.received] == [(["minji"], "Yes.")]  # type: ignore[attr-defined]
    assert queries.states()["outbox"][DeliveryState.SENT] == 1


def test_channel_of_the_readme_keeps_the_answer_while_the_provider_is_away(desk: Desk, echo: type[Channel]) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # held, and nobody listens
        delivery = answered(desk, closed.getsockname()[1])
    assert (delivery.state, delivery.attempts) == (DeliveryState.RETRYING, 1)
    assert delivery.last_error == "No connection: Connection refused."


@pytest.mark.parametrize("status", [302, 404, 503])
def test_channel_of_the_readme_keeps_the_answer_that_the_provider_did_not_take(
    desk: Desk, echo: type[Channel], provider: HTTPServer, status: int
) -> None:
    provider.status = status  # type: ignore[attr-defined]
    delivery = answered(desk, provider.server_port)
    assert (delivery.state, delivery.attempts) == (DeliveryState.RETRYING, 1)
    assert delivery.last_error == f"the provider answered {status}"


def test_channel_of_the_readme_reaches_no_private_network_that_is_not_allowed(
    desk: Desk, echo: type[Channel], provider: HTTPServer
) -> None:
    http.use(http.OutgoingClient())
    delivery = answered(desk, provider.server_port)
    assert delivery.state is DeliveryState.FAILED
    assert "'127.0.0.1' is not on the open internet" in delivery.last_error
    assert provider.received == []  # type: ignore[attr-defined]


def test_channel_of_the_readme_refuses_a_wrong_token(desk: Desk, echo: type[Channel]) -> None:
    driver = accounts.driver_by_id(account(desk, 1))
    driver.verify(InboundRequest(b"{}", {"x-token": "s3cret"}))
    with pytest.raises(Unverified):
        driver.verify(InboundRequest(b"{}", {"x-token": "guess"}))


def test_channel_is_thirty_lines() -> None:
    body = example("python", "class Echo").partition("class Echo")[2]
    assert len([line for line in body.splitlines() if line.strip()]) <= 30


def test_theme_of_the_readme_is_found_and_differs_where_it_says(tmp_path: Path) -> None:
    folder = tmp_path / "harbour"
    (folder / "templates/pages").mkdir(parents=True)
    (folder / "theme.toml").write_text(example("toml", "harbour"))
    (folder / "templates/pages/home.html").write_text(example("jinja", "block banner"))
    themes = Themes({"default": ROOT / "themes/default", "harbour": folder}, core_version="0.1.0")
    assert themes.problems == {}
    line = themes.line("harbour")
    assert (line.name, line.settings["brand_color"].default) == ("harbour", "#0b6e6e")
    shop = ServiceView(slug="shop", name="Harbour Shop", theme="harbour", default_language="en")
    client = application(MemoryDesk({"shop": shop}), renderer=Renderer(themes)).test_client()
    assert "<p>Harbour Shop</p>" in client.get("/shop/hc/en").get_data(as_text=True)
