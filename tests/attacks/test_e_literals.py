"""E: in filters, words and orders every character means itself. Source: SECURITY E11."""

import pytest

from tests.factories.client import Caller, ticket

SUBJECTS = [
    "100% sure",
    "under_score",
    "back\\slash",
    "quote ' quote",
    'double " quote',
    "semi; DROP TABLE ticket; --",
    "$.json['path'] -> ->> #>",
    "star * hyphen - NEAR OR AND",
    "plain",
]
PROBES = [
    "%",
    "_",
    "\\",
    "'",
    '"',
    ";",
    "--",
    "$.",
    "->>",
    "*",
    "%%",
    "' OR '1'='1",
    "\\%",
    "(",
    "{}",
    "[0]",
    ":*",
    "|",
    "?",
    "%s",
]


@pytest.fixture
def filled(partner: Caller) -> Caller:
    """A partner with a ticket for each odd subject."""
    for subject in SUBJECTS:
        ticket(partner, subject=subject, body=".", customer={"userKey": subject, "name": subject})
    return partner


def found(caller: Caller, **arguments: object) -> list[str]:
    """Return the subjects of the tickets that are found."""
    order = [{"field": "NUMBER", "direction": "ASC"}]
    return [node["subject"] for node in caller.ask("Tickets", orderBy=order, **arguments)["tickets"]["nodes"]]


def test_filters_take_every_character_literally(filled: Caller) -> None:
    for probe in PROBES:
        expected = {
            "CONTAINS": [one for one in SUBJECTS if probe in one],
            "NOT_CONTAINS": [one for one in SUBJECTS if probe not in one],
            "STARTS_WITH": [one for one in SUBJECTS if one.startswith(probe)],
            "IS": [one for one in SUBJECTS if one == probe],
        }
        for operator, subjects in expected.items():
            where = {"field": "subject", "op": operator, "value": probe}
            assert found(filled, where=where) == subjects, (operator, probe)


def test_keywords_are_compared_literally(filled: Caller) -> None:
    for probe in PROBES:
        assert found(filled, where={"field": "channel", "value": probe}) == []
        assert found(filled, where={"field": "customer", "value": probe}) == []


def test_words_to_search_for_are_no_language(filled: Caller) -> None:
    for probe in [
        *PROBES[:-1],  # a word behind a sign is searched as the word
        "NEAR(a b)",
        "a AND b",
        "terms:plain",
        "plain OR",
        "NOT plain",
        '"plain',
        "plain*",
        "!plain",
    ]:
        titles = found(filled, search=probe)
        assert set(titles) <= ({"plain"} if "plain" in probe else set()), probe
    assert found(filled, search="DROP TABLE") == ["semi; DROP TABLE ticket; --"]
    assert filled.ask("TicketCount")["tickets"]["totalCount"] == len(SUBJECTS)


def test_customers_are_searched_literally(filled: Caller) -> None:
    for probe in ["%", "_", "\\", "'", "100%", "under_", "back\\"]:
        nodes = filled.ask("Customers", search=probe)["customers"]["nodes"]
        assert [node["name"] for node in nodes] == [one for one in SUBJECTS if one.startswith(probe)], probe
    nodes = filled.ask("Customers", search="quote '")["customers"]["nodes"]
    assert {node["name"] for node in nodes} == {one for one in SUBJECTS if "quote" in one}, (
        "Signs around words are none."
    )


@pytest.mark.parametrize("field", ["subject; --", "NUMBER DESC", "RANDOM()", "id", "1"])
def test_orders_are_a_closed_list(partner: Caller, field: str) -> None:
    assert partner.failed("Tickets", orderBy=[{"field": field}]) == "BAD_USER_INPUT"


@pytest.mark.parametrize("field", ["subject'", "service", "id", "subject->>'x'", "customer.email", "1=1", "__class__"])
def test_fields_are_a_closed_list(partner: Caller, field: str) -> None:
    assert partner.failed("Tickets", where={"field": field, "value": "x"}) == "INVALID"
