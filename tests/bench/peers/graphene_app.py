"""Graphene over the same tables: the part of the schema that the page asks for, its enums as plain text."""

import asyncio
from typing import Any

import graphene
import orjson
from flask import Flask, Response, request

from tests.bench.bare_app import SERVICE, connected
from tests.bench.peers import tables
from tests.bench.peers.tables import Loaders
from tests.bench.raw import Bare


class MessageAuthor(graphene.Interface):
    """Whoever wrote a message."""

    name = graphene.String(required=True)

    @classmethod
    def resolve_type(cls, instance: Any, info: Any) -> Any:
        """Return the class by what the row says."""
        return Agent if instance["kind"] == "Agent" else Customer


class Customer(graphene.ObjectType):
    """Who asks."""

    class Meta:
        interfaces = (MessageAuthor,)

    id = graphene.ID(required=True)
    number = graphene.Int(required=True)
    email = graphene.String()


class Agent(graphene.ObjectType):
    """Who answers."""

    class Meta:
        interfaces = (MessageAuthor,)

    id = graphene.ID(required=True)


class AgentGroup(graphene.ObjectType):
    """Who answer together."""

    id = graphene.ID(required=True)
    name = graphene.String(required=True)


class Delivery(graphene.ObjectType):
    """How far a message is on its way."""

    state = graphene.String(required=True)


class Message(graphene.ObjectType):
    """A message."""

    id = graphene.ID(required=True)
    kind = graphene.String(required=True)
    bodyText = graphene.String(required=True)  # noqa: N815  # the name in the row
    createdAt = graphene.String(required=True)  # noqa: N815
    author = graphene.Field(MessageAuthor)
    delivery = graphene.Field(Delivery)

    @staticmethod
    async def resolve_author(row: Any, info: Any) -> Any:
        """Return who wrote it."""
        return await info.context["loaders"].author(row)

    @staticmethod
    async def resolve_delivery(row: Any, info: Any) -> Any:
        """Return how far it is on its way."""
        return await info.context["loaders"].deliveries.load(row["message_id"])


class MessageConnection(graphene.ObjectType):
    """A page of messages."""

    nodes = graphene.List(graphene.NonNull(Message), required=True)


class Ticket(graphene.ObjectType):
    """A ticket."""

    id = graphene.ID(required=True)
    number = graphene.Int(required=True)
    subject = graphene.String(required=True)
    status = graphene.String(required=True)
    priority = graphene.String(required=True)
    channel = graphene.String(required=True)
    createdAt = graphene.String(required=True)  # noqa: N815
    updatedAt = graphene.String(required=True)  # noqa: N815
    customer = graphene.Field(Customer)
    assignee = graphene.Field(Agent)
    group = graphene.Field(AgentGroup)
    messages = graphene.Field(MessageConnection, required=True, last=graphene.Int())

    @staticmethod
    async def resolve_customer(row: Any, info: Any) -> Any:
        """Return who asks."""
        loaders = info.context["loaders"]
        return await loaders.one(loaders.customers, row["customer_id"])

    @staticmethod
    async def resolve_assignee(row: Any, info: Any) -> Any:
        """Return who has it."""
        loaders = info.context["loaders"]
        return await loaders.one(loaders.agents, row["assignee_id"])

    @staticmethod
    async def resolve_group(row: Any, info: Any) -> Any:
        """Return the group that has it."""
        loaders = info.context["loaders"]
        return await loaders.one(loaders.groups, row["group_id"])

    @staticmethod
    async def resolve_messages(row: Any, info: Any, last: int) -> Any:
        """Return the last message."""
        return {"nodes": [await info.context["loaders"].messages.load(row["ticket_id"])]}


class PageInfo(graphene.ObjectType):
    """Where a page lies."""

    hasNextPage = graphene.Boolean(required=True)  # noqa: N815
    hasPreviousPage = graphene.Boolean(required=True)  # noqa: N815
    startCursor = graphene.String()  # noqa: N815
    endCursor = graphene.String()  # noqa: N815


class TicketConnection(graphene.ObjectType):
    """A page of tickets."""

    nodes = graphene.List(graphene.NonNull(Ticket), required=True)
    pageInfo = graphene.Field(PageInfo, required=True)  # noqa: N815


class TicketWhere(graphene.InputObjectType):
    """What is asked of tickets; not used here."""

    field = graphene.String()


class TicketOrder(graphene.InputObjectType):
    """In what order they come; not used here."""

    field = graphene.String()


class Query(graphene.ObjectType):
    """What may be asked."""

    tickets = graphene.Field(
        TicketConnection, required=True, first=graphene.Int(), after=graphene.String(), last=graphene.Int(),
        before=graphene.String(), where=TicketWhere(), search=graphene.String(),
        orderBy=graphene.List(graphene.NonNull(TicketOrder)),
    )  # fmt: skip

    @staticmethod
    def resolve_tickets(_root: Any, info: Any, first: int, **_given: Any) -> Any:
        """Return the newest."""
        return tables.tickets(info.context["bare"], SERVICE, first)


schema = graphene.Schema(query=Query)
app = Flask(__name__)


async def answer(asked: dict[str, Any]) -> bytes:
    """Return the answer to a request as JSON."""
    bare = Bare(connected())
    context = {"bare": bare, "loaders": Loaders(bare)}
    outcome = await schema.execute_async(asked["query"], variables=asked["variables"], context=context)
    return orjson.dumps(outcome.formatted)


@app.post("/graphql")
def endpoint() -> Response:
    """Answer over HTTP."""
    return Response(asyncio.run(answer(orjson.loads(request.get_data()))), content_type="application/json")
