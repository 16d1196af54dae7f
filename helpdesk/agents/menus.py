"""Closes menus of a service to some of its agents, administrators too; never what is the organization's.

A menu is a set of rights (``access.rules.MENUS``), which whoever it is closed to lacks everywhere. What is closed
stands with the agent, so that asking who somebody is takes no statement more. Source: SPEC AGT-31, AGT-32.
"""

from collections.abc import Sequence

from helpdesk.agents.models import Agent
from helpdesk.agents.queries import AgentRow, agents_of_service
from helpdesk.agents.rules import Menu
from helpdesk.agents.staffing import change
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import locked, transactional
from helpdesk.kernel.errors import NotFound


def restricted(actor: Actor) -> dict[Menu, list[AgentRow]]:
    """Return to whom each menu is closed, in the order of adding agents; one statement."""
    actor.require("agent.write")
    agents = agents_of_service(actor.service_id)
    return {menu: [row for row in agents if menu in row.restricted_menus] for menu in Menu}


@transactional
def restrict(actor: Actor, menu: Menu, agent_ids: Sequence[int]) -> list[int]:
    """Close a menu to these agents, open it to all others, and return the ids of those to whom it was open before.

    Locks the agents of the service. Raises NotFound. Records AgentChanged for each whom it changes.
    """
    actor.require("agent.write")
    wanted = set(agent_ids)
    query = Agent.select().where(Agent.service == actor.service_id, Agent.removed_at.is_null()).order_by(Agent.id)
    rows = list(locked(query))
    if wanted - {row.id for row in rows}:
        raise NotFound("There is no such agent in the service.", path=("agent_ids",))
    newly = [row.id for row in rows if row.id in wanted and menu not in row.restricted_menus]
    for row in rows:
        closed = {*row.restricted_menus} - {menu} | ({menu} if row.id in wanted else set())
        change(actor, row, {"restricted_menus": [one for one in Menu if one in closed]})
    return newly
