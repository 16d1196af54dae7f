"""Members, agents and groups stay inside their organization and their service."""

from typing import Any

import pytest

from helpdesk.agents import operations, queries
from helpdesk.agents.queries import AgentRow
from helpdesk.agents.rules import Role
from helpdesk.kernel.crypto import verify_password
from helpdesk.kernel.errors import Conflict, HelpdeskError, Invalid, NotFound
from helpdesk.organization import operations as organization

Desk = Any
GOOD = "rain on the harbour"


def add(desk: Desk, email: str = "mina@demo.example", password: str | None = GOOD) -> int:
    """Add a member to the desk's organization."""
    return operations.add_member(desk.organization_id, email=email, name="Mina", password=password)


def other_service(slug: str = "other", organization_id: int | None = None) -> int:
    """Make another service, of another organization unless told."""
    return organization.create_service(
        organization_id or organization.create_organization("Other"),
        slug=slug, names={"en": "Other"}, languages=["en"], default_language="en", time_zone="UTC",
    )  # fmt: skip


def agent_of(service_id: int, member_id: int) -> AgentRow:
    """Return the agent that the member is in the service."""
    (found,) = [row for row in queries.agents_of_service(service_id) if row.member_id == member_id]
    return found


def test_a_member_becomes_an_agent_who_is_found_with_name_and_address(desk: Desk) -> None:
    member_id = add(desk, email=" MINA@Demo.Example")
    agent_id = operations.add_agent(desk.service_id, member_id, role=Role.AGENT)
    row = agent_of(desk.service_id, member_id)
    assert (row.id, row.name, row.email, row.role, row.is_active) == (
        agent_id,
        "Mina",
        "mina@demo.example",
        Role.AGENT,
        True,
    )


def test_one_address_is_one_member_of_an_organization(desk: Desk) -> None:
    add(desk)
    with pytest.raises(Conflict) as refused:
        add(desk, email="Mina@demo.example")
    assert refused.value.code == "EMAIL_TAKEN"
    elsewhere = organization.create_organization("Other")
    assert operations.add_member(elsewhere, email="mina@demo.example", name="Mina", password=None) > 0


def test_a_weak_password_makes_no_member(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        add(desk, password="password123")
    assert refused.value.code == "WEAK_PASSWORD"
    assert add(desk) > 0


def test_a_password_is_replaced_and_kept_as_a_hash(desk: Desk) -> None:
    member_id = add(desk, password=None)
    operations.add_agent(desk.service_id, member_id, role=Role.AGENT)
    operations.set_password(member_id, "snow on the mountain")
    found = queries.credentials(desk.service_id, "mina@demo.example")
    assert found is not None
    assert verify_password(found.password_hash, "snow on the mountain")
    assert "snow" not in str(found.password_hash)
    assert str(found.password_hash) not in repr(found)
    with pytest.raises(Invalid):
        operations.set_password(member_id, "mina@demo.example")


def test_a_deactivated_member_is_no_active_agent_anywhere(desk: Desk) -> None:
    member_id = add(desk)
    services = [desk.service_id, other_service(organization_id=desk.organization_id)]
    for service_id in services:
        operations.add_agent(service_id, member_id, role=Role.AGENT)
    operations.deactivate_member(member_id)
    operations.deactivate_member(member_id)
    assert [agent_of(service_id, member_id).is_active for service_id in services] == [False, False]


def test_a_member_is_one_agent_in_a_service(desk: Desk) -> None:
    member_id = add(desk)
    operations.add_agent(desk.service_id, member_id, role=Role.AGENT)
    with pytest.raises(Conflict) as refused:
        operations.add_agent(desk.service_id, member_id, role=Role.ADMINISTRATOR)
    assert refused.value.code == "AGENT_EXISTS"


def test_another_organization_s_member_is_not_found(desk: Desk) -> None:
    stranger = operations.add_member(
        organization.create_organization("Other"), email="x@y.test", name="X", password=None
    )
    with pytest.raises(NotFound) as refused:
        operations.add_agent(desk.service_id, stranger, role=Role.AGENT)
    with pytest.raises(NotFound) as unknown:
        operations.add_agent(desk.service_id, 10_000, role=Role.AGENT)
    assert refused.value.message == unknown.value.message


def test_a_group_keeps_the_order_of_adding_and_an_agent_is_in_it_once(desk: Desk) -> None:
    group_id = operations.create_group(desk.service_id, " Night\nshift ")
    for agent in (desk.agent, desk.administrator, desk.agent):
        operations.add_to_group(group_id, agent.id)
    assert [row.name for row in queries.groups_by_ids([group_id]) if row] == ["Night shift"]
    assert queries.agent_ids_of_group(group_id) == [desk.agent.id, desk.administrator.id]


def test_two_groups_of_a_service_have_two_names(desk: Desk) -> None:
    operations.create_group(desk.service_id, "Night shift")
    with pytest.raises(Conflict) as refused:
        operations.create_group(desk.service_id, "Night shift")
    assert refused.value.code == "GROUP_EXISTS"
    assert operations.create_group(other_service(), "Night shift") > 0


def test_a_group_takes_agents_of_its_own_service_only(desk: Desk) -> None:
    foreign = operations.create_group(other_service(), "Night shift")
    with pytest.raises(NotFound, match="agent"):
        operations.add_to_group(foreign, desk.agent.id)
    with pytest.raises(NotFound, match="group"):
        operations.add_to_group(foreign + 1, desk.agent.id)


def test_what_is_not_there_is_said_to_be_missing(desk: Desk) -> None:
    calls = [
        lambda: operations.add_agent(99, add(desk), role=Role.AGENT),
        lambda: operations.create_group(99, "Night shift"),
        lambda: operations.set_password(99, GOOD),
        lambda: operations.deactivate_member(99),
        lambda: operations.add_member(99, email="a@b.test", name="A", password=None),
    ]
    for call in calls:
        with pytest.raises(HelpdeskError) as refused:
            call()
        assert refused.value.code == "NOT_FOUND"
