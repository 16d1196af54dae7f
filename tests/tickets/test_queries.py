"""What is read of tickets: what was asked for, of one service, page by page, in few statements."""

from typing import Any

import pytest

from helpdesk.agents import queries as agents
from helpdesk.channels import queries as channels
from helpdesk.customers import queries as customers
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.paging import Window
from helpdesk.tickets import operations, queries
from helpdesk.tickets.queries import TicketOrderField, TicketRow
from helpdesk.tickets.rules import ON_HOLD, OPEN, Asker, Body
from tests.factories.desk import Desk, make_desk
from tests.factories.statements import counted
from tests.factories.tickets import ANSWER, all_tickets, found, make, messages, ticket


def page(desk: Desk, window: Window | None = None, *, where: Any = None, order: Any = ()) -> list[TicketRow]:
    """Return the rows of one page."""
    query = queries.matching(desk.service_id, where=where)
    return queries.page_of(query, order=order, window=window or Window()).rows


def test_tickets_come_aligned_with_the_ids_asked_for(desk: Desk) -> None:
    first, second = make(desk), make(desk)
    rows = queries.tickets_by_ids([second, None, 999, first])
    assert [row and row.id for row in rows] == [second, None, None, first]


def test_ticket_is_found_by_its_number_in_its_service(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    make(other)
    ticket_id = make(desk)
    assert queries.ticket_by_number(desk.service_id, 1) == ticket(ticket_id)
    assert queries.ticket_by_number(desk.service_id, 2) is None


def test_lists_and_searches_keep_to_their_service(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    make(other)
    make(desk)
    assert [row.service_id for row in page(desk)] == [desk.service_id]
    assert [row.service_id for row in found(desk, "환불")] == [desk.service_id]
    assert all_tickets(desk.service_id) == 1


def test_condition_picks_tickets(desk: Desk) -> None:
    held, taken, _new = make(desk), make(desk, channel="web"), make(desk)
    operations.set_status(desk.partner, held, ON_HOLD)
    operations.assign(desk.partner, taken, agent_id=desk.agent.id, group_id=None)
    both = [{"field": "assignee", "op": "is", "value": desk.agent.id}, {"field": "channel", "op": "is", "value": "web"}]
    picked = {held: {"field": "status", "op": "is", "value": "ON_HOLD"}, taken: {"all": both}}
    for ticket_id, where in picked.items():
        assert [row.id for row in page(desk, where=where)] == [ticket_id]


def test_condition_over_what_there_is_not_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="status"):
        page(desk, where={"field": "statsu", "op": "is", "value": "NEW"})


def test_blank_search_is_none(desk: Desk) -> None:
    make(desk)
    assert len(found(desk, "  ")) == 1
    assert found(desk, "없는말") == []


@pytest.mark.parametrize("where", [None, {"field": "status", "op": "is", "value": "OPEN"}])
def test_hits_are_counted_as_far_as_asked_in_one_statement(desk: Desk, where: Any) -> None:
    for _ in range(3):
        operations.assign(desk.partner, make(desk, subject="영수증 요청"), agent_id=desk.agent.id, group_id=None)
    make(desk, subject="배송 문의")
    shown = queries.page_of_service(desk.service_id, where=where, text="영수증", order=[], window=Window(first=1))
    for most, told in ((None, 3), (2, 2), (4, 3)):
        with counted() as sent:
            assert shown.count(most) == told
        assert len(sent) == 1
        assert ("LIMIT ?" in sent[0].replace("%s", "?").removesuffix("LIMIT ?")) is (most is not None)


def test_latest_change_comes_first_unless_told_otherwise(desk: Desk) -> None:
    first, second, third = (make(desk) for _ in range(3))
    operations.add_note(desk.agent, first, ANSWER)
    assert [row.id for row in page(desk)] == [first, third, second]
    by_number = [(TicketOrderField.NUMBER, False)]
    assert [row.id for row in page(desk, order=by_number)] == [first, second, third]
    newest = [(TicketOrderField.CREATED_AT, True), (TicketOrderField.UPDATED_AT, False)]
    assert [row.id for row in page(desk, order=newest)] == [third, second, first]


def test_pages_show_every_ticket_once(desk: Desk) -> None:
    made = [make(desk) for _ in range(7)]
    query, seen, after = queries.matching(desk.service_id), [], None
    while True:
        shown = queries.page_of(query, order=[], window=Window(first=3, after=after))
        seen += [row.id for row in shown.rows]
        if not shown.has_next:
            break
        after = shown.cursor_of(shown.rows[-1])
    assert seen == made[::-1]


def test_customers_tickets_come_in_one_statement(desk: Desk) -> None:
    ids = [ticket(make(desk, asker=Asker(email=f"c{place % 2}@shop.example"))).customer_id or 0 for place in range(5)]
    with counted() as sent:
        pages = queries.tickets_of_customers([*ids[:2], 999], Window(first=2))
    assert len(sent) == 1
    assert [[row.number for row in one.rows] for one in pages] == [[5, 3], [4, 2], []]
    with counted() as sent:
        assert [one.has_next for one in pages] == [True, False, False]
        assert [one.count(None) for one in pages] == [3, 2, 0]
    assert len(sent) == 1
    assert pages[0].count(2) == 2


def test_messages_come_in_their_order_and_are_counted(desk: Desk) -> None:
    ticket_id, other = make(desk), make(desk)
    for place in range(3):
        operations.add_note(desk.agent, ticket_id, Body(f"note {place}"))
    first, second = queries.messages_of_tickets([ticket_id, other], Window(last=2))
    assert [row.body_text for row in first.rows] == ["note 1", "note 2"]
    assert len(second.rows) == 1
    assert (first.count(None), second.count(None)) == (4, 1)
    assert queries.messages_by_ids([messages(other)[0].id, 999]) == [second.rows[0], None]


def statements_for_a_page(desk: Desk, size: int) -> int:
    """Count what a list of tickets takes with everything that it shows of each."""
    with counted() as sent:
        rows = page(desk, Window(first=size))
        assert len(rows) == size
        customers.customers_by_ids([row.customer_id for row in rows])
        agents.agents_by_ids([row.assignee_id for row in rows])
        agents.groups_by_ids([row.group_id for row in rows])
        shown = queries.messages_of_tickets([row.id for row in rows], Window(last=3))
        ids = [message.id for one in shown for message in one.rows]
        channels.deliveries_of_messages(ids)
        queries.attachments_of_messages(ids)
    return len(sent)


def test_page_takes_as_many_statements_for_fifty_tickets_as_for_five(desk: Desk) -> None:
    for place in range(50):
        ticket_id = make(desk, asker=Asker(name="Kim", email=f"kim{place}@shop.example"))
        operations.assign(desk.partner, ticket_id, agent_id=desk.agent.id, group_id=None)
        assert ticket(ticket_id).status is OPEN
    assert statements_for_a_page(desk, 50) == statements_for_a_page(desk, 5) <= 7
