"""What agents take: a switch for tickets and one for chats, how many chats at once, and whether they are there.

Who is given what by it is for the floors above. Source: SPEC AGT-20 to AGT-27, SPEC-SETTINGS AGT-X09 to AGT-X12.
"""

from typing import Any

from helpdesk.agents import rules
from helpdesk.agents.rules import ChatState
from helpdesk.agents.staffing import agent, change
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict


@transactional
def update(
    actor: Actor,
    agent_id: int,
    *,
    takes_tickets: bool | None = None,
    takes_chats: bool | None = None,
    most_chats: int | None = None,
) -> None:
    """Change what is given of what an agent takes. Raises Invalid and NotFound. Records AgentChanged.

    Whoever takes no tickets keeps those they have, and may still take one themselves.
    """
    actor.require("agent.write")
    most = None if most_chats is None else rules.check_most_chats(most_chats)
    _change(actor, agent_id, takes_tickets=takes_tickets, takes_chats=takes_chats, most_chats=most)


@transactional
def update_own(actor: Actor, *, takes_tickets: bool | None = None, takes_chats: bool | None = None) -> None:
    """Switch what the asking agent takes. Raises Conflict (NO_AGENT). Records AgentChanged. Source: SPEC AGT-26."""
    actor.require("allocation.write")
    _change(actor, _own_id(actor), takes_tickets=takes_tickets, takes_chats=takes_chats)


@transactional
def set_chat_state(actor: Actor, state: ChatState) -> None:
    """Say whether the asking agent is there for chats. Raises Conflict (NO_AGENT). Records AgentChanged."""
    actor.require("agent.read")
    _change(actor, _own_id(actor), chat_state=state)


def _change(actor: Actor, agent_id: int, **wanted: Any) -> None:
    row = agent(actor, agent_id)
    change(actor, row, {name: value for name, value in wanted.items() if value is not None})


def _own_id(actor: Actor) -> int:
    if actor.kind is not ActorKind.AGENT or actor.id is None:
        raise Conflict("Only an agent has this to set; log in as one.", code="NO_AGENT")
    return actor.id
