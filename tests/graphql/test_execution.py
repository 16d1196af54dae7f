"""One request runs in one order of steps, and what is refused has run nothing."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import strawberry
from strawberry.extensions import SchemaExtension

from helpdesk.graphql.compiled.seam import running_now
from helpdesk.graphql.execution import Executor, GraphQLRequest
from tests.graphql.sample import codes, make_executor, run


def test_query_is_answered_with_its_context() -> None:
    outcome = run("{whoami}", context="Lee")
    assert (outcome.data, outcome.errors, outcome.did_run) == ({"whoami": "Lee"}, [], True)


def test_variables_and_operation_name_choose() -> None:
    query = "query One($n: Int!) {add(one: $n)} query Two {add(one: 2)}"
    assert run(query, {"n": 5}, operation_name="One").data == {"add": 5}
    assert run(query, operation_name="Two").data == {"add": 2}


@pytest.mark.parametrize(
    ("query", "name"), [("query A {add} query B {add}", None), ("{add}", "C"), ("fragment F on Query {add}", None)]
)
def test_unclear_operation_is_refused(query: str, name: str | None) -> None:
    outcome = run(query, operation_name=name)
    assert codes(outcome)[0] in {"OPERATION_RESOLUTION_FAILURE", "GRAPHQL_VALIDATION_FAILED"}
    assert not outcome.did_run


def test_mutation_is_refused_where_only_reading_is_allowed() -> None:
    log: list[str] = []
    outcome = run("mutation {touch}", context=log, is_read_only=True)
    assert (codes(outcome), log, outcome.did_run) == (["METHOD_NOT_ALLOWED"], [], False)


def test_subscription_is_sent_to_the_stream() -> None:
    outcome = run("subscription {ticks}")
    assert codes(outcome) == ["SUBSCRIPTION_NOT_SUPPORTED"]
    assert "stream" in outcome.errors[0]["message"]


def test_bad_variable_runs_nothing() -> None:
    log: list[str] = []
    outcome = run("mutation ($is: Boolean!) {touch @skip(if: $is)}", {"is": "maybe"}, context=log)
    assert (codes(outcome), log, outcome.did_run) == (["BAD_USER_INPUT"], [], False)


def test_anonymous_may_ask_for_typename_only() -> None:
    assert run("{__typename ticket {__typename}}").data == {"__typename": "Query", "ticket": {"__typename": "Ticket"}}
    assert codes(run('{__type(name: "Ticket") {name}}')) == ["INTROSPECTION_DISABLED"]
    assert codes(run("{...F} fragment F on Query {__schema {queryType {name}}}")) == ["INTROSPECTION_DISABLED"]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{tiket {number}}", None),
        ("{add(on: 1)}", None),
        ("{add(colour: REDD)}", None),
        ("query ($c: Colour!) {add(colour: $c)}", {"c": "REDD"}),
        ("{... on Tiket {number}}", None),
    ],
)
def test_suggestions_are_for_those_who_may_see_the_schema(query: str, variables: dict[str, object] | None) -> None:
    assert "Did you mean" not in run(query, variables).errors[0]["message"]
    assert "Did you mean" in run(query, variables, may_introspect=True).errors[0]["message"]


def test_second_schema_extension_still_runs_and_sees_the_document() -> None:
    seen: list[str] = []

    class Watch(SchemaExtension):
        def on_execute(self) -> Iterator[None]:
            now = running_now()
            seen.append(now.document.text if now else "")
            yield

        def get_results(self) -> dict[str, str]:
            return {"watched": "yes"}

    @strawberry.type
    class Query:
        one: int = 1

    executor = Executor(strawberry.Schema(Query, extensions=[Watch]))
    outcome = executor.execute(GraphQLRequest("{__typename}"), context=None, may_introspect=False, is_read_only=True)
    assert seen == ["{__typename}"]
    assert outcome.extensions == {"watched": "yes", "cost": {"requested": 0, "limit": 5_000}}
    assert running_now() is None


def test_resolver_may_ask_the_schema_something_else() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def inner(self, info: strawberry.Info) -> str:
            info.context.append("asked")
            assert len(info.context) == 1, "The inner query was taken for the outer one."
            return str(schema.execute_sync("{__typename}", context_value=info.context).data)

    schema = strawberry.Schema(Query)
    request = GraphQLRequest("{inner}")
    outcome = Executor(schema).execute(request, context=[], may_introspect=False, is_read_only=True)
    assert outcome.data == {"inner": "{'__typename': 'Query'}"}


def test_threads_do_not_mix_up_their_documents() -> None:
    executor = make_executor()
    barrier = threading.Barrier(8)

    def ask(number: int) -> object:
        barrier.wait(10)
        return [run(f"{{add(one: {number})}}", executor=executor).data for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert answers == [[{"add": number}] * 20 for number in range(8)]
