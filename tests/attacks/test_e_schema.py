"""E: the limits hold for the real schema, its circles and its pages. Source: SECURITY E3, E4, E6."""

import pytest
from graphql import get_introspection_query

from tests.factories.client import Caller


def codes(caller: Caller, document: str) -> list[str]:
    """Return the codes of an answer that ran nothing."""
    answer = caller.post(document)
    body = answer.get_json()
    assert answer.status_code == 200
    assert body.get("data") is None
    return [error["extensions"]["code"] for error in body["errors"]]


@pytest.mark.parametrize("circles", [4, 20, 100])
def test_circles_of_the_real_schema_are_too_deep(partner: Caller, circles: int) -> None:
    inside = "number"
    for _ in range(circles):
        inside = f"customer {{tickets(first: 1) {{nodes {{{inside}}}}}}}"
    assert codes(partner, f"{{ticket(number: 1) {{{inside}}}}}") == ["QUERY_TOO_DEEP"]


def test_page_within_page_of_the_real_schema_is_too_costly(partner: Caller, statements: list[str]) -> None:
    statements.clear()
    document = "{tickets(first: 100) {nodes {messages(first: 100) {nodes {author {name}}}}}}"
    assert codes(partner, document) == ["QUERY_TOO_COSTLY"]
    assert [sql for sql in statements if '"ticket"' in sql] == []


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (get_introspection_query(), "INTROSPECTION_DISABLED"),
        ('{__type(name: "Ticket") {name}}', "INTROSPECTION_DISABLED"),
        ("{tickts {totalCount}}", "GRAPHQL_VALIDATION_FAILED"),
        ("{tickets(frist: 1) {totalCount}}", "GRAPHQL_VALIDATION_FAILED"),
        ("{tickets(where: {feild: 1}) {totalCount}}", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation {ticketCreat}", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_stranger_learns_nothing_of_the_schema(stranger: Caller, document: str, code: str) -> None:
    assert set(codes(stranger, document)) == {code}
    assert "Did you mean" not in stranger.post(document).text


def test_partner_may_read_the_whole_schema(partner: Caller) -> None:
    answer = partner.post(get_introspection_query()).get_json()
    assert "errors" not in answer
    assert len(answer["data"]["__schema"]["types"]) > 80
