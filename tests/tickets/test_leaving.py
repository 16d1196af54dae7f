"""Whoever leaves is shut out at once, and leaves no ticket behind."""

import threading
from contextlib import suppress
from dataclasses import replace

import pytest

from helpdesk.access import authentication, sessions
from helpdesk.agents import allocation, groups, operations, queries, staffing
from helpdesk.agents.rules import Menu, Role
from helpdesk.kernel import actors, db, events
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import Conflict, Forbidden, HelpdeskError, Invalid, NotFound, Unauthenticated
from helpdesk.kernel.paging import Window
from helpdesk.organization.operations import create_service
from helpdesk.signals import flush, ticket_assigned
from helpdesk.tickets import counting, leaving
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.rules import Body, TicketStatus
from tests.factories.desk import PASSWORD, Desk, acting, appoint, hire, make_desk
from tests.factories.statements import counted
from tests.factories.tickets import MINA, history, make, ticket

AGENT = "agent@demo.example"
HERE = "127.0.0.1"


def boss(desk: Desk) -> Actor:
    """Return the system, which may do what an organization administrator may."""
    return actors.system(desk.service_id)


def member_of(actor: Actor) -> int:
    """Return the member that the agent is."""
    row = queries.agents_by_ids([actor.id])[0]
    assert row is not None
    return row.member_id


def held(desk: Desk, status: TicketStatus = TicketStatus.OPEN, *, group_id: int | None = None) -> int:
    """Make a ticket of the desk's agent that stands so."""
    ticket_id = make(desk)
    tickets.assign(desk.partner, ticket_id, agent_id=desk.agent.id, group_id=group_id)
    if status is not TicketStatus.OPEN:
        tickets.set_status(desk.partner, ticket_id, status)
    return ticket_id


def test_deactivated_member_s_sessions_end_and_open_tickets_go_back_to_their_groups(desk: Desk) -> None:
    told: list[tuple[int | None, int | None]] = []
    group_id = operations.create_group(desk.service_id, "환불")
    opened, waiting = held(desk, group_id=group_id), held(desk, TicketStatus.ON_HOLD)
    done = held(desk, TicketStatus.RESOLVED)
    begun = sessions.log_in(desk.service_id, AGENT, PASSWORD, address=HERE)
    ticket_assigned.connect(lambda event: told.append((event.agent_id, event.group_id)))
    leaving.deactivate_member(replace(boss(desk), name="boss"), member_of(desk.agent))
    with pytest.raises(Unauthenticated):
        authentication.authenticate(desk.service_id, begun.token, address=HERE)
    after = [ticket(one) for one in (opened, waiting, done)]
    assert [(one.assignee_id, one.group_id, one.status) for one in after] == [
        (None, group_id, TicketStatus.NEW), (None, None, TicketStatus.ON_HOLD),
        (desk.agent.id, None, TicketStatus.RESOLVED),
    ]  # fmt: skip
    lines = [line for line in history(opened) if line.name == "ticket.assigned"]
    assert (lines[-1].actor_name, lines[-1].changes) == ("boss", {"assignee": [desk.agent.id, None]})
    assert flush()
    assert sorted(told, key=str) == [(None, group_id), (None, None)]
    assert counting.recount() == 0
    (page,) = events.history_of("organization", [desk.organization_id], Window(last=1))
    assert page.rows[0].changes == {"member": [AGENT, None]}


def test_activated_member_logs_in_anew_and_finds_no_ticket(desk: Desk) -> None:
    ticket_id = held(desk)
    begun = sessions.log_in(desk.service_id, AGENT, PASSWORD, address=HERE)
    leaving.deactivate_member(boss(desk), member_of(desk.agent))
    staffing.activate_member(boss(desk), member_of(desk.agent))
    with pytest.raises(Unauthenticated):
        authentication.authenticate(desk.service_id, begun.token, address=HERE)
    again = sessions.log_in(desk.service_id, AGENT, PASSWORD, address=HERE)
    assert authentication.authenticate(desk.service_id, again.token, address=HERE).id == desk.agent.id
    assert ticket(ticket_id).assignee_id is None


