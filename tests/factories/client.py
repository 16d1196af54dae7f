"""The desk as partners, agents and strangers reach it: the real application, asked by the committed operations.

An operation is a file of schema/operations, found by the name of its operation. The fixtures are for
the conftest of a folder to import; their ``desk`` stands in for that of tests/conftest.py.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from graphql import OperationDefinitionNode, parse
from werkzeug.test import TestResponse

from helpdesk.access import operations as access
from helpdesk.access import sessions
from helpdesk.app import create_app
from helpdesk.channels import accounts
from helpdesk.hosting import life
from helpdesk.kernel import crypto, db
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.factories.desk import PASSWORD, Desk, forgive, make_desk
from tests.factories.echo import Echo

OPERATIONS = Path(__file__).parents[2] / "schema" / "operations"
HERE = "127.0.0.1"


@cache
def operations() -> Mapping[str, str]:
    """Return the text of each committed operation by its name."""
    return {_name(text): text for text in (file.read_text() for file in sorted(OPERATIONS.glob("*.graphql")))}


def _name(text: str) -> str:
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    return operation.name.value


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who sends requests to one service, from one address, with or without a token."""

    app: Flask
    token: str | None = None
    slug: str = "demo"
    address: str = HERE
    headers: Mapping[str, str] | None = None

    def but(self, **changes: Any) -> "Caller":
        """Return the caller with another token, address, service or more headers."""
        return replace(self, **changes)

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send one request to a path of the desk."""
        authorization = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        headers = authorization | dict(self.headers or {}) | options.pop("headers", {})
        environ = {"REMOTE_ADDR": self.address} | options.pop("environ", {})
        return self.app.test_client(use_cookies=False).open(
            path, method=method, headers=headers, environ_overrides=environ, buffered=True, **options
        )

    def post(self, document: str, variables: Mapping[str, Any] | None = None) -> TestResponse:
        """Send a document."""
        body = json.dumps({"query": document, "variables": variables or {}})
        return self.send("POST", f"/{self.slug}/graphql", data=body, content_type="application/json")

    def answer(self, operation: str, **variables: Any) -> TestResponse:
        """Send a committed operation."""
        return self.post(operations()[operation], variables)

    def ask(self, operation: str, **variables: Any) -> Any:
        """Return the data of a committed operation, which must succeed."""
        body = self.answer(operation, **variables).get_json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    def change(self, mutation: str, **given: Any) -> Any:
        """Return the payload of a committed mutation for its input."""
        (payload,) = self.ask(mutation, input=given).values()
        return payload

    def done(self, mutation: str, **given: Any) -> Any:
        """Return the payload of a committed mutation, which must not be refused."""
        payload = self.change(mutation, **given)
        assert payload["errors"] == []
        return payload

    def refused(self, mutation: str, **given: Any) -> tuple[str, list[str]]:
        """Return code and path of the one error with which a mutation is refused as data."""
        payload = self.change(mutation, **given)
        assert [value for name, value in payload.items() if name != "errors" and value is not None] == []
        (error,) = payload["errors"]
        return error["code"], error["path"]

    def failed(self, operation: str, **variables: Any) -> str:
        """Return the code of the one top-level error of a committed operation."""
        (error,) = self.answer(operation, **variables).get_json()["errors"]
        code: str = error["extensions"]["code"]
        return code


def ticket(caller: Caller, **given: Any) -> Any:
    """Make a ticket as a partner does and return it."""
    plain = {"subject": "환불 요청", "body": "환불해 주세요", "customer": {"email": "hong@customer.example"}}
    return caller.done("TicketCreate", **(plain | given))["ticket"]


def log_in(caller: Caller, email: str) -> Caller:
    """Return the caller with a session of the agent."""
    begun = sessions.log_in(_service_id(caller), email, PASSWORD, address=caller.address)
    return caller.but(token=begun.token)


def _service_id(caller: Caller) -> int:
    rows = db.database.execute_sql(f"SELECT id FROM service WHERE slug = {db.database.param}", (caller.slug,))
    return int(rows.fetchone()[0])


def open_to_partners(desk: Desk) -> str:
    """Let a partner call from this machine and return the key's token."""
    made = access.enable_open_api(desk.administrator, True)
    assert made is not None
    access.allow_address(desk.administrator, HERE)
    return made.token


@pytest.fixture
def chosen(database_settings: Settings) -> Settings:
    """The settings of the application; a test that needs others overrides this."""
    return database_settings


@pytest.fixture
def app(chosen: Settings) -> Iterator[Flask]:
    """The application on a clean database of each kind, with every installed plugin and the Echo channel."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    db.database.close_all()
    made = create_app(chosen, watches=False)
    crypto.use_passwords(crypto.PasswordHashes(time_cost=1, memory_cost=8, parallelism=1))
    Echo.reset()
    forgive()
    registry.register(Kind.CHANNEL, "echo", Echo)
    with db.connection():
        yield made
    crypto.use_passwords(crypto.PasswordHashes())
    registry.forget_callbacks()
    life.let_go_of_all()
    registry.load(safe_mode=True, looks=False)
    accounts._drivers.clear()  # it is kept by account ids, which begin anew with each database
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def desk(app: Flask, chosen: Settings) -> Desk:
    """A service with its people, served by the application."""
    return make_desk(chosen)


@pytest.fixture
def stranger(app: Flask, desk: Desk) -> Caller:
    """Somebody without a token."""
    return Caller(app)


@pytest.fixture
def partner(app: Flask, desk: Desk) -> Caller:
    """A partner's program with a service key, calling from an allowed address."""
    return Caller(app, open_to_partners(desk))


@pytest.fixture
def agent(stranger: Caller) -> Caller:
    """An agent who has logged in."""
    return log_in(stranger, "agent@demo.example")


@pytest.fixture
def administrator(stranger: Caller) -> Caller:
    """An administrator who has logged in."""
    return log_in(stranger, "admin@demo.example")


@pytest.fixture
def statements(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SQL that is sent to the database from now on; a test clears it where it begins to count."""
    sent: list[str] = []
    execute = db.database.obj.execute_sql

    def note(sql: str, *args: Any, **kwargs: Any) -> Any:
        sent.append(sql)
        return execute(sql, *args, **kwargs)

    monkeypatch.setattr(db.database.obj, "execute_sql", note)
    return sent
