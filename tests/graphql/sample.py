"""A small schema of tickets and customers, circular like the real one, and a shortcut to run a query on it."""

from collections.abc import AsyncGenerator
from enum import Enum
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from helpdesk.graphql.execution import Executor, GraphQLRequest, Outcome
from helpdesk.kernel.errors import Conflict, Invalid

SECRET = "password=hunter2"


class Phone:
    """A phone number, the sample's own scalar."""


def read_phone(value: object) -> str:
    """Return the number; say what is wrong with a word; break over an empty one."""
    if value == "":
        raise RuntimeError(SECRET)
    if not str(value).isdigit():
        raise Invalid("A phone number has digits only.", path=("phone",))
    return str(value)


@strawberry.enum
class Colour(Enum):
    """A choice."""

    RED = "red"
    GREEN = "green"


@strawberry.type
class Customer:
    """Who asks."""

    name: str = "Kim"

    @strawberry.field
    def tickets(self, first: int | None = None, last: int | None = None) -> "TicketConnection":
        return TicketConnection()


@strawberry.type
class Message:
    """What was said."""

    text: str = "Hello"

    @strawberry.field
    def author(self) -> Customer:
        return Customer()


@strawberry.type
class Ticket:
    """What is asked."""

    number: int = 1

    @strawberry.field
    def customer(self) -> Customer:
        return Customer()

    @strawberry.field
    def messages(self, first: int = 20) -> list[Message]:
        return [Message()]

    @strawberry.field
    def tags(self) -> list[str]:
        return ["new"]

    @strawberry.field
    def followers(self) -> list[Customer]:
        return [Customer()]

    @strawberry.field(metadata={"items": 3})  # type: ignore[untyped-decorator]  # an overload that strawberry forgot
    def watchers(self) -> list[Customer]:
        return [Customer()]

    @strawberry.field(metadata={"cost": 7})  # type: ignore[untyped-decorator]  # an overload that strawberry forgot
    def summary(self) -> str:
        return "short"


@strawberry.type
class PageInfo:
    """Whether there is more."""

    has_next_page: bool = False


@strawberry.type
class TicketEdge:
    """A ticket at its place."""

    cursor: str = "c"

    @strawberry.field
    def node(self) -> Ticket:
        return Ticket()


@strawberry.type
class TicketConnection:
    """A page of tickets."""

    @strawberry.field
    def edges(self) -> list[TicketEdge]:
        return [TicketEdge()]

    @strawberry.field
    def nodes(self) -> list[Ticket]:
        return [Ticket()]

    @strawberry.field
    def page_info(self) -> PageInfo:
        return PageInfo()


@strawberry.type
class Query:
    """What may be asked."""

    @strawberry.field
    def tickets(self, first: int | None = None, last: int | None = None) -> TicketConnection:
        return TicketConnection()

    @strawberry.field
    def ticket(self) -> Ticket:
        return Ticket()

    @strawberry.field
    def add(self, one: int = 1, colour: Colour = Colour.RED) -> int:
        return one

    @strawberry.field
    def call(self, phone: Phone) -> str:
        return str(phone)

    @strawberry.field
    def break_down(self) -> int | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def break_graphql(self) -> int | None:
        raise GraphQLError(SECRET)

    @strawberry.field
    def wrong_type(self) -> int | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def refuse(self) -> int | None:
        raise Conflict("The ticket has changed; load it again.", path=("ticket", "version"))

    @strawberry.field
    def break_everywhere(self) -> list[int | None]:
        return [SECRET] * 50  # type: ignore[list-item]

    @strawberry.field
    def whoami(self, info: strawberry.Info) -> str:
        return str(info.context)


@strawberry.type
class Mutation:
    """What may be changed."""

    @strawberry.mutation
    def touch(self, info: strawberry.Info) -> bool:
        info.context.append("touched")
        return True


@strawberry.type
class Subscription:
    """What may be followed."""

    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        yield 1


def make_executor() -> Executor:
    """Return an executor of the sample, its cache empty."""
    config = StrawberryConfig(scalar_map={Phone: strawberry.scalar(name="Phone", parse_value=read_phone)})
    return Executor(strawberry.Schema(Query, Mutation, Subscription, config=config))


def run(
    query: str,
    variables: dict[str, Any] | None = None,
    *,
    context: Any = None,
    may_introspect: bool = False,
    is_read_only: bool = False,
    operation_name: str | None = None,
    executor: Executor | None = None,
) -> Outcome:
    """Run a query on a new executor, or on the one given."""
    return (executor or make_executor()).execute(
        GraphQLRequest(query, variables, operation_name),
        context=context,
        may_introspect=may_introspect,
        is_read_only=is_read_only,
        request_id="request-1",
    )


def codes(outcome: Outcome) -> list[str]:
    """Return the codes of an outcome's errors."""
    return [error["extensions"]["code"] for error in outcome.errors]


def cost(outcome: Outcome) -> int:
    """Return the reported cost."""
    reported: int = outcome.extensions["cost"]["requested"]
    return reported
