"""The price of a query multiplies its pages, is told with the answer, and is refused before anything runs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.graphql.costs import MAX_COST
from tests.graphql.sample import codes, cost, make_executor, run


@pytest.mark.parametrize(
    ("query", "price"),
    [
        ("{__typename add}", 0),
        ("{ticket {number tags}}", 1),
        ("{ticket {customer {name}}}", 2),
        ("{ticket {summary}}", 8),
        ("{ticket {followers {name}}}", 1 + 10),
        ("{ticket {watchers {name}}}", 1 + 3),
        ("{ticket {messages {text}}}", 1 + 20),
        ("{ticket {messages(first: 3) {text author {name}}}}", 1 + 3 * 2),
        ("{tickets {nodes {number}}}", 1 + 20),
        ("{tickets(first: 50) {nodes {number}}}", 1 + 50),
        ("{tickets(last: 50) {edges {cursor node {number}}}}", 1 + 50),
        ("{tickets(first: 50, last: null) {nodes {number} pageInfo {hasNextPage}}}", 1 + 50 + 1),
        ("{tickets(first: 0) {nodes {number}}}", 1),
        ("{tickets(first: 50) {...F}} fragment F on TicketConnection {nodes {customer {name}}}", 1 + 50 * 2),
        ("{tickets(first: 5) {... on TicketConnection {nodes {number}}}}", 1 + 5),
        ("mutation {touch}", 10),
    ],
)
def test_price_is_told_with_the_answer(query: str, price: int) -> None:
    outcome = run(query, context=[])
    assert outcome.errors == []
    assert outcome.extensions["cost"] == {"requested": price, "limit": MAX_COST}


def test_full_ticket_page_is_affordable() -> None:
    relations = " ".join(f"r{i}: customer {{name}}" for i in range(10))
    query = f"{{tickets(first: 50) {{nodes {{{relations} messages(first: 20) {{text author {{name}}}}}}}}}}"
    assert cost(run(query)) == 1 + 50 * (1 + 10 + 20 * 2)


def test_page_within_page_is_too_costly_and_says_the_price() -> None:
    outcome = run("{tickets(first: 100) {nodes {messages(first: 100) {text}}}}")
    assert codes(outcome) == ["QUERY_TOO_COSTLY"]
    assert cost(outcome) == 1 + 100 * 101
    assert "10,101" in outcome.errors[0]["message"]
    assert not outcome.did_run


@pytest.mark.parametrize(("size", "price"), [(1, 2), (100, 101), (None, 21)])
def test_page_size_may_come_from_a_variable(size: int | None, price: int) -> None:
    executor = make_executor()
    query = "query ($size: Int) {tickets(first: $size) {nodes {number}}}"
    assert cost(run(query, {"size": 7}, executor=executor)) == 8
    assert cost(run(query, {"size": size}, executor=executor)) == price


def test_page_size_may_come_from_a_default() -> None:
    assert cost(run("query ($size: Int = 9) {tickets(first: $size) {nodes {number}}}")) == 10


@pytest.mark.parametrize("size", [-1, 101, 1_000_000])
def test_impossible_page_is_refused_as_literal_and_as_variable(size: int) -> None:
    literal = run(f"{{tickets(first: {size}) {{nodes {{number}}}}}}")
    variable = run("query ($size: Int) {tickets(last: $size) {nodes {number}}}", {"size": size})
    assert codes(literal) == codes(variable) == ["BAD_PAGE_SIZE"]
    assert str(size) in variable.errors[0]["message"]


def test_first_and_last_together_are_refused() -> None:
    outcome = run("{tickets(first: 5, last: 5) {nodes {number}}}")
    assert codes(outcome) == ["BAD_PAGE_SIZE"]
    assert "not both" in outcome.errors[0]["message"]


def test_each_operation_of_a_document_has_its_own_price() -> None:
    executor = make_executor()
    query = "query Small {add} query Large {tickets(first: 50) {nodes {number}}}"
    assert cost(run(query, operation_name="Small", executor=executor)) == 0
    assert cost(run(query, operation_name="Large", executor=executor)) == 51


def test_introspection_has_a_price() -> None:
    assert cost(run("{__schema {queryType {name}}}", may_introspect=True)) == 500


@settings(deadline=None)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=2))
def test_price_is_the_product_of_the_pages(sizes: list[int]) -> None:
    query, price = "name", 0
    for size in sizes:
        query, price = f"tickets(first: {size}) {{nodes {{customer {{{query}}}}}}}", 1 + size * (2 + price)
    outcome = run(f"{{ticket {{customer {{{query}}}}}}}")
    assert cost(outcome) == price + 2
    assert codes(outcome) == ([] if price + 2 <= MAX_COST else ["QUERY_TOO_COSTLY"])
