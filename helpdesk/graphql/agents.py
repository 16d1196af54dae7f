"""Members, agents and groups in the schema."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.access import sessions
from helpdesk.agents import menus, queries, staffing
from helpdesk.agents.queries import AgentRow, GroupRow, MemberRow
from helpdesk.agents.rules import AgentChannel, AgentRight, ChatState, Menu, Role
from helpdesk.graphql import enums, ids, nodes
from helpdesk.graphql.authors import MessageAuthor, Viewer
from helpdesk.graphql.batching import batched
from helpdesk.graphql.connections import After, Connection, First, window
from helpdesk.graphql.context import Context, Info
from helpdesk.graphql.counts import TicketCounts, UnassignedOnly
from helpdesk.graphql.nodes import Node
from helpdesk.kernel import events
from helpdesk.tickets import counting

if TYPE_CHECKING:
    from helpdesk.graphql.tickets import HistoryConnection

ids.declare(ids.NodeKind("Agent", AgentRow, "agent.read", queries.agents_by_ids))
ids.declare(ids.NodeKind("Member", MemberRow, "organization.read", queries.members_by_ids, owner="organization_id"))
ids.declare(ids.NodeKind("AgentGroup", GroupRow, "agent.read", queries.groups_by_ids))

enums.declare(
    Role,
    name="AgentRole",
    description="What an agent is in a service.",
    values={
        "ADMINISTRATOR": "Sets the service up, and works on tickets too.",
        "AGENT": "Works on tickets.",
    },
)
enums.declare(
    AgentRight,
    description="A right that an agent is given beside the role.",
    values={
        "TICKET_FORWARDING": "Gives tickets to others; without it an agent takes what nobody has, and gives it back.",
        "EXTRACT": "Exports tickets with all that was written in them.",
        "CONNECTION_LOG": "Sees when any agent of the organization logged in and out; for administrators only.",
        "ALLOCATION_CONTROL": "Switches the own allocation.",
        "CALLBACK_ASSIGNMENT": "Gives out callbacks; for those who work by phone. Administrators have it anyway.",
    },
)
enums.declare(
    AgentChannel,
    description="By what an agent works.",
    values={"TICKET": "Tickets.", "CHAT": "Chats.", "PHONE": "Calls, and with them tickets."},
)
enums.declare(
    ChatState,
    description="Whether an agent is there for chats.",
    values={"ONLINE": "Takes chats.", "BREAK": "Is back soon.", "OFFLINE": "Is not there."},
)
enums.declare(
    Menu,
    description="A part of the service that can be closed to some agents, with all rights that go with it.",
    values={
        "TICKET_MANAGEMENT": "Tickets, what comes in and what goes out.",
        "CUSTOMER_INFORMATION": "Customers and what is known of them.",
        "SERVICE_MANAGEMENT": "Settings, channel accounts, plugins, the Open API, agents and groups.",
    },
)

LazyGroup = Annotated["AgentGroup", strawberry.lazy("helpdesk.graphql.agents")]
LazyHistory = Annotated["HistoryConnection", strawberry.lazy("helpdesk.graphql.tickets")]


@strawberry.type(description="A person who answers, at work in one service.")
class Agent(Node, MessageAuthor, Viewer):
    """A person who answers."""

    email: str = strawberry.field(description="The mail address with which the agent logs in.")
    role: Role = strawberry.field(description="Administrator or agent.")
    is_active: bool = strawberry.field(description="Whether the agent may log in and work in the service.")
    is_assignable: bool = strawberry.field(description="Whether others can give the agent tickets.")
    rights: list[AgentRight] = strawberry.field(description="The rights beside the role.")
    channels: list[AgentChannel] = strawberry.field(description="By what the agent works.")
    takes_tickets: bool = strawberry.field(description="Whether the agent is switched on for being given tickets.")
    takes_chats: bool = strawberry.field(description="Whether the agent is switched on for being given chats.")
    most_chats: int | None = strawberry.field(description="How many chats at once at the most; null for no limit.")
    cti_id: str | None = strawberry.field(description="The agent's id at the phone server; null for none.")
    cti_number: str | None = strawberry.field(description="The agent's extension, to which calls go; null for none.")
    restricted_menus: list[Menu] = strawberry.field(description="The menus that are closed to the agent.")

    @batched(description="Whether the agent is logged in.", graphql_type=bool)
    def is_logged_in(rows: Sequence[AgentRow], _context: Context) -> list[bool]:
        """Return whether each agent has a session."""
        return sessions.are_logged_in([row.id for row in rows])

    @batched(description="Whether the agent is there for chats; offline when not logged in.", graphql_type=ChatState)
    def chat_state(rows: Sequence[AgentRow], _context: Context) -> list[ChatState]:
        """Return each agent's state."""
        present = sessions.are_logged_in([row.id for row in rows])
        return [row.chat_state if here else ChatState.OFFLINE for row, here in zip(rows, present, strict=True)]

    @batched(description="The groups that the agent is in, in the order of joining.", graphql_type=list[LazyGroup])
    def groups(rows: Sequence[AgentRow], _context: Context) -> list[Any]:
        """Return each agent's groups."""
        return queries.groups_of_agents([row.id for row in rows])

    @batched(
        description="What plugins know the agent by, such as a key at another service: texts by name, by the plugin's"
        " name. For those who change agents.",
        graphql_type=JSON,
    )
    def attributes(rows: Sequence[AgentRow], context: Context) -> list[Any]:
        """Return what plugins keep of each agent."""
        context.actor.require("agent.write")
        return [row.attributes for row in rows]

    @batched(
        description="How role, rights, channels and allocation were changed, and by whom, oldest first. For those who"
        " change agents.",
        graphql_type=LazyHistory,
    )
    def history(rows: Sequence[AgentRow], context: Context, first: First = None, after: After = None) -> list[Any]:
        """Return each agent's page of history."""
        context.actor.require("agent.write")
        pages = events.history_of(staffing.SUBJECT, [row.id for row in rows], window(first, after))
        return [Connection(page=page) for page in pages]

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

    @batched(description="The agent that the member is in this service; null for none.", graphql_type=Agent | None)
    def agent(rows: Sequence[MemberRow], context: Context) -> list[Any]:
        """Return the agent that each member is here."""
        context.actor.require("agent.read")
        return queries.agents_of_members(context.service.id, [row.id for row in rows])

    is_type_of = nodes.of(MemberRow)


