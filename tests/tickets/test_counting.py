"""The numbers beside views are those of the tickets, whatever is done to them, in whichever order, at once."""

import uuid
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.agents import operations as agents
from helpdesk.kernel import db
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.tickets import counting, operations
from helpdesk.tickets.models import TicketCount
from helpdesk.tickets.rules import COMPLETED, NEW, OPEN, RESOLVED, TicketStatus
from tests.factories.crowds import at_once
from tests.factories.desk import Desk, make_desk
from tests.factories.statements import counted
from tests.factories.tickets import ANSWER, all_tickets, make
from tests.tickets.test_operations import receive

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["make", "assign", "group", "status", "reply", "receive", "take back"]),
        st.integers(0, 9),
        st.sampled_from(list(TicketStatus)),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_numbers_are_those_of_the_tickets_after_whatever_was_done(
    desk: Desk, steps: list[tuple[str, int, TicketStatus]]
) -> None:
    names = [f"Group {uuid.uuid4()}" for _ in range(2)]
    group_ids = [None, *(agents.create_group(desk.service_id, name) for name in names)]
    made = [make(desk)]
    for step, place, status in steps:
        ticket_id = made[place % len(made)]
        with suppress(HelpdeskError, InterruptedError):
            if step == "make":
                made.append(make(desk))
            elif step == "assign":
                operations.assign(desk.administrator, ticket_id, agent_id=desk.agent.id, group_id=None)
            elif step == "group":
                operations.assign(desk.administrator, ticket_id, agent_id=None, group_id=group_ids[place % 3])
            elif step == "status":
                operations.set_status(desk.administrator, ticket_id, status)
            elif step == "reply":
                operations.reply(desk.agent, ticket_id, ANSWER, status=status)
            elif step == "receive":
                receive(desk, ticket_id)
            else:
                with db.transaction():
                    make(desk)
                    operations.set_status(desk.administrator, ticket_id, status)
                    raise InterruptedError
    assert counting.recount() == 0
    assert counting.of_service(desk.service_id).total == all_tickets(desk.service_id)


def test_numbers_are_told_by_service_agent_and_group(desk: Desk) -> None:
    make(make_desk(desk.settings, slug="other"))
    first, second, _third = (make(desk) for _ in range(3))
    group_id = agents.create_group(desk.service_id, "Refunds")
    operations.assign(desk.administrator, first, agent_id=desk.agent.id, group_id=group_id)
    operations.assign(desk.administrator, second, agent_id=None, group_id=group_id)
    operations.reply(desk.agent, first, ANSWER, status=RESOLVED)
    whole = counting.of_service(desk.service_id)
    assert (whole.total, whole.of(NEW), whole.of(RESOLVED), whole.of(COMPLETED)) == (3, 2, 1, 0)
    assert counting.of_service(desk.service_id, unassigned_only=True).total == 2
    with counted() as sent:
        mine, nobodys = counting.of_agents(desk.service_id, [desk.agent.id or 0, desk.administrator.id or 0])
        (groups,) = counting.of_groups(desk.service_id, [group_id])
    assert len(sent) == 2
    assert (mine.of(RESOLVED), mine.total, nobodys.total, groups.total) == (1, 1, 0, 2)
    assert counting.of_groups(desk.service_id, [group_id], unassigned_only=True)[0].by_status == {NEW: 1}


def test_many_at_once_lose_no_number_while_all_are_counted_anew(desk: Desk) -> None:
    made = [make(desk) for _ in range(4)]

    def work(place: int) -> None:
        if place == 0:
            counting.recount()
            return
        operations.assign(desk.administrator, made[place % 4], agent_id=desk.agent.id, group_id=None)
        make(desk)
        operations.set_status(desk.administrator, made[(place + 1) % 4], OPEN)

    at_once(6, work)
    assert counting.recount() == 0
    assert counting.of_service(desk.service_id).total == 9


def test_wrong_numbers_are_mended(desk: Desk) -> None:
    make(desk)
    TicketCount.update(value=7).execute()
    TicketCount.insert(service=desk.service_id, status=OPEN, assignee_id=5, group_id=0, value=2).execute()
    assert counting.recount() == 2
    assert counting.of_service(desk.service_id).by_status == {NEW: 1}
    assert counting.recount() == 0


@pytest.mark.parametrize("status", [NEW, OPEN])
def test_change_that_moves_nothing_counts_nothing(desk: Desk, status: TicketStatus) -> None:
    ticket_id = make(desk)
    operations.set_status(desk.administrator, ticket_id, status)
    with counted() as sent:
        operations.add_note(desk.agent, ticket_id, ANSWER)
    assert not any("ticket_count" in statement for statement in sent)
