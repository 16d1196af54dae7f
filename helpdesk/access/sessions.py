"""Logs agents and organization administrators in and out, and slows guessing down.

A try is counted before the password is looked at, in a transaction of its own, and forgotten when
the password was right: a hundred tries at once are five. Counting afterwards, the lost way, would
let all hundred through. Locking the account lost too, because it lets anybody lock anybody out;
tries are counted by mail *and* address. Every refusal is the same and takes the same time
(Source: SECURITY D1).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpdesk.access import rules
from helpdesk.access.models import AgentSession, LoginAttempts, MemberSession
from helpdesk.agents import operations as agents
from helpdesk.agents.queries import Credentials, agent_ids_of_member, credentials
from helpdesk.agents.rules import normal_email
from helpdesk.kernel import clock
from helpdesk.kernel.crypto import hash_token, new_token, password_needs_rehash, verify_password
from helpdesk.kernel.db import database, transactional
from helpdesk.kernel.errors import Invalid, LimitExceeded, Unauthenticated
from helpdesk.organization.queries import organization_id_of

SESSION_PREFIX = "hds_"
SESSION_SECONDS = 43_200
FORGOTTEN_AFTER_SECONDS = 86_400
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
    service_id: int, email: str, password: str, *, address: str, session_seconds: int = SESSION_SECONDS
) -> NewSession:
    """Begin a session of an agent of the service, or of one who looks after its organization and is none.

    ``address`` is what ``rules.client_address`` says.
    A right password that is kept at another cost than new ones is hashed anew.

    Raises Unauthenticated (BAD_CREDENTIALS) alike for an unknown mail, a wrong password, a deactivated
    member and one who is no agent here; LimitExceeded (TOO_MANY_ATTEMPTS) while a guesser has to wait.
    Commits by itself, since a refused try has to be counted: RuntimeError inside a transaction.
    """
    if database.in_transaction():
        raise RuntimeError("log_in() counts refused tries, so it cannot be part of a transaction")
    spelling = _spelling(email)
    # A hash, since what is typed in the wrong field may be a password.
    subject = hash_token(f"{spelling or email}\n{rules.guesser(address)}")
    _count(subject)
    found = credentials(service_id, spelling)
    is_right = verify_password(found.password_hash if found else None, password)
    if found is None or not is_right or not found.is_active:
        raise Unauthenticated("The email or the password is wrong.", code="BAD_CREDENTIALS")
    if found.password_hash is not None and password_needs_rehash(found.password_hash):
        agents.renew_hash(found.member_id, password, stored=found.password_hash)
    return _begin(service_id, found, subject, address=address, seconds=session_seconds)


@transactional
def log_out(token: str) -> None:
    """End the session of the token; one that has ended, or never was, stays so."""
    for model in SESSIONS:
        _end(model, model.token_hash == hash_token(token))


@transactional
def change_password(member_id: int, password: str) -> None:
    """Replace a member's password and end the sessions begun with the old one, in every service.

    Raises Invalid (WEAK_PASSWORD) and NotFound.
    """
    agents.set_password(member_id, password)
    end_all(member_id)


@transactional
def end_all(member_id: int) -> None:
    """End the member's sessions in every service."""
    end_of_agents(agent_ids_of_member(member_id))
    _end(MemberSession, MemberSession.member == member_id)


@transactional
def end_of_agents(agent_ids: Sequence[int]) -> None:
    """End the sessions of agents; those that the same people have elsewhere go on."""
    _end(AgentSession, AgentSession.agent.in_(list(agent_ids)))


def are_logged_in(agent_ids: Sequence[int]) -> list[bool]:
    """Return whether each agent has a session, aligned with them, in one statement. Source: SPEC AGT-20."""
    is_running = AgentSession.revoked_at.is_null() & (AgentSession.expires_at > clock.now())
    query: Any = AgentSession.select(AgentSession.agent).where(AgentSession.agent.in_(list(agent_ids)), is_running)
    present = {row[0] for row in query.distinct().tuples()}
    return [agent_id in present for agent_id in agent_ids]


@transactional
def forget_attempts() -> int:
    """Drop the counts of long ago, and sessions that ended long ago; return how many counts there were."""
    long_ago = clock.now() - timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
    for model in SESSIONS:
        model.delete().where(model.expires_at < clock.now() - KEPT_AFTER_END).execute()
    return int(LoginAttempts.delete().where(LoginAttempts.last_at < long_ago).execute())


@transactional
def _count(subject: str) -> None:
    """Count a try, or raise LimitExceeded and leave the count as it is: waiting never makes the wait longer."""
    at = clock.now()
    counted = (
        LoginAttempts.insert(subject=subject, failures=1, last_at=at)
        .on_conflict(
            conflict_target=[LoginAttempts.subject], update={LoginAttempts.failures: LoginAttempts.failures + 1}
        )
        .returning(LoginAttempts.failures, LoginAttempts.last_at)
    )
    failures, last_at = next(iter(counted.tuples().execute()))
    quiet_seconds = max((at - last_at).total_seconds(), 0)
    earlier = 0 if quiet_seconds >= FORGOTTEN_AFTER_SECONDS else failures - 1
    wait = rules.login_wait_seconds(earlier) - quiet_seconds
    if wait > 0:
        raise LimitExceeded(
            f"There were too many wrong passwords; try again in {int(wait) + 1} seconds.", code="TOO_MANY_ATTEMPTS"
        )
    LoginAttempts.update(failures=earlier + 1, last_at=at).where(LoginAttempts.subject == subject).execute()


@transactional
def _begin(service_id: int, found: Credentials, subject: str, *, address: str, seconds: int) -> NewSession:
    token, at = new_token(SESSION_PREFIX), clock.now()
    LoginAttempts.delete().where(LoginAttempts.subject == subject).execute()
    values = {
        "token_hash": hash_token(token), "created_at": at, "expires_at": at + timedelta(seconds=seconds),
        "address": rules.normal_address(address)[:45],
    }  # fmt: skip
    if found.agent_id is not None:
        row: Any = AgentSession.create(agent=found.agent_id, **values)
    else:
        organization_id = organization_id_of(service_id)
        row = MemberSession.create(organization=organization_id, member=found.member_id, **values)
    return NewSession(int(row.id), token, row.expires_at, found.member_id, found.agent_id)


def _end(model: Any, whose: Any) -> None:
    model.update(revoked_at=clock.now()).where(whose, model.revoked_at.is_null()).execute()


def _spelling(email: str) -> str:
    """Return the spelling under which a member is kept; empty, which nobody has, for what is no address."""
    try:
        return normal_email(email)
    except Invalid:
        return ""
