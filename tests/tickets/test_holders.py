"""Who may forward gives tickets to others who take them; who may not has what nobody has, and gives it back."""

import threading

import pytest

from helpdesk.agents import allocation, menus, operations, staffing
from helpdesk.agents.rules import AgentRight, Duties, Menu, Role
from helpdesk.kernel import db
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import Conflict, Forbidden, HelpdeskError, Invalid
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.rules import Body, TicketStatus
from tests.factories.desk import Desk, acting, hire
from tests.factories.tickets import make, ticket


def taker(desk: Desk, name: str = "taker") -> Actor:
    """Hire an agent who may take tickets and not forward them."""
    hired = hire(desk.organization_id, desk.service_id, f"{name}@demo.example", Role.AGENT)
    assert hired.id is not None
    staffing.update(desk.administrator, hired.id, Duties(rights=[]))
    return acting(hired.id)


def test_who_may_not_forward_takes_and_gives_back_and_the_group_stays(desk: Desk) -> None:
    me, ticket_id = taker(desk), make(desk)
    group_id = operations.create_group(desk.service_id, "환불")
    tickets.assign(desk.partner, ticket_id, agent_id=None, group_id=group_id)
    tickets.assign(me, ticket_id, agent_id=me.id, group_id=None)
    assert (ticket(ticket_id).assignee_id, ticket(ticket_id).group_id) == (me.id, group_id)
    tickets.assign(me, ticket_id, agent_id=None, group_id=None)
    after = ticket(ticket_id)
    assert (after.assignee_id, after.group_id, after.status) == (None, group_id, TicketStatus.NEW)


def test_who_may_not_forward_gives_nothing_to_others_and_takes_nothing_from_them(desk: Desk) -> None:
    me, ticket_id = taker(desk), make(desk)
    group_id = operations.create_group(desk.service_id, "환불")
    for given in ({"agent_id": desk.agent.id, "group_id": None}, {"agent_id": me.id, "group_id": group_id}):
        with pytest.raises(Forbidden, match=r"ticket\.assign"):
            tickets.assign(me, ticket_id, **given)
    tickets.assign(desk.agent, ticket_id, agent_id=desk.agent.id, group_id=None)
    with pytest.raises(Conflict, match="Another agent has this ticket") as refused:
        tickets.assign(me, ticket_id, agent_id=me.id, group_id=None)
    assert refused.value.code == "TICKET_TAKEN"
    for change in (
        lambda: tickets.assign(me, ticket_id, agent_id=None, group_id=None),
        lambda: tickets.set_status(me, ticket_id, TicketStatus.NEW),
    ):
        with pytest.raises(Forbidden):
            change()
    assert ticket(ticket_id).assignee_id == desk.agent.id


def test_who_may_not_forward_does_the_rest_of_the_work(desk: Desk) -> None:
    me, ticket_id = taker(desk), make(desk)
    tickets.reply(me, ticket_id, Body("처리했습니다"))
    tickets.set_status(me, ticket_id, TicketStatus.NEW)
    tickets.set_status(me, ticket_id, TicketStatus.OPEN)
    assert ticket(ticket_id).assignee_id == me.id


def test_of_many_who_take_one_ticket_at_once_one_has_it(desk: Desk) -> None:
    ticket_id, agents = make(desk), [taker(desk, name) for name in ("a", "b", "c", "d")]
    start, refused = threading.Barrier(4), []

    def take(me: Actor) -> None:
        with db.connection():
            start.wait()
            try:
                tickets.assign(me, ticket_id, agent_id=me.id, group_id=None)
            except HelpdeskError as error:
                refused.append(error.code)

    threads = [threading.Thread(target=take, args=(me,)) for me in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["TICKET_TAKEN"] * 3
    assert ticket(ticket_id).assignee_id in [me.id for me in agents]


def test_who_takes_no_tickets_is_given_none_and_may_still_take_one(desk: Desk) -> None:
    agent_id = desk.agent.id
    assert agent_id is not None
    allocation.update(desk.administrator, agent_id, takes_tickets=False)
    ticket_id = make(desk)
    with pytest.raises(Conflict, match="agent takes no tickets at the moment; choose somebody else") as refused:
        tickets.assign(desk.partner, ticket_id, agent_id=agent_id, group_id=None)
    assert (refused.value.code, refused.value.path) == ("ASSIGNEE_NOT_AVAILABLE", ("assigneeId",))
    assert ticket(ticket_id).assignee_id is None
    tickets.assign(desk.agent, ticket_id, agent_id=agent_id, group_id=None)
    group_id = operations.create_group(desk.service_id, "환불")
    tickets.assign(desk.partner, ticket_id, agent_id=agent_id, group_id=group_id)
    assert (ticket(ticket_id).assignee_id, ticket(ticket_id).group_id) == (agent_id, group_id)


def test_whom_tickets_are_closed_to_is_given_none_nor_is_who_was_removed(desk: Desk) -> None:
    agent_id, ticket_id = desk.agent.id, make(desk)
    assert agent_id is not None
    menus.restrict(desk.administrator, Menu.TICKET_MANAGEMENT, [agent_id])
    with pytest.raises(Conflict) as refused:
        tickets.assign(desk.partner, ticket_id, agent_id=agent_id, group_id=None)
    assert refused.value.code == "ASSIGNEE_NOT_AVAILABLE"
    staffing.remove(desk.administrator, agent_id)
    with pytest.raises(Invalid) as gone:
        tickets.assign(desk.partner, ticket_id, agent_id=agent_id, group_id=None)
    assert gone.value.code == "AGENT_NOT_ASSIGNABLE"


def test_forwarding_is_given_and_taken_back_singly(desk: Desk) -> None:
    me, ticket_id = taker(desk), make(desk)
    assert me.id is not None
    staffing.update(desk.administrator, me.id, Duties(rights=[AgentRight.TICKET_FORWARDING]))
    tickets.assign(acting(me.id), ticket_id, agent_id=desk.agent.id, group_id=None)
    assert ticket(ticket_id).assignee_id == desk.agent.id
