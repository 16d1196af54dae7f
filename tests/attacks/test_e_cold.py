"""E: what grows as it is expanded is refused before it grows, by the real schema and with every cache cold.

Counted in calls of functions, Python's and C's, so that a busy machine changes nothing: 10,000 of them take about
1 ms. Source: SECURITY E1, E2, E4; budget: refused within 50 ms.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from helpdesk.graphql.execution import Executor, GraphQLRequest, Outcome
from helpdesk.graphql.schema import build

MOST_CALLS = 150_000
LEAF = "viewer {__typename}"
PAGES = "tickets(first: 100) {nodes {customer {tickets(first: 100) {nodes {messages(first: 100) {nodes {id}}}}}}}"
SPREAD_PAGES = (
    "{tickets(first: 100) {nodes {...A}}} fragment A on Ticket {customer {tickets(first: 100) {nodes {...B}}}}"
    " fragment B on Ticket {messages(first: 100) {nodes {id}}}"
)


def doubling(fragments: int, *, spreads: int = 2) -> str:
    """Return fragments of which each spreads the next one so many times."""
    chain = [f"fragment F{i} on Query {{{f'...F{i + 1} ' * spreads}}}" for i in range(fragments - 1)]
    return " ".join(["{...F0}", *chain, f"fragment F{fragments - 1} on Query {{{LEAF}}}"])


def aliases(count: int, field: str) -> str:
    return " ".join(f"a{i}: {field}" for i in range(count))


ATTACKS = {
    **{f"{count} fragments that double": (doubling(count), "TOO_MANY_FIELDS") for count in (12, 24, 50)},
    "24 fragments of 38 spreads": (doubling(24, spreads=38), "TOO_MANY_FIELDS"),
    "aliases in a spread fragment": (
        f"{{{'...F ' * 50}}} fragment F on Query {{{aliases(50, LEAF)}}}",
        "TOO_MANY_ALIASES",
    ),
    "aliases in a row": (f"{{{aliases(250, 'tickets {totalCount}')}}}", "TOO_MANY_ALIASES"),
    "aliases in a page": (f"{{tickets {{nodes {{{aliases(120, 'messages {totalCount}')}}}}}}}", "TOO_MANY_ALIASES"),
    "equal fields": (f"{{{'ticket(number: 1) {id subject status} ' * 99}}}", "TOO_MANY_FIELDS"),
    "equal fields that there are not": (f"{{{'nothing {at all} ' * 99}}}", "TOO_MANY_FIELDS"),
    "equal fields in many fragments": (
        "".join(f"fragment F{i} on Query {{viewer {{id name __typename}}}} " for i in range(49))
        + f"{{{' '.join(f'...F{i}' for i in range(49))}}}",
        "TOO_MANY_FIELDS",
    ),
    "one leaf again and again": (f"{{{'__typename ' * 1900}}}", "TOO_MANY_FIELDS"),
    "pages in pages": (f"{{{PAGES}}}", "QUERY_TOO_COSTLY"),
    "pages in pages by fragments": (SPREAD_PAGES, "QUERY_TOO_COSTLY"),
    "many pages in pages": (f"{{{aliases(20, PAGES)}}}", "QUERY_TOO_COSTLY"),
}


@pytest.fixture(scope="module")
def schema() -> Any:
    """The whole schema."""
    return build()


def counted(call: Callable[[], Outcome]) -> tuple[Outcome, int]:
    """Return what the call gives, and how many functions it called."""
    count = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        outcome = call()
    finally:
        sys.setprofile(before)
    return outcome, count


@pytest.mark.parametrize("name", ATTACKS)
def test_what_grows_as_it_is_expanded_costs_next_to_nothing(schema: Any, name: str) -> None:
    document, code = ATTACKS[name]
    cold = Executor(schema)
    request = GraphQLRequest(document)
    outcome, calls = counted(lambda: cold.execute(request, context=None, may_introspect=False, is_read_only=False))
    assert [error["extensions"]["code"] for error in outcome.errors] == [code]
    assert not outcome.did_run
    assert calls < MOST_CALLS
