"""Ends sessions before their time: one's own, all of a member's, and those that a change of the member takes along."""

from collections.abc import Sequence
from typing import Any

from helpdesk.access import connection_log
from helpdesk.access.models import AgentSession, MemberSession
from helpdesk.access.queries import member_of_actor
from helpdesk.access.rules import Client, ConnectionEvent
from helpdesk.agents.queries import agent_ids_of_member, agents_by_ids, members_by_ids
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.crypto import hash_token
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import NotFound
from helpdesk.organization.queries import organization_id_of


@transactional
def revoke(actor: Actor, session_id: int, *, is_of_agent: bool) -> None:
    """End one session of whoever asks, maybe the one they ask by; one that has ended stays so.

    ``is_of_agent`` tells an agent's session from one of a member who is no agent. Raises NotFound for somebody else's.
    """
    member = member_of_actor(actor)
    model: Any = AgentSession if is_of_agent else MemberSession
    is_it = (model.id == session_id) & _of_member(model, member.id)
    if not model.select().where(is_it).exists():
        raise NotFound("There is no such session of yours.", path=("id",))
    end(model, is_it, ConnectionEvent.ENDED_BY_REVOCATION)


@transactional
def revoke_all(actor: Actor, member_id: int) -> int:
    """End every session of a member of the organization, and return how many there were. Raises NotFound."""
    actor.require("organization.write")
    member = members_by_ids([member_id])[0]
    if member is None or member.organization_id != organization_id_of(actor.service_id):
        raise NotFound("There is no such member in the organization.", path=("id",))
    return end_of_member(member_id, ConnectionEvent.ENDED_BY_REVOCATION)


def end_of_member(member_id: int, event: ConnectionEvent, *, but: str = "") -> int:
    """End every session of the member in every service, except that of the token ``but``; return how many."""
    kept = hash_token(but)
    models: tuple[Any, ...] = (AgentSession, MemberSession)
    return sum(end(model, _of_member(model, member_id) & (model.token_hash != kept), event) for model in models)


def end_of_agents(agent_ids: Sequence[int], event: ConnectionEvent) -> None:
    """End the sessions of agents; those that the same people have elsewhere go on."""
    end(AgentSession, AgentSession.agent.in_(list(agent_ids)), event)


def end_of_token(token: str) -> None:
    """End the session of the token, if one is running."""
    models: tuple[Any, ...] = (AgentSession, MemberSession)
    for model in models:
        end(model, model.token_hash == hash_token(token), ConnectionEvent.LOGGED_OUT)


def end(model: Any, whose: Any, event: ConnectionEvent) -> int:
    """End the running sessions that the condition names, log each, and return how many."""
    at = clock.now()
    is_running = model.revoked_at.is_null() & (model.expires_at > at)
    ended = list(model.update(revoked_at=at).where(whose, is_running).returning(model).execute())
    places = _of_agents(ended) if model is AgentSession else [_of_member_session(row) for row in ended]
    connection_log.write(
        [
            connection_log.line(event, Client(row.address, row.user_agent), **place)
            for row, place in zip(ended, places, strict=True)
        ]
    )
    return len(ended)


def _of_agents(ended: Sequence[Any]) -> list[dict[str, Any]]:
    """Return of each agent's session whose it is and where."""
    found = [row for row in agents_by_ids([row.agent_id for row in ended]) if row is not None]
    return [
        {
            "member_id": row.member_id,
            "service_id": row.service_id,
            "organization_id": organization_id_of(row.service_id),
        }
        for row in found
    ]


def _of_member_session(row: Any) -> dict[str, Any]:
    return {"member_id": row.member_id, "service_id": row.service_id, "organization_id": row.organization_id}


def _of_member(model: Any, member_id: int) -> Any:
    if model is AgentSession:
        return AgentSession.agent.in_(agent_ids_of_member(member_id))
    return MemberSession.member == member_id
