"""Passwords are forgotten and changed.

Whoever asks for a new one learns nothing of who is a member: the request is written down, whoever it names, and a
worker looks the member up and writes the mail (Source: SECURITY D1). Writing the mail at once lost, since a decoy
would have to take as long as a mail does, on every database.
"""

import logging
from datetime import timedelta
from typing import Any

from helpdesk.access import attempts, notices, sessions, tokens
from helpdesk.access.models import MemberToken, ResetRequest
from helpdesk.access.queries import member_of_actor
from helpdesk.access.rules import TokenPurpose
from helpdesk.agents.queries import member_of_email, password_hash_of
from helpdesk.kernel import clock, jobs
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.crypto import verify_password
from helpdesk.kernel.db import database, transactional
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.failpoints import reach
from helpdesk.kernel.leases import claim, give_back
from helpdesk.kernel.settings import Settings
from helpdesk.organization.queries import organization_id_of

log = logging.getLogger(__name__)

LINE = "resets"
MOST_TRIES = 5
QUIET = timedelta(minutes=1)
LONGEST_EMAIL = 254  # of a member


def request_reset(service_id: int, email: str, *, address: str) -> None:
    """Have a link by which a new password is set sent to the mail, if it is an active member's.

    The same for every mail. Raises LimitExceeded (TOO_MANY_ATTEMPTS) for who asks too often from one address.
    """
    attempts.count(attempts.subject(email, address=address, of="reset"), what="requests for a new password")
    _keep(service_id, attempts.spelling(email)[:LONGEST_EMAIL])


@transactional
def _keep(service_id: int, email: str) -> None:
    ResetRequest.insert(service=service_id, email=email, created_at=clock.now(), due_at=0).execute()
    jobs.wake(LINE)


def drain(settings: Settings) -> None:
    """Answer every request that waits."""
    while (row := claim(ResetRequest, seconds=settings.lease_seconds)) is not None:
        try:
            _answer(row)
        except Exception:
            log.exception("a request for a new password could not be answered", extra={"request_id": row.id})
            _again(row, settings)


@transactional
def _answer(row: Any) -> None:
    """Write the mail, and drop the request. Somebody who was just sent one gets no second, which ended the first."""
    if not _drop(row):
        return
    member = member_of_email(organization_id_of(row.service_id), row.email)
    if member is None or not member.is_active or _has_new_link(member.id):
        return
    token = tokens.issue(member.id, TokenPurpose.RESET)
    if not notices.send(row.service_id, member, token, TokenPurpose.RESET):
        log.warning("no mail account to send a new password by", extra={"service_id": row.service_id})
    reach("resets.answered")


def _has_new_link(member_id: int) -> bool:
    is_new = MemberToken.created_at > clock.now() - QUIET
    is_reset = (MemberToken.member == member_id) & (MemberToken.purpose == TokenPurpose.RESET)
    return bool(MemberToken.select().where(is_reset, is_new).exists())


def _again(row: Any, settings: Settings) -> None:
    if row.attempts >= MOST_TRIES:
        _drop(row)
    else:
        give_back(row, base_seconds=settings.retry_seconds)


def _drop(row: Any) -> bool:
    """Drop a leased request. False when another worker has it by now."""
    return bool(ResetRequest.delete().where(ResetRequest.id == row.id, ResetRequest.lease == row.lease).execute())


@transactional
def reset(service_id: int, token: str, password: str) -> None:
    """Set a password by the token of a link; every session and every other token of the member ends.

    Raises Invalid (BAD_TOKEN, WEAK_PASSWORD); a refused password leaves the token as it is.
    """
    member = tokens.take(service_id, token, TokenPurpose.RESET)
    sessions.change_password(member.id, password)


def change(actor: Actor, current: str, new: str, *, token: str, address: str) -> None:
    """Replace the password of whoever asks by a session; their other sessions end, and that of the token goes on.

    A wrong one counts as at log-in. Raises Invalid (BAD_CREDENTIALS, WEAK_PASSWORD), LimitExceeded
    (TOO_MANY_ATTEMPTS), and Conflict (NO_SESSION). Commits by itself: RuntimeError inside a transaction.
    """
    if database.in_transaction():
        raise RuntimeError("change() counts refused tries, so it cannot be part of a transaction")
    member = member_of_actor(actor)
    subject = attempts.subject(member.email, address=address)
    attempts.count(subject, what="wrong passwords")
    if not verify_password(password_hash_of(member.id), current):
        raise Invalid("The current password is wrong.", code="BAD_CREDENTIALS", path=("current_password",))
    _change(member.id, new, subject, token=token)


@transactional
def _change(member_id: int, new: str, subject: str, *, token: str) -> None:
    attempts.forgive(subject)
    sessions.change_password(member_id, new, but=token)
