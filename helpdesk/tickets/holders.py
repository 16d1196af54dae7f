"""Says to whom a ticket may be given, and by whom.

Whoever may forward gives it to anybody who takes tickets. Whoever may only take has what nobody has, and gives it back:
of two who take one at once, one has it (Source: SECURITY R1). Source: SPEC AGT-08, AGT-24, SPEC-SETTINGS AGT-X09.
"""

from typing import Any

from helpdesk.agents import queries as agents
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import Conflict, Invalid

FORWARD, TAKE = "ticket.assign", "ticket.take"


def require_right(actor: Actor) -> None:
    """Raise Forbidden unless the actor may forward tickets, or take them at least."""
    if not actor.may(TAKE):
        actor.require(FORWARD)


def wanted(actor: Actor, ticket: Any, *, agent_id: int | None, group_id: int | None) -> dict[str, int | None]:
    """Return the holders that the ticket is to have.

    For whoever may only take it the group stays, since it is nothing of theirs.
    Raises Forbidden, Invalid (AGENT_NOT_ASSIGNABLE, GROUP_NOT_FOUND), Conflict (ASSIGNEE_NOT_AVAILABLE, TICKET_TAKEN).
    """
    if not actor.may(FORWARD):
        _check_taking(actor, ticket, agent_id=agent_id, group_id=group_id)
        group_id = ticket.group_id
    _check_agent(actor, ticket, agent_id)
    group = agents.groups_by_ids([group_id])[0]
    if group_id is not None and (group is None or group.service_id != actor.service_id):
        raise Invalid("There is no such group in this service.", code="GROUP_NOT_FOUND", path=("groupId",))
    return {"assignee": agent_id, "group": group_id}


def check_giving_up(actor: Actor, ticket: Any) -> None:
    """Raise Forbidden for an agent who would take a ticket from another one without the right to forward it."""
    if actor.kind is ActorKind.AGENT and ticket.assignee_id not in {None, actor.id}:
        actor.require(FORWARD)


def holder_now(ticket: Any) -> int | None:
    """Return who has the ticket, None for nobody and for somebody who is not at work in the service any more."""
    row = agents.agents_by_ids([ticket.assignee_id])[0]
    return ticket.assignee_id if row is not None and row.is_active else None


def check_successor(row: agents.AgentRow | None, *, service_id: int, leaving: int) -> None:
    """Raise Conflict (ASSIGNEE_NOT_AVAILABLE) unless an agent can be given what another one leaves behind."""
    if row is None or row.service_id != service_id or row.id == leaving or not row.is_assignable:
        raise Conflict(
            "Whoever is to get the tickets cannot be given any; choose an agent of the service who takes tickets,"
            " or nobody, and they go back to their groups.",
            code="ASSIGNEE_NOT_AVAILABLE",
            path=("handOverTo",),
        )


def _check_taking(actor: Actor, ticket: Any, *, agent_id: int | None, group_id: int | None) -> None:
    is_own = actor.kind is ActorKind.AGENT and ticket.assignee_id in {None, actor.id}
    is_other_group = group_id is not None and group_id != ticket.group_id
    if actor.kind is ActorKind.AGENT and agent_id == actor.id and not is_own and not is_other_group:
        raise Conflict("Another agent has this ticket already.", code="TICKET_TAKEN", path=("assigneeId",))
    if not is_own or is_other_group or agent_id not in {None, actor.id}:
        actor.require(FORWARD)


def _check_agent(actor: Actor, ticket: Any, agent_id: int | None) -> None:
    """Raise unless the agent is at work and takes tickets; who takes one, or has it already, is asked no further."""
    if agent_id is None:
        return
    agent = agents.locked_agent(agent_id)
    if agent is None or agent.service_id != actor.service_id or not agent.is_active:
        raise Invalid("There is no such agent in this service.", code="AGENT_NOT_ASSIGNABLE", path=("assigneeId",))
    is_taking = actor.kind is ActorKind.AGENT and agent_id == actor.id
    if not (agent.is_assignable or is_taking or agent_id == ticket.assignee_id):
        raise Conflict(
            f"{agent.name} takes no tickets at the moment; choose somebody else.",
            code="ASSIGNEE_NOT_AVAILABLE",
            path=("assigneeId",),
        )
