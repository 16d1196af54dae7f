"""The whole schema: the sum of what each domain brings."""

import strawberry
from graphql import build_schema, lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from helpdesk.graphql.access import AccessMutations, AccessQueries
from helpdesk.graphql.authors import SystemAuthor
from helpdesk.graphql.channel_mutations import ChannelMutations
from helpdesk.graphql.channels import ChannelQueries
from helpdesk.graphql.customers import CustomerQueries
from helpdesk.graphql.nodes import NodeQueries
from helpdesk.graphql.plugins import PluginQueries
from helpdesk.graphql.service import ServiceMutations, ServiceQueries
from helpdesk.graphql.ticket_mutations import TicketMutations
from helpdesk.graphql.tickets import TicketQueries


@strawberry.type(description="What can be asked.")
class Query(NodeQueries, ServiceQueries, AccessQueries, TicketQueries, CustomerQueries, ChannelQueries, PluginQueries):
    """What can be asked."""


@strawberry.type(description="What can be changed.")
class Mutation(TicketMutations, ChannelMutations, AccessMutations, ServiceMutations):
    """What can be changed."""


def build() -> strawberry.Schema:
    """Return the schema."""
    return strawberry.Schema(Query, Mutation, types=[SystemAuthor], config=StrawberryConfig(auto_camel_case=True))


def sdl(schema: strawberry.Schema) -> str:
    """Return the schema as text, sorted; strawberry's own sorting breaks unions at execution.

    It is printed and read before it is sorted, since sorting forgets how strawberry writes an enum's default.
    """
    return print_schema(lexicographic_sort_schema(build_schema(print_schema(schema._schema)))) + "\n"
