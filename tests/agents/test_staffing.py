"""Agents are added, changed and removed by those who look after the service, and every change of rights is told."""

import pytest

from helpdesk.access.rules import ORGANIZATION_ADMINISTRATOR_RIGHTS
from helpdesk.agents import administrators, operations, queries, staffing
from helpdesk.agents.queries import AgentRow
from helpdesk.agents.rules import AgentChannel, AgentRight, Duties, Role
from helpdesk.kernel import actors, events
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import Forbidden, HelpdeskError, Invalid, NotFound
from helpdesk.kernel.events import HistoryEntry
from helpdesk.kernel.paging import Window
from helpdesk.signals import agent_changed, flush
from tests.factories.desk import Desk, acting, appoint, make_desk


def member(desk: Desk, email: str = "jun@demo.example", name: str = "Jun") -> int:
    """Make a member who is no agent yet."""
    return operations.add_member(desk.organization_id, email=email, name=name, password=None)


def add(desk: Desk, duties: Duties | None = None, *, member_id: int | None = None) -> int:
    """Have the administrator add somebody, in a new group of their own."""
    chosen = member_id or member(desk)
    return staffing.add(desk.administrator, chosen, duties or Duties(), group_ids=[], new_group=f"group of {chosen}")


def agent(agent_id: int) -> AgentRow:
    """Return the agent, who must be there."""
    row = queries.agents_by_ids([agent_id])[0]
    assert row is not None
    return row


def history(agent_id: int) -> list[HistoryEntry]:
    """Return what was done to the agent, oldest first."""
    return events.history_of("agent", [agent_id], Window(first=100))[0].rows


def groups(agent_id: int) -> list[str]:
    """Return the names of the agent's groups, in the order of joining."""
    return [group.name for group in queries.groups_of_agents([agent_id])[0]]


def test_who_is_added_may_do_what_was_said_and_no_more(desk: Desk) -> None:
    told: list[tuple[int, str]] = []
    agent_changed.connect(lambda event: told.append((event.agent_id, event.change)))
    first = operations.create_group(desk.service_id, "환불")
    duties = Duties(role=Role.AGENT, rights=[AgentRight.EXTRACT], channels=[AgentChannel.PHONE], cti_id="jun7")
    agent_id = staffing.add(desk.administrator, member(desk), duties, group_ids=[first], new_group=" 배송 ")
    row = agent(agent_id)
    assert (row.name, row.role, row.rights) == ("Jun", Role.AGENT, [AgentRight.EXTRACT])
    assert row.channels == [AgentChannel.TICKET, AgentChannel.PHONE]
    assert (row.cti_id, row.cti_number) == ("jun7", None)
    assert groups(agent_id) == ["환불", "배송"]
    rights = acting(agent_id).rights
    assert "ticket.export" in rights
    assert rights.isdisjoint({"ticket.assign", "allocation.write", "connection_log.read", "agent.write"})
    assert flush()
    assert told == [(agent_id, "added")]
    assert history(agent_id)[0].changes["rights"] == [None, ["EXTRACT"]]


def test_nobody_is_added_without_a_group_and_then_nothing_is_left(desk: Desk) -> None:
    member_id = member(desk)
    with pytest.raises(Invalid, match="choose one, or name a new one") as refused:
        staffing.add(desk.administrator, member_id, Duties(), group_ids=[])
    assert (refused.value.code, refused.value.path) == ("GROUP_NEEDED", ("group_ids",))
    with pytest.raises(NotFound):
        staffing.add(desk.administrator, member_id, Duties(), group_ids=[10_000])
    assert queries.agents_of_members(desk.service_id, [member_id]) == [None]


def test_only_active_members_of_the_organization_are_added_and_each_once(desk: Desk) -> None:
    stranger = member(make_desk(desk.settings, slug="second"), email="x@second.example")
    gone = member(desk, email="gone@demo.example")
    operations.add_agent(desk.service_id, gone, role=Role.AGENT)
    operations.deactivate_member(other := member(desk, email="other@demo.example"))
    for member_id, code in ((stranger, "NOT_FOUND"), (gone, "AGENT_EXISTS"), (other, "MEMBER_DEACTIVATED")):
        with pytest.raises(HelpdeskError) as refused:
            add(desk, member_id=member_id)
        assert (refused.value.code, refused.value.path) == (code, ("member_id",))


