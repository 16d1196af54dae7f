"""What agents take, and what is closed to them, in the schema."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Any

import strawberry

from helpdesk.agents import allocation
from helpdesk.agents.queries import agents_by_ids
from helpdesk.agents.rules import ChatState, Menu
from helpdesk.graphql import ids
from helpdesk.graphql.agents import Agent, MenuAccess, menu_access
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.context import Info
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.tickets import leaving


@strawberry.input(description="What an agent is to take; what is left out stays.")
class AgentAllocationUpdateInput:
    """What an agent is to take; what is left out stays."""

    id: strawberry.ID = strawberry.field(description="The agent.")
    takes_tickets: bool | None = strawberry.field(
        default=None, description="Whether others, and the ways of sharing out, may give the agent tickets."
    )
    takes_chats: bool | None = strawberry.field(default=None, description="Whether the agent is given chats.")
    most_chats: int | None = strawberry.field(default=None, description="How many chats at once at the most.")


@strawberry.input(description="What the asking agent takes; what is left out stays.")
class ViewerAllocationUpdateInput:
    """What the asking agent takes; what is left out stays."""

    takes_tickets: bool | None = strawberry.field(
        default=None, description="Whether others, and the ways of sharing out, may give you tickets."
    )
    takes_chats: bool | None = strawberry.field(default=None, description="Whether you are given chats.")


@strawberry.input(description="Whether the asking agent is there for chats.")
class ViewerChatStateUpdateInput:
    """Whether the asking agent is there for chats."""

    state: ChatState = strawberry.field(description="The state.")


@strawberry.input(description="To whom a menu is to be closed.")
class MenuAccessUpdateInput:
    """To whom a menu is to be closed."""

    menu: Menu = strawberry.field(description="The menu.")
    agent_ids: list[strawberry.ID] = strawberry.field(
        description="All agents to whom it is to be closed, administrators too; none opens it to all."
    )


@strawberry.type(description="The agent as it is now.")
class AgentAllocationUpdatePayload(Payload):
    """The agent as it is now."""

    agent: Agent | None = strawberry.field(default=None, description="The agent; null on errors.")


@strawberry.type(description="The asking agent as it is now.")
class ViewerAllocationUpdatePayload(Payload):
    """The asking agent as it is now."""

    agent: Agent | None = strawberry.field(default=None, description="The agent; null on errors.")


@strawberry.type(description="The asking agent as it is now.")
class ViewerChatStateUpdatePayload(Payload):
    """The asking agent as it is now."""

    agent: Agent | None = strawberry.field(default=None, description="The agent; null on errors.")


@strawberry.type(description="The menus as they are now.")
class MenuAccessUpdatePayload(Payload):
    """The menus as they are now."""

    menu_access: list[MenuAccess] | None = strawberry.field(default=None, description="All of them; null on errors.")


def _agent(agent_id: int | None) -> Any:
    return agents_by_ids([agent_id])[0]


@strawberry.type
class AllocationMutations:
    """Mutations of allocation, presence and menu access."""

    @strawberry.mutation(
        description="Say what an agent takes. Whoever takes no tickets keeps those they have, and may take one"
        " themselves."
    )
    @answers(AgentAllocationUpdatePayload)
    def agent_allocation_update(
        self, info: Info, input: Input[AgentAllocationUpdateInput]
    ) -> AgentAllocationUpdatePayload:
        """Change an agent's allocation."""
        agent_id = ids.required_row_id(input.id, "Agent", path="id")
        allocation.update(
            info.context.actor,
            agent_id,
            takes_tickets=input.takes_tickets,
            takes_chats=input.takes_chats,
            most_chats=input.most_chats,
        )
        return AgentAllocationUpdatePayload(agent=_agent(agent_id))

    @strawberry.mutation(description="Switch what you take yourself; needs the right of allocation control.")
    @answers(ViewerAllocationUpdatePayload)
    def viewer_allocation_update(
        self, info: Info, input: Input[ViewerAllocationUpdateInput]
    ) -> ViewerAllocationUpdatePayload:
        """Change the own allocation."""
        actor = info.context.actor
        allocation.update_own(actor, takes_tickets=input.takes_tickets, takes_chats=input.takes_chats)
        return ViewerAllocationUpdatePayload(agent=_agent(actor.id))

    @strawberry.mutation(description="Say whether you are there for chats.")
    @answers(ViewerChatStateUpdatePayload)
    def viewer_chat_state_update(
        self, info: Info, input: Input[ViewerChatStateUpdateInput]
    ) -> ViewerChatStateUpdatePayload:
        """Change the own state."""
        actor = info.context.actor
        allocation.set_chat_state(actor, input.state)
        return ViewerChatStateUpdatePayload(agent=_agent(actor.id))

    @strawberry.mutation(
        description="Close a menu to some agents and open it to all others; that of tickets is closed to nobody who"
        " has some unresolved."
    )
    @answers(MenuAccessUpdatePayload)
    def menu_access_update(self, info: Info, input: Input[MenuAccessUpdateInput]) -> MenuAccessUpdatePayload:
        """Close a menu to agents."""
        agent_ids = [ids.required_row_id(one, "Agent", path="agentIds") for one in input.agent_ids]
        leaving.restrict_menu(info.context.actor, input.menu, agent_ids)
        return MenuAccessUpdatePayload(menu_access=menu_access(info.context))
