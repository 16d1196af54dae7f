"""Makes, changes and deletes groups of agents; an agent may be in several, and is in one at least.

A group keeps the order in which its agents were added: whoever stays keeps the place, whoever is new comes last
(Source: SPEC AGT-13, AGT-14). Its tickets are for the floors above: ``tickets.leaving`` moves them.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from helpdesk.agents import rules
from helpdesk.agents.models import Agent, AgentGroup, GroupMember, Member
from helpdesk.agents.queries import agent_ids_of_group
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import insert_once, locked, transactional
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.events import record
from helpdesk.sdk.events import AgentGroupChanged

SUBJECT = "agent_group"
MOST_AT_ONCE = 500
MOST_GROUPS = 100


@transactional
def create(actor: Actor, name: str, *, agent_ids: Sequence[int] = (), path: str = "name") -> int:
    """Make a group of the agents in their order, or of nobody yet, and return its id.

    Raises Invalid, NotFound, and Conflict (GROUP_EXISTS). Records AgentGroupChanged.
    """
    actor.require("agent.write")
    cleaned = rules.check_name(name, path=path)
    group_id = insert_once(AgentGroup, {"service": actor.service_id, "name": cleaned, "created_at": clock.now()})
    if group_id is None:
        raise _taken(cleaned, path)
    _add(actor, group_id, agent_ids)
    _record(actor, group_id, "created", {"name": (None, cleaned), "agents": (None, list(dict.fromkeys(agent_ids)))})
    return group_id


@transactional
def update(actor: Actor, group_id: int, *, name: str | None = None, agent_ids: Sequence[int] | None = None) -> None:
    """Give a group another name, other agents (all that are to be in it), or both.

    Raises Invalid, NotFound, and Conflict (GROUP_EXISTS, LAST_GROUP) when somebody would be in no group any more.
    Records AgentGroupChanged if anything changed.
    """
    actor.require("agent.write")
    group = group_of(actor, group_id)
    changes: dict[str, tuple[Any, Any]] = {}
    if name is not None and (cleaned := rules.check_name(name)) != group.name:
        same = (AgentGroup.service == actor.service_id, AgentGroup.name == cleaned)
        if AgentGroup.select().where(*same).exists():
            raise _taken(cleaned, "name")
        AgentGroup.update(name=cleaned).where(AgentGroup.id == group_id).execute()
        changes["name"] = (group.name, cleaned)
    if agent_ids is not None:
        before = agent_ids_of_group(group_id)
        leaving = [agent_id for agent_id in before if agent_id not in set(agent_ids)]
        _require_another(leaving, group_id)
        _take_out(group_id, leaving)
        _add(actor, group_id, agent_ids)
        if (after := agent_ids_of_group(group_id)) != before:
            changes["agents"] = (before, after)
    if changes:
        _record(actor, group_id, "updated", changes)


@transactional
def delete(actor: Actor, group_id: int, *, move_to: int | None = None) -> None:
    """Delete a group that has no tickets; whoever is in no other one goes to ``move_to``.

    Raises NotFound, and Conflict (LAST_GROUP) when somebody would be in no group any more. Records AgentGroupChanged.
    """
    actor.require("agent.write")
    group = group_of(actor, group_id)
    agent_ids = agent_ids_of_group(group_id)
    if move_to is None:
        _require_another(agent_ids, group_id)
    else:
        for agent_id in _without_another(agent_ids, group_id):
            join(actor, move_to, agent_id)
    _take_out(group_id, agent_ids)
    AgentGroup.delete().where(AgentGroup.id == group_id).execute()
    _record(actor, group_id, "deleted", {"name": (group.name, None), "agents": (agent_ids, None)})


@transactional
def join(actor: Actor, group_id: int, agent_id: int) -> None:
    """Put an agent last in a group; one who is in it keeps the place. Raises NotFound. Records AgentGroupChanged."""
    actor.require("agent.write")
    group_of(actor, group_id, path="group_ids")
    before = agent_ids_of_group(group_id)
    if agent_id not in before:
        _add(actor, group_id, [agent_id])
        _record(actor, group_id, "updated", {"agents": (before, [*before, agent_id])})


@transactional
def choose(actor: Actor, agent_id: int, group_ids: Sequence[int]) -> None:
    """Put an agent in these groups and no others. Raises Invalid (GROUP_NEEDED) and NotFound.

    Records AgentGroupChanged for each group that was joined or left.
    """
    actor.require("agent.write")
    if not group_ids:
        raise Invalid("Every agent is in a group: leave at least one.", code="GROUP_NEEDED", path=("group_ids",))
    for group_id in check_groups(group_ids):
        join(actor, group_id, agent_id)
    rows: Any = GroupMember.select(GroupMember.group).where(
        GroupMember.agent == agent_id, GroupMember.group.not_in(list(group_ids))
    )
    for (group_id,) in list(rows.order_by(GroupMember.group).tuples()):
        before = agent_ids_of_group(group_id)
        _take_out(group_id, [agent_id])
        _record(actor, group_id, "updated", {"agents": (before, [one for one in before if one != agent_id])})


def check_groups(group_ids: Sequence[int]) -> list[int]:
    """Return the groups that an agent is to be in, each once, in their order. Raises Invalid for very many."""
    chosen = list(dict.fromkeys(group_ids))
    if len(chosen) > MOST_GROUPS:
        raise Invalid(f"An agent is in {MOST_GROUPS} groups at the most.", path=("group_ids",))
    return chosen


def group_of(actor: Actor, group_id: int, *, path: str = "id") -> Any:
    """Return a group of the service, locked until the transaction ends. Raises NotFound."""
    row = locked(AgentGroup.select().where(AgentGroup.id == group_id, AgentGroup.service == actor.service_id)).first()
    if row is None:
        raise NotFound("There is no such group in the service.", path=(path,))
    return row


def _add(actor: Actor, group_id: int, agent_ids: Sequence[int]) -> None:
    """Put those who are not in the group at its end, in the order given, in two statements."""
    wanted = list(dict.fromkeys(agent_ids))
    if len(wanted) > MOST_AT_ONCE:
        raise Invalid(f"At most {MOST_AT_ONCE} agents of a group at once.", path=("agent_ids",))
    if not wanted:
        return
    theirs = (Agent.service == actor.service_id, Agent.id.in_(wanted), Agent.removed_at.is_null())
    if Agent.select().where(*theirs).count() < len(wanted):
        raise NotFound("There is no such agent in the service.", path=("agent_ids",))
    rows = [{"group": group_id, "agent": agent_id} for agent_id in wanted]
    GroupMember.insert_many(rows).on_conflict_ignore().execute()


def _take_out(group_id: int, agent_ids: Collection[int]) -> None:
    if agent_ids:
        GroupMember.delete().where(GroupMember.group == group_id, GroupMember.agent.in_(list(agent_ids))).execute()


def _require_another(agent_ids: Sequence[int], group_id: int) -> None:
    """Raise Conflict (LAST_GROUP), naming whoever is in no group but this one."""
    alone = _without_another(agent_ids, group_id)
    if alone:
        rows: Any = Agent.select(Member.name).join(Member).where(Agent.id.in_(alone)).order_by(Agent.id).limit(10)
        names = ", ".join(name for (name,) in rows.tuples())
        raise Conflict(
            f"Every agent is in a group, and {names} would be in none; add them to another one first.",
            code="LAST_GROUP",
            path=("agent_ids",),
        )


def _without_another(agent_ids: Sequence[int], group_id: int) -> list[int]:
    """Return those who are in no group but this one, in their order; locks them, so that two do not go at once."""
    list(locked(Agent.select(Agent.id).where(Agent.id.in_(list(agent_ids))).order_by(Agent.id)).tuples())
    elsewhere: Any = GroupMember.select(GroupMember.agent).where(
        GroupMember.agent.in_(list(agent_ids)), GroupMember.group != group_id
    )
    found = {agent_id for (agent_id,) in elsewhere.tuples()}
    return [agent_id for agent_id in agent_ids if agent_id not in found]


def _taken(name: str, path: str) -> Conflict:
    return Conflict(f"There is a group “{name}” already; choose another name.", code="GROUP_EXISTS", path=(path,))


def _record(actor: Actor, group_id: int, what: str, changes: Mapping[str, tuple[Any, Any]]) -> None:
    event = AgentGroupChanged(service_id=actor.service_id, group_id=group_id, change=what)
    record(actor, event, subject=(SUBJECT, group_id), changes=changes)