def test_change_of_rights_is_kept_with_before_and_after_and_counts_at_once(desk: Desk) -> None:
    agent_id = add(desk, Duties(rights=[AgentRight.TICKET_FORWARDING]))
    assert "ticket.assign" in acting(agent_id).rights
    staffing.update(desk.administrator, agent_id, Duties(role=Role.ADMINISTRATOR, rights=[AgentRight.CONNECTION_LOG]))
    staffing.update(desk.administrator, agent_id, Duties(role=Role.ADMINISTRATOR))
    assert {"agent.write", "connection_log.read"} <= acting(agent_id).rights
    assert "ticket.assign" not in acting(agent_id).rights
    last = history(agent_id)[-1]
    assert (len(history(agent_id)), last.name, last.actor_name) == (2, "agent.changed", "admin")
    assert last.changes == {
        "role": ["AGENT", "ADMINISTRATOR"], "rights": [["TICKET_FORWARDING"], ["CONNECTION_LOG"]],
    }  # fmt: skip


def test_rights_that_a_role_cannot_have_are_refused_or_fall_away_with_the_role(desk: Desk) -> None:
    agent_id = add(desk, Duties(role=Role.ADMINISTRATOR, rights=[AgentRight.CONNECTION_LOG, AgentRight.EXTRACT]))
    with pytest.raises(Invalid, match="Only administrators") as refused:
        staffing.update(desk.administrator, agent_id, Duties(role=Role.AGENT, rights=[AgentRight.CONNECTION_LOG]))
    assert (refused.value.code, refused.value.path) == ("RIGHT_NOT_ALLOWED", ("rights",))
    staffing.update(desk.administrator, agent_id, Duties(role=Role.AGENT))
    assert agent(agent_id).rights == [AgentRight.EXTRACT]
    with pytest.raises(Invalid, match="work by phone first"):
        staffing.update(desk.administrator, agent_id, Duties(rights=[AgentRight.CALLBACK_ASSIGNMENT]))
    phone = Duties(channels=[AgentChannel.PHONE], rights=[AgentRight.CALLBACK_ASSIGNMENT])
    staffing.update(desk.administrator, agent_id, phone)
    assert "callback.assign" in acting(agent_id).rights
    staffing.update(desk.administrator, agent_id, Duties(channels=[AgentChannel.TICKET]))
    assert agent(agent_id).rights == []


def test_groups_of_an_agent_are_chosen_and_the_last_one_stays(desk: Desk) -> None:
    agent_id = add(desk)
    second, third = (operations.create_group(desk.service_id, name) for name in ("second", "third"))
    staffing.update(desk.administrator, agent_id, Duties(), group_ids=[third, second])
    assert groups(agent_id) == ["third", "second"]
    for chosen, code in (([], "GROUP_NEEDED"), ([10_000], "NOT_FOUND"), (range(101), "INVALID")):
        with pytest.raises(HelpdeskError) as refused:
            staffing.update(desk.administrator, agent_id, Duties(), group_ids=chosen)
        assert (refused.value.code, refused.value.path) == (code, ("group_ids",))
    assert groups(agent_id) == ["third", "second"]


def test_who_was_removed_is_in_no_list_and_comes_back_as_the_same_one_with_nothing_of_before(desk: Desk) -> None:
    agent_id = add(desk, Duties(role=Role.ADMINISTRATOR))
    member_id = agent(agent_id).member_id
    staffing.remove(desk.administrator, agent_id)
    assert agent_id not in [row.id for row in queries.agents_of_service(desk.service_id)]
    assert (agent(agent_id).name, agent(agent_id).is_active, groups(agent_id)) == ("Jun", False, [])
    with pytest.raises(NotFound):
        staffing.remove(desk.administrator, agent_id)
    back = staffing.add(desk.administrator, member_id, Duties(rights=[]), group_ids=[], new_group="back")
    assert (back, agent(back).role, agent(back).rights, agent(back).is_active) == (agent_id, Role.AGENT, [], True)
    assert [line.changes["role"] for line in history(agent_id)] == [
        [None, "ADMINISTRATOR"], ["ADMINISTRATOR", None], [None, "AGENT"],
    ]  # fmt: skip


