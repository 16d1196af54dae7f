"""What the whole application serves of plugins: their fields, their place in the schema's text, their slots."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.factories.client import Caller, ticket
from tests.graphql.visits import Visits
from tests.hosting.plugins import installed
from tests.hosting.signs import Signs

FIELD = "{ tickets { nodes { visitsCount } } }"


@pytest.fixture
def visits(partner: Caller) -> Iterator[None]:
    Visits.answers.clear()
    with installed(Visits, "visits"):
        yield


@pytest.mark.usefixtures("visits")
def test_fields_of_a_plugin_are_served_like_the_cores(partner: Caller) -> None:
    ticket(partner)
    assert partner.post(FIELD).get_json()["data"] == {"tickets": {"nodes": [{"visitsCount": 1}]}}
    assert "visitsCount" in partner.send("GET", "/demo/graphql/schema.graphql").get_data(as_text=True)
    types = partner.post('{ __type(name: "VisitsPage") { description fields { name } } }').get_json()["data"]["__type"]
    assert types["description"] == "A page that somebody has seen."
    assert [field["name"] for field in types["fields"]] == ["url", "mood", "seenAt", "linked"]


def test_fields_go_when_the_plugin_goes(partner: Caller) -> None:
    with installed(Visits, "visits"):
        assert "errors" not in partner.post(FIELD).get_json()
    (error,) = partner.post(FIELD).get_json()["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.usefixtures("visits")
def test_stranger_reads_nothing_of_a_plugin(stranger: Caller) -> None:
    assert stranger.post("{ visitsNumber }").get_json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.usefixtures("visits")
def test_page_with_a_plugins_field_takes_as_many_statements_however_long_it_is(
    partner: Caller, statements: list[str]
) -> None:
    for place in range(20):
        ticket(partner, customer={"email": f"c{place}@customer.example"})
    counts = []
    for size in (5, 20):
        statements.clear()
        answer: Any = partner.post(f"{{ tickets(first: {size}) {{ nodes {{ visitsCount }} }} }}").get_json()
        assert len(answer["data"]["tickets"]["nodes"]) == size
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_slots_of_a_plugin_are_on_the_pages(stranger: Caller) -> None:
    with installed(Signs, "signs"):
        assert 'data-hd-slot="signs:home.bottom"' in stranger.send("GET", "/demo/hc/en/").get_data(as_text=True)