@strawberry.type(description="A set of agents of the service.")
class AgentGroup(Node):
    """A set of agents."""

    name: str = strawberry.field(description="The group's name.")

    @batched(description="Its agents, in the order in which they were added to it.", graphql_type=list[Agent])
    def agents(rows: Sequence[GroupRow], _context: Context) -> list[Any]:
        """Return each group's agents."""
        return queries.agents_of_groups([row.id for row in rows])

    @batched(description="How many tickets the group has.", graphql_type=TicketCounts)
    def ticket_counts(
        rows: Sequence[GroupRow], context: Context, *, unassigned_only: UnassignedOnly = False
    ) -> list[Any]:
        """Return each group's counts."""
        context.actor.require("ticket.read")
        found = counting.of_groups(context.service.id, [row.id for row in rows], unassigned_only=unassigned_only)
        return [TicketCounts(counts=counts) for counts in found]

    is_type_of = nodes.of(GroupRow)


@strawberry.type(description="A menu of the service, and to whom it is closed.")
class MenuAccess:
    """A menu, and to whom it is closed."""

    menu: Menu = strawberry.field(description="The menu.")
    closed_to: strawberry.Private[list[Any]]

    @strawberry.field(
        graphql_type=list[Agent],
        description="The agents to whom it is closed, in the order of adding; none when it is open to all.",
    )
    def restricted_agents(self, info: Info) -> Any:
        """Return the agents."""
        info.context.actor.require("agent.read")
        return self.closed_to


def menu_access(context: Context) -> list[MenuAccess]:
    """Return every menu with those to whom it is closed."""
    found: Any = menus.restricted(context.actor)
    return [MenuAccess(menu=menu, closed_to=rows) for menu, rows in found.items()]


@strawberry.type
class AgentQueries:
    """Query fields over who could work in the service, and what is closed to whom."""

    @strawberry.field(
        graphql_type=list[Member],
        description="Members of the organization who may log in, to make agents of them: those of whom everything that"
        " is given is true, by their names, 50 at most.",
    )
    def member_search(
        self,
        info: Info,
        name: Annotated[str | None, strawberry.argument(description="Part of the name.")] = None,
        account: Annotated[
            str | None, strawberry.argument(description="The beginning of the address with which they log in.")
        ] = None,
        email: Annotated[str | None, strawberry.argument(description="The whole mail address.")] = None,
    ) -> Any:
        """Return the members."""
        return staffing.candidates(info.context.actor, name=name, account=account, email=email)

    @strawberry.field(description="The menus that can be closed, and to whom each one is.")
    def menu_access(self, info: Info) -> list[MenuAccess]:
        """Return the menus."""
        return menu_access(info.context)
