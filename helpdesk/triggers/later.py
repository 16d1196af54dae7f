"""What actions do outside: written with the change that caused it, then done by workers, at least once.

The manners are those of the outbox: a worker that dies lets the row fall due again; Retry waits as long as the
outside wishes; Refused is final, as are too many tries, and the row stays to be looked at and tried anew.
What is the desk's own trouble (an action that is not in use, or rests) uses up no try.
"""

import secrets as random
from collections.abc import Mapping
from typing import Any

import orjson

from helpdesk.kernel import clock, jobs
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.db import locked, transactional
from helpdesk.kernel.errors import Conflict, HelpdeskError, NotFound, Unavailable
from helpdesk.kernel.failpoints import reach
from helpdesk.kernel.leases import claim, give_back, held, release
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.text import one_line
from helpdesk.plugins import guard, instances
from helpdesk.plugins.guard import PluginFailed, Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.outgoing import Outgoing
from helpdesk.plugins.settings import secrets_of
from helpdesk.sdk.action import Action, Refused, Retry
from helpdesk.triggers import rules
from helpdesk.triggers.models import ActionJob
from helpdesk.triggers.rules import JobState

LINE = "actions"
SECONDS = 120.0


def queue(actor: Actor, ticket_id: int, action: str, settings: Mapping[str, Any], data: Mapping[str, Any]) -> int:
    """Have a worker call the action's ``perform`` with the data once the transaction is committed; return the id."""
    key = random.token_hex(16)
    sealed = keyring().seal(orjson.dumps(dict(settings)), context=_context(key))
    row_id = ActionJob.insert(
        service=actor.service_id, ticket=ticket_id, action=action, key=key, settings=sealed, data=dict(data),
        state=JobState.QUEUED, created_at=clock.now(), due_at=0,
    ).execute()  # fmt: skip
    jobs.wake(LINE)
    return int(row_id)


def drain(settings: Settings) -> None:
    """Do everything that is due."""
    while row := claim(ActionJob, seconds=settings.lease_seconds):
        carry(row, settings)


def carry(row: Any, settings: Settings) -> None:
    """Try one leased row once, and write what became of it."""
    words: list[str] = []
    try:
        action = _action(row)
        words = secrets_of(action.settings)
        with held(row, seconds=settings.lease_seconds):
            _perform(row, action, words)
        reach("actions.performed")
        _end(row, JobState.DONE)
    except Retry as error:
        _again(row, settings, _reason(error, words), wish=error.after_seconds)
    except PluginFailed as error:
        _again(row, settings, error.message, is_free=error.code == "PLUGIN_RESTING")
    except Unavailable as error:
        _again(row, settings, error.message, is_free=True)
    except HelpdeskError as error:
        _end(row, JobState.FAILED, error.message)
    except Refused as error:
        _end(row, JobState.FAILED, _reason(error, words))
    except guard.SAID as error:  # what a channel or a form may say, and an action may not
        _again(row, settings, f"{type(error).__name__}: {_reason(error, words)}")


def _action(row: Any) -> Action:
    """Return the action as it is now, for the settings of then."""
    given = orjson.loads(keyring().open(row.settings, context=_context(row.key)))
    action: Action = instances.made(Kind.ACTION, row.action, given, service_id=row.service_id)
    action.http = Outgoing()
    return action


def _perform(row: Any, action: Action, words: list[str]) -> None:
    def perform() -> None:
        action.perform(dict(row.data))

    guard.call(Ref(Kind.ACTION, row.action), "perform", perform, seconds=SECONDS, secrets=words)


def _again(row: Any, settings: Settings, reason: str, *, wish: Any = None, is_free: bool = False) -> None:
    """Give the row back for a later try, or give up after too many; a free one uses up none."""
    if not is_free and row.attempts >= rules.MOST_TRIES:
        _end(row, JobState.FAILED, reason)
        return
    give_back(
        row, base_seconds=settings.retry_seconds, wish=wish, is_free=is_free,
        state=JobState.RETRYING, last_error=_short(reason),
    )  # fmt: skip


def _end(row: Any, state: JobState, reason: str = "") -> None:
    release(row, state=state, last_error=_short(reason), finished_at=clock.now())


@transactional
def retry(actor: Actor, job_id: int) -> None:
    """Let work that was given up be tried again. Raises NotFound and Conflict (NOT_RETRIABLE)."""
    actor.require("delivery.retry")
    query = ActionJob.select().where(ActionJob.id == job_id, ActionJob.service == actor.service_id)
    row = locked(query).first()
    if row is None:
        raise NotFound("There is no such work of an action.", path=("id",))
    if row.state is not JobState.FAILED:
        raise Conflict("This was not given up; it is done, or will be.", code="NOT_RETRIABLE")
    ActionJob.update(state=JobState.RETRYING, attempts=0, due_at=0, finished_at=None).where(
        ActionJob.id == job_id
    ).execute()
    jobs.wake(LINE)


def _reason(error: BaseException, words: list[str]) -> str:
    return guard.blotted(str(error), words) or type(error).__name__


def _short(reason: str) -> str:
    return one_line(reason, longest=rules.LONGEST_REASON)


def _context(key: str) -> str:
    return f"action_job:{key}"
