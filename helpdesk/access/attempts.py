"""Slows guessing down: tries are counted before anything is looked at, by what is tried *and* by address.

Locking what is tried lost, because it lets anybody lock anybody out.
"""

from datetime import timedelta

from helpdesk.access import rules
from helpdesk.access.models import LoginAttempts
from helpdesk.agents.rules import normal_email
from helpdesk.kernel import clock
from helpdesk.kernel.crypto import hash_token
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Invalid, LimitExceeded

FORGOTTEN_AFTER_SECONDS = 86_400


def spelling(email: str) -> str:
    """Return the spelling under which a member is kept; empty, which nobody has, for what is no address."""
    try:
        return normal_email(email)
    except Invalid:
        return ""


def subject(email: str, *, address: str, of: str = "") -> str:
    """Return under what tries with a mail from an address are counted; ``of`` tells other tries than passwords apart.

    A hash, since what is typed in the wrong field may be a password.
    """
    words = (*((of,) if of else ()), spelling(email) or email, rules.guesser(address))
    return hash_token("\n".join(words))


@transactional
def count(subject: str, *, what: str) -> None:
    """Count a try, or raise LimitExceeded and leave the count as it is: waiting never makes the wait longer.

    ``what`` there were too many of, such as wrong passwords.
    """
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
            f"There were too many {what}; try again in {int(wait) + 1} seconds.", code="TOO_MANY_ATTEMPTS"
        )
    LoginAttempts.update(failures=earlier + 1, last_at=at).where(LoginAttempts.subject == subject).execute()


def forgive(subject: str) -> None:
    """Drop the count of tries, of which one was right."""
    LoginAttempts.delete().where(LoginAttempts.subject == subject).execute()


@transactional
def forget() -> int:
    """Drop the counts of long ago, and return how many there were."""
    long_ago = clock.now() - timedelta(seconds=FORGOTTEN_AFTER_SECONDS)
    return int(LoginAttempts.delete().where(LoginAttempts.last_at < long_ago).execute())
