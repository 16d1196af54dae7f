"""Reads who acts, and what partners are allowed: the switch, the keys (never the tokens) and the addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from helpdesk.access.models import AgentSession, AllowedAddress, MemberSession, OpenApi, ServiceKey
from helpdesk.access.rules import Network
from helpdesk.agents.queries import MemberRow, agent_ids_of_member, agents_by_ids, members_by_ids
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.crypto import hash_token
from helpdesk.kernel.errors import Conflict, Unauthenticated
from helpdesk.kernel.rows import Row, by_ids, load, select


@dataclass(slots=True, kw_only=True)
class KeyRow(Row):
    """A service key; ``hint`` is the end of its token. ``revoked_at`` may lie ahead, as the end of a grace period."""

    service_id: int
    name: str
    hint: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunningSession:
    """A session that goes on; ``is_present`` says that it is the one of whoever asks.

    ``is_of_agent`` tells an agent's session from one of a member who is no agent: their ids are numbered apart.
    """

    id: int
    is_of_agent: bool
    began_at: datetime
    last_seen_at: datetime | None
    expires_at: datetime
    address: str
    user_agent: str
    is_present: bool


def sessions_of_actor(actor: Actor, token: str) -> list[RunningSession]:
    """Return the running sessions of whoever asks by the token, in every service, newest first.

    Raises Unauthenticated and Conflict (NO_SESSION).
    """
    member_id = member_of_actor(actor).id
    own = _running(AgentSession, AgentSession.agent.in_(agent_ids_of_member(member_id)), token)
    own += _running(MemberSession, MemberSession.member == member_id, token)
    return sorted(own, key=lambda one: one.began_at, reverse=True)


def _running(model: Any, whose: Any, token: str) -> list[RunningSession]:
    rows = model.select().where(whose, model.revoked_at.is_null(), model.expires_at > clock.now()).order_by(model.id)
    present = hash_token(token)
    return [
        RunningSession(
            id=row.id,
            is_of_agent=model is AgentSession,
            began_at=row.created_at,
            last_seen_at=row.last_seen_at,
            expires_at=row.expires_at,
            address=row.address,
            user_agent=row.user_agent,
            is_present=row.token_hash == present,
        )
        for row in rows
    ]


def is_open_api_enabled(service_id: int) -> bool:
    """Return whether partners may call the service; not unless somebody has said so. Source: SPEC AUTH-01."""
    return bool(OpenApi.select().where(OpenApi.service == service_id, OpenApi.is_enabled).exists())


def member_of_actor(actor: Actor) -> MemberRow:
    """Return the member who acts. Raises Unauthenticated, and Conflict (NO_SESSION) for whoever is no member."""
    if actor.kind is ActorKind.ANONYMOUS:
        raise Unauthenticated("Send the token of your session as “Authorization: Bearer …”.")
    agent = agents_by_ids([actor.id])[0] if actor.kind is ActorKind.AGENT else None
    member_id = agent.member_id if agent is not None else actor.id if actor.kind is ActorKind.MEMBER else None
    member = members_by_ids([member_id])[0]
    if member is None:
        raise Conflict("This is for people who have logged in; you came by no session.", code="NO_SESSION")
    return member


def keys_of_service(service_id: int) -> list[KeyRow]:
    """Return the keys of the service, oldest first, the revoked ones too."""
    return load(KeyRow, select(KeyRow, ServiceKey).where(ServiceKey.service == service_id).order_by(ServiceKey.id))


def allowed_networks(service_id: int) -> list[Network]:
    """Return the networks from which the service's keys are accepted, in the order of adding."""
    query = AllowedAddress.select(AllowedAddress.network).where(AllowedAddress.service == service_id)
    rows: Any = query.order_by(AllowedAddress.id).tuples()
    return [ip_network(row[0]) for row in rows]


def keys_by_ids(ids: Sequence[int | None]) -> list[KeyRow | None]:
    """Return keys aligned with the ids, None for a missing one, in at most one statement."""
    return by_ids(KeyRow, ServiceKey, ids)
