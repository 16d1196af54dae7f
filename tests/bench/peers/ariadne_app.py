"""Ariadne over the desk's own schema file, with resolvers and data loaders as its users write them."""

import asyncio
from typing import Any

import orjson
from ariadne import InterfaceType, ObjectType, QueryType, graphql, load_schema_from_path, make_executable_schema
from flask import Flask, Response, request

from tests.bench.bare_app import SERVICE, connected
from tests.bench.peers import tables
from tests.bench.peers.tables import Loaders
from tests.bench.raw import Bare

query, ticket, message = QueryType(), ObjectType("Ticket"), ObjectType("Message")
author = InterfaceType("MessageAuthor", lambda found, *_: found["kind"])


@query.field("tickets")
def tickets(_root: Any, info: Any, first: int, **_given: Any) -> Any:
    """Return the newest."""
    return tables.tickets(info.context["bare"], SERVICE, first)


@ticket.field("customer")
async def customer(row: Any, info: Any) -> Any:
    """Return who asks."""
    loaders = info.context["loaders"]
    return await loaders.one(loaders.customers, row["customer_id"])


@ticket.field("assignee")
async def assignee(row: Any, info: Any) -> Any:
    """Return who has it."""
    loaders = info.context["loaders"]
    return await loaders.one(loaders.agents, row["assignee_id"])


@ticket.field("group")
async def group(row: Any, info: Any) -> Any:
    """Return the group that has it."""
    loaders = info.context["loaders"]
    return await loaders.one(loaders.groups, row["group_id"])


@ticket.field("messages")
async def messages(row: Any, info: Any, **_given: Any) -> Any:
    """Return the last message."""
    return {"nodes": [await info.context["loaders"].messages.load(row["ticket_id"])]}


@message.field("author")
async def message_author(row: Any, info: Any) -> Any:
    """Return who wrote it."""
    return await info.context["loaders"].author(row)


@message.field("delivery")
async def delivery(row: Any, info: Any) -> Any:
    """Return how far it is on its way."""
    return await info.context["loaders"].deliveries.load(row["message_id"])


schema = make_executable_schema(load_schema_from_path("schema/schema.graphql"), query, ticket, message, author)
app = Flask(__name__)


async def answer(asked: dict[str, Any]) -> bytes:
    """Return the answer to a request as JSON."""
    bare = Bare(connected())
    context = {"bare": bare, "loaders": Loaders(bare)}
    _done, outcome = await graphql(schema, asked, context_value=context)
    return orjson.dumps(outcome)


@app.post("/graphql")
def endpoint() -> Response:
    """Answer over HTTP."""
    return Response(asyncio.run(answer(orjson.loads(request.get_data()))), content_type="application/json")