def test_tickets_go_to_whoever_is_named_in_every_service_of_the_member(desk: Desk) -> None:
    second = create_service(
        desk.organization_id, slug="shop", names={"en": "Shop"}, languages=["en"], default_language="en",
        time_zone="UTC",
    )  # fmt: skip
    heir = hire(desk.organization_id, desk.service_id, "heir@demo.example", Role.AGENT)
    there = acting(operations.add_agent(second, member_of(desk.agent), role=Role.AGENT))
    here_id = held(desk)
    partner = replace(desk.partner, service_id=second)
    there_id = make(desk, partner, language="en")
    tickets.assign(partner, there_id, agent_id=there.id, group_id=None)
    with pytest.raises(Conflict, match="choose an agent of the service who takes tickets") as refused:
        leaving.deactivate_member(boss(desk), member_of(desk.agent), hand_over_to=member_of(heir))
    assert (refused.value.code, refused.value.path) == ("ASSIGNEE_NOT_AVAILABLE", ("handOverTo",))
    assert ticket(here_id).assignee_id == desk.agent.id
    heir_there = operations.add_agent(second, member_of(heir), role=Role.AGENT)
    leaving.deactivate_member(boss(desk), member_of(desk.agent), hand_over_to=member_of(heir))
    assert [ticket(one).assignee_id for one in (here_id, there_id)] == [heir.id, heir_there]
    assert ticket(here_id).status is TicketStatus.OPEN


def test_an_agent_acts_in_another_service_as_the_member(desk: Desk) -> None:
    member_id = appoint(desk, "boss@demo.example")
    agent_id = operations.add_agent(desk.service_id, member_id, role=Role.ADMINISTRATOR)
    begun = sessions.log_in(desk.service_id, "boss@demo.example", PASSWORD, address=HERE)
    actor = authentication.authenticate(desk.service_id, begun.token, address=HERE)
    assert actor.id == agent_id
    second = create_service(
        desk.organization_id, slug="shop", names={"en": "Shop"}, languages=["en"], default_language="en",
        time_zone="UTC",
    )  # fmt: skip
    there = operations.add_agent(second, member_of(desk.agent), role=Role.AGENT)
    partner = replace(desk.partner, service_id=second)
    ticket_id = make(desk, partner, language="en")
    tickets.assign(partner, ticket_id, agent_id=there, group_id=None)
    leaving.deactivate_member(actor, member_of(desk.agent))
    line = [one for one in history(ticket_id) if one.name == "ticket.assigned"][-1]
    assert (line.actor_kind, line.actor_id, line.actor_name) == (ActorKind.MEMBER, member_id, "boss")


def test_last_organization_administrator_stays_and_others_may_deactivate_nobody(desk: Desk) -> None:
    last = appoint(desk, "boss@demo.example")
    with pytest.raises(Conflict) as refused:
        leaving.deactivate_member(boss(desk), last)
    assert refused.value.code == "LAST_ADMINISTRATOR"
    with pytest.raises(Forbidden):
        leaving.deactivate_member(desk.administrator, member_of(desk.agent))
    stranger = member_of(make_desk(desk.settings, slug="second").agent)
    with pytest.raises(NotFound):
        leaving.deactivate_member(boss(desk), stranger)


def test_removed_agent_hands_over_and_works_on_elsewhere(desk: Desk) -> None:
    heir = hire(desk.organization_id, desk.service_id, "heir@demo.example", Role.AGENT)
    second = create_service(
        desk.organization_id, slug="shop", names={"en": "Shop"}, languages=["en"], default_language="en",
        time_zone="UTC",
    )  # fmt: skip
    operations.add_agent(second, member_of(desk.agent), role=Role.AGENT)
    here = sessions.log_in(desk.service_id, AGENT, PASSWORD, address=HERE)
    there = sessions.log_in(second, AGENT, PASSWORD, address=HERE)
    ticket_id = held(desk)
    assert desk.agent.id is not None
    leaving.remove_agent(desk.administrator, desk.agent.id, hand_over_to=heir.id)
    assert ticket(ticket_id).assignee_id == heir.id
    with pytest.raises(Unauthenticated):
        authentication.authenticate(desk.service_id, here.token, address=HERE)
    with pytest.raises(Unauthenticated):
        sessions.log_in(desk.service_id, AGENT, PASSWORD, address=HERE)
    assert authentication.authenticate(second, there.token, address=HERE).service_id == second


def test_nobody_is_an_heir_who_could_not_be_given_the_tickets(desk: Desk) -> None:
    ticket_id, agent_id = held(desk), desk.agent.id
    foreign = make_desk(desk.settings, slug="second")
    assert agent_id is not None
    allocation.update(desk.administrator, desk.administrator.id or 0, takes_tickets=False)
    for heir in (agent_id, desk.administrator.id, foreign.agent.id, 10_000):
        with pytest.raises(Conflict) as refused:
            leaving.remove_agent(desk.administrator, agent_id, hand_over_to=heir)
        assert refused.value.code == "ASSIGNEE_NOT_AVAILABLE"
    assert ticket(ticket_id).assignee_id == agent_id


