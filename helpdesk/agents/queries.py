"""Reads members, agents (with the member that each one is) and groups."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import peewee

from helpdesk.agents.models import Agent, AgentGroup, GroupMember, Member
from helpdesk.agents.rules import (
    LONGEST_EMAIL,
    LONGEST_NAME,
    AgentChannel,
    AgentRight,
    ChatState,
    Menu,
    Role,
    normal_email,
)
from helpdesk.kernel.db import is_sqlite
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.rows import Row, by_ids, load, select, together
from helpdesk.kernel.text import one_line
from helpdesk.organization.queries import service_by_id

MOST_FOUND = 50
NO_KEY_UPDATE: Any = "FOR NO KEY UPDATE"  # a plain FOR UPDATE would wait for every row that names the agent


@dataclass(slots=True, kw_only=True)
class AgentRow(Row):
    """An agent; ``name`` and ``email`` are the member's. One who was removed or is deactivated is not active.

    ``attributes`` are plugins' own, by the plugin's name.
    """

    service_id: int
    member_id: int
    role: Role
    name: str
    email: str
    is_active: bool
    is_organization_administrator: bool
    rights: list[AgentRight]
    channels: list[AgentChannel]
    takes_tickets: bool
    takes_chats: bool
    most_chats: int | None
    chat_state: ChatState
    cti_id: str | None
    cti_number: str | None
    restricted_menus: list[Menu]
    attributes: dict[str, Any]
    last_assigned_at: datetime | None = None

    @property
    def is_assignable(self) -> bool:
        """Whether others can give the agent tickets. Source: SPEC AGT-24, SPEC-SETTINGS AGT-X09."""
        return self.is_active and self.takes_tickets and works_on_tickets(self.channels, self.restricted_menus)


@dataclass(slots=True, kw_only=True)
class MemberRow(Row):
    """A person of an organization."""

    organization_id: int
    email: str
    name: str
    is_organization_administrator: bool
    deactivated_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether the member may log in."""
        return self.deactivated_at is None


@dataclass(slots=True, kw_only=True)
class GroupAgentRow(Row):
    """An agent of a group, who may be given tickets."""

    name: str
    email: str
    last_assigned_at: datetime | None
    channels: list[str]
    restricted_menus: list[str]


@dataclass(slots=True, kw_only=True)
class GroupRow(Row):
    """A group of agents."""

    service_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a log-in is checked against; printing it shows no hash.

    ``agent_id`` is None for an organization administrator who is no agent of the service.
    """

    agent_id: int | None
    member_id: int
    is_active: bool
    password_hash: str | None = field(repr=False)


def works_on_tickets(channels: Sequence[str], restricted_menus: Sequence[str]) -> bool:
    """Return whether tickets are an agent's work at all, by the channels and by the menus that are closed."""
    return AgentChannel.TICKET in channels and Menu.TICKET_MANAGEMENT not in restricted_menus


def agents_by_ids(ids: Sequence[int | None]) -> list[AgentRow | None]:
    """Return agents aligned with the ids, None for a missing one, in at most one statement."""
    wanted = {agent_id for agent_id in ids if agent_id is not None}
    found = {row.id: row for row in _agents(Agent.id.in_(wanted))} if wanted else {}
    return [found.get(agent_id) if agent_id is not None else None for agent_id in ids]


def locked_agent(agent_id: int) -> AgentRow | None:
    """Return the agent, who is locked until the transaction ends: until then nobody sends them away."""
    query: Any = Agent.select(*_COLUMNS).join(Member).where(Agent.id == agent_id)
    if not is_sqlite():
        query = query.for_update(NO_KEY_UPDATE, of=(Agent, Member))
    return next((_row(*values) for values in query.tuples()), None)


def members_by_ids(ids: Sequence[int | None]) -> list[MemberRow | None]:
    """Return members aligned with the ids, None for a missing one, in at most one statement."""
    return by_ids(MemberRow, Member, ids)


def member_of_email(organization_id: int, email: str) -> MemberRow | None:
    """Return the member of the (normalised) address, an inactive one too."""
    return next(iter(_members(Member.organization == organization_id, Member.email == email)), None)


def password_hash_of(member_id: int) -> str | None:
    """Return the hash of the member's password; None for one who was invited and has not accepted yet."""
    row: Any = Member.select(Member.password_hash).where(Member.id == member_id).tuples().first()
    return row[0] if row else None


def agents_of_members(service_id: int, member_ids: Sequence[int]) -> list[AgentRow | None]:
    """Return the agents of the service that the members are, aligned with them, None for a member who is none."""
    query = (Agent.service == service_id, Agent.member.in_(list(member_ids)), Agent.removed_at.is_null())
    found = {row.member_id: row for row in _agents(*query)}
    return [found.get(member_id) for member_id in member_ids]


