"""Reads members, agents (with the member that each one is) and groups."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import peewee

from helpdesk.agents.models import Agent, AgentGroup, GroupMember, Member
from helpdesk.agents.rules import Role
from helpdesk.kernel.db import is_sqlite
from helpdesk.kernel.rows import Row, by_ids, load, select, together
from helpdesk.organization.queries import service_by_id

NO_KEY_UPDATE: Any = "FOR NO KEY UPDATE"  # a plain FOR UPDATE would wait for every row that names the agent


@dataclass(slots=True, kw_only=True)
class AgentRow(Row):
    """An agent; ``name``, ``email`` and ``is_active`` are the member's."""

    service_id: int
    member_id: int
    role: Role
    name: str
    email: str
    is_active: bool
    is_organization_administrator: bool
    last_assigned_at: datetime | None = None


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


def agents_by_ids(ids: Sequence[int | None]) -> list[AgentRow | None]:
    """Return agents aligned with the ids, None for a missing one, in at most one statement."""
    wanted = {agent_id for agent_id in ids if agent_id is not None}
    found = {row.id: row for row in _agents(Agent.id.in_(wanted))} if wanted else {}
    return [found.get(agent_id) if agent_id is not None else None for agent_id in ids]


def members_by_ids(ids: Sequence[int | None]) -> list[MemberRow | None]:
    """Return members aligned with the ids, None for a missing one, in at most one statement."""
    return by_ids(MemberRow, Member, ids)


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
    """Return the agents of the service in the order of adding, the inactive ones too."""
    return _agents(Agent.service == service_id)


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


def assignable(group_id: int, *, agent_id: int | None = None) -> list[GroupAgentRow]:
    """Return the group's active agents in the order of adding, or the one that is asked for. Source: SPEC AGT-14.

    The one that is asked for is locked until the transaction ends, so that turns are taken one after the other.
    """
    one = True if agent_id is None else Agent.id == agent_id
    query = (
        GroupMember.select(Agent.id, Member.name, Member.email, Agent.last_assigned_at)
        .join(Agent)
        .join(Member)
        .where(GroupMember.group == group_id, Member.deactivated_at.is_null(), one)
        .order_by(GroupMember.id)
    )
    if agent_id is not None and not is_sqlite():
        query = query.for_update(NO_KEY_UPDATE, of=Agent)
    return load(GroupAgentRow, query)


def groups_by_ids(ids: Sequence[int | None]) -> list[GroupRow | None]:
    """Return groups aligned with the ids, None for a missing one, in at most one statement."""
    return by_ids(GroupRow, AgentGroup, ids)


def groups_of_service(service_id: int) -> list[GroupRow]:
    """Return the groups of the service in the order of adding."""
    return load(GroupRow, select(GroupRow, AgentGroup).where(AgentGroup.service == service_id).order_by(AgentGroup.id))


def credentials(service_id: int, email: str) -> Credentials | None:
    """Return what to check a log-in against.

    None when nobody of that (normalised) address is an agent here or looks after the organization.
    """
    service = service_by_id(service_id)
    is_agent_here = (Agent.member == Member.id) & (Agent.service == service_id)
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
    query = (
        Agent.select(
            Agent.id,
            Agent.service,
            Agent.member,
            Agent.role,
            Member.name,
            Member.email,
            Member.deactivated_at,
            Member.is_organization_administrator,
            Agent.last_assigned_at,
        )
        .join(Member)
        .where(*conditions)
        .order_by(Agent.id)
    )
    return together([_row(values) for values in query.tuples()])


def _row(values: Any) -> AgentRow:
    agent_id, service_id, member_id, role, name, email, deactivated_at, is_above, last_assigned_at = values
    return AgentRow(
        id=agent_id, service_id=service_id, member_id=member_id, role=role, name=name, email=email,
        is_active=deactivated_at is None, is_organization_administrator=is_above, last_assigned_at=last_assigned_at,
    )  # fmt: skip
