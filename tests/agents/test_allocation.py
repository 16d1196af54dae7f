"""Agents take what they are switched on for, and switch it themselves where they are let."""

import pytest

from helpdesk.agents import allocation, menus, operations, queries, staffing
from helpdesk.agents.queries import AgentRow
from helpdesk.agents.rules import AgentChannel, AgentRight, ChatState, Duties, Menu
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tests.factories.desk import Desk, acting, make_desk


def me(desk: Desk) -> AgentRow:
    """Return the desk's agent as it is now."""
    row = queries.agents_by_ids([desk.agent.id])[0]
    assert row is not None
    return row


def test_administrator_says_what_an_agent_takes(desk: Desk) -> None:
    agent = me(desk)
    assert (agent.takes_tickets, agent.takes_chats, agent.most_chats, agent.is_assignable) == (True, True, None, True)
    allocation.update(desk.administrator, agent.id, takes_tickets=False, most_chats=3)
    allocation.update(desk.administrator, agent.id, takes_chats=False)
    after = me(desk)
    assert (after.takes_tickets, after.takes_chats, after.most_chats) == (False, False, 3)
    assert not after.is_assignable
    for most in (-1, 1_001):
        with pytest.raises(Invalid) as refused:
            allocation.update(desk.administrator, agent.id, most_chats=most)
        assert refused.value.path == ("most_chats",)


def test_agent_switches_the_own_allocation_with_the_right_alone(desk: Desk) -> None:
    agent = me(desk)
    with pytest.raises(Forbidden, match=r"allocation\.write"):
        allocation.update_own(desk.agent, takes_tickets=False)
    staffing.update(desk.administrator, agent.id, Duties(rights=[AgentRight.ALLOCATION_CONTROL]))
    let = acting(agent.id)
    allocation.update_own(let, takes_tickets=False, takes_chats=False)
    assert (me(desk).takes_tickets, me(desk).takes_chats) == (False, False)
    with pytest.raises(Forbidden):
        allocation.update(let, agent.id, most_chats=99)
    with pytest.raises(Conflict, match="Only an agent"):
        allocation.update_own(desk.partner, takes_tickets=False)


def test_agent_says_whether_they_are_there_for_chats(desk: Desk) -> None:
    allocation.set_chat_state(desk.agent, ChatState.BREAK)
    assert me(desk).chat_state is ChatState.BREAK
    with pytest.raises(Conflict):
        allocation.set_chat_state(desk.partner, ChatState.ONLINE)


def test_another_service_s_agents_are_not_there(desk: Desk) -> None:
    foreign = make_desk(desk.settings, slug="second")
    with pytest.raises(NotFound):
        allocation.update(foreign.administrator, me(desk).id, takes_tickets=False)
    with pytest.raises(NotFound):
        menus.restrict(foreign.administrator, Menu.TICKET_MANAGEMENT, [me(desk).id])


def test_group_gives_tickets_to_those_who_take_them(desk: Desk) -> None:
    agent = me(desk)
    group_id = operations.create_group(desk.service_id, "g")
    operations.add_to_group(group_id, agent.id)

    def assignable() -> list[str]:
        assert me(desk).is_assignable is bool(queries.assignable(group_id))
        return [row.name for row in queries.assignable(group_id)]

    assert assignable() == ["agent"]
    allocation.update(desk.administrator, agent.id, takes_tickets=False)
    assert assignable() == []
    allocation.update(desk.administrator, agent.id, takes_tickets=True)
    staffing.update(desk.administrator, agent.id, Duties(channels=[AgentChannel.CHAT]))
    assert assignable() == []
    staffing.update(desk.administrator, agent.id, Duties(channels=[AgentChannel.TICKET]))
    menus.restrict(desk.administrator, Menu.TICKET_MANAGEMENT, [agent.id])
    assert assignable() == []
    menus.restrict(desk.administrator, Menu.TICKET_MANAGEMENT, [])
    assert assignable() == ["agent"]
