"""How sending goes for each account, and the rest of an account that its provider lets in no more.

While an account rests, nothing of it is tried; each refusal makes the rest longer. Then one message is tried, and if
the provider lets it in, all the others follow. Whoever changes the settings ends the rest at once. Leaving each
message its own tries lost: a wrong password would use them all up, and a thousand messages would knock a thousand
times.
"""

from datetime import timedelta
from typing import Any

import peewee

from helpdesk.channels.models import Delivery, Listening, Sending
from helpdesk.channels.rules import AccountState, DeliveryState
from helpdesk.kernel import clock, jobs
from helpdesk.kernel.db import database_now, insert_once
from helpdesk.kernel.leases import backoff, in_seconds
from helpdesk.kernel.settings import Settings

LINE = "outbox"
NOTED_EVERY = timedelta(seconds=30)


def may_be_tried() -> Any:
    """Return the condition that the account of a delivery does not rest."""
    resting = Sending.select(peewee.Value(1)).where(
        Sending.account == Delivery.account, Sending.rests_until > database_now()
    )
    return ~peewee.fn.EXISTS(resting)


def standing_of(account_id: int) -> Any:
    """Return how sending goes for the account; a row that is new where nothing was sent yet."""
    known = Sending.get_or_none(Sending.account == account_id)
    if known is None:
        insert_once(Sending, {"account": account_id, "state": AccountState.WORKING})
        known = Sending.get(Sending.account == account_id)
    return known


def admits(standing: Any, *, seconds: float) -> bool:
    """Return whether a message may be tried now: at the end of a rest only one, which has so many seconds."""
    if standing.rests_until is None:
        return True
    due = (Sending.id == standing.id) & (Sending.rests_until <= database_now())
    return bool(Sending.update(rests_until=in_seconds(seconds)).where(due).execute())


def refused(standing: Any, reason: str, settings: Settings, *, must_reconnect: bool) -> float:
    """Let the account rest, and return for how many seconds. Refusals of messages tried side by side count once."""
    rest = rest_seconds(standing.refusals + 1, settings)
    state = AccountState.RECONNECT if must_reconnect else AccountState.REFUSED
    query = Sending.update(
        state=state, last_error=reason, failed_at=clock.now(), refusals=Sending.refusals + 1,
        rests_until=in_seconds(rest),
    ).where(Sending.id == standing.id, Sending.refusals == standing.refusals)  # fmt: skip
    return rest if query.execute() else 0.0


def rest_seconds(refusals: int, settings: Settings) -> float:
    """Return how long an account rests after so many refusals in a row: a minute at first, an hour at last."""
    return backoff(refusals, base_seconds=2 * settings.retry_seconds)


def failed(standing: Any, reason: str) -> None:
    """Note what went wrong for now; an account that rests goes on resting."""
    state = AccountState.FAILING if standing.rests_until is None else standing.state
    values = {"state": state, "last_error": reason, "failed_at": clock.now()}
    Sending.update(values).where(Sending.id == standing.id).execute()


def succeeded(standing: Any) -> None:
    """Note that the provider took a message. The time of one success is not worth a write for each message."""
    is_known = standing.state is AccountState.WORKING and standing.last_sent_at is not None
    if is_known and abs(clock.now() - standing.last_sent_at) < NOTED_EVERY:
        return
    _work(Sending.id == standing.id, last_sent_at=clock.now())


def let_in(standing: Any) -> None:
    """End the rest: the provider has let the account in, whatever it says of the message."""
    if standing.rests_until is not None:
        _work(Sending.id == standing.id)


def resume(account_id: int) -> None:
    """Begin anew with an account whose settings have changed: whatever waits is tried at once.

    The row goes, so that a try with the old settings which is still under way has nothing to say any more.
    """
    Sending.delete().where(Sending.account == account_id).execute()
    waits = (Delivery.account == account_id) & (Delivery.state == DeliveryState.RETRYING) & Delivery.lease.is_null()
    Delivery.update(due_at=0).where(waits, Delivery.due_at.is_null(False)).execute()
    Listening.update(due_at=0, attempts=0, state=AccountState.WORKING, last_error="").where(
        Listening.account == account_id, Listening.lease.is_null()
    ).execute()
    jobs.wake(LINE)


def _work(condition: Any, **values: Any) -> None:
    values |= {"state": AccountState.WORKING, "last_error": "", "refusals": 0, "rests_until": None}
    Sending.update(values).where(condition).execute()
