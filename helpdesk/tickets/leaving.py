"""Hands tickets over when an agent or a group goes: back to their groups, or to somebody who is named.

Going is one transaction, after which nobody gives them anything more; what they have is handed over in transactions
of so many tickets each, so that no desk stands still for somebody who had very many. What a killed process leaves
undone, ``sweep`` does within the hour. Handing over within the going itself, the lost alternative, would hold every
ticket of theirs locked at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from helpdesk.access import revoking, tokens
from helpdesk.access.rules import ConnectionEvent
from helpdesk.agents import groups, menus, staffing
from helpdesk.agents import operations as agent_operations
from helpdesk.agents import queries as agents
from helpdesk.agents.rules import Menu
from helpdesk.kernel import actors, db
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict
from helpdesk.organization import operations as organization
from helpdesk.tickets import holders, queries, rules
from helpdesk.tickets.changing import change_many
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import TicketStatus

BATCH = 200
OPEN = (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.ON_HOLD)


@dataclass(frozen=True, slots=True)
class _Leaving:
    """An agent who goes, who acts in that service, and who is to get the tickets (nobody: they go to their groups)."""

    actor: Actor
    agent_id: int
    successor_id: int | None


def deactivate_member(actor: Actor, member_id: int, *, hand_over_to: int | None = None) -> None:
    """Shut a member out of every service: sessions end at once, and open tickets are handed over.

    They go back to their groups, or to the agents that the member ``hand_over_to`` is in the same services. Again is
    no change but for tickets that are left. Raises NotFound, and Conflict (LAST_ADMINISTRATOR,
    ASSIGNEE_NOT_AVAILABLE). Records OrganizationChanged, and TicketAssigned for each ticket.
    """
    actor.require("organization.write")
    for leaving in _deactivate(actor, member_id, hand_over_to):
        _hand_over(leaving)


def remove_agent(actor: Actor, agent_id: int, *, hand_over_to: int | None = None) -> None:
    """Let an agent work in the service no more: sessions end at once, and open tickets are handed over.

    They go back to their groups, or to the agent ``hand_over_to``. Raises NotFound, and Conflict
    (ASSIGNEE_NOT_AVAILABLE). Records AgentChanged, and TicketAssigned for each ticket.
    """
    actor.require("agent.write")
    _remove(actor, agent_id, hand_over_to)
    _hand_over(_Leaving(actor, agent_id, hand_over_to))


def delete_group(actor: Actor, group_id: int, *, move_to: int | None = None) -> None:
    """Delete a group. Its tickets go to the group ``move_to``, as do its agents who are in no other one.

    Raises NotFound, and Conflict (GROUP_IN_USE, LAST_GROUP) for want of it. Records AgentGroupChanged, and
    TicketAssigned for each ticket.
    """
    actor.require("agent.write")
    while not _delete_empty(actor, group_id, move_to):
        while _in_batches(actor, Ticket.group == group_id, lambda _ticket: {"group": move_to}):
            pass


@transactional
def restrict_menu(actor: Actor, menu: Menu, agent_ids: list[int]) -> None:
    """Close a menu to these agents and open it to all others.

    That of tickets is closed to nobody who has some that are not resolved: Conflict (UNRESOLVED_TICKETS) names them.
    Raises NotFound. Records AgentChanged for each whom it changes. Source: SPEC AGT-31 to AGT-33.
    """
    newly = menus.restrict(actor, menu, agent_ids)
    if menu is not Menu.TICKET_MANAGEMENT or not newly:
        return
    busy = [agent_id for agent_id, count in zip(newly, queries.open_counts(newly), strict=True) if count]
    if busy:
        names = ", ".join(row.name for row in agents.agents_by_ids(busy[:10]) if row is not None)
        raise Conflict(
            f"{names} {'has' if len(busy) == 1 else 'have'} tickets that are not resolved; give those to others first.",
            code="UNRESOLVED_TICKETS",
            path=("agentIds",),
        )


def sweep() -> int:
    """Give back to their groups the open tickets of agents who are not at work any more; return how many agents."""
    swept, after = 0, 0
    while page := agents.inactive_agents(after=after, most=BATCH):
        counts = queries.open_counts([agent_id for agent_id, _ in page])
        for (agent_id, service_id), count in zip(page, counts, strict=True):
            if count:
                _hand_over(_Leaving(actors.system(service_id), agent_id, None))
                swept += 1
        after = page[-1][0]
    return swept


@transactional
def _deactivate(actor: Actor, member_id: int, hand_over_to: int | None) -> list[_Leaving]:
    member = staffing.member_of(actor, member_id)
    if hand_over_to is not None:
        staffing.member_of(actor, hand_over_to, path="hand_over_to")
    rows = [row for row in agents.agents_by_ids(agents.agent_ids_of_member(member_id)) if row is not None]
    counts = queries.open_counts([row.id for row in rows])
    leaving = []
    for row, count in zip(rows, counts, strict=True):
        successor = None
        if hand_over_to is not None and count:
            successor = agents.agents_of_members(row.service_id, [hand_over_to])[0]
            holders.check_successor(successor, service_id=row.service_id, leaving=row.id)
        there = _acting_in(actor, row.service_id)
        leaving.append(_Leaving(there, row.id, successor.id if successor else None))
    if member.deactivated_at is None:
        agent_operations.deactivate_member(member_id)
        organization.note_change(actor, "member_deactivated", {"member": (member.email, None)})
    tokens.end_all(member_id)
    revoking.end_of_member(member_id, ConnectionEvent.ENDED_BY_DEACTIVATION)
    return leaving


@transactional
def _remove(actor: Actor, agent_id: int, hand_over_to: int | None) -> None:
    if hand_over_to is not None:
        successor = agents.agents_by_ids([hand_over_to])[0]
        holders.check_successor(successor, service_id=actor.service_id, leaving=agent_id)
    staffing.remove(actor, agent_id)
    revoking.end_of_agents([agent_id], ConnectionEvent.ENDED_BY_DEACTIVATION)


@transactional
def _delete_empty(actor: Actor, group_id: int, move_to: int | None) -> bool:
    """Delete the group if it has no tickets, and return whether it is deleted; nobody gives it one meanwhile."""
    groups.group_of(actor, group_id)
    if move_to is not None:
        groups.group_of(actor, move_to, path="moveTo")
    if move_to == group_id:
        raise Conflict("A group cannot be its own successor; name another one.", code="GROUP_IN_USE", path=("moveTo",))
    if Ticket.select().where(Ticket.service == actor.service_id, Ticket.group == group_id).exists():
        if move_to is None:
            raise Conflict(
                "This group has tickets; say which other group is to get them.", code="GROUP_IN_USE", path=("moveTo",)
            )
        return False
    groups.delete(actor, group_id, move_to=move_to)
    return True


def _hand_over(leaving: _Leaving) -> None:
    """Hand over every open ticket of the agent, so many in a transaction."""

    def wanted(ticket: Any) -> dict[str, Any]:
        has_assignee = leaving.successor_id is not None
        status = rules.status_after_assignment(ticket.status, has_assignee=has_assignee)
        return {"assignee": leaving.successor_id, "status": status}

    theirs = (Ticket.assignee == leaving.agent_id) & Ticket.status.in_(OPEN)
    while _in_batches(leaving.actor, theirs, wanted):
        pass


@transactional
def _in_batches(actor: Actor, which: Any, wanted: Callable[[Any], dict[str, Any]]) -> bool:
    """Change the next of the service's tickets of the sort, and return whether there were any."""
    query = Ticket.select().where(Ticket.service == actor.service_id, which).order_by(Ticket.id).limit(BATCH)
    tickets = list(db.locked(query))
    change_many(actor, [(ticket, wanted(ticket)) for ticket in tickets])
    return bool(tickets)


def _acting_in(actor: Actor, service_id: int) -> Actor:
    """Return who acts as somebody of another service: there an agent is known as the member only."""
    if actor.service_id == service_id or actor.kind is not ActorKind.AGENT:
        return replace(actor, service_id=service_id)
    row = agents.agents_by_ids([actor.id])[0]
    return Actor(ActorKind.MEMBER, service_id, id=row.member_id if row else None, name=actor.name)