def test_organization_administrator_staffs_every_service_and_sees_no_ticket(desk: Desk) -> None:
    boss = Actor(
        ActorKind.MEMBER, desk.service_id, appoint(desk, "boss@demo.example"), "boss", ORGANIZATION_ADMINISTRATOR_RIGHTS
    )
    agent_id = staffing.add(boss, member(desk), Duties(), group_ids=[], new_group="new")
    assert history(agent_id)[0].actor_kind is ActorKind.MEMBER
    with pytest.raises(Forbidden):
        boss.require("ticket.read")


@pytest.mark.parametrize("who", ["agent", "other"])
def test_staff_is_nothing_of_an_agent_s_nor_of_another_service_s(desk: Desk, who: str) -> None:
    agent_id = add(desk)
    actor = desk.agent if who == "agent" else make_desk(desk.settings, slug="second").administrator
    expected = Forbidden if who == "agent" else NotFound
    for change in (
        lambda: staffing.update(actor, agent_id, Duties(role=Role.ADMINISTRATOR)),
        lambda: staffing.remove(actor, agent_id),
    ):
        with pytest.raises(expected):
            change()
    assert agent(agent_id).role is Role.AGENT


def test_members_are_found_by_name_account_and_address_of_the_own_organization(desk: Desk) -> None:
    member(make_desk(desk.settings, slug="second"), email="jun@second.example")
    jun, _ = member(desk), member(desk, email="june_100@demo.example", name="100% 준")
    operations.deactivate_member(member(desk, email="junior@demo.example", name="Jun Old"))

    def found(**given: str) -> list[str]:
        return [row.email for row in staffing.candidates(desk.administrator, **given)]

    assert found(name="Jun") == ["jun@demo.example"]
    assert found(name="0% 준") == found(account="JUNE_") == ["june_100@demo.example"]
    assert found(name="%") == ["june_100@demo.example"]
    assert sorted(found(account="jun")) == ["june_100@demo.example", "jun@demo.example"][::-1]
    assert found(email=" JUN@demo.example ", name="jun") == ["jun@demo.example"]
    assert found(name="Jun", account="june") == []
    assert queries.agents_of_members(desk.service_id, [jun]) == [None]
    assert found(name="Jun\x00") == ["jun@demo.example"]
    assert found(account="\\") == []
    for given in ({}, {"name": "  ", "email": ""}, {"name": "\x00"}):
        with pytest.raises(Invalid, match="at least one"):
            found(**given)
    with pytest.raises(Forbidden):
        staffing.candidates(desk.agent, name="Jun")


def test_attributes_are_each_plugin_s_own(desk: Desk) -> None:
    agent_id = add(desk)
    system = actors.system(desk.service_id)
    staffing.set_attributes(system, agent_id, "dooray", {"user key": "u-7"})
    staffing.set_attributes(system, agent_id, "cards", {"seat": "12", "desk": "A"})
    staffing.set_attributes(system, agent_id, "cards", {"seat": "13"})
    assert agent(agent_id).attributes == {"dooray": {"user key": "u-7"}, "cards": {"seat": "13"}}
    staffing.set_attributes(system, agent_id, "cards", {})
    assert agent(agent_id).attributes == {"dooray": {"user key": "u-7"}}
    for wrong in ({"key": "x" * 500}, {str(number): "" for number in range(21)}):
        with pytest.raises(Invalid):
            staffing.set_attributes(system, agent_id, "cards", wrong)


def test_deactivated_member_is_let_in_again_by_the_organization_alone(desk: Desk) -> None:
    member_id = member(desk)
    operations.deactivate_member(member_id)
    with pytest.raises(Forbidden):
        staffing.activate_member(desk.administrator, member_id)
    system = actors.system(desk.service_id)
    staffing.activate_member(system, member_id)
    staffing.activate_member(system, member_id)
    row = queries.members_by_ids([member_id])[0]
    assert row is not None
    assert row.is_active
    administrators.appoint(system, member_id)
    (page,) = events.history_of("organization", [desk.organization_id], Window(first=10))
    assert page.rows[0].changes == {"member": [None, "jun@demo.example"]}
