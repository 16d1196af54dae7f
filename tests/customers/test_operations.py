"""Whoever asks is recognised, made once, and never taken for somebody else."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from helpdesk.customers import operations, queries
from helpdesk.customers.models import CustomerValue
from helpdesk.customers.queries import CustomerRow
from helpdesk.kernel import db, events
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import Forbidden, Invalid
from helpdesk.kernel.events import HistoryEntry
from helpdesk.kernel.paging import Window
from helpdesk.organization import operations as organization
from helpdesk.sdk.events import CustomerCreated

Desk = Any
MAIL = "mina@shop.example"


def recognise(desk: Desk, **given: Any) -> int | None:
    """Recognise somebody for the desk's agent."""
    return operations.recognise(desk.agent, **given)


def customer(customer_id: int | None) -> CustomerRow:
    """Return the customer, who must be there."""
    row = queries.customers_by_ids([customer_id])[0]
    assert row is not None
    return row


def everybody(desk: Desk) -> list[CustomerRow]:
    """Return the customers of the desk in the order of making."""
    rows = queries.page_of_service(desk.service_id, Window(first=100)).rows
    return sorted(rows, key=lambda row: row.number)


def values(customer_id: int | None) -> list[tuple[str, str]]:
    """Return the remembered values, oldest first."""
    rows = CustomerValue.select().where(CustomerValue.customer == customer_id).order_by(CustomerValue.id)
    return [(row.field, row.value) for row in rows]


def other_service(desk: Desk) -> Actor:
    """Make a second service and return an actor there."""
    service_id = organization.create_service(
        desk.organization_id, slug="two", names={"en": "2"}, languages=["en"], default_language="en", time_zone="UTC"
    )
    return Actor(ActorKind.SYSTEM, service_id)


def history(customer_id: int | None) -> list[HistoryEntry]:
    """Return the lines of the customer's history."""
    return events.history_of("customer", [customer_id or 0], Window())[0].rows


def at_once(calls: list[Callable[[], int | None]]) -> list[int | None]:
    """Make the calls in threads that start together and return what they return."""
    start, answers = threading.Barrier(len(calls)), []

    def run(call: Callable[[], int | None]) -> None:
        with db.connection():
            start.wait(10)
            answers.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == len(calls)
    return answers


def test_a_new_customer_is_made_with_what_was_given(desk: Desk) -> None:
    customer_id = recognise(
        desk, name=" Mina\u202e\nKim ", email="Mina@SHOP.example", phone="010-1234-5678", user_key="u1"
    )
    row = customer(customer_id)
    assert (row.service_id, row.number, row.name) == (desk.service_id, 1, "Mina Kim")
    assert (row.email, row.phone, row.user_key) == (MAIL, "+821012345678", "u1")
    assert row.created_at == row.updated_at
    assert dict(values(customer_id)) == {"name": "Mina Kim", "email": MAIL, "phone": "+821012345678", "user_key": "u1"}


def test_whoever_is_known_is_found_by_any_of_their_identities(desk: Desk) -> None:
    first = recognise(desk, email=MAIL, phone="010-1234-5678", user_key="u1", identity=("kakao", "k1"))
    ways: list[dict[str, Any]] = [
        {"email": "MINA@shop.example"}, {"phone": "+82 10 1234 5678"}, {"user_key": "u1"},
        {"identity": ("kakao", "k1")}, {"identity": ("email", MAIL)}, {"identity": ("phone", "01012345678")},
    ]  # fmt: skip
    assert {recognise(desk, **way) for way in ways} == {first}
    assert len(everybody(desk)) == 1


def test_a_name_alone_identifies_nobody(desk: Desk) -> None:
    assert recognise(desk, name="Mina", phone="unknown") is None
    assert everybody(desk) == []


def test_the_best_identity_decides_and_two_customers_stay_two(desk: Desk) -> None:
    by_key = recognise(desk, user_key="u1")
    by_kakao = recognise(desk, identity=("kakao", "k1"))
    by_mail = recognise(desk, email=MAIL)
    by_phone = recognise(desk, phone="010-1234-5678")
    rest: dict[str, Any] = {"phone": "010-1234-5678", "email": MAIL}
    assert recognise(desk, user_key="u1", identity=("kakao", "k1"), **rest) == by_key
    assert recognise(desk, identity=("kakao", "k1"), **rest) == by_kakao
    assert recognise(desk, **rest) == by_mail
    assert len({by_key, by_kakao, by_mail, by_phone}) == len(everybody(desk)) == 4
    assert recognise(desk, email=MAIL) == by_mail
    assert recognise(desk, phone="010-1234-5678") == by_phone


def test_a_known_phone_number_does_not_swallow_a_new_mail_address(desk: Desk) -> None:
    family = recognise(desk, phone="02-123-4567")
    assert recognise(desk, phone="02-123-4567", email=MAIL) != family


def test_a_known_customer_is_known_by_a_new_identity_from_then_on(desk: Desk) -> None:
    customer_id = recognise(desk, email=MAIL)
    assert recognise(desk, email=MAIL, identity=("kakao", "k1"), phone="010-1234-5678") == customer_id
    assert recognise(desk, identity=("kakao", "k1")) == customer_id
    assert recognise(desk, phone="010-1234-5678") == customer_id


