"""What lists show: conditions, words and orders, in Korean too, and every character literal."""

from typing import Any

import pytest

from tests.factories.client import Caller, ticket


def subjects(caller: Caller, **arguments: Any) -> list[str]:
    """Return the subjects of the tickets, by number."""
    order = arguments.pop("orderBy", [{"field": "NUMBER", "direction": "ASC"}])
    nodes = caller.ask("Tickets", orderBy=order, **arguments)["tickets"]["nodes"]
    return [node["subject"] for node in nodes]


@pytest.fixture
def filled(partner: Caller) -> Caller:
    """A partner with three tickets that differ."""
    ticket(partner, subject="환불 요청", body="주문을 취소했는데 환불이 안 돼요", priority="HIGH")
    ticket(partner, subject="배송 문의", body="언제 오나요?", customer={"email": "kim@customer.example"})
    ticket(partner, subject="Invoice 100% wrong", body="a_b\\c 'quoted'", customer=None, channel="phone")
    return partner


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ({"field": "priority", "value": "HIGH"}, [1]),
        ({"field": "priority", "op": "IN", "value": ["HIGH", "NORMAL"]}, [1, 2, 3]),
        ({"field": "subject", "op": "CONTAINS", "value": "환불"}, [1]),
        ({"field": "subject", "op": "STARTS_WITH", "value": "invoice"}, [3]),
        ({"field": "customer", "op": "IS_EMPTY"}, [3]),
        ({"field": "customer", "op": "IS", "value": None}, [3]),
        ({"field": "number", "op": "AT_LEAST", "value": 2}, [2, 3]),
        ({"field": "createdAt", "op": "AFTER", "value": "2001-01-31T09:00:00+09:00"}, [1, 2, 3]),
        ({"not": {"field": "channel", "value": "api"}}, [3]),
        ({"any": [{"field": "number", "value": 1}, {"field": "channel", "value": "phone"}]}, [1, 3]),
        ({"all": [{"field": "status", "value": "NEW"}, {"not": {"field": "number", "value": 2}}]}, [1, 3]),
        ({"all": []}, [1, 2, 3]),
    ],
)
def test_condition_chooses_tickets(filled: Caller, where: Any, numbers: list[int]) -> None:
    nodes = filled.ask("Tickets", where=where, orderBy=[{"field": "NUMBER", "direction": "ASC"}])["tickets"]["nodes"]
    assert [node["number"] for node in nodes] == numbers


def test_people_are_named_by_their_ids(filled: Caller, agent: Caller) -> None:
    me = agent.ask("Viewer")["viewer"]["id"]
    first = filled.ask("Ticket", number=1)["ticket"]
    filled.done("TicketAssign", ticketId=first["id"], assigneeId=me)
    assert subjects(filled, where={"field": "assignee", "value": me}) == ["환불 요청"]
    assert subjects(filled, where={"field": "customer", "op": "IN", "value": [first["customer"]["id"], "x"]}) == [
        "환불 요청"
    ]
    assert subjects(filled, where={"field": "assignee", "value": first["customer"]["id"]}) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("환불", ["환불 요청"]),
        ("취소했는데 환불", ["환불 요청"]),
        ("오나요", ["배송 문의"]),
        ("invoice wrong", ["Invoice 100% wrong"]),
        ("환불 배송", []),
        ("%", []),
        ("  ", ["환불 요청", "배송 문의", "Invoice 100% wrong"]),
    ],
)
def test_words_find_tickets(filled: Caller, words: str, found: list[str]) -> None:
    assert subjects(filled, search=words) == found


def test_words_of_an_answer_are_found_too_and_a_condition_narrows_them(filled: Caller) -> None:
    made = filled.ask("Ticket", number=2)["ticket"]
    filled.done("TicketReply", ticketId=made["id"], body="송장번호는 곧 알려 드릴게요")
    assert subjects(filled, search="송장번호") == ["배송 문의"]
    assert subjects(filled, search="송장번호", where={"field": "status", "value": "NEW"}) == []


def test_orders_follow_one_another(filled: Caller) -> None:
    newest = [{"field": "CREATED_AT", "direction": "DESC"}]
    assert subjects(filled, orderBy=newest)[0] == "Invoice 100% wrong"
    assert subjects(filled, orderBy=[{"field": "NUMBER"}])[0] == "Invoice 100% wrong"
    filled.done("TicketAddNote", ticketId=filled.ask("Ticket", number=1)["ticket"]["id"], body="Look.")
    assert subjects(filled, orderBy=None)[0] == "환불 요청"


def test_customers_are_found_by_name_mail_phone_and_number(filled: Caller) -> None:
    ticket(filled, customer={"name": "홍길동", "phone": "010-1234-5678"})
    for words, number in {"홍길": 3, "KIM@": 2, "010-1234": 3, "2": 2}.items():
        assert [node["number"] for node in filled.ask("Customers", search=words)["customers"]["nodes"]] == [number]
    assert filled.ask("Customers", search="%")["customers"]["totalCount"] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"where": {}}, "BAD_CONDITION"),
        ({"where": {"field": "number", "value": 1, "all": []}}, "BAD_CONDITION"),
        ({"where": {"all": [], "any": []}}, "BAD_CONDITION"),
        ({"where": {"all": [{"any": []}]}}, "INVALID"),
        ({"where": {"field": "password", "value": "x"}}, "INVALID"),
        ({"where": {"field": "number", "value": "1"}}, "INVALID"),
        ({"where": {"field": "number", "op": "CONTAINS", "value": "1"}}, "INVALID"),
        ({"where": {"field": "status", "value": "BROKEN"}}, "INVALID"),
        ({"where": {"field": "status", "op": "CHANGED"}}, "INVALID"),
        ({"where": {"field": "createdAt", "op": "AFTER", "value": "yesterday"}}, "INVALID"),
        ({"where": {"field": "number", "op": "IN", "value": list(range(101))}}, "LIMIT_EXCEEDED"),
        ({"search": "가" * 201}, "LIMIT_EXCEEDED"),
        ({"orderBy": [{"field": "NUMBER"}, {"field": "NUMBER"}]}, "INVALID"),
        ({"orderBy": [{"field": "SUBJECT"}]}, "BAD_USER_INPUT"),
        ({"where": {"field": "status", "op": "LIKE", "value": "%"}}, "BAD_USER_INPUT"),
    ],
)
def test_wrong_list_is_refused_with_its_code(partner: Caller, arguments: Any, code: str) -> None:
    assert partner.failed("Tickets", **arguments) == code


def test_refusal_says_where_the_condition_is_wrong(partner: Caller) -> None:
    where = {"any": [{"field": "number", "value": 1}, {"field": "prority", "value": "HIGH"}]}
    (error,) = partner.answer("Tickets", where=where).get_json()["errors"]
    assert "Did you mean “priority”" in error["message"]
    assert error["extensions"]["inputPath"] == ["where", "any", "1", "field"]
