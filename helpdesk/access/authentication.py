"""Says who is asking, from the token that came with a request, in at most two statements (four for a member's session).

A session that was not used for a minute costs one more, which keeps that it is.

Not found, revoked, expired and of another service are one answer. The guards of a service key come
in the order of SPEC AUTH-07: the Open API is on, the key is good, its address is allowed.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import peewee

from helpdesk.access import rules
from helpdesk.access.models import AgentSession, MemberSession, OpenApi, ServiceKey
from helpdesk.access.operations import KEY_PREFIX
from helpdesk.access.queries import allowed_networks
from helpdesk.access.sessions import SESSION_PREFIX
from helpdesk.agents.queries import AgentRow, agents_by_ids, members_by_ids
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.crypto import hash_token
from helpdesk.kernel.db import UNREACHABLE
from helpdesk.kernel.errors import Forbidden, Unauthenticated
from helpdesk.organization.queries import organization_id_of

log = logging.getLogger(__name__)


def authenticate(service_id: int, token: str | None, *, address: str) -> Actor:
    """Return who holds the token; without one, the anonymous, who has no rights.

    ``address`` is what ``rules.client_address`` says. Raises Unauthenticated, and for service keys
    Forbidden (OPEN_API_DISABLED, IP_NOT_ALLOWED). An empty token is a wrong one (Source: SECURITY D3).
    """
    if token is None:
        return Actor(ActorKind.ANONYMOUS, service_id)
    if token.startswith(KEY_PREFIX):
        return _key_holder(service_id, token, address=address)
    if token.startswith(SESSION_PREFIX):
        return _session_holder(service_id, token)
    raise _unknown()


def _key_holder(service_id: int, token: str, *, address: str) -> Actor:
    is_same = (ServiceKey.service == OpenApi.service) & (ServiceKey.token_hash == hash_token(token))
    row = (
        OpenApi.select(OpenApi.is_enabled, ServiceKey.id, ServiceKey.name, ServiceKey.revoked_at)
        .join(ServiceKey, peewee.JOIN.LEFT_OUTER, on=is_same)
        .where(OpenApi.service == service_id)
        .tuples()
        .first()
    )
    is_enabled, key_id, name, revoked_at = row or (False, None, "", None)
    if not is_enabled:
        raise Forbidden(
            "The Open API of this service is off; an administrator can switch it on.", code="OPEN_API_DISABLED"
        )
    if key_id is None or (revoked_at is not None and revoked_at <= clock.now()):
        raise _unknown()
    if not rules.address_is_allowed(address, allowed_networks(service_id)):
        raise Forbidden(
            f"Keys of this service are not accepted from {address[:60]}; an administrator can add that address"
            " to the allowed addresses of the Open API.",
            code="IP_NOT_ALLOWED",
        )
    return Actor(ActorKind.SERVICE_KEY, service_id, id=key_id, name=name, rights=rules.SERVICE_KEY_RIGHTS)


def _session_holder(service_id: int, token: str) -> Actor:
    agent_id = _holder(AgentSession, AgentSession.agent, token)
    agent = agents_by_ids([agent_id])[0]
    if agent is None:
        return _member_in_session(service_id, token)
    if agent.service_id != service_id or not agent.is_active:
        raise _unknown()
    actor = actor_of(agent)
    if agent.is_organization_administrator:
        return replace(actor, rights=actor.rights | rules.ORGANIZATION_ADMINISTRATOR_RIGHTS)
    return actor


def _member_in_session(service_id: int, token: str) -> Actor:
    """Return the organization administrator of the session, who may come to every service of the organization."""
    member = members_by_ids([_holder(MemberSession, MemberSession.member, token)])[0]
    if member is None or not member.is_active or not member.is_organization_administrator:
        raise _unknown()
    if member.organization_id != organization_id_of(service_id):
        raise _unknown()
    rights = rules.ORGANIZATION_ADMINISTRATOR_RIGHTS
    return Actor(ActorKind.MEMBER, service_id, id=member.id, name=member.name, rights=rights)


def _holder(model: Any, column: Any, token: str) -> int | None:
    """Return whose session of the token is running, None for nobody's."""
    is_theirs = model.token_hash == hash_token(token)
    is_running = model.revoked_at.is_null() & (model.expires_at > clock.now())
    row = model.select(column, model.id, model.last_seen_at).where(is_theirs, is_running).tuples().first()
    if row is None:
        return None
    holder_id, session_id, last_seen_at = row
    _note_seen(model, session_id, last_seen_at)
    return int(holder_id)


def _note_seen(model: Any, session_id: int, last_seen_at: datetime | None) -> None:
    """Keep that the session was used now, at most once a minute; a database that takes nothing ends no session."""
    at = clock.now()
    if last_seen_at is not None and at - last_seen_at < timedelta(seconds=rules.SEEN_EVERY_SECONDS):
        return
    try:
        model.update(last_seen_at=at).where(model.id == session_id).execute()
    except UNREACHABLE as error:
        log.warning("could not note when a session was used", extra={"error": repr(error)})


def actor_of(agent: AgentRow) -> Actor:
    """Return the agent as an actor of the service; who it is, and that they are active, has been proven."""
    rights = rules.rights_of_agent(
        agent.role, agent.rights, channels=agent.channels, restricted_menus=agent.restricted_menus
    )
    return Actor(ActorKind.AGENT, agent.service_id, id=agent.id, name=agent.name, rights=rights)


def _unknown() -> Unauthenticated:
    return Unauthenticated("The key or session is not valid; log in again, or ask an administrator for a key.")