def test_blank_fields_are_filled_and_others_stand(desk: Desk) -> None:
    customer_id = recognise(desk, email=MAIL)
    recognise(desk, email=MAIL, name="Mina", phone="ask Mina")
    recognise(desk, email=MAIL, name="Mina Kim", phone="010-1234-5678")
    row = customer(customer_id)
    assert (row.name, row.phone) == ("Mina", "ask Mina")
    assert row.updated_at > row.created_at


def test_earlier_and_newer_values_are_kept_once_each(desk: Desk) -> None:
    customer_id = recognise(desk, email=MAIL, name="Mina")
    for name in ("Mina", "Mina Kim", "Mina", "Mina Kim", "", "M. Kim"):
        recognise(desk, email=MAIL, name=name)
    assert values(customer_id) == [("name", "Mina"), ("email", MAIL), ("name", "Mina Kim"), ("name", "M. Kim")]


def test_customers_of_two_services_know_nothing_of_each_other(desk: Desk) -> None:
    here = recognise(desk, email=MAIL)
    stranger = other_service(desk)
    there = operations.recognise(stranger, email=MAIL, name="Somebody")
    assert here != there
    assert (customer(there).number, customer(here).name) == (1, "")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"email": "mina"}, "email"),
        ({"user_key": "x" * 300}, "userKey"),
        ({"identity": ("kakao", "x" * 300)}, "identity"),
    ],
)
def test_bad_input_is_refused_with_its_path_and_makes_nobody(desk: Desk, given: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        recognise(desk, name="Mina", **given)
    assert refused.value.path == ("customer", path)
    assert everybody(desk) == []


def test_who_may_not_open_tickets_makes_no_customers(desk: Desk) -> None:
    reader = Actor(ActorKind.SERVICE_KEY, desk.service_id, 1, "reader", frozenset({"customer.read"}))
    with pytest.raises(Forbidden, match=r"ticket\.create"):
        operations.recognise(reader, email=MAIL)


def test_a_new_customer_is_told_once_after_the_commit_and_without_personal_data(desk: Desk) -> None:
    told: list[CustomerCreated] = []
    events.wire({}, tell=told.append, wake=lambda: None)
    try:
        with db.transaction():
            customer_id = recognise(desk, email=MAIL, name="Mina")
            assert told == []
        recognise(desk, email=MAIL, name="Mina Kim")
    finally:
        events.wire({}, tell=lambda _event: None, wake=lambda: None)
    assert told == [CustomerCreated(service_id=desk.service_id, customer_id=customer_id or 0, number=1)]
    (line,) = history(customer_id)
    assert (line.name, line.actor_id) == ("customer.created", desk.agent.id)
    assert "ina" not in str(line.changes)


def test_mails_of_one_new_sender_filed_at_once_make_one_customer(desk: Desk) -> None:
    ways: list[dict[str, Any]] = [{"email": MAIL}, {"identity": ("email", "Mina@Shop.example")}] * 4
    found = at_once([partial(recognise, desk, name="Mina", **way) for way in ways])
    assert len(set(found)) == 1
    assert [row.number for row in everybody(desk)] == [1]
    assert recognise(desk, email="next@shop.example") != found[0]
    assert [row.number for row in everybody(desk)] == [1, 2]
    assert sorted(values(found[0])) == [("email", MAIL), ("name", "Mina")]
    assert len(history(found[0])) == 1


def test_new_senders_at_once_are_numbered_without_a_gap(desk: Desk) -> None:
    found = at_once([partial(recognise, desk, email=f"{place}@shop.example") for place in range(8)])
    assert len(set(found)) == 8
    assert [row.number for row in everybody(desk)] == list(range(1, 9))


def test_a_new_identity_claimed_at_once_by_two_customers_goes_to_one(desk: Desk) -> None:
    addresses = [f"{place}@shop.example" for place in range(4)]
    owners = [recognise(desk, email=address) for address in addresses]
    found = at_once([partial(recognise, desk, email=address, phone="010-1234-5678") for address in addresses])
    assert set(found) == set(owners)
    assert recognise(desk, phone="010-1234-5678") in owners
    assert len(everybody(desk)) == 4


def test_a_rolled_back_customer_was_never_there(desk: Desk) -> None:
    with suppress(ZeroDivisionError), db.transaction():
        recognise(desk, email=MAIL)
        raise ZeroDivisionError
    assert everybody(desk) == []
    assert customer(recognise(desk, email=MAIL)).number == 1


def test_a_known_customer_with_nothing_new_costs_one_statement(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {"email": MAIL, "name": "Mina", "phone": "010-1234-5678"}
    recognise(desk, **given)
    sent: list[str] = []
    execute = db.database.obj.execute_sql
    monkeypatch.setattr(db.database.obj, "execute_sql", lambda sql, *args: (sent.append(sql), execute(sql, *args))[1])
    recognise(desk, **given)
    assert len([sql for sql in sent if "SAVEPOINT" not in sql]) == 1
