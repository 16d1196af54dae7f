"""Customers are found by number and by how their data begins, inside their service."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.customers import operations, queries, searching
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.paging import Window
from helpdesk.organization import operations as organization
from tests.factories.statements import counted

Desk = Any


@pytest.fixture
def people(desk: Desk) -> dict[str, int]:
    """Some customers of the desk, by name, and one of another service."""
    known: list[dict[str, str]] = [
        {"name": "Mina Kim", "email": "mina@shop.example", "phone": "010-1234-5678", "user_key": "u_1"},
        {"name": "김미나", "email": "minsu@shop.example", "phone": "02-123-4567", "user_key": "ux1"},
        {"name": "100%", "email": "percent@shop.example"},
        {"name": "100 won", "email": "won@shop.example"},
        {"name": "back\\slash", "email": "back@shop.example"},
    ]
    made = {one["name"]: operations.recognise(desk.agent, **one) or 0 for one in known}
    other = organization.create_service(
        desk.organization_id, slug="two", names={"en": "2"}, languages=["en"], default_language="en", time_zone="UTC"
    )
    operations.recognise(Actor(ActorKind.SYSTEM, other), name="Mina elsewhere", email="mina@shop.example")
    return made


def found(desk: Desk, search: str | None) -> list[str]:
    """Return the names of those who are found."""
    return sorted(row.name for row in queries.page_of_service(desk.service_id, Window(first=100), search=search).rows)


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("mina", ["Mina Kim"]),
        ("MIN", ["Mina Kim", "김미나"]),
        (" 김미 ", ["김미나"]),
        ("Kim", ["Mina Kim"]),
        ("kim mina", ["Mina Kim"]),
        ("kim minsu", []),
        ("ina", []),
        ("미나", ["김미나"]),
        ("나", []),
        ("Mina Kim <mina@shop.example>", ["Mina Kim"]),
        ("minsu@", ["김미나"]),
        ("shop.ex percent", ["100%"]),
        ("minsu@shop.example", ["김미나"]),
        ("010-1234", ["Mina Kim"]),
        ("+82 10", ["Mina Kim"]),
        ("02123", ["김미나"]),
        ("5678", ["Mina Kim"]),
        ("1234-567", ["Mina Kim", "김미나"]),
        ("45678", ["Mina Kim"]),
        ("345 678", ["Mina Kim"]),
        ("#1", []),
        ("+1 999", []),
        ("u_", ["Mina Kim"]),
        ("ux1", ["김미나"]),
        ("100%", ["100%"]),
        ("100", ["100 won", "100%"]),
        ("%", []),
        ("_", []),
        ("back\\", ["back\\slash"]),
        ("'; --", []),
        ("3", ["100%"]),
        ("9" * 30, []),
        ("²", []),
        ("4", ["100 won"]),
    ],
)
def test_search_takes_what_is_typed_as_it_is(desk: Desk, people: dict[str, int], search: str, names: list[str]) -> None:
    assert found(desk, search) == names


def test_a_blank_search_finds_everybody_of_the_service(desk: Desk, people: dict[str, int]) -> None:
    assert found(desk, None) == found(desk, " \n") == sorted(people)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(search=st.text(max_size=300))
def test_no_search_breaks_or_finds_what_does_not_begin_so(desk: Desk, people: dict[str, int], search: str) -> None:
    everybody = set(people)
    assert set(found(desk, search)) <= everybody


def test_a_customer_has_a_number_in_one_service_only(desk: Desk, people: dict[str, int]) -> None:
    row = queries.customer_by_number(desk.service_id, 1)
    assert row is not None
    assert (row.id, row.name) == (people["Mina Kim"], "Mina Kim")
    elsewhere = queries.customer_by_number(desk.service_id + 1, 1)
    assert elsewhere is not None
    assert elsewhere.name == "Mina elsewhere"
    assert [queries.customer_by_number(desk.service_id, number) for number in (0, -1, 99, 2**63, 2**80)] == [None] * 5


def test_customers_come_aligned_with_their_ids(desk: Desk, people: dict[str, int]) -> None:
    ids = [people["100%"], None, 10_000, people["Mina Kim"], people["100%"]]
    rows = queries.customers_by_ids(ids)
    assert [row and row.name for row in rows] == ["100%", None, None, "Mina Kim", "100%"]


def test_customers_of_a_service_can_be_paged(desk: Desk, people: dict[str, int]) -> None:
    first = queries.page_of_service(desk.service_id, Window(first=1), search="100")
    window = Window(first=5, after=first.cursor_of(first.rows[0]))
    rest = queries.page_of_service(desk.service_id, window, search="100")
    assert [row.name for row in first.rows + rest.rows] == ["100 won", "100%"]
    assert [first.count(most) for most in (None, 1, 2, 3)] == [2, 1, 2, 2]


def test_whether_a_word_is_common_is_asked_once_a_search(
    desk: Desk, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "COMMON", 4)
    with counted() as sent:
        shown = queries.page_of_service(desk.service_id, Window(first=1), search="mina shop.example")
        assert (shown.count(5), shown.count(None)) == (1, 1)
    asked = [sql for sql in sent if "COUNT(1)" in sql]
    assert len(asked) == 2, "One for each word."


def test_a_customer_who_is_found_by_many_terms_is_counted_once(
    desk: Desk, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    operations.recognise(desk.agent, name="mina minb minc mind mine minf", email="minna@min.example")
    shown = queries.page_of_service(desk.service_id, Window(first=1), search="min")
    assert [shown.count(most) for most in (None, 1, 2, 3, 4)] == [3, 1, 2, 3, 3]


def test_a_customer_is_known_by_an_identity_in_any_spelling(desk: Desk, people: dict[str, int]) -> None:
    mina = people["Mina Kim"]
    ways = [("email", " MINA@shop.example "), ("phone", "+82 10 1234 5678"), ("user_key", "u_1")]
    assert {queries.customer_of_identity(desk.service_id, *way) for way in ways} == {mina}
    for kind, value in (("email", "nobody@shop.example"), ("kakao", "u_1"), ("email", " ")):
        assert queries.customer_of_identity(desk.service_id, kind, value) is None
    assert queries.customer_of_identity(desk.service_id + 1, "phone", "010-1234-5678") is None


def test_a_customer_is_reached_by_the_newest_identity_of_a_kind(desk: Desk, people: dict[str, int]) -> None:
    mina = people["Mina Kim"]
    assert queries.identity_of(mina, "email") == "mina@shop.example"
    operations.recognise(desk.agent, user_key="u_1", email="new@shop.example")
    assert queries.identity_of(mina, "email") == "new@shop.example"
    assert queries.identity_of(mina, "kakao") is None


def test_walking_the_list_finds_the_same_as_sorting_the_hits(
    desk: Desk, people: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["mina", "kim mina", "kim minsu", "미나", "shop", "3", "5678", "100%", "'"]
    sorted_ones = [found(desk, text) for text in texts]
    monkeypatch.setattr(searching, "COMMON", 1)
    assert [found(desk, text) for text in texts] == sorted_ones
    monkeypatch.setattr(searching, "DENSE", 1)
    assert [found(desk, text) for text in texts] == sorted_ones


def test_a_value_that_is_learnt_later_is_found_too(desk: Desk, people: dict[str, int]) -> None:
    operations.recognise(desk.agent, email="won@shop.example", phone="010-9876-5432", user_key="member-77")
    assert found(desk, "9876") == found(desk, "member") == ["100 won"]
