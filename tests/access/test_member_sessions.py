"""Whoever looks after the organization comes in at any of its services, and there has that right alone."""

from datetime import timedelta

import pytest

from helpdesk.access import sessions
from helpdesk.access.authentication import authenticate
from helpdesk.access.rules import ORGANIZATION_ADMINISTRATOR_RIGHTS, rights_of_agent
from helpdesk.agents import administrators, operations, queries
from helpdesk.agents.rules import Role
from helpdesk.kernel import actors, clock
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import Unauthenticated
from helpdesk.organization import operations as organization
from tests.factories.desk import PASSWORD, Desk, appoint, make_desk

BOSS = "boss@demo.example"
HERE = "127.0.0.1"


def who(service_id: int, token: str) -> Actor:
    """Return who holds the token at the service."""
    return authenticate(service_id, token, address=HERE)


def refused(service_id: int, token: str) -> bool:
    """Return whether the token is not taken at the service."""
    with pytest.raises(Unauthenticated):
        who(service_id, token)
    return True


def further_service(desk: Desk) -> int:
    """Make a second service of the organization."""
    return organization.create_service(
        desk.organization_id, slug="second", names={"en": "Second"}, languages=["en"], default_language="en",
        time_zone="UTC",
    )  # fmt: skip


def test_one_who_is_no_agent_comes_in_everywhere_to_look_after_it_and_to_staff_it(
    desk: Desk,
) -> None:
    member_id = appoint(desk, BOSS)
    begun = sessions.log_in(desk.service_id, BOSS, PASSWORD, address=HERE)
    assert (begun.agent_id, begun.member_id) == (None, member_id)
    for service_id in (desk.service_id, further_service(desk)):
        expected = Actor(ActorKind.MEMBER, service_id, member_id, "boss", ORGANIZATION_ADMINISTRATOR_RIGHTS)
        assert who(service_id, begun.token) == expected
        assert sessions.log_in(service_id, BOSS, PASSWORD, address=HERE).token


def test_an_agent_who_looks_after_the_organization_has_both(desk: Desk) -> None:
    agent = queries.agents_of_service(desk.service_id)[1]
    token = sessions.log_in(desk.service_id, agent.email, PASSWORD, address=HERE).token
    assert who(desk.service_id, token).rights == rights_of_agent(Role.AGENT)
    administrators.appoint(actors.system(desk.service_id), agent.member_id)
    actor = who(desk.service_id, token)
    assert (actor.kind, actor.id) == (ActorKind.AGENT, agent.id)
    assert actor.rights == rights_of_agent(Role.AGENT) | ORGANIZATION_ADMINISTRATOR_RIGHTS
    assert who(desk.service_id, token).rights.isdisjoint({"service.write", "plugin.write"})


def test_another_organization_s_services_stay_shut(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    appoint(desk, BOSS)
    begun = sessions.log_in(desk.service_id, BOSS, PASSWORD, address=HERE)
    assert refused(other.service_id, begun.token)
    with pytest.raises(Unauthenticated) as refusal:
        sessions.log_in(other.service_id, BOSS, PASSWORD, address=HERE)
    assert refusal.value.code == "BAD_CREDENTIALS"


def test_a_mere_member_does_not_come_in(desk: Desk) -> None:
    operations.add_member(desk.organization_id, email=BOSS, name="boss", password=PASSWORD)
    with pytest.raises(Unauthenticated):
        sessions.log_in(desk.service_id, BOSS, PASSWORD, address=HERE)


@pytest.mark.parametrize("end", ["log out", "dismiss", "deactivate", "password", "time"])
def test_the_session_ends(desk: Desk, end: str) -> None:
    appoint(desk, "other@demo.example")
    member_id = appoint(desk, BOSS)
    token = sessions.log_in(desk.service_id, BOSS, PASSWORD, address=HERE, session_seconds=60).token
    assert who(desk.service_id, token).id == member_id
    if end == "log out":
        sessions.log_out(token)
    elif end == "dismiss":
        administrators.dismiss(actors.system(desk.service_id), member_id)
    elif end == "deactivate":
        operations.deactivate_member(member_id)
    elif end == "password":
        sessions.change_password(member_id, "snow on the mountain")
    else:
        clock.hold(clock.now() + timedelta(seconds=61))
    try:
        assert refused(desk.service_id, token)
    finally:
        clock.let_go()
