"""A token says who is asking, or is refused without saying more than it must."""

import logging
from typing import Any

import pytest
import time_machine

from helpdesk.access import operations, sessions
from helpdesk.access.authentication import authenticate
from helpdesk.access.rules import SERVICE_KEY_RIGHTS
from helpdesk.agents import operations as agents
from helpdesk.agents.queries import agents_by_ids
from helpdesk.kernel.actors import ActorKind
from helpdesk.kernel.db import database
from helpdesk.kernel.errors import Forbidden, Unauthenticated
from helpdesk.organization import operations as organization

Desk = Any
HERE = "203.0.113.7"
PASSWORD = "rain on the harbour"


@pytest.fixture
def key(desk: Desk) -> operations.NewKey:
    """A partner's key that is accepted from one address."""
    made = operations.enable_open_api(desk.administrator, True)
    operations.allow_address(desk.administrator, HERE)
    assert made is not None
    return made


def log_in(desk: Desk) -> sessions.NewSession:
    """Begin the agent's session."""
    return sessions.log_in(desk.service_id, "agent@demo.example", PASSWORD, address=HERE)


def other_service(desk: Desk) -> int:
    """Make a second service of the same organization."""
    return organization.create_service(
        desk.organization_id, slug="two", names={"en": "2"}, languages=["en"], default_language="en", time_zone="UTC"
    )


def refusal(service_id: int, token: str, address: str = HERE) -> tuple[str, str]:
    """Return code and message of the refusal."""
    with pytest.raises((Unauthenticated, Forbidden)) as refused:
        authenticate(service_id, token, address=address)
    assert token == "" or token not in str(refused.value)
    return refused.value.code, refused.value.message


def test_without_a_token_somebody_anonymous_asks_and_may_nothing(desk: Desk) -> None:
    actor = authenticate(desk.service_id, None, address=HERE)
    assert (actor.kind, actor.id, actor.rights) == (ActorKind.ANONYMOUS, None, frozenset())


def test_a_key_says_which_partner_asks(desk: Desk, key: operations.NewKey) -> None:
    actor = authenticate(desk.service_id, key.token, address=f"::ffff:{HERE}")
    assert (actor.kind, actor.id, actor.name) == (ActorKind.SERVICE_KEY, key.id, "Open API")
    assert (actor.service_id, actor.rights) == (desk.service_id, SERVICE_KEY_RIGHTS)


def test_a_session_says_which_agent_asks(desk: Desk) -> None:
    actor = authenticate(desk.service_id, log_in(desk).token, address="198.51.100.1")
    assert (actor.kind, actor.id, actor.name) == (ActorKind.AGENT, desk.agent.id, "agent")
    assert (actor.service_id, actor.rights) == (desk.service_id, desk.agent.rights)


def test_the_guards_of_a_key_come_in_order(desk: Desk, key: operations.NewKey) -> None:
    assert refusal(desk.service_id, key.token, "198.51.100.1")[0] == "IP_NOT_ALLOWED"
    assert refusal(desk.service_id, "hdk_wrong", "198.51.100.1")[0] == "UNAUTHENTICATED"
    operations.enable_open_api(desk.administrator, False)
    assert refusal(desk.service_id, "hdk_wrong", "198.51.100.1")[0] == "OPEN_API_DISABLED"
    assert refusal(desk.service_id, key.token)[0] == "OPEN_API_DISABLED"


def test_an_open_api_that_nobody_switched_on_is_off(desk: Desk) -> None:
    assert refusal(desk.service_id, "hdk_wrong")[0] == "OPEN_API_DISABLED"


@pytest.mark.parametrize("address", ["198.51.100.1", "::1", "", "203.0.113.007", "203.0.113.7, 10.0.0.1", "x" * 500])
def test_a_key_from_elsewhere_is_told_which_address_was_seen(desk: Desk, key: operations.NewKey, address: str) -> None:
    code, message = refusal(desk.service_id, key.token, address)
    assert code == "IP_NOT_ALLOWED"
    assert address[:60] in message
    assert "add that address" in message
    assert len(message) < 250


def test_an_empty_list_of_addresses_allows_nobody(desk: Desk, key: operations.NewKey) -> None:
    operations.forbid_address(desk.administrator, HERE)
    assert refusal(desk.service_id, key.token)[0] == "IP_NOT_ALLOWED"


def test_every_bad_token_is_refused_alike(desk: Desk, key: operations.NewKey) -> None:
    session = log_in(desk)
    revoked = operations.create_key(desk.administrator, "Old")
    operations.revoke_key(desk.administrator, revoked.id)
    out = log_in(desk)
    sessions.log_out(out.token)
    tokens = [
        "", "0", "null", "hdk_", "hds_", "hdk_\x00", "hds_\ud800", key.token.upper(), key.token[:-1], key.token + " ",
        f"hds_{key.token[4:]}", f"hdk_{session.token[4:]}", revoked.token, out.token, "x" * 100_000,
    ]  # fmt: skip
    answers = {refusal(desk.service_id, token) for token in tokens}
    assert len(answers) == 1
    assert answers.pop()[0] == "UNAUTHENTICATED"


def test_a_token_counts_in_its_own_service_only(desk: Desk, key: operations.NewKey) -> None:
    session = log_in(desk)
    other = other_service(desk)
    there = agents_by_ids([desk.administrator.id])[0]
    assert there is not None
    agents.add_agent(other, there.member_id, role=there.role)
    chief = sessions.log_in(other, "admin@demo.example", PASSWORD, address=HERE)
    operations.enable_open_api(authenticate(other, chief.token, address=HERE), True)
    assert {refusal(other, token) for token in (key.token, session.token)} == {refusal(other, "hdk_wrong")}


def test_a_session_ends_when_its_time_is_over(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        session = sessions.log_in(desk.service_id, "agent@demo.example", PASSWORD, address=HERE, session_seconds=600)
        clock.shift(599)
        assert authenticate(desk.service_id, session.token, address=HERE).id == desk.agent.id
        clock.shift(1)
        assert refusal(desk.service_id, session.token)[0] == "UNAUTHENTICATED"


def test_a_deactivated_member_s_session_is_over_at_once(desk: Desk) -> None:
    session = log_in(desk)
    row = agents_by_ids([desk.agent.id])[0]
    assert row is not None
    agents.deactivate_member(row.member_id)
    assert refusal(desk.service_id, session.token)[0] == "UNAUTHENTICATED"


def test_asking_costs_two_statements_at_most(
    desk: Desk, key: operations.NewKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = log_in(desk)
    sent: list[str] = []
    execute = database.obj.execute_sql
    monkeypatch.setattr(database.obj, "execute_sql", lambda sql, *args: (sent.append(sql), execute(sql, *args))[1])
    counts = []
    for token in (None, "nonsense", key.token, session.token):
        sent.clear()
        if token == "nonsense":
            refusal(desk.service_id, token)
        else:
            authenticate(desk.service_id, token, address=HERE)
        counts.append(len(sent))
    assert counts == [0, 0, 2, 2]


def test_no_token_reaches_the_log(desk: Desk, key: operations.NewKey, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="helpdesk"):
        session = log_in(desk)
        authenticate(desk.service_id, session.token, address=HERE)
        refusal(desk.service_id, key.token, "198.51.100.1")
    assert session.token not in caplog.text
    assert key.token not in caplog.text
    assert PASSWORD not in caplog.text
