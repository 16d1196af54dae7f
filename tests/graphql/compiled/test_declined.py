"""What the compiled executor does not know it leaves to the reference, before anything was done twice."""

from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from graphql import GraphQLField, GraphQLNonNull, GraphQLString, OperationDefinitionNode, get_variable_values, parse
from strawberry.directive import DirectiveLocation, DirectiveValue
from strawberry.extensions import FieldExtension, SchemaExtension

from helpdesk.graphql.compiled.plans import MOST_PLANS, Plans
from helpdesk.graphql.execution import Executor, GraphQLRequest, Outcome


class Awaiting(FieldExtension):
    """Can only be awaited."""

    async def resolve_async(self, next_: Callable[..., Any], source: Any, info: Any, **kwargs: Any) -> Any:
        return await next_(source, info, **kwargs)


@strawberry.interface
class Fruit:
    """What is an apple or a pear."""

    name: str


@strawberry.type
class Apple(Fruit):
    """Has a field that nobody waits for."""

    name: str = "apple"

    @strawberry.field
    async def later(self) -> str:
        return "later"


@strawberry.type
class Pear(Fruit):
    """Has none."""

    name: str = "pear"


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    def name(self, info: strawberry.Info) -> str:
        info.context.append("name")
        return "a"

    @strawberry.field
    async def later(self) -> str:
        return "later"

    @strawberry.field(extensions=[Awaiting()])
    def awaited(self) -> str:
        return "awaited"

    @strawberry.field
    def fruit(self, info: strawberry.Info, kind: str) -> Fruit:
        info.context.append(kind)
        return Apple() if kind == "apple" else Pear()


@strawberry.type
class Mutation:
    """What can be done."""

    @strawberry.mutation
    def plant(self, info: strawberry.Info) -> Fruit:
        info.context.append("planted")
        return Apple()


def schema(**options: Any) -> strawberry.Schema:
    """Return a new schema."""
    return strawberry.Schema(Query, Mutation, types=[Apple, Pear], **options)


def ask(executor: Executor, query: str, variables: dict[str, Any] | None = None) -> tuple[Outcome, list[str]]:
    """Return the answer, and which fields were asked."""
    log: list[str] = []
    request = GraphQLRequest(query, variables)
    return executor.execute(request, context=log, may_introspect=True, is_read_only=False), log


def is_declined(plans: Plans, query: str, variables: dict[str, Any] | None = None) -> bool:
    """Return whether the document's one operation has no plan."""
    operation = parse(query).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    coerced = get_variable_values(plans._schema, operation.variable_definitions or (), variables or {})
    assert not isinstance(coerced, list)
    return plans.of(operation, coerced) is None


def plans_of(query: str, of: strawberry.Schema | None = None) -> Plans:
    """Return the plans of a document."""
    return Plans((of or schema())._schema, parse(query))


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ('{__type(name: "Query") {name}}', {"__type": {"name": "Query"}}),
        (
            "{name ... on Query {__schema {queryType {name}}}}",
            {"name": "a", "__schema": {"queryType": {"name": "Query"}}},
        ),
    ],
)
def test_introspection_is_declined_and_answered(query: str, data: dict[str, Any]) -> None:
    assert is_declined(plans_of(query), query)
    outcome, _ = ask(Executor(schema()), query)
    assert (outcome.data, outcome.errors) == (data, [])


def test_directive_that_is_not_known_is_declined_and_answered() -> None:
    @strawberry.directive(locations=[DirectiveLocation.FIELD])
    def loud(value: DirectiveValue[str]) -> str:
        return value.upper()

    query = "{name @loud}"
    assert is_declined(plans_of(query, schema(directives=[loud])), query)
    outcome, _ = ask(Executor(schema(directives=[loud])), query)
    assert (outcome.data, outcome.errors) == ({"name": "A"}, [])


@pytest.mark.parametrize(
    "query",
    ["{later}", "{name awaited}", "{...F} fragment F on Query {later}", "mutation {plant {... on Apple {later}}}"],
)
def test_what_must_be_awaited_is_declined(query: str) -> None:
    assert is_declined(plans_of(query), query)
    assert not is_declined(plans_of("{name}"), "{name}")


def test_resolver_that_strawberry_does_not_know_is_declined_if_it_must_be_awaited() -> None:
    async def later(_source: Any, _info: Any) -> str:
        return "later"

    made = schema()
    made._schema.query_type.fields["foreign"] = GraphQLField(GraphQLNonNull(GraphQLString), resolve=later)  # type: ignore[union-attr]
    assert is_declined(plans_of("{foreign}", made), "{foreign}")


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_query_is_declined_when_a_value_of_such_a_type_is_met() -> None:
    executor = Executor(schema())
    query = "query ($kind: String!) {fruit(kind: $kind) {name ... on Apple {later}}}"
    outcome, log = ask(executor, query, {"kind": "pear"})
    assert (outcome.data, log) == ({"fruit": {"name": "pear"}}, ["pear"])
    outcome, log = ask(executor, query, {"kind": "apple"})
    assert (outcome.data, len(outcome.errors), log) == (None, 1, ["apple", "apple"])


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_mutation_is_done_once_even_if_it_is_declined() -> None:
    _, log = ask(Executor(schema()), "mutation {plant {... on Apple {later}}}")
    assert log == ["planted"]


def test_more_shapes_than_are_kept_are_answered_all_the_same() -> None:
    names = [f"v{place}" for place in range(4)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: name @include(if: ${name})" for name in names)
    query = f"query ({declared}) {{{fields}}}"
    shapes = [{name: bool(shape >> place & 1) for place, name in enumerate(names)} for shape in range(2 * MOST_PLANS)]
    executor, plans = Executor(schema()), plans_of(query)
    for _ in range(2):
        assert [is_declined(plans, query, shape) for shape in shapes] == [False] * MOST_PLANS + [True] * MOST_PLANS
    for shape in shapes:
        outcome, _ = ask(executor, query, shape)
        assert outcome.data == {name: "a" for name, is_asked in shape.items() if is_asked}


def test_extension_that_listens_to_each_field_hears_of_each() -> None:
    heard: list[str] = []

    class Listening(SchemaExtension):
        def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            heard.append(info.field_name)
            return _next(root, info, *args, **kwargs)

    outcome, _ = ask(Executor(schema(extensions=[Listening])), '{name fruit(kind: "pear") {name}}')
    assert (outcome.data, outcome.errors) == ({"name": "a", "fruit": {"name": "pear"}}, [])
    assert heard == ["name", "fruit", "name"]


def test_subscription_has_no_plan() -> None:
    query = "subscription {name}"
    assert is_declined(plans_of(query), query)
