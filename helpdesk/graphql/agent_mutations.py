"""Who works in the service, in the schema: agents are added, changed and removed, members shut out and let in."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Any

import strawberry

from helpdesk.agents import staffing
from helpdesk.agents.queries import agents_by_ids, members_by_ids
from helpdesk.agents.rules import AgentChannel, AgentRight, Duties, Role
from helpdesk.graphql import ids
from helpdesk.graphql.agents import Agent, Member
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.context import Info
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.tickets import leaving


@strawberry.input(description="Who is to work in the service.")
class AgentAddInput:
    """Who is to work in the service."""

    member_id: strawberry.ID = strawberry.field(description="The member; `memberSearch` finds them.")
    role: Role = strawberry.field(default=Role.AGENT, description="Administrator or agent.")
    group_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The groups to join: at least one, unless a new one is named."
    )
    new_group: str | None = strawberry.field(default=None, description="The name of a group to make and join.")
    rights: list[AgentRight] = strawberry.field(default_factory=list, description="The rights beside the role.")
    channels: list[AgentChannel] = strawberry.field(
        default_factory=lambda: [AgentChannel.TICKET],
        description="By what the agent works: tickets unless told; calls bring tickets with them.",
    )
    cti_id: str | None = strawberry.field(default=None, description="The id at the phone server.")
    cti_number: str | None = strawberry.field(default=None, description="The extension to which calls go.")


@strawberry.input(description="What to change of an agent; what is left out stays.")
class AgentUpdateInput:
    """What to change of an agent; what is left out stays."""

    id: strawberry.ID = strawberry.field(description="The agent.")
    role: Role | None = strawberry.field(default=None, description="Administrator or agent.")
    group_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="All groups that the agent is to be in: at least one."
    )
    rights: list[AgentRight] | None = strawberry.field(
        default=None,
        description="All rights that the agent is to have beside the role; left out, those stay that the role and"
        " the channels allow.",
    )
    channels: list[AgentChannel] | None = strawberry.field(
        default=None, description="All by what the agent is to work."
    )
    cti_id: str | None = strawberry.field(default=None, description="The id at the phone server; empty for none.")
    cti_number: str | None = strawberry.field(
        default=None, description="The extension to which calls go; empty for none."
    )


@strawberry.input(description="Who is to work in the service no more.")
class AgentRemoveInput:
    """Who is to work in the service no more."""

    id: strawberry.ID = strawberry.field(description="The agent.")
    hand_over_to: strawberry.ID | None = strawberry.field(
        default=None, description="The agent who gets the open tickets; left out, they go back to their groups."
    )


@strawberry.input(description="Who is to be shut out.")
class MemberDeactivateInput:
    """Who is to be shut out."""

    id: strawberry.ID = strawberry.field(description="The member.")
    hand_over_to: strawberry.ID | None = strawberry.field(
        default=None,
        description="The member who gets the open tickets, as the agent that they are in the same services; left"
        " out, the tickets go back to their groups.",
    )


@strawberry.input(description="Who is to be let in again.")
class MemberActivateInput:
    """Who is to be let in again."""

    id: strawberry.ID = strawberry.field(description="The member.")


@strawberry.type(description="The agent who was added.")
class AgentAddPayload(Payload):
    """The agent who was added."""

    agent: Agent | None = strawberry.field(default=None, description="The agent; null on errors.")


@strawberry.type(description="The agent as it is now.")
class AgentUpdatePayload(Payload):
    """The agent as it is now."""

    agent: Agent | None = strawberry.field(default=None, description="The agent; null on errors.")


@strawberry.type(description="The agent who is gone.")
class AgentRemovePayload(Payload):
    """The agent who is gone."""

    removed_id: strawberry.ID | None = strawberry.field(default=None, description="The agent's id; null on errors.")


@strawberry.type(description="The member as it is now.")
class MemberDeactivatePayload(Payload):
    """The member as it is now."""

    member: Member | None = strawberry.field(default=None, description="The member; null on errors.")


@strawberry.type(description="The member as it is now.")
class MemberActivatePayload(Payload):
    """The member as it is now."""

    member: Member | None = strawberry.field(default=None, description="The member; null on errors.")


def _agent(agent_id: int) -> Any:
    return agents_by_ids([agent_id])[0]


def _member(member_id: int) -> Any:
    return members_by_ids([member_id])[0]


def _duties(given: AgentAddInput | AgentUpdateInput) -> Duties:
    return Duties(
        role=given.role, rights=given.rights, channels=given.channels, cti_id=given.cti_id, cti_number=given.cti_number
    )


def _group_ids(given: list[strawberry.ID]) -> list[int]:
    return [ids.required_row_id(one, "AgentGroup", path="groupIds") for one in given]


@strawberry.type
class AgentMutations:
    """Mutations of agents and members."""

    @strawberry.mutation(description="Let a member of the organization work in the service. Every agent is in a group.")
    @answers(AgentAddPayload)
    def agent_add(self, info: Info, input: Input[AgentAddInput]) -> AgentAddPayload:
        """Add an agent."""
        member_id = ids.required_row_id(input.member_id, "Member", path="memberId")
        agent_id = staffing.add(
            info.context.actor,
            member_id,
            _duties(input),
            group_ids=_group_ids(input.group_ids),
            new_group=input.new_group,
        )
        return AgentAddPayload(agent=_agent(agent_id))

    @strawberry.mutation(description="Change role, rights, channels, groups or phone of an agent.")
    @answers(AgentUpdatePayload)
    def agent_update(self, info: Info, input: Input[AgentUpdateInput]) -> AgentUpdatePayload:
        """Change an agent."""
        agent_id = ids.required_row_id(input.id, "Agent", path="id")
        group_ids = None if input.group_ids is None else _group_ids(input.group_ids)
        staffing.update(info.context.actor, agent_id, _duties(input), group_ids=group_ids)
        return AgentUpdatePayload(agent=_agent(agent_id))

    @strawberry.mutation(
        description="Let an agent work in the service no more: sessions end at once, and open tickets are handed over."
    )
    @answers(AgentRemovePayload)
    def agent_remove(self, info: Info, input: Input[AgentRemoveInput]) -> AgentRemovePayload:
        """Remove an agent."""
        agent_id = ids.required_row_id(input.id, "Agent", path="id")
        successor = ids.row_id(input.hand_over_to, "Agent", path="handOverTo")
        leaving.remove_agent(info.context.actor, agent_id, hand_over_to=successor)
        return AgentRemovePayload(removed_id=input.id)

    @strawberry.mutation(
        description="Shut a member out of every service: sessions end at once, and open tickets are handed over."
    )
    @answers(MemberDeactivatePayload)
    def member_deactivate(self, info: Info, input: Input[MemberDeactivateInput]) -> MemberDeactivatePayload:
        """Deactivate a member."""
        member_id = ids.required_row_id(input.id, "Member", path="id")
        successor = ids.row_id(input.hand_over_to, "Member", path="handOverTo")
        leaving.deactivate_member(info.context.actor, member_id, hand_over_to=successor)
        return MemberDeactivatePayload(member=_member(member_id))

    @strawberry.mutation(description="Let a deactivated member log in again; tickets stay where they are.")
    @answers(MemberActivatePayload)
    def member_activate(self, info: Info, input: Input[MemberActivateInput]) -> MemberActivatePayload:
        """Activate a member."""
        member_id = ids.required_row_id(input.id, "Member", path="id")
        staffing.activate_member(info.context.actor, member_id)
        return MemberActivatePayload(member=_member(member_id))
