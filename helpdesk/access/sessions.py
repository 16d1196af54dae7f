"""Logs agents and organization administrators in and out.

A try is counted before the password is looked at (attempts.py), in a transaction of its own, and forgotten when
the password was right: a hundred tries at once are five. Counting afterwards, the lost way, would
let all hundred through. Every refusal is the same and takes the same time (Source: SECURITY D1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpdesk.access import attempts, connection_log, revoking, rules, tokens
from helpdesk.access.models import AgentSession, MemberSession
from helpdesk.access.rules import Client, ConnectionEvent
from helpdesk.agents import operations as agents
from helpdesk.agents.queries import (
    Credentials,
    agent_id_of_member,
    credentials,
    members_by_ids,
)
from helpdesk.kernel import clock
from helpdesk.kernel.crypto import hash_token, new_token, password_needs_rehash, verify_password
from helpdesk.kernel.db import database, transactional
from helpdesk.kernel.errors import Unauthenticated
from helpdesk.organization.queries import organization_id_of

SESSION_PREFIX = "hds_"
SESSION_SECONDS = 43_200
KEPT_AFTER_END = timedelta(days=90)
SESSIONS = (AgentSession, MemberSession)


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just begun. The token is told this once, and never when printed.

    ``agent_id`` is None for an organization administrator who is no agent of the service.
    """

    id: int
    token: str = field(repr=False)
    expires_at: datetime
    member_id: int
    agent_id: int | None


def log_in(
    service_id: int,
    email: str,
    password: str,
    *,
    address: str,
    user_agent: str = "",
    session_seconds: int = SESSION_SECONDS,
) -> NewSession:
    """Begin a session of an agent of the service, or of one who looks after its organization and is none.

    ``address`` is what ``rules.client_address`` says, ``user_agent`` what the program calls itself.
    A right password that is kept at another cost than new ones is hashed anew.

    Raises Unauthenticated (BAD_CREDENTIALS) alike for an unknown mail, a wrong password, a deactivated
    member and one who is no agent here; LimitExceeded (TOO_MANY_ATTEMPTS) while a guesser has to wait.
    Commits by itself, since a refused try has to be counted: RuntimeError inside a transaction.
    """
    if database.in_transaction():
        raise RuntimeError("log_in() counts refused tries, so it cannot be part of a transaction")
    client = rules.client(address, user_agent)
    subject = attempts.subject(email, address=address)
    attempts.count(subject, what="wrong passwords")
    found = credentials(service_id, attempts.spelling(email))
    is_right = verify_password(found.password_hash if found else None, password)
    if found is None or not is_right or not found.is_active:
        member_id = found.member_id if found else None
        connection_log.note(ConnectionEvent.LOG_IN_FAILED, client, service_id=service_id, member_id=member_id)
        raise Unauthenticated("The email or the password is wrong.", code="BAD_CREDENTIALS")
    if found.password_hash is not None and password_needs_rehash(found.password_hash):
        agents.renew_hash(found.member_id, password, stored=found.password_hash)
    return _let_in(service_id, found, subject, client, seconds=session_seconds)


@transactional
def begin(service_id: int, member_id: int, client: Client, *, seconds: int) -> NewSession | None:
    """Begin a session of a member who has proven who they are; None for one who may not come in at the service."""
    member = members_by_ids([member_id])[0]
    agent_id = agent_id_of_member(service_id, member_id)
    if member is None or not (agent_id is not None or member.is_organization_administrator):
        return None
    return _begin(service_id, member_id, agent_id, client, seconds=seconds)


@transactional
def log_out(token: str) -> None:
    """End the session of the token; one that has ended, or never was, stays so."""
    revoking.end_of_token(token)


@transactional
def change_password(member_id: int, password: str, *, but: str = "") -> None:
    """Replace a member's password and end the sessions begun with the old one, in every service.

    The session of the token ``but`` goes on. What was sent to the member to come in by ends too.
    Raises Invalid (WEAK_PASSWORD) and NotFound.
    """
    agents.set_password(member_id, password)
    tokens.end_all(member_id)
    revoking.end_of_member(member_id, ConnectionEvent.ENDED_BY_PASSWORD, but=but)


def are_logged_in(agent_ids: Sequence[int]) -> list[bool]:
    """Return whether each agent has a session, aligned with them, in one statement. Source: SPEC AGT-20."""
    is_running = AgentSession.revoked_at.is_null() & (AgentSession.expires_at > clock.now())
    query: Any = AgentSession.select(AgentSession.agent).where(AgentSession.agent.in_(list(agent_ids)), is_running)
    present = {row[0] for row in query.distinct().tuples()}
    return [agent_id in present for agent_id in agent_ids]


@transactional
def forget() -> None:
    """Drop the sessions that ended long ago."""
    for model in SESSIONS:
        model.delete().where(model.expires_at < clock.now() - KEPT_AFTER_END).execute()


@transactional
def _let_in(service_id: int, found: Credentials, subject: str, client: Client, *, seconds: int) -> NewSession:
    attempts.forgive(subject)
    return _begin(service_id, found.member_id, found.agent_id, client, seconds=seconds)


def _begin(service_id: int, member_id: int, agent_id: int | None, client: Client, *, seconds: int) -> NewSession:
    token, at = new_token(SESSION_PREFIX), clock.now()
    values = {
        "token_hash": hash_token(token), "created_at": at, "expires_at": at + timedelta(seconds=seconds),
        "last_seen_at": at, "address": client.address, "user_agent": client.user_agent,
    }  # fmt: skip
    if agent_id is not None:
        row: Any = AgentSession.create(agent=agent_id, **values)
    else:
        organization_id = organization_id_of(service_id)
        row = MemberSession.create(organization=organization_id, member=member_id, service_id=service_id, **values)
    connection_log.note(ConnectionEvent.LOGGED_IN, client, service_id=service_id, member_id=member_id)
    return NewSession(int(row.id), token, row.expires_at, member_id, agent_id)
