"""Every log-in, failed one, log-out and end of a session is kept, for those who may see it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from helpdesk.access import connection_log, revoking, sessions
from helpdesk.access.connection_log import ConnectionRow
from helpdesk.access.models import ConnectionLine
from helpdesk.access.rules import ORGANIZATION_ADMINISTRATOR_RIGHTS, rights_of_agent
from helpdesk.agents.queries import agents_by_ids
from helpdesk.agents.rules import Role
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import Forbidden, Unauthenticated
from helpdesk.kernel.paging import Window
from helpdesk.tickets import leaving
from tests.factories.desk import PASSWORD, Desk, appoint, make_desk

HERE = "203.0.113.7"
MAIL = "agent@demo.example"


def log(desk: Desk, **wanted: Any) -> list[ConnectionRow]:
    """Return the log of the organization, oldest first."""
    boss = Actor(ActorKind.MEMBER, desk.service_id, 1, "boss", ORGANIZATION_ADMINISTRATOR_RIGHTS)
    return connection_log.connections_page(boss, Window(first=100), **wanted).rows[::-1]


def events(desk: Desk, **wanted: Any) -> list[str]:
    """Return what the log says happened, oldest first."""
    return [str(row.event) for row in log(desk, **wanted)]


def log_in(desk: Desk, email: str = MAIL, password: str = PASSWORD) -> str:
    """Log in and return the token."""
    return sessions.log_in(desk.service_id, email, password, address=HERE, user_agent="Firefox").token


def fail(desk: Desk, email: str = MAIL) -> None:
    """Try a wrong password."""
    with pytest.raises(Unauthenticated):
        log_in(desk, email, "wrong password")


def member_of(actor: Actor) -> int:
    """Return the agent's member."""
    row = agents_by_ids([actor.id])[0]
    assert row is not None
    return row.member_id


def test_log_in_failure_and_log_out_with_when_and_from_where(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False):
        fail(desk)
        sessions.log_out(log_in(desk))
    rows = log(desk)
    assert [str(row.event) for row in rows] == ["LOG_IN_FAILED", "LOGGED_IN", "LOGGED_OUT"]
    told = {(row.member_id, row.service_id, row.address, row.user_agent, f"{row.at:%H:%M}") for row in rows}
    assert told == {(member_of(desk.agent), desk.service_id, HERE, "Firefox", "10:00")}


def test_failures_of_unknown_names_are_seen_by_nobody_and_soon_gone(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        fail(desk, "nobody@demo.example")
        fail(desk)
        assert events(desk) == ["LOG_IN_FAILED"]
        assert connection_log.connections_by_ids([ConnectionLine.get(ConnectionLine.member.is_null()).id]) == [None]
        clock.shift(timedelta(days=1, seconds=1))
        connection_log.forget()
        assert ConnectionLine.select().count() == 1
        clock.shift(timedelta(days=730))
        connection_log.forget()
        assert ConnectionLine.select().count() == 0


def test_each_way_in_which_a_session_ends_is_told_apart_and_once(desk: Desk) -> None:
    member_id = member_of(desk.agent)
    boss = Actor(
        ActorKind.MEMBER, desk.service_id, appoint(desk, "boss@demo.example"), "boss", ORGANIZATION_ADMINISTRATOR_RIGHTS
    )
    token = log_in(desk)
    sessions.change_password(member_id, PASSWORD)
    sessions.log_out(token)
    log_in(desk)
    revoking.revoke_all(boss, member_id)
    log_in(desk)
    leaving.deactivate_member(boss, member_id)
    ends = [event for event in events(desk) if event != "LOGGED_IN"]
    assert ends == ["ENDED_BY_PASSWORD", "ENDED_BY_REVOCATION", "ENDED_BY_DEACTIVATION"]


def test_session_that_ended_by_its_time_is_not_ended_again(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        token = log_in(desk)
        clock.shift(43_201)
        sessions.log_out(token)
    assert events(desk) == ["LOGGED_IN"]


def test_one_who_is_no_agent_is_in_the_log_too(desk: Desk) -> None:
    member_id = appoint(desk, "boss@demo.example")
    sessions.log_out(log_in(desk, "boss@demo.example"))
    assert [(row.member_id, row.service_id) for row in log(desk)] == [(member_id, desk.service_id)] * 2


def test_log_is_narrowed_to_a_member_and_a_time(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        log_in(desk)
        clock.shift(3600)
        sessions.log_out(log_in(desk, "admin@demo.example"))
    eleven = datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert events(desk, member_id=member_of(desk.agent)) == ["LOGGED_IN"]
    assert events(desk, since=eleven) == ["LOGGED_IN", "LOGGED_OUT"]
    assert events(desk, until=eleven) == ["LOGGED_IN"]
    assert events(desk, since=eleven, member_id=member_of(desk.agent)) == []


def test_another_organization_s_log_is_not_seen(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    log_in(other)
    assert events(desk) == []
    assert events(desk, member_id=member_of(other.agent)) == []
    assert events(other) == ["LOGGED_IN"]


def test_right_is_in_no_role_and_opens_the_log_to_whoever_has_it(desk: Desk) -> None:
    log_in(desk)
    for actor in (desk.agent, desk.administrator, desk.partner):
        with pytest.raises(Forbidden):
            connection_log.connections_page(actor, Window())
    assert all("connection_log.read" not in rights_of_agent(role) for role in Role)
    trusted = Actor(ActorKind.AGENT, desk.service_id, desk.agent.id, "agent", frozenset({"connection_log.read"}))
    assert len(connection_log.connections_page(trusted, Window()).rows) == 1