def search_members(
    organization_id: int, *, name: str | None = None, account: str | None = None, email: str | None = None
) -> list[MemberRow]:
    """Return the active members of whom everything given is true, by their names, 50 at most.

    ``name`` is part of the name, ``account`` the beginning of the address with which they log in, ``email`` that
    address. Raises Invalid when nothing is given. Source: SPEC AGT-04, SPEC-SETTINGS AGT-X07.
    """
    conditions: list[Any] = []
    if part := one_line(name or "", longest=LONGEST_NAME):
        conditions.append(Member.name.contains(part))
    if beginning := one_line(account or "", longest=LONGEST_EMAIL):
        conditions.append(Member.email.startswith(beginning.lower()))
    if email and email.strip():
        conditions.append(Member.email == normal_email(email))
    if not conditions:
        raise Invalid("Name at least one of name, account and email to look for.", path=("name",))
    query = select(MemberRow, Member).where(
        Member.organization == organization_id, Member.deactivated_at.is_null(), *conditions
    )
    return load(MemberRow, query.order_by(Member.name, Member.id).limit(MOST_FOUND))


def members_of_organization(organization_id: int) -> list[MemberRow]:
    """Return the organization's members in the order of adding, the inactive ones too."""
    return _members(Member.organization == organization_id)


def organization_administrators(organization_id: int) -> list[MemberRow]:
    """Return the active members who look after the organization, in the order of adding."""
    return _members(
        Member.organization == organization_id, Member.is_organization_administrator, Member.deactivated_at.is_null()
    )


def agent_of_email(service_id: int, email: str) -> AgentRow | None:
    """Return the agent of the (normalised) address in the service, an inactive one too."""
    return next(iter(_agents(Agent.service == service_id, Member.email == email)), None)


def agents_of_service(service_id: int) -> list[AgentRow]:
    """Return the agents of the service in the order of adding, deactivated ones too, removed ones not."""
    return _agents(Agent.service == service_id, Agent.removed_at.is_null())


def agent_ids_of_member(member_id: int) -> list[int]:
    """Return the ids of the agents that the member is, in whichever service."""
    rows: Any = Agent.select(Agent.id).where(Agent.member == member_id).order_by(Agent.id).tuples()
    return [row[0] for row in rows]


def agent_ids_of_group(group_id: int) -> list[int]:
    """Return the ids of the group's agents in the order of adding. Source: SPEC AGT-14."""
    rows: Any = (
        GroupMember.select(GroupMember.agent).where(GroupMember.group == group_id).order_by(GroupMember.id).tuples()
    )
    return [row[0] for row in rows]


def agents_of_groups(group_ids: Sequence[int]) -> list[list[AgentRow]]:
    """Return each group's agents in the order of adding to it, aligned with the groups, in at most two statements."""
    pairs = _places(GroupMember.group.in_(list(group_ids)))
    found = dict(zip([agent for _, agent in pairs], agents_by_ids([agent for _, agent in pairs]), strict=True))
    of_group: dict[int, list[AgentRow]] = {}
    for group_id, agent_id in pairs:
        if (row := found[agent_id]) is not None:
            of_group.setdefault(group_id, []).append(row)
    return [of_group.get(group_id, []) for group_id in group_ids]


def groups_of_agents(agent_ids: Sequence[int]) -> list[list[GroupRow]]:
    """Return each agent's groups in the order of adding to them, aligned with the agents, in at most two statements."""
    pairs = _places(GroupMember.agent.in_(list(agent_ids)))
    found = dict(zip([group for group, _ in pairs], groups_by_ids([group for group, _ in pairs]), strict=True))
    of_agent: dict[int, list[GroupRow]] = {}
    for group_id, agent_id in pairs:
        if (row := found[group_id]) is not None:
            of_agent.setdefault(agent_id, []).append(row)
    return [of_agent.get(agent_id, []) for agent_id in agent_ids]


def _places(condition: Any) -> list[tuple[int, int]]:
    query: Any = GroupMember.select(GroupMember.group, GroupMember.agent).where(condition)
    return list(query.order_by(GroupMember.id).tuples())


def inactive_agents(*, after: int, most: int) -> list[tuple[int, int]]:
    """Return (agent, service) of those who are not at work any more, of every service, oldest first, beyond an id."""
    query: Any = (
        Agent.select(Agent.id, Agent.service)
        .join(Member)
        .where(Agent.id > after, Agent.removed_at.is_null(False) | Member.deactivated_at.is_null(False))
    )
    return list(query.order_by(Agent.id).limit(most).tuples())


