"""Where providers call us."""

import json
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.channels import accounts, queries
from helpdesk.channels.rules import SECONDS, InboxState
from helpdesk.kernel import db
from helpdesk.kernel.paging import Window
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.web import hooks
from tests.channels.post import switch_off
from tests.factories.desk import Desk
from tests.factories.echo import Echo


@pytest.fixture
def client(desk: Desk) -> FlaskClient:
    """Only the hooks."""
    app = Flask("hooks")
    app.register_blueprint(hooks.blueprint(desk.settings))
    return app.test_client()


@pytest.fixture
def address(desk: Desk) -> str:
    """The hook of an Echo account."""
    account_id = accounts.create(desk.administrator, driver="echo", name="Echo", settings={})
    account = queries.accounts_by_ids([account_id])[0]
    assert account is not None
    return f"/demo/channels/{account.hook_token}/hook"


def kept(desk: Desk) -> list[queries.InboxItemRow]:
    """Return what the inbox holds."""
    return queries.inbox_page(desk.service_id, None, Window()).rows


def test_request_is_stored_and_answered_before_it_is_understood(desk: Desk, client: FlaskClient, address: str) -> None:
    answer = client.post(address, data=b"not even JSON", headers={"X-Echo-Token": "s3cret"})
    assert (answer.status_code, answer.text) == (200, "ok\n")
    (row,) = kept(desk)
    assert row.state is InboxState.RECEIVED
    assert row.size == len(b"not even JSON")


def test_stored_request_becomes_a_ticket(desk: Desk, client: FlaskClient, address: str) -> None:
    body = {"id": "1", "from": "hong@customer.example", "name": "홍길동", "subject": "배송", "text": "언제 오나요"}
    client.post(address, data=json.dumps(body))
    desk.run_jobs()
    (row,) = kept(desk)
    assert row.state is InboxState.PROCESSED
    assert row.ticket_id is not None


def test_unverified_request_is_refused_and_not_kept(desk: Desk, client: FlaskClient, address: str) -> None:
    answer = client.post(address, data=b"{}", headers={"X-Echo-Token": "guess"})
    assert answer.status_code == 401
    assert kept(desk) == []


@pytest.mark.parametrize("path", ["/demo/channels/guess/hook", "/other/channels/guess/hook"])
def test_unknown_hook_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.post(path, data=b"{}").status_code == 404


def test_disabled_account_takes_nothing(desk: Desk, client: FlaskClient, address: str) -> None:
    (account,) = queries.accounts_of_service(desk.service_id)
    accounts.update(desk.administrator, account.id, is_enabled=False)
    assert client.post(address, data=b"{}").status_code == 404


def test_oversized_request_is_refused(desk: Desk, client: FlaskClient, address: str) -> None:
    body = b"x" * (desk.settings.max_body_bytes + 1)
    assert client.post(address, data=body).status_code == 413
    assert kept(desk) == []


def test_missing_plugin_asks_the_provider_to_come_again(desk: Desk, client: FlaskClient, address: str) -> None:
    registry.load(looks=False)
    answer = client.post(address, data=b"{}")
    assert answer.status_code == 503
    assert answer.text.strip() == "The desk cannot take this request now; send it again later."


def test_channel_that_fails_to_verify_shows_no_insides(client: FlaskClient, address: str) -> None:
    class Broken(Echo):
        def verify(self, request: object) -> None:
            raise RuntimeError("db password=hunter2")

    registry.register(Kind.CHANNEL, "echo", Broken)
    answer = client.post(address, data=b"{}")
    assert answer.status_code == 503
    assert "hunter2" not in answer.text


def test_what_proves_the_caller_is_not_kept_in_clear(desk: Desk, client: FlaskClient, address: str) -> None:
    proofs = {"Authorization": "Bearer hunter2", "Cookie": "a=b", "X-Echo-Token": "s3cret", "X-Event": "message"}
    assert client.post(f"{address}?key=s3cret&page=2", data=b"{}", headers=proofs).status_code == 200
    (text,) = db.database.execute_sql("SELECT request FROM inbox").fetchone()
    assert "x-event" in text
    assert "page" in text
    assert not any(secret in text for secret in ("hunter2", "a=b", "s3cret"))


def test_channel_that_wants_to_end_the_process_ends_one_request(desk: Desk, client: FlaskClient, address: str) -> None:
    class Exits(Echo):
        def verify(self, request: object) -> None:
            raise SystemExit(3)

    registry.register(Kind.CHANNEL, "echo", Exits)
    assert client.post(address, data=b"{}").status_code == 503


def test_channel_that_takes_too_long_to_verify_is_not_waited_for(
    client: FlaskClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Echo):
        def verify(self, request: object) -> None:
            threading.Event().wait(0.5)

    monkeypatch.setitem(SECONDS, "verify", 0.05)
    registry.register(Kind.CHANNEL, "echo", Slow)
    assert client.post(address, data=b"{}").status_code == 503


def test_channel_that_is_not_in_use_in_the_service_takes_nothing(desk: Desk, client: FlaskClient, address: str) -> None:
    switch_off(desk, "echo")
    assert client.post(address, data=b"{}").status_code == 503
    assert kept(desk) == []