def test_very_many_tickets_are_handed_over_in_bounded_steps(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [held(desk) for _ in range(7)]
    monkeypatch.setattr(leaving, "BATCH", 3)
    assert desk.agent.id is not None
    with counted() as statements:
        leaving.remove_agent(desk.administrator, desk.agent.id)
    assert [ticket(one).assignee_id for one in ids] == [None] * 7
    assert len([sql for sql in statements if sql.startswith('UPDATE "ticket"')]) == 3
    assert counting.recount() == 0


def test_who_is_given_tickets_while_leaving_keeps_none(desk: Desk) -> None:
    ids, agent_id = [make(desk) for _ in range(12)], desk.agent.id
    assert agent_id is not None
    halfway = threading.Barrier(2)

    def give() -> None:
        with db.connection():
            for place, ticket_id in enumerate(ids):
                if place == 3:
                    halfway.wait()
                with suppress(Invalid):
                    tickets.assign(desk.partner, ticket_id, agent_id=agent_id, group_id=None)

    giving = threading.Thread(target=give)
    giving.start()
    halfway.wait()
    leaving.deactivate_member(boss(desk), member_of(desk.agent))
    giving.join()
    assert {ticket(one).assignee_id for one in ids} == {None}
    assert counting.recount() == 0


def test_what_a_killed_process_left_is_given_back_within_the_hour(desk: Desk) -> None:
    ticket_id, other = held(desk), make(desk)
    tickets.assign(desk.partner, other, agent_id=desk.administrator.id, group_id=None)
    operations.deactivate_member(member_of(desk.agent))
    assert leaving.sweep() == 1
    assert leaving.sweep() == 0
    assert (ticket(ticket_id).assignee_id, ticket(other).assignee_id) == (None, desk.administrator.id)


def test_ticket_that_reopens_after_its_agent_has_left_is_nobody_s(desk: Desk) -> None:
    gone, here = held(desk, TicketStatus.RESOLVED), make(desk)
    tickets.assign(desk.partner, here, agent_id=desk.administrator.id, group_id=None)
    tickets.set_status(desk.partner, here, TicketStatus.RESOLVED)
    leaving.deactivate_member(boss(desk), member_of(desk.agent))
    for ticket_id in (gone, here):
        tickets.receive(actors.system(desk.service_id), ticket_id, Body("아직도요"), asker=MINA)
    assert (ticket(gone).assignee_id, ticket(gone).status) == (None, TicketStatus.NEW)
    assert (ticket(here).assignee_id, ticket(here).status) == (desk.administrator.id, TicketStatus.OPEN)


def test_deleted_group_s_tickets_go_to_the_one_that_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "BATCH", 2)
    old, new = (groups.create(desk.administrator, name) for name in ("old", "new"))
    ids = [held(desk, status, group_id=old) for status in (TicketStatus.OPEN, TicketStatus.RESOLVED, TicketStatus.OPEN)]
    with pytest.raises(Conflict, match="say which other group") as refused:
        leaving.delete_group(desk.administrator, old)
    assert (refused.value.code, refused.value.path) == ("GROUP_IN_USE", ("moveTo",))
    foreign = groups.create(make_desk(desk.settings, slug="second").administrator, "theirs")
    for wrong, code in ((old, "GROUP_IN_USE"), (foreign, "NOT_FOUND"), (10_000, "NOT_FOUND")):
        with pytest.raises(HelpdeskError) as refusal:
            leaving.delete_group(desk.administrator, old, move_to=wrong)
        assert (refusal.value.code, refusal.value.path) == (code, ("moveTo",))
    leaving.delete_group(desk.administrator, old, move_to=new)
    assert [ticket(one).group_id for one in ids] == [new] * 3
    assert queries.groups_by_ids([old]) == [None]
    assert counting.recount() == 0
    leaving.delete_group(desk.administrator, groups.create(desk.administrator, "empty"))


def test_tickets_are_closed_to_nobody_who_has_some_unresolved(desk: Desk) -> None:
    ticket_id, agent_id = held(desk), desk.agent.id
    assert agent_id is not None
    with pytest.raises(Conflict, match="agent has tickets that are not resolved") as refused:
        leaving.restrict_menu(desk.administrator, Menu.TICKET_MANAGEMENT, [agent_id])
    assert refused.value.code == "UNRESOLVED_TICKETS"
    assert "ticket.read" in acting(agent_id).rights
    leaving.restrict_menu(desk.administrator, Menu.CUSTOMER_INFORMATION, [agent_id])
    tickets.set_status(desk.partner, ticket_id, TicketStatus.RESOLVED)
    leaving.restrict_menu(desk.administrator, Menu.TICKET_MANAGEMENT, [agent_id])
    assert acting(agent_id).rights.isdisjoint({"ticket.read", "ticket.take", "customer.read"})
