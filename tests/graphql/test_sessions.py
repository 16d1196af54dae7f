"""One's own sessions are listed and ended; those of others are ended by the organization's administrators."""

import pytest

from helpdesk.graphql import ids
from tests.factories.client import Caller, log_in
from tests.factories.desk import Desk, appoint

BOSS = "boss@demo.example"
AGENT = "agent@demo.example"


def test_agent_sees_where_they_are_logged_in_and_ends_a_lost_phone_s_session(stranger: Caller, agent: Caller) -> None:
    phone = stranger.but(headers={"User-Agent": "Phone/1.0"}, address="198.51.100.1")
    begun = phone.done("SessionCreate", email=AGENT, password="rain on the harbour")
    newest, oldest = agent.ask("Sessions")["sessions"]
    assert (newest["userAgent"], newest["address"], newest["isPresent"]) == ("Phone/1.0", "198.51.100.1", False)
    assert (oldest["isPresent"], oldest["lastSeenAt"] is not None) == (True, True)
    assert agent.done("SessionRevoke", id=newest["id"])["sessions"] == [{"id": oldest["id"], "isPresent": True}]
    assert phone.but(token=begun["session"]["token"]).failed("Viewer") == "UNAUTHENTICATED"


def test_other_people_s_sessions_are_like_those_that_there_are_not(agent: Caller, administrator: Caller) -> None:
    (theirs,) = administrator.ask("Sessions")["sessions"]
    for wrong in (theirs["id"], ids.encode("AgentSession", 999), ids.encode("Ticket", 1), "x", ""):
        assert agent.refused("SessionRevoke", id=wrong) == ("NOT_FOUND", ["id"])
    assert agent.ask("Nodes", ids=[theirs["id"]])["nodes"] == [None]
    assert administrator.ask("Viewer")["viewer"]["email"] == "admin@demo.example"


def test_who_came_by_no_session_has_none(partner: Caller, stranger: Caller) -> None:
    assert partner.failed("Sessions") == "NO_SESSION"
    assert stranger.failed("Sessions") == "UNAUTHENTICATED"


def test_administrator_of_the_organization_ends_all_of_a_member(stranger: Caller, agent: Caller, desk: Desk) -> None:
    appoint(desk, BOSS)
    boss = log_in(stranger, BOSS)
    (member,) = [one["id"] for one in boss.ask("Organization")["organization"]["members"] if one["email"] == AGENT]
    log_in(stranger, AGENT)
    assert boss.done("MemberSessionsRevoke", id=member)["endedCount"] == 2
    assert agent.failed("Viewer") == "UNAUTHENTICATED"
    assert boss.refused("MemberSessionsRevoke", id=ids.encode("Member", 999)) == ("NOT_FOUND", ["id"])


@pytest.mark.parametrize("who", ["administrator", "agent", "partner"])
def test_nobody_else_does(who: str, desk: Desk, request: pytest.FixtureRequest, agent: Caller) -> None:
    caller: Caller = request.getfixturevalue(who)
    assert caller.refused("MemberSessionsRevoke", id=ids.encode("Member", 1)) == ("FORBIDDEN", [])
