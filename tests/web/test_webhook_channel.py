"""The bundled webhook channel on a desk: a signed request comes in by its hook, the answer reaches a real receiver."""

import ipaddress
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from helpdesk_webhook.channel import Webhook
from helpdesk_webhook.signing import prove, signed
from pydantic import SecretStr

from helpdesk.channels import accounts, queries
from helpdesk.channels.rules import DeliveryState, InboxState
from helpdesk.kernel.paging import Window
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import InboundRequest
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.rules import Body
from helpdesk.web import hooks
from tests.factories.desk import Desk

SECRET = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
RAW = '{"from": {"value": "u-7", "name": "미나"}, "text": "언제 오나요? 🍊"}'.encode()


class Receiver(HTTPServer):
    """A partner's server: keeps what it gets, and answers with a status."""

    status = 204

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.received: list[InboundRequest] = []


class _Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Take a message."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        self.server.received.append(InboundRequest(body, headers))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def database(database: Settings) -> Settings:
    """A database of a desk whose operator lets calls reach loopback."""
    return database.model_copy(update={"outgoing_allow": (ipaddress.ip_network("127.0.0.0/8"),)})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A running receiver."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    """Only the hooks."""
    app = Flask("hooks")
    app.register_blueprint(hooks.blueprint(desk.settings))
    return app.test_client()


@pytest.fixture
def account(desk: Desk, receiver: Receiver) -> int:
    """An account of the channel."""
    registry.register(Kind.CHANNEL, "webhook", Webhook)
    settings = {"url": f"http://127.0.0.1:{receiver.server_port}/desk", "secret": SECRET.get_secret_value()}
    return accounts.create(desk.administrator, driver="webhook", name="Shop", settings=settings)


def post(client: FlaskClient, account: int, headers: dict[str, str], raw: bytes = RAW) -> int:
    """Call the account's hook, and return the status of the answer."""
    (row,) = queries.accounts_by_ids([account])
    assert row is not None
    return client.post(f"/demo/channels/{row.hook_token}/hook", data=raw, headers=headers).status_code


def test_signed_message_is_answered_by_a_signed_message(
    desk: Desk, client: FlaskClient, account: int, receiver: Receiver
) -> None:
    assert post(client, account, signed(RAW, "msg_1", SECRET)) == 200
    desk.run_jobs()
    (item,) = queries.inbox_page(desk.service_id, None, Window()).rows
    assert item.ticket_id is not None
    tickets.reply(desk.agent, item.ticket_id, Body("내일 도착합니다 🚚"))
    desk.run_jobs()
    assert queries.states()["outbox"][DeliveryState.SENT] == 1
    (request,) = receiver.received
    prove(request, [SECRET])
    out = json.loads(request.body)
    assert (out["to"][0]["value"], out["text"], out["answers"]) == ("u-7", "내일 도착합니다 🚚", ["msg_1"])


def test_replay_makes_no_second_message_and_an_old_one_is_turned_away(
    desk: Desk, client: FlaskClient, account: int
) -> None:
    headers = signed(RAW, "msg_1", SECRET)
    assert [post(client, account, headers) for _time in range(2)] == [200, 200]
    desk.run_jobs()
    items = queries.inbox_page(desk.service_id, None, Window()).rows
    assert sorted(item.outcome or "" for item in items) == ["DUPLICATE", "TICKET"]
    assert post(client, account, headers | {"webhook-timestamp": "1614265330"}) == 401
    assert post(client, account, headers, RAW + b" ") == 401


def test_receiver_that_is_gone_is_given_up_and_one_that_is_busy_is_tried_again(
    desk: Desk, client: FlaskClient, account: int, receiver: Receiver
) -> None:
    post(client, account, signed(RAW, "msg_1", SECRET))
    desk.run_jobs()
    (item,) = queries.inbox_page(desk.service_id, None, Window()).rows
    for status in (410, 503):
        receiver.status = status
        tickets.reply(desk.agent, item.ticket_id or 0, Body(f"The receiver says {status}."))
        desk.run_jobs()
    states = queries.states()["outbox"]
    assert (states[DeliveryState.RETRYING], states[DeliveryState.FAILED]) == (1, 1)


def test_connection_can_be_tried(desk: Desk, account: int, receiver: Receiver) -> None:
    assert accounts.test(desk.administrator, account).is_ok
    receiver.status = 404
    assert accounts.test(desk.administrator, account).message == "The receiver answered 404."


def test_duplicates_in_any_order_and_signed_anew_an_hour_later_are_one_message_each(
    desk: Desk, client: FlaskClient, account: int
) -> None:
    """Source: SECURITY 4.3 row 30."""
    first, second = signed(RAW, "msg_1", SECRET), signed(RAW.replace(b"u-7", b"u-8"), "msg_2", SECRET)
    for _time in range(5):
        assert post(client, account, second, RAW.replace(b"u-7", b"u-8")) == 200
        assert post(client, account, first) == 200
    desk.run_jobs()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1)):
        assert post(client, account, first) == 401
        assert post(client, account, signed(RAW, "msg_1", SECRET)) == 200
        desk.run_jobs()
    items = queries.inbox_page(desk.service_id, None, Window(first=100)).rows
    assert sorted(item.outcome or "" for item in items) == ["DUPLICATE"] * 9 + ["TICKET"] * 2


MALFORMED = {
    "empty": b"",
    "wrong type": b'{"from": 7, "text": []}',
    "deep": b"[" * 100_000,
    "latin-1": '{"from": {"value": "é"}, "text": "é"}'.encode("latin-1"),
    "null": b"null",
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
def test_malformed_message_is_kept_when_it_is_signed_and_turned_away_when_it_is_not(
    desk: Desk, client: FlaskClient, account: int, raw: bytes
) -> None:
    """Source: SECURITY 4.3 row 31."""
    assert post(client, account, signed(raw, "msg_1", SecretStr("whsec_" + "B" * 32)), raw) == 401
    assert queries.inbox_page(desk.service_id, None, Window()).rows == []
    assert post(client, account, signed(raw, "msg_1", SECRET), raw) == 200
    desk.run_jobs()
    (item,) = queries.inbox_page(desk.service_id, None, Window()).rows
    assert item.state is InboxState.QUARANTINED
    assert item.last_error


def test_message_that_is_too_large_is_turned_away_unread(client: FlaskClient, account: int) -> None:
    assert post(client, account, {}, b"x" * 10_485_760) == 413
