"""Sessions are seen by whoever they are of, and ended before their time."""

import pytest
import time_machine

from helpdesk.access import queries, revoking, sessions
from helpdesk.access.authentication import authenticate
from helpdesk.access.models import AgentSession
from helpdesk.access.rules import ORGANIZATION_RIGHTS
from helpdesk.agents.queries import agents_by_ids
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import Conflict, Forbidden, NotFound, Unauthenticated
from helpdesk.tickets import leaving
from tests.factories.desk import PASSWORD, Desk, above, appoint, make_desk

HERE = "203.0.113.7"
MAIL = "agent@demo.example"


def log_in(desk: Desk, email: str = MAIL, user_agent: str = "Firefox") -> str:
    """Log in and return the token."""
    return sessions.log_in(desk.service_id, email, PASSWORD, address=HERE, user_agent=user_agent).token


def who(desk: Desk, token: str) -> Actor:
    """Return who holds the token."""
    return authenticate(desk.service_id, token, address=HERE)


def own(desk: Desk, token: str) -> list[queries.RunningSession]:
    """Return the sessions of whoever holds the token."""
    return queries.sessions_of_actor(who(desk, token), token)


def is_out(desk: Desk, token: str) -> bool:
    """Return whether the session has ended."""
    with pytest.raises(Unauthenticated):
        who(desk, token)
    return True


def member_of(desk: Desk) -> int:
    """Return the agent's member."""
    row = agents_by_ids([desk.agent.id])[0]
    assert row is not None
    return row.member_id


def test_own_sessions_newest_first_with_where_they_are_from(desk: Desk) -> None:
    log_in(desk, "admin@demo.example")
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        first = log_in(desk, user_agent="Old\nphone " + "x" * 500)
        clock.shift(600)
        here = log_in(desk)
        gone = log_in(desk)
        sessions.log_out(gone)
        newer, older = own(desk, here)
        assert (newer.address, newer.user_agent, newer.is_present) == (HERE, "Firefox", True)
        assert (older.user_agent[:10], len(older.user_agent), older.is_present) == ("Old phone ", 200, False)
        assert f"{older.began_at:%H:%M}" == "10:00"
        clock.shift(43_200 - 600)
        assert [one.is_present for one in own(desk, here)] == [True]
        assert is_out(desk, first)


def test_last_use_is_kept_to_within_a_minute_and_written_no_oftener(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        token = log_in(desk)
        seen = []
        for seconds in (59, 1, 30, 31):
            clock.shift(seconds)
            who(desk, token)
            seen.append(f"{AgentSession.get().last_seen_at:%M:%S}")
    assert seen == ["00:00", "01:00", "01:00", "02:01"]


def test_one_ends_one_s_own_sessions_and_nobody_else_s(desk: Desk) -> None:
    here, there, other = log_in(desk), log_in(desk), log_in(desk, "admin@demo.example")
    (foreign,) = own(desk, other)
    for wrong in (foreign.id, 999):
        with pytest.raises(NotFound):
            revoking.revoke(who(desk, here), wrong, is_of_agent=True)
    (theirs,) = [one for one in own(desk, here) if not one.is_present]
    with pytest.raises(NotFound):
        revoking.revoke(who(desk, here), theirs.id, is_of_agent=False)
    revoking.revoke(who(desk, here), theirs.id, is_of_agent=True)
    revoking.revoke(who(desk, here), theirs.id, is_of_agent=True)
    assert is_out(desk, there)
    assert who(desk, other).id == desk.administrator.id
    assert [one.is_present for one in own(desk, here)] == [True]


def test_one_who_is_no_agent_sees_and_ends_their_sessions_too(desk: Desk) -> None:
    appoint(desk, "boss@demo.example")
    here, there = (log_in(desk, "boss@demo.example") for _ in range(2))
    (theirs,) = [one for one in own(desk, here) if not one.is_present]
    revoking.revoke(who(desk, here), theirs.id, is_of_agent=theirs.is_of_agent)
    assert is_out(desk, there)


def test_a_service_key_has_no_sessions(desk: Desk) -> None:
    with pytest.raises(Conflict):
        queries.sessions_of_actor(desk.partner, "")
    with pytest.raises(Unauthenticated):
        queries.sessions_of_actor(authenticate(desk.service_id, None, address=HERE), "")


def test_all_sessions_of_a_member_are_ended_by_who_looks_after_the_organization(desk: Desk) -> None:
    tokens = [log_in(desk), log_in(desk)]
    boss = Actor(ActorKind.MEMBER, desk.service_id, appoint(desk, "boss@demo.example"), "boss", ORGANIZATION_RIGHTS)
    with pytest.raises(Forbidden):
        revoking.revoke_all(desk.administrator, member_of(desk))
    foreign = member_of(make_desk(desk.settings, slug="other"))
    for wrong in (foreign, 999):
        with pytest.raises(NotFound):
            revoking.revoke_all(boss, wrong)
    assert (revoking.revoke_all(boss, member_of(desk)), revoking.revoke_all(boss, member_of(desk))) == (2, 0)
    assert all(is_out(desk, token) for token in tokens)


def test_deactivated_member_s_sessions_are_over_for_good(desk: Desk) -> None:
    token = log_in(desk)
    appoint(desk, "boss@demo.example")
    leaving.deactivate_member(above(desk), member_of(desk))
    assert is_out(desk, token)
    assert AgentSession.get().revoked_at is not None
