"""Says who works in a service, and what they may do there.

Every change is recorded with what was before and what is after (Source: SPEC-SETTINGS GEN-X25). Nobody works without
a group (Source: SPEC AGT-05, DIS-31). Tickets are for the floors above: ``tickets.leaving`` hands them over.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk.agents import groups as agent_groups
from helpdesk.agents import rules
from helpdesk.agents.models import Agent, GroupMember, Member
from helpdesk.agents.operations import add_agent
from helpdesk.agents.queries import MemberRow, members_by_ids, search_members
from helpdesk.agents.rules import Duties
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import locked, transactional
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.events import record
from helpdesk.organization import operations as organization
from helpdesk.organization.queries import organization_id_of
from helpdesk.sdk.events import AgentChanged

SUBJECT = "agent"
LARGEST_ATTRIBUTES = 20
LONGEST_ATTRIBUTE = 500


def candidates(
    actor: Actor, *, name: str | None = None, account: str | None = None, email: str | None = None
) -> list[MemberRow]:
    """Return members of the organization to make agents of; see ``queries.search_members``."""
    actor.require("agent.write")
    return search_members(organization_id_of(actor.service_id), name=name, account=account, email=email)


@transactional
def add(actor: Actor, member_id: int, duties: Duties, *, group_ids: Sequence[int], new_group: str | None = None) -> int:
    """Let a member work in the service, in groups that there are, in a new one, or both; return the agent's id.

    Raises Invalid (GROUP_NEEDED, RIGHT_NOT_ALLOWED), NotFound, and Conflict (AGENT_EXISTS, GROUP_EXISTS,
    MEMBER_DEACTIVATED). Records AgentChanged, and AgentGroupChanged for each group. Source: SPEC AGT-04 to AGT-07.
    """
    actor.require("agent.write")
    if not group_ids and new_group is None:
        raise Invalid(
            "Every agent is in a group: choose one, or name a new one.", code="GROUP_NEEDED", path=("group_ids",)
        )
    member = members_by_ids([member_id])[0]
    if member is None or member.organization_id != organization_id_of(actor.service_id):
        raise NotFound("There is no such member in the organization.", path=("member_id",))
    if not member.is_active:
        raise Conflict(
            f"{member.email} is deactivated; activate the member first.",
            code="MEMBER_DEACTIVATED",
            path=("member_id",),
        )
    agent_id = add_agent(actor.service_id, member_id, role=rules.Role(duties.role or rules.Role.AGENT), duties=duties)
    for group_id in agent_groups.check_groups(group_ids):
        agent_groups.join(actor, group_id, agent_id)
    if new_group is not None:
        agent_groups.join(actor, agent_groups.create(actor, new_group, path="new_group"), agent_id)
    row = agent(actor, agent_id)
    changes = {"member": (None, member.email), **{name: (None, getattr(row, name)) for name in ("role", "rights")}}
    _record(actor, agent_id, "added", {**changes, "channels": (None, row.channels)})
    return agent_id


@transactional
def update(actor: Actor, agent_id: int, duties: Duties, *, group_ids: Sequence[int] | None = None) -> None:
    """Change what is given of an agent; ``group_ids`` are all groups that the agent is to be in.

    Raises Invalid (GROUP_NEEDED, RIGHT_NOT_ALLOWED) and NotFound. Records AgentChanged if anything changed, and
    AgentGroupChanged for each group that was joined or left. Source: SPEC AGT-12.
    """
    actor.require("agent.write")
    row = agent(actor, agent_id)
    before = Duties(
        role=row.role, rights=row.rights, channels=row.channels, cti_id=row.cti_id, cti_number=row.cti_number
    )
    after = rules.duties_after(before, duties)
    names = ("role", "rights", "channels", "cti_id", "cti_number")
    change(actor, row, {name: getattr(after, name) for name in names})
    if group_ids is not None:
        agent_groups.choose(actor, agent_id, group_ids)


@transactional
def remove(actor: Actor, agent_id: int) -> None:
    """Let an agent work in the service no more, from the next request on; what they did keeps their name.

    Their groups lose them; their tickets and sessions are for the floors above. Raises NotFound. Records AgentChanged.
    """
    actor.require("agent.write")
    row = agent(actor, agent_id)
    Agent.update(removed_at=clock.now(), chat_state=rules.ChatState.OFFLINE).where(Agent.id == agent_id).execute()
    GroupMember.delete().where(GroupMember.agent == agent_id).execute()
    member = members_by_ids([row.member_id])[0]
    changes = {name: (getattr(row, name), None) for name in ("role", "rights", "channels")}
    _record(actor, agent_id, "removed", {"member": (member.email if member else None, None), **changes})


@transactional
def activate_member(actor: Actor, member_id: int) -> None:
    """Let a deactivated member log in again; one who may log in stays so. Their tickets stay where they are.

    Raises NotFound. Records OrganizationChanged.
    """
    actor.require("organization.write")
    row = member_of(actor, member_id)
    if row.deactivated_at is not None:
        Member.update(deactivated_at=None).where(Member.id == member_id).execute()
        organization.note_change(actor, "member_activated", {"member": (None, row.email)})


@transactional
def set_attributes(actor: Actor, agent_id: int, plugin: str, attributes: Mapping[str, str]) -> None:
    """Keep what a plugin knows an agent by, in place of what it kept before; nothing takes it away.

    Raises Invalid and NotFound. Records AgentChanged if anything changed. Source: SPEC AGT-12.
    """
    actor.require("agent.attributes")
    if len(attributes) > LARGEST_ATTRIBUTES:
        raise Invalid(f"At most {LARGEST_ATTRIBUTES} attributes of an agent are kept.", path=("attributes",))
    for name, value in attributes.items():
        if not (isinstance(name, str) and isinstance(value, str)) or len(name) + len(value) > LONGEST_ATTRIBUTE:
            raise Invalid(
                f"An attribute is a name and a text, at most {LONGEST_ATTRIBUTE} characters.", path=("attributes",)
            )
    row = agent(actor, agent_id)
    others = {name: kept for name, kept in row.attributes.items() if name != plugin}
    change(actor, row, {"attributes": {**others, plugin: dict(attributes)} if attributes else others})


def agent(actor: Actor, agent_id: int) -> Any:
    """Return an agent at work in the service, locked until the transaction ends. Raises NotFound."""
    query = Agent.select().where(Agent.id == agent_id, Agent.service == actor.service_id, Agent.removed_at.is_null())
    row = locked(query).first()
    if row is None:
        raise NotFound("There is no such agent in the service.", path=("id",))
    return row


def member_of(actor: Actor, member_id: int, *, path: str = "id") -> Any:
    """Return a member of the organization, locked until the transaction ends. Raises NotFound."""
    is_theirs = Member.organization == organization_id_of(actor.service_id)
    row = locked(Member.select().where(Member.id == member_id, is_theirs)).first()
    if row is None:
        raise NotFound("There is no such member in the organization.", path=(path,))
    return row


def change(actor: Actor, row: Any, wanted: Mapping[str, Any]) -> None:
    """Write what differs from the locked row of an agent, and record it as one AgentChanged; for this room alone."""
    changes = {name: (getattr(row, name), value) for name, value in wanted.items() if getattr(row, name) != value}
    if changes:
        Agent.update({name: after for name, (_, after) in changes.items()}).where(Agent.id == row.id).execute()
        _record(actor, row.id, "updated", changes)


def _record(actor: Actor, agent_id: int, what: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
    event = AgentChanged(service_id=actor.service_id, agent_id=agent_id, change=what)
    record(actor, event, subject=(SUBJECT, agent_id), changes=changes)
