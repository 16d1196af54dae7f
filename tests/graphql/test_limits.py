"""What is too large is refused at once and by name, however it is folded up."""

import time

import pytest
from graphql import get_introspection_query
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graphql.sample import codes, run


def doubling(count: int, *, body: str = "...F{next} ...F{next}") -> str:
    """Return fragments each of which spreads the next one twice."""
    fragments = [f"fragment F{i} on Query {{{body.replace('{next}', str(i + 1))}}}" for i in range(count)]
    return " ".join(["{...F0}", *fragments, f"fragment F{count} on Query {{add}}"])


@pytest.mark.parametrize("count", [16, 22, 30, 45, 60])
def test_doubled_fragments_are_refused_at_once(count: int) -> None:
    started = time.process_time()
    outcome = run(doubling(count))
    assert time.process_time() - started < 0.5  # 2 ms here; strawberry's own limiters take seconds to centuries
    assert codes(outcome)[0] in {"TOO_MANY_FIELDS", "TOO_MANY_FRAGMENTS"}
    assert not outcome.did_run


def test_few_doubled_fragments_are_answered() -> None:
    assert run(doubling(8)).data == {"add": 1}


def test_aliases_are_counted_after_fragments_are_expanded() -> None:
    aliases = " ".join(f"a{i}: add" for i in range(50))
    assert codes(run("{" + "...F " * 50 + f"}} fragment F on Query {{{aliases}}}")) == ["TOO_MANY_ALIASES"]


@pytest.mark.parametrize(("count", "is_refused"), [(100, False), (101, True)])
def test_hundred_aliases_are_the_most(count: int, is_refused: bool) -> None:
    outcome = run("{" + " ".join(f"a{i}: add" for i in range(count)) + "}")
    assert codes(outcome) == (["TOO_MANY_ALIASES"] if is_refused else [])


def test_a_name_may_be_asked_for_in_as_many_places_as_one_likes_and_not_too_often_in_one() -> None:
    assert run("{" + " ".join(f"a{i}: ticket {{number}}" for i in range(100)) + "}").errors == []
    assert run("{" + "ticket {number} " * 63 + "}").errors == []
    outcome = run("{" + "ticket {number} " * 64 + "}")
    assert codes(outcome) == ["TOO_MANY_FIELDS"]
    assert "64 times for “ticket”" in outcome.errors[0]["message"]


@pytest.mark.parametrize("circles", [4, 50, 90])
def test_going_round_in_circles_is_too_deep(circles: int) -> None:
    query = "{ticket{" + "customer{tickets{" * circles + "pageInfo{hasNextPage}" + "}}" * circles + "}}"
    assert codes(run(query)) == ["QUERY_TOO_DEEP"]


def test_aliases_within_fields_are_counted() -> None:
    aliases = " ".join(f"a{i}: number" for i in range(101))
    assert codes(run(f"{{ticket {{{aliases}}}}}")) == ["TOO_MANY_ALIASES"]


def test_depth_is_counted_through_fragments() -> None:
    fragments = "".join(
        f"fragment F{i} on Customer {{tickets {{nodes {{customer {{...F{i + 1}}}}}}}}} " for i in range(4)
    )
    query = "{ticket {customer {...F0}}} " + fragments + "fragment F4 on Customer {name}"
    assert codes(run(query)) == ["QUERY_TOO_DEEP"]


def test_nesting_beyond_the_parser_is_too_deep() -> None:
    assert codes(run("{a" * 300)) == ["QUERY_TOO_DEEP"]


def test_ten_levels_are_answered() -> None:
    query = "{tickets(first: 1){edges{node{customer{tickets{edges{node{messages{author{name}}}}}}}}}}"
    assert run(query).errors == []


def test_fifth_mutation_is_refused_even_from_a_fragment() -> None:
    log: list[str] = []
    query = "mutation {a: touch ...F ...{b: touch}} fragment F on Mutation {c: touch d: touch e: touch}"
    assert codes(run(query, context=log)) == ["TOO_MANY_MUTATIONS"]
    assert log == []


def test_four_mutations_run() -> None:
    log: list[str] = []
    run("mutation {a: touch b: touch c: touch d: touch}", context=log)
    assert len(log) == 4


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{" + "add " * 2_000 + "}", "TOO_MANY_TOKENS"),
        ("#\n" * 501 + "{add}", "TOO_MANY_TOKENS"),
        ("{add}" + " " * 65_536, "DOCUMENT_TOO_LARGE"),
        ("{" + "add @skip(if: false) " * 51 + "}", "TOO_MANY_DIRECTIVES"),
        ("{" + "ticket{number} " * 101 + "}", "TOO_MANY_FIELDS"),
        ('{call(phone: "\\u0000")}', "BAD_USER_INPUT"),
        ("{...F} fragment F on Query {...G} fragment G on Query {...F}", "GRAPHQL_VALIDATION_FAILED"),
        ("{...F} fragment F on Query {add} fragment F on Query {add}", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_each_limit_has_its_code(query: str, code: str) -> None:
    outcome = run(query)
    assert codes(outcome) == [code]
    assert not outcome.did_run


def test_tools_may_read_the_whole_schema() -> None:
    outcome = run(get_introspection_query(input_value_deprecation=True), may_introspect=True)
    assert outcome.errors == []


@settings(deadline=None)
@given(
    st.recursive(
        st.just("add"), lambda inner: st.lists(inner, min_size=1, max_size=6).map(lambda x: "...{" + " ".join(x) + "}")
    )
)
def test_any_nesting_of_inline_fragments_is_answered_or_refused(selection: str) -> None:
    outcome = run("{" + selection + "}")
    assert outcome.data == {"add": 1} or codes(outcome)[0] in {"TOO_MANY_FIELDS", "TOO_MANY_TOKENS", "QUERY_TOO_DEEP"}
