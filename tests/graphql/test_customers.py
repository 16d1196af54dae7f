"""Customers as partners see them: recognised, never overwritten, never merged by themselves."""

from tests.factories.client import Caller, log_in, ticket
from tests.factories.desk import Desk, make_desk


def test_who_writes_again_is_the_same_customer(partner: Caller) -> None:
    first = ticket(partner, customer={"email": "hong@customer.example"})["customer"]
    again = ticket(partner, customer={"email": "HONG@customer.example", "name": "홍길동", "phone": "010 1234 5678"})
    assert again["customer"]["id"] == first["id"]
    found = partner.ask("Customer", number=first["number"])["customer"]
    assert (found["name"], found["phone"], found["tickets"]["totalCount"]) == ("홍길동", "+821012345678", 2)
    assert [node["number"] for node in found["tickets"]["nodes"]] == [2, 1]


def test_what_stands_is_not_overwritten_by_what_is_said_later(partner: Caller) -> None:
    ticket(partner, customer={"email": "hong@customer.example", "name": "홍길동"})
    ticket(partner, customer={"email": "hong@customer.example", "name": "Somebody Else"})
    assert partner.ask("Customer", number=1)["customer"]["name"] == "홍길동"


def test_user_key_recognises_before_the_mail(partner: Caller) -> None:
    one = ticket(partner, customer={"userKey": "m-1", "email": "one@customer.example"})["customer"]
    ticket(partner, customer={"userKey": "m-2", "email": "two@customer.example"})
    again = ticket(partner, customer={"userKey": "m-1", "email": "two@customer.example"})["customer"]
    assert (again["id"], again["email"]) == (one["id"], "one@customer.example")


def test_list_shows_each_customer_with_the_newest_tickets(partner: Caller) -> None:
    for place in range(5):
        ticket(partner, subject=f"No. {place}")
    ticket(partner, customer={"email": "kim@customer.example"})
    page = partner.ask("Customers", first=10)["customers"]
    assert [(node["number"], node["tickets"]["totalCount"]) for node in page["nodes"]] == [(2, 1), (1, 5)]
    assert [node["subject"] for node in page["nodes"][1]["tickets"]["nodes"]] == ["No. 4", "No. 3", "No. 2"]


def test_number_of_nobody_gives_null(partner: Caller) -> None:
    assert partner.ask("Customer", number=1)["customer"] is None
    assert partner.ask("Customer", number=-1)["customer"] is None


def test_other_service_has_its_own_customers_and_numbers(desk: Desk, partner: Caller, stranger: Caller) -> None:
    make_desk(desk.settings, slug="second")
    elsewhere = log_in(stranger.but(slug="second"), "agent@demo.example")
    ticket(partner, customer={"email": "hong@customer.example", "name": "홍길동"})
    other = ticket(elsewhere, customer={"email": "hong@customer.example"})
    assert (other["number"], other["customer"]["number"], other["customer"]["name"]) == (1, 1, "")
    assert elsewhere.ask("Customers", search="홍길동")["customers"]["totalCount"] == 0


def test_stranger_sees_no_customer(stranger: Caller) -> None:
    assert stranger.failed("Customers") == "UNAUTHENTICATED"
    assert stranger.failed("Customer", number=1) == "UNAUTHENTICATED"
