"""Groups of agents in the schema: made, changed and deleted."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Any

import strawberry

from helpdesk.agents import groups
from helpdesk.agents.queries import groups_by_ids
from helpdesk.graphql import ids
from helpdesk.graphql.agents import AgentGroup
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.context import Info
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.tickets import leaving


@strawberry.input(description="A new group of agents.")
class AgentGroupCreateInput:
    """A new group of agents."""

    name: str = strawberry.field(description="Its name.")
    agent_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Its agents, in their order; none is fine."
    )


@strawberry.input(description="What to change of a group; what is left out stays.")
class AgentGroupUpdateInput:
    """What to change of a group; what is left out stays."""

    id: strawberry.ID = strawberry.field(description="The group.")
    name: str | None = strawberry.field(default=None, description="Its name.")
    agent_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="All agents that are to be in it. Those who are in it already keep their places, new ones come"
        " last, in the order given.",
    )


@strawberry.input(description="The group that is to go.")
class AgentGroupDeleteInput:
    """The group that is to go."""

    id: strawberry.ID = strawberry.field(description="The group.")
    move_to: strawberry.ID | None = strawberry.field(
        default=None, description="The group that gets its tickets, and its agents who are in no other one."
    )


@strawberry.type(description="The group that was made.")
class AgentGroupCreatePayload(Payload):
    """The group that was made."""

    agent_group: AgentGroup | None = strawberry.field(default=None, description="The group; null on errors.")


@strawberry.type(description="The group as it is now.")
class AgentGroupUpdatePayload(Payload):
    """The group as it is now."""

    agent_group: AgentGroup | None = strawberry.field(default=None, description="The group; null on errors.")


@strawberry.type(description="The group that is gone.")
class AgentGroupDeletePayload(Payload):
    """The group that is gone."""

    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="Its id; null on errors.")


def _group(group_id: int) -> Any:
    return groups_by_ids([group_id])[0]


def _agent_ids(given: list[strawberry.ID]) -> list[int]:
    return [ids.required_row_id(one, "Agent", path="agentIds") for one in given]


@strawberry.type
class AgentGroupMutations:
    """Mutations of groups."""

    @strawberry.mutation(description="Make a group of agents, or of nobody yet.")
    @answers(AgentGroupCreatePayload)
    def agent_group_create(self, info: Info, input: Input[AgentGroupCreateInput]) -> AgentGroupCreatePayload:
        """Make a group."""
        group_id = groups.create(info.context.actor, input.name, agent_ids=_agent_ids(input.agent_ids))
        return AgentGroupCreatePayload(agent_group=_group(group_id))

    @strawberry.mutation(
        description="Give a group another name or other agents; nobody loses the last group that they are in."
    )
    @answers(AgentGroupUpdatePayload)
    def agent_group_update(self, info: Info, input: Input[AgentGroupUpdateInput]) -> AgentGroupUpdatePayload:
        """Change a group."""
        group_id = ids.required_row_id(input.id, "AgentGroup", path="id")
        agent_ids = None if input.agent_ids is None else _agent_ids(input.agent_ids)
        groups.update(info.context.actor, group_id, name=input.name, agent_ids=agent_ids)
        return AgentGroupUpdatePayload(agent_group=_group(group_id))

    @strawberry.mutation(description="Delete a group; one that has tickets needs another one that gets them.")
    @answers(AgentGroupDeletePayload)
    def agent_group_delete(self, info: Info, input: Input[AgentGroupDeleteInput]) -> AgentGroupDeletePayload:
        """Delete a group."""
        group_id = ids.required_row_id(input.id, "AgentGroup", path="id")
        move_to = ids.row_id(input.move_to, "AgentGroup", path="moveTo")
        leaving.delete_group(info.context.actor, group_id, move_to=move_to)
        return AgentGroupDeletePayload(deleted_id=input.id)
