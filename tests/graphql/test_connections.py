"""Pages: without a gap and without a double in both directions, also while rows come in; bad ones are refused."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest

from helpdesk.graphql import connections
from helpdesk.kernel.actors import Actor
from helpdesk.tickets import operations
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, body_of
from tests.factories.client import Caller
from tests.factories.desk import Desk

BY_NUMBER = [{"field": "NUMBER", "direction": "ASC"}]


def add(actor: Actor, count: int, *, email: str | None = None) -> None:
    """Make so many tickets."""
    for _ in range(count):
        operations.create(actor, NewTicket("Refund", body_of("Please"), "api", "ko", Asker(email=email)))


def pages(caller: Caller, operation: str, **arguments: Any) -> Iterator[list[int]]:
    """Yield the numbers of each page, walking in the direction that the arguments begin with."""
    forward = "first" in arguments
    while True:
        (page,) = caller.ask(operation, **arguments).values()
        yield [node["number"] for node in page["nodes"]]
        info = page["pageInfo"]
        if not info["hasNextPage" if forward else "hasPreviousPage"]:
            return
        arguments |= {"after": info["endCursor"]} if forward else {"before": info["startCursor"]}


@pytest.mark.parametrize("order", [None, BY_NUMBER, [{"field": "CREATED_AT", "direction": "ASC"}, *BY_NUMBER]])
def test_walk_in_both_directions_meets_every_ticket_once(desk: Desk, partner: Caller, order: Any) -> None:
    add(desk.partner, 7)
    forwards = list(pages(partner, "Tickets", first=3, orderBy=order))
    backwards = list(pages(partner, "Tickets", last=3, orderBy=order))
    assert [len(page) for page in forwards] == [len(page) for page in backwards] == [3, 3, 1]
    whole = list(chain(*forwards))
    assert sorted(whole) == list(range(1, 8))
    assert list(chain(*reversed(backwards))) == whole


def test_tickets_that_come_meanwhile_neither_shift_nor_double_the_walk(desk: Desk, partner: Caller) -> None:
    add(desk.partner, 6)
    walked = []
    for page in pages(partner, "Tickets", first=2):
        walked += page
        add(desk.partner, 1)  # it comes in at the front, before every cursor
    assert walked == [6, 5, 4, 3, 2, 1]


def test_cursor_holds_when_its_ticket_has_moved(desk: Desk, partner: Caller) -> None:
    add(desk.partner, 4)
    page = partner.ask("Tickets", first=2)["tickets"]
    partner.done("TicketAddNote", ticketId=page["nodes"][1]["id"], body="It is now the newest.")
    rest = partner.ask("Tickets", first=2, after=page["pageInfo"]["endCursor"])["tickets"]
    assert [node["number"] for node in rest["nodes"]] == [2, 1]


def test_page_between_two_cursors(desk: Desk, partner: Caller) -> None:
    add(desk.partner, 5)
    edges = partner.ask("TicketCount", first=5)["tickets"]["edges"]
    page = partner.ask("Tickets", first=5, after=edges[0]["cursor"], before=edges[4]["cursor"])["tickets"]
    assert [node["number"] for node in page["nodes"]] == [4, 3, 2]


def test_total_counts_all_that_match_and_first_nothing_gives_an_empty_page(desk: Desk, partner: Caller) -> None:
    add(desk.partner, 3)
    where = {"field": "number", "op": "GREATER_THAN", "value": 1}
    assert partner.ask("TicketCount", first=0, where=where)["tickets"] == {"totalCount": 2, "edges": []}


def test_pages_of_customers_and_of_a_customers_tickets(desk: Desk, partner: Caller) -> None:
    for place in range(3):
        add(desk.partner, 1, email=f"c{place}@customer.example")
    add(desk.partner, 4, email="c0@customer.example")
    assert list(pages(partner, "Customers", first=2)) == [[3, 2], [1]]
    assert list(pages(partner, "Customers", last=2)) == [[2, 1], [3]]
    arguments: dict[str, Any] = {"number": 1, "last": 3}
    page = partner.ask("Customer", **arguments)["customer"]["tickets"]
    assert ([node["number"] for node in page["nodes"]], page["totalCount"]) == ([5, 4, 1], 5)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"first": 101}, "BAD_PAGE_SIZE"),
        ({"first": -1}, "BAD_PAGE_SIZE"),
        ({"first": 2, "last": 2}, "BAD_PAGE_SIZE"),
        ({"first": 2, "after": "nonsense"}, "BAD_CURSOR"),
        ({"first": 2, "after": ""}, "BAD_CURSOR"),
        ({"first": 2, "after": "한글"}, "BAD_CURSOR"),
        ({"last": 2, "before": "WzFd"}, "BAD_CURSOR"),
        ({"first": 2, "after": "WyItdXBkYXRlZF9hdCwtaWQiLCJ4IiwieSJd"}, "BAD_CURSOR"),  # texts for numbers
    ],
)
def test_bad_page_is_refused_with_its_code(partner: Caller, arguments: Any, code: str) -> None:
    assert partner.failed("Tickets", **arguments) == code


def test_cursor_of_another_order_is_refused(desk: Desk, partner: Caller) -> None:
    add(desk.partner, 2)
    cursor = partner.ask("Tickets", first=1, orderBy=BY_NUMBER)["tickets"]["pageInfo"]["endCursor"]
    assert partner.failed("Tickets", first=1, after=cursor) == "BAD_CURSOR"


def test_long_list_is_counted_up_to_a_number_unless_its_length_is_wanted(
    monkeypatch: pytest.MonkeyPatch, desk: Desk, partner: Caller
) -> None:
    add(desk.partner, 5)
    monkeypatch.setattr(connections, "MOST_COUNTED", 3)
    assert partner.ask("TicketCount")["tickets"]["totalCount"] == 4  # more than three
    assert partner.ask("TicketCount", exact=True)["tickets"]["totalCount"] == 5
