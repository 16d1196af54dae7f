"""Customers as partners see them: recognised, never overwritten, never merged by themselves."""

from helpdesk.customers import reaching
from helpdesk.customers.reaching import Cause
from helpdesk.kernel.actors import system
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


def test_agent_sees_what_a_customer_is_known_by(partner: Caller, agent: Caller) -> None:
    ticket(partner, customer={"email": "Hong@customer.example", "phone": "010 1234 5678", "userKey": "m-1"})
    known = agent.ask("Customer", number=1)["customer"]["identities"]
    assert sorted((one["kind"], one["value"]) for one in known) == [
        ("email", "hong@customer.example"), ("phone", "+821012345678"), ("user_key", "m-1"),
    ]  # fmt: skip
    assert {(one["isUndeliverable"], one["undeliverableSince"], one["undeliverableReason"]) for one in known} == {
        (False, None, "")
    }


def test_agent_sees_an_address_that_fails_and_says_that_it_is_good_again(
    desk: Desk, partner: Caller, agent: Caller, stranger: Caller
) -> None:
    ticket(partner)
    reaching.mark(system(desk.service_id), "email", "hong@customer.example", cause=Cause.FAILED, reason="550 5.1.1")
    (known,) = agent.ask("Ticket", number=1)["ticket"]["customer"]["identities"]
    assert (known["isUndeliverable"], known["undeliverableReason"]) == (True, "550 5.1.1")
    assert known["undeliverableSince"] is not None
    make_desk(desk.settings, slug="second")
    elsewhere = log_in(stranger.but(slug="second"), "agent@demo.example")
    assert elsewhere.refused("CustomerIdentityRestore", id=known["id"]) == ("NOT_FOUND", ["id"])
    restored = agent.done("CustomerIdentityRestore", id=known["id"])["identity"]
    assert (restored["id"], restored["isUndeliverable"]) == (known["id"], False)
    assert agent.done("CustomerIdentityRestore", id=known["id"])["identity"] == restored
    assert agent.refused("CustomerIdentityRestore", id="x") == ("NOT_FOUND", ["id"])
    assert stranger.failed("CustomerIdentityRestore", input={"id": known["id"]}) == "UNAUTHENTICATED"


def test_stranger_sees_no_customer(stranger: Caller) -> None:
    assert stranger.failed("Customers") == "UNAUTHENTICATED"
    assert stranger.failed("Customer", number=1) == "UNAUTHENTICATED"
