"""Members, agents and groups in the schema."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Sequence
from typing import Any

import strawberry

from helpdesk.agents import queries
from helpdesk.agents.queries import AgentRow, GroupRow, MemberRow
from helpdesk.agents.rules import Role
from helpdesk.graphql import enums, ids, nodes
from helpdesk.graphql.authors import MessageAuthor, Viewer
from helpdesk.graphql.batching import batched
from helpdesk.graphql.context import Context
from helpdesk.graphql.counts import TicketCounts, UnassignedOnly
from helpdesk.graphql.nodes import Node
from helpdesk.tickets import counting

ids.declare(ids.NodeKind("Agent", AgentRow, "ticket.read", queries.agents_by_ids))
ids.declare(ids.NodeKind("Member", MemberRow, "organization.read", queries.members_by_ids, owner="organization_id"))
ids.declare(ids.NodeKind("AgentGroup", GroupRow, "ticket.read", queries.groups_by_ids))

enums.declare(
    Role,
    name="AgentRole",
    description="What an agent is in a service.",
    values={
        "ADMINISTRATOR": "Sets the service up, and works on tickets too.",
        "AGENT": "Works on tickets.",
    },
)


@strawberry.type(description="A person who answers, at work in one service.")
class Agent(Node, MessageAuthor, Viewer):
    """A person who answers."""

    email: str = strawberry.field(description="The mail address with which the agent logs in.")
    role: Role = strawberry.field(description="Administrator or agent.")
    is_active: bool = strawberry.field(description="Whether the agent may log in and be given tickets.")

    @batched(description="How many tickets the agent has.", graphql_type=TicketCounts)
    def ticket_counts(rows: Sequence[AgentRow], context: Context) -> list[Any]:
        """Return each agent's counts."""
        context.actor.require("ticket.read")
        found = counting.of_agents(context.service.id, [row.id for row in rows])
        return [TicketCounts(counts=counts) for counts in found]

    is_type_of = nodes.of(AgentRow)


@strawberry.type(description="A person of the organization, who may be an agent of some of its services.")
class Member(Node, Viewer):
    """A person of the organization."""

    email: str = strawberry.field(description="The mail address with which the member logs in.")
    is_active: bool = strawberry.field(description="Whether the member may log in.")
    is_organization_administrator: bool = strawberry.field(
        description="Whether the member looks after what is above the services."
    )

    is_type_of = nodes.of(MemberRow)


@strawberry.type(description="A set of agents of the service.")
class AgentGroup(Node):
    """A set of agents."""

    name: str = strawberry.field(description="The group's name.")

    @batched(description="How many tickets the group has.", graphql_type=TicketCounts)
    def ticket_counts(
        rows: Sequence[GroupRow], context: Context, *, unassigned_only: UnassignedOnly = False
    ) -> list[Any]:
        """Return each group's counts."""
        context.actor.require("ticket.read")
        found = counting.of_groups(context.service.id, [row.id for row in rows], unassigned_only=unassigned_only)
        return [TicketCounts(counts=counts) for counts in found]

    is_type_of = nodes.of(GroupRow)
