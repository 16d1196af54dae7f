"""Administrators of the organization read who logged in and out; nobody else does."""

import pytest

from helpdesk.graphql import ids
from tests.factories.client import Caller, log_in
from tests.factories.desk import PASSWORD, Desk, appoint

BOSS = "boss@demo.example"
AGENT = "agent@demo.example"


@pytest.fixture
def boss(stranger: Caller, desk: Desk) -> Caller:
    """Somebody who looks after the organization, logged in."""
    appoint(desk, BOSS)
    return log_in(stranger, BOSS)


def test_log_tells_who_came_and_went_newest_first(boss: Caller, stranger: Caller) -> None:
    phone = stranger.but(headers={"User-Agent": "Phone/1.0"}, address="198.51.100.1")
    phone.refused("SessionCreate", email=AGENT, password="wrong")
    phone.refused("SessionCreate", email="nobody@demo.example", password="wrong")
    token = phone.done("SessionCreate", email=AGENT, password=PASSWORD)["session"]["token"]
    phone.but(token=token).ask("SessionDelete")
    page = boss.ask("ConnectionLog", first=3)["connectionLog"]
    assert [one["event"] for one in page["nodes"]] == ["LOGGED_OUT", "LOGGED_IN", "LOG_IN_FAILED"]
    assert {(one["member"]["email"], one["service"]["slug"]) for one in page["nodes"]} == {(AGENT, "demo")}
    assert {(one["address"], one["userAgent"]) for one in page["nodes"]} == {("198.51.100.1", "Phone/1.0")}
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (4, True)
    rest = boss.ask("ConnectionLog", after=page["pageInfo"]["endCursor"])["connectionLog"]["nodes"]
    assert [one["member"]["email"] for one in rest] == [BOSS]
    again = boss.ask("ConnectionLog", memberId=page["nodes"][0]["member"]["id"], since=page["nodes"][1]["at"])
    assert [one["event"] for one in again["connectionLog"]["nodes"]] == ["LOGGED_OUT", "LOGGED_IN"]
    assert boss.ask("Nodes", ids=[rest[0]["id"]])["nodes"][0]["__typename"] == "ConnectionLogEntry"
    assert boss.failed("ConnectionLog", memberId=ids.encode("Agent", 1)) == "NOT_FOUND"


@pytest.mark.parametrize("who", ["administrator", "agent", "partner"])
def test_those_of_a_service_do_not_see_it(who: str, boss: Caller, request: pytest.FixtureRequest) -> None:
    caller: Caller = request.getfixturevalue(who)
    (entry,) = [one["id"] for one in boss.ask("ConnectionLog")["connectionLog"]["nodes"]][-1:]
    assert caller.failed("ConnectionLog") == "FORBIDDEN"
    assert caller.ask("Nodes", ids=[entry])["nodes"] == [None]


def test_stranger_does_not_see_it(stranger: Caller) -> None:
    assert stranger.failed("ConnectionLog") == "UNAUTHENTICATED"
