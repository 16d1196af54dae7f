"""Makes members, agents and groups. Who may ask for it is for the floors above: access stands on this room.

``set_password`` leaves the member's sessions as they are, since sessions are access's: call
``access.sessions.change_password``, which ends them too, wherever a member may be logged in; and in the same way
``tickets.leaving.deactivate_member``.
"""

from dataclasses import asdict
from typing import Any

from helpdesk.agents import rules
from helpdesk.agents.administrators import require_another
from helpdesk.agents.models import Agent, AgentGroup, GroupMember, Member
from helpdesk.agents.rules import Duties, Role
from helpdesk.kernel import clock
from helpdesk.kernel.crypto import hash_password
from helpdesk.kernel.db import insert_once, transactional
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.organization.queries import organization_exists, service_by_id

FIRST_GROUP = "Agents"


@transactional
def add_member(organization_id: int, *, email: str, name: str, password: str | None) -> int:
    """Make a member of the organization and return the id; without a password nobody can log in as them.

    Raises Invalid (BAD_EMAIL, WEAK_PASSWORD), NotFound and Conflict (EMAIL_TAKEN). Source: SPEC AGT-01, AGT-03.
    """
    address = rules.normal_email(email)
    values = {
        "organization": organization_id,
        "email": address,
        "name": rules.check_name(name),
        "password_hash": None if password is None else _hashed(password, email=address),
        "created_at": clock.now(),
    }
    if not organization_exists(organization_id):
        raise NotFound("There is no such organization; make it first.", path=("organization_id",))
    member_id = insert_once(Member, values)
    if member_id is None:
        raise Conflict(f"{address} is a member already.", code="EMAIL_TAKEN", path=("email",))
    return member_id


@transactional
def set_password(member_id: int, password: str) -> None:
    """Replace the member's password. Raises Invalid (WEAK_PASSWORD) and NotFound."""
    row = _member(member_id)
    Member.update(password_hash=_hashed(password, email=row.email)).where(Member.id == member_id).execute()


@transactional
def rename_member(member_id: int, name: str) -> None:
    """Give the member another name. Raises Invalid and NotFound."""
    row = _member(member_id)
    Member.update(name=rules.check_name(name)).where(Member.id == row.id).execute()


@transactional
def renew_hash(member_id: int, password: str, *, stored: str) -> None:
    """Keep a password that has just proven right under a hash of today's cost, unless it was replaced meanwhile."""
    same = (Member.id == member_id, Member.password_hash == stored)
    Member.update(password_hash=hash_password(password)).where(*same).execute()


@transactional
def deactivate_member(member_id: int) -> None:
    """Shut the member out everywhere, from the next request on; what they wrote stays, as do the tickets they have.

    Raises NotFound, and Conflict (LAST_ADMINISTRATOR). ``tickets.leaving`` asks for the right and hands tickets over.
    """
    require_another(_member(member_id))
    Member.update(deactivated_at=clock.now()).where(Member.id == member_id).execute()


@transactional
def add_agent(service_id: int, member_id: int, *, role: Role, duties: Duties | None = None) -> int:
    """Let a member of the same organization work in the service and return the agent's id, the same one as before.

    Without ``duties`` the agent works on tickets and may give them to others.
    Raises Invalid, NotFound, also for another organization's member, and Conflict (AGENT_EXISTS).
    Source: SPEC AGT-01, AGT-06.
    """
    service = service_by_id(service_id)
    if service is None:
        raise NotFound("There is no such service.", path=("service_id",))
    if _member(member_id).organization_id != service.organization_id:
        raise _no_member()
    first = Duties(role=role, rights=rules.FIRST_RIGHTS, channels=rules.FIRST_CHANNELS)
    begun = rules.duties_after(first, duties or Duties())
    values = {"service": service_id, "member": member_id, "created_at": clock.now(), **asdict(begun)}
    agent_id = insert_once(Agent, values) or _back_again(values)
    if agent_id is None:
        raise Conflict("This member is an agent of the service already.", code="AGENT_EXISTS", path=("member_id",))
    return agent_id


def _back_again(values: dict[str, Any]) -> int | None:
    """Let one who was removed work again, as if new but for what plugins keep; None for one who is at work."""
    fresh: dict[str, Any] = {
        "takes_tickets": True, "takes_chats": True, "most_chats": None, "restricted_menus": [], "removed_at": None,
    }  # fmt: skip
    was_removed = (
        Agent.service == values["service"], Agent.member == values["member"], Agent.removed_at.is_null(False)
    )  # fmt: skip
    back: Any = Agent.update({**values, **fresh}).where(*was_removed).returning(Agent.id).tuples().execute()
    return next((int(row[0]) for row in back), None)


@transactional
def create_group(service_id: int, name: str) -> int:
    """Make a group without agents and return its id. Raises Conflict (GROUP_EXISTS). Source: SPEC AGT-13."""
    cleaned = rules.check_name(name)
    if service_by_id(service_id) is None:
        raise NotFound("There is no such service.", path=("service_id",))
    group_id = insert_once(AgentGroup, {"service": service_id, "name": cleaned, "created_at": clock.now()})
    if group_id is None:
        raise Conflict(
            f"There is a group “{cleaned}” already; choose another name.", code="GROUP_EXISTS", path=("name",)
        )
    return group_id


@transactional
def group_named(service_id: int, name: str | None = None) -> int:
    """Return the id of the group of the name, which is made if there is none; without a name, the oldest group's.

    For whoever adds people at the command line, since nobody works without a group. Source: SPEC AGT-05.
    """
    found = AgentGroup.select(AgentGroup.id).where(AgentGroup.service == service_id).order_by(AgentGroup.id)
    if name is not None:
        found = found.where(AgentGroup.name == rules.check_name(name))
    row = found.first()
    return int(row.id) if row is not None else create_group(service_id, name or FIRST_GROUP)


@transactional
def add_to_group(group_id: int, agent_id: int) -> None:
    """Put the agent last in the group; one who is in it keeps the place. Source: SPEC AGT-14.

    Raises NotFound, also when the two belong to different services.
    """
    group = AgentGroup.get_or_none(AgentGroup.id == group_id)
    if group is None:
        raise NotFound("There is no such group.", path=("group_id",))
    is_theirs = (Agent.service == group.service_id) & (Agent.id == agent_id) & Agent.removed_at.is_null()
    if not Agent.select().where(is_theirs).exists():
        raise NotFound("There is no such agent in the service.", path=("agent_id",))
    insert_once(GroupMember, {"group": group_id, "agent": agent_id})


@transactional
def note_assigned(agent_id: int) -> None:
    """Keep that a ticket was given to the agent now; turns are taken by it. Locks the agent."""
    at = clock.now()
    older = Agent.last_assigned_at.is_null() | (Agent.last_assigned_at < at)
    Agent.update(last_assigned_at=at).where(Agent.id == agent_id, older).execute()


def _hashed(password: str, *, email: str) -> str:
    rules.check_password(password, email=email)
    return hash_password(password)


def _member(member_id: int) -> Member:
    row: Member | None = Member.get_or_none(Member.id == member_id)
    if row is None:
        raise _no_member()
    return row


def _no_member() -> NotFound:
    return NotFound("There is no such member in the organization; add the member first.", path=("member_id",))
