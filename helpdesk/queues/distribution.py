"""Gives a ticket to an agent of a group whom an assigner picks.

The assigner is asked outside the transaction, since it may take its time, so what it was told can be
old by its answer. The ticket and the agent are looked at again in the transaction that gives the one to
the other: a ticket that somebody else has given away meanwhile is left where it is, and an agent who was given
another ticket meanwhile, or has left, is chosen anew. So workers that share out at once keep the turns.
Holding a lock while the assigner thinks (the lost alternative) would let a slow one stop the desk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.agents import queries as agents
from helpdesk.agents.queries import GroupAgentRow
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Invalid, NotFound
from helpdesk.plugins import guard, instances, registry
from helpdesk.plugins.guard import Ref, WrongAnswer
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.settings import secrets_of
from helpdesk.sdk.assigner import Assigner
from helpdesk.sdk.facts import AgentFacts, TicketFacts
from helpdesk.tickets import changing, operations, rules
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.facts import ticket_facts

SECONDS = 2.0
TRIES = 10


@dataclass(frozen=True, slots=True)
class Way:
    """A way of sharing out that is in use: its code and its class."""

    code: str
    plugin: type[Assigner]


@dataclass(frozen=True, slots=True)
class _Choice:
    """Whom the assigner picked (nobody: the ticket waits), and what it was told of them and of the ticket."""

    ticket: TicketFacts
    agent: AgentFacts | None


def assigners(service_id: int) -> list[Way]:
    """Return the assigners in use in the service, by their codes."""
    return [Way(name, plugin) for name, plugin in sorted(registry.named(Kind.ASSIGNER, service_id=service_id).items())]


def assign(
    actor: Actor,
    ticket_id: int,
    *,
    group_id: int,
    assigner: str,
    settings: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
) -> int | None:
    """Give the ticket to the group, and to the agent of it whom the assigner picks; return the agent's id.

    None when it waits in the group: nobody there is at work, or the assigner wants it to. Records TicketAssigned.
    Raises NotFound, Invalid, Conflict (VERSION_CONFLICT, TICKET_COMPLETED), Unavailable (PLUGIN_NOT_ENABLED) and
    PluginFailed.
    """
    actor.require("ticket.assign")
    group = agents.groups_by_ids([group_id])[0]
    if group is None or group.service_id != actor.service_id:
        raise Invalid("There is no such group in this service.", code="GROUP_NOT_FOUND", path=("groupId",))
    made = instances.made(Kind.ASSIGNER, assigner, settings or {}, service_id=actor.service_id, path="assignerSettings")
    first = _ticket(actor, ticket_id)
    rules.check_version(first.version, expected_version)
    choice = _choose(assigner, made, first, group_id)
    for _ in range(TRIES):
        if _give(actor, choice, first, group_id, expected_version=expected_version):
            break
        choice = _choose(assigner, made, _ticket(actor, ticket_id), group_id)
    else:
        _give(actor, choice, first, group_id, expected_version=expected_version, keeps_turns=False)
    return _ticket(actor, ticket_id).agent_id


@transactional
def _give(
    actor: Actor,
    choice: _Choice,
    first: TicketFacts,
    group_id: int,
    *,
    expected_version: int | None,
    keeps_turns: bool = True,
) -> bool:
    """Give the ticket away as was chosen. False when the choice is out of date, and another one is needed.

    ``first`` is the ticket before any choosing: when somebody else has given it to another agent since, it stays there.
    """
    ticket = changing.locked(actor, choice.ticket.id)
    rules.check_version(ticket.version, expected_version)
    if ticket.assignee_id not in {None, first.agent_id} and ticket.version != first.version:
        return True
    agent = choice.agent
    if agent is not None:
        now = next(iter(agents.assignable(group_id, agent_id=agent.id)), None)
        if now is None or (keeps_turns and now.last_assigned_at != agent.last_assigned_at):
            return False
    operations.assign(actor, ticket.id, agent_id=agent.id if agent else None, group_id=group_id)
    return True


def _choose(name: str, assigner: Assigner, ticket: TicketFacts, group_id: int) -> _Choice:
    """Ask the assigner; nobody is chosen where there is nobody to choose from."""
    candidates = _candidates(group_id)
    if not candidates:
        return _Choice(ticket, None)
    by_id = {agent.id: agent for agent in candidates}

    def choose() -> AgentFacts | None:
        chosen = guard.expect(assigner.choose(ticket, candidates), int, type(None))
        if chosen is not None and (isinstance(chosen, bool) or chosen not in by_id):
            raise WrongAnswer("it answered somebody who is none of the candidates")
        return None if chosen is None else by_id[chosen]

    ref, secrets = Ref(Kind.ASSIGNER, name), secrets_of(assigner.settings)
    return _Choice(ticket, guard.call(ref, "choose", choose, seconds=SECONDS, secrets=secrets))


def _candidates(group_id: int) -> Sequence[AgentFacts]:
    """Return the facts of the group's active agents in the order of adding, in two statements."""
    rows = agents.assignable(group_id)
    counts = tickets.open_counts([row.id for row in rows])
    return tuple(_facts(row, count) for row, count in zip(rows, counts, strict=True))


def _facts(row: GroupAgentRow, open_tickets: int) -> AgentFacts:
    return AgentFacts(
        id=row.id, name=row.name, email=row.email, is_active=True, open_tickets=open_tickets,
        last_assigned_at=row.last_assigned_at,
    )  # fmt: skip


def _ticket(actor: Actor, ticket_id: int) -> TicketFacts:
    row = tickets.tickets_by_ids([ticket_id])[0]
    if row is None or row.service_id != actor.service_id:
        raise NotFound("There is no such ticket.", path=("ticketId",))
    return ticket_facts([row])[0]
