"""The whole schema: the sum of what each domain brings, and of what plugins add to it."""

from collections.abc import Mapping
from functools import partial

import strawberry
from graphql import build_schema, lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig

from helpdesk.graphql import permissions
from helpdesk.graphql.access import AccessMutations, AccessQueries
from helpdesk.graphql.agent_group_mutations import AgentGroupMutations
from helpdesk.graphql.agent_mutations import AgentMutations
from helpdesk.graphql.agents import AgentQueries
from helpdesk.graphql.allocation_mutations import AllocationMutations
from helpdesk.graphql.authors import SystemAuthor
from helpdesk.graphql.channel_mutations import ChannelMutations
from helpdesk.graphql.channels import ChannelQueries
from helpdesk.graphql.company_information import CompanyInformationMutations
from helpdesk.graphql.connection_log import ConnectionLogQueries
from helpdesk.graphql.counts import CountQueries
from helpdesk.graphql.customers import CustomerMutations, CustomerQueries
from helpdesk.graphql.fields import FieldQueries
from helpdesk.graphql.members import MemberMutations
from helpdesk.graphql.nodes import NodeQueries
from helpdesk.graphql.organization import OrganizationMutations, OrganizationQueries
from helpdesk.graphql.participants import ParticipantMutations
from helpdesk.graphql.plugin_joining import join
from helpdesk.graphql.plugins import PluginMutations, PluginQueries
from helpdesk.graphql.queues import QueueQueries
from helpdesk.graphql.service import ServiceMutations, ServiceQueries
from helpdesk.graphql.sessions import SessionMutations, SessionQueries
from helpdesk.graphql.ticket_mutations import TicketMutations
from helpdesk.graphql.tickets import TicketQueries
from helpdesk.graphql.triggers import TriggerMutations, TriggerQueries
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.plugin import Plugin


@strawberry.type(description="What can be asked.")
class Query(
    NodeQueries,
    OrganizationQueries,
    ServiceQueries,
    AgentQueries,
    AccessQueries,
    SessionQueries,
    ConnectionLogQueries,
    TicketQueries,
    CountQueries,
    CustomerQueries,
    ChannelQueries,
    PluginQueries,
    FieldQueries,
    QueueQueries,
    TriggerQueries,
):
    """What can be asked."""


@strawberry.type(description="What can be changed.")
class Mutation(
    TicketMutations,
    ParticipantMutations,
    TriggerMutations,
    CustomerMutations,
    ChannelMutations,
    AccessMutations,
    MemberMutations,
    SessionMutations,
    ServiceMutations,
    AgentMutations,
    AgentGroupMutations,
    AllocationMutations,
    OrganizationMutations,
    CompanyInformationMutations,
    PluginMutations,
):
    """What can be changed."""


def build(plugins: Mapping[str, type[Plugin]] | None = None) -> strawberry.Schema:
    """Return a new schema: the core's, and what the plugins add. One that does not fit is quarantined."""
    schema = strawberry.Schema(Query, Mutation, types=[SystemAuthor], config=StrawberryConfig(auto_camel_case=True))
    permissions.describe(schema._schema)
    join(schema, plugins or {}, refuse=partial(registry.quarantine, Kind.PLUGIN))
    return schema


def sdl(schema: strawberry.Schema) -> str:
    """Return the schema as text, sorted; strawberry's own sorting breaks unions at execution.

    It is printed and read before it is sorted, since sorting forgets how strawberry writes an enum's default.
    """
    return print_schema(lexicographic_sort_schema(build_schema(print_schema(schema._schema)))) + "\n"