def assignable(group_id: int, *, agent_id: int | None = None) -> list[GroupAgentRow]:
    """Return those of the group who can be given tickets, in the order of adding, or the one that is asked for.

    Source: SPEC AGT-14, AGT-24.

    The one that is asked for is locked until the transaction ends, so that turns are taken one after the other.
    """
    one = True if agent_id is None else Agent.id == agent_id
    query = (
        GroupMember.select(
            Agent.id, Member.name, Member.email, Agent.last_assigned_at, Agent.channels, Agent.restricted_menus
        )
        .join(Agent)
        .join(Member)
        .where(
            GroupMember.group == group_id,
            Agent.removed_at.is_null(),
            Member.deactivated_at.is_null(),
            Agent.takes_tickets,
            one,
        )
        .order_by(GroupMember.id)
    )
    if agent_id is not None and not is_sqlite():
        query = query.for_update(NO_KEY_UPDATE, of=Agent)
    return [row for row in load(GroupAgentRow, query) if works_on_tickets(row.channels, row.restricted_menus)]


def groups_by_ids(ids: Sequence[int | None]) -> list[GroupRow | None]:
    """Return groups aligned with the ids, None for a missing one, in at most one statement."""
    return by_ids(GroupRow, AgentGroup, ids)


def groups_of_service(service_id: int) -> list[GroupRow]:
    """Return the groups of the service in the order of adding."""
    return load(GroupRow, select(GroupRow, AgentGroup).where(AgentGroup.service == service_id).order_by(AgentGroup.id))


def agent_id_of_member(service_id: int, member_id: int) -> int | None:
    """Return the id of the agent that the member is in the service, None for none."""
    row: Any = Agent.select(Agent.id).where(Agent.service == service_id, Agent.member == member_id).tuples().first()
    return row[0] if row else None


def credentials(service_id: int, email: str) -> Credentials | None:
    """Return what to check a log-in against.

    None when nobody of that (normalised) address is an agent here or looks after the organization.
    """
    service = service_by_id(service_id)
    is_agent_here = (Agent.member == Member.id) & (Agent.service == service_id) & Agent.removed_at.is_null()
    row = (
        Member.select(Agent.id, Member.id, Member.deactivated_at, Member.password_hash)
        .join(Agent, peewee.JOIN.LEFT_OUTER, on=is_agent_here)
        .where(
            Member.organization == (service.organization_id if service else None),
            Member.email == email,
            Agent.id.is_null(False) | Member.is_organization_administrator,
        )
        .tuples()
        .first()
    )
    if row is None:
        return None
    agent_id, member_id, deactivated_at, password_hash = row
    return Credentials(agent_id, member_id, is_active=deactivated_at is None, password_hash=password_hash)


def _members(*conditions: Any) -> list[MemberRow]:
    return load(MemberRow, select(MemberRow, Member).where(*conditions).order_by(Member.id))


def _agents(*conditions: Any) -> list[AgentRow]:
    """Return the agents as one cohort, oldest first."""
    query: Any = Agent.select(*_COLUMNS).join(Member).where(*conditions).order_by(Agent.id)
    return together([_row(*values) for values in query.tuples()])


_OWN = (
    "id", "service", "member", "role", "takes_tickets", "takes_chats", "most_chats", "chat_state", "cti_id",
    "cti_number", "attributes", "last_assigned_at", "rights", "channels", "restricted_menus", "removed_at",
)  # fmt: skip
_COLUMNS = (
    Member.name, Member.email, Member.deactivated_at, Member.is_organization_administrator,
    *(getattr(Agent, name) for name in _OWN),
)  # fmt: skip


def _row(name: str, email: str, deactivated_at: datetime | None, is_above: bool, *own: Any) -> AgentRow:
    *plain, rights, channels, menus, removed_at = own
    agent_id, service_id, member_id, role, takes_tickets, takes_chats, most_chats, chat_state, cti_id = plain[:9]
    cti_number, attributes, last_assigned_at = plain[9:]
    return AgentRow(
        id=agent_id, service_id=service_id, member_id=member_id, role=role, name=name, email=email,
        is_active=deactivated_at is None and removed_at is None, is_organization_administrator=is_above,
        rights=[AgentRight(one) for one in rights], channels=[AgentChannel(one) for one in channels],
        takes_tickets=takes_tickets, takes_chats=takes_chats, most_chats=most_chats, chat_state=chat_state,
        cti_id=cti_id, cti_number=cti_number, restricted_menus=[Menu(one) for one in menus], attributes=attributes,
        last_assigned_at=last_assigned_at,
    )  # fmt: skip
