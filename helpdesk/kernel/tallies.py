"""Counts how often somebody has done something of late, in the database, so that all processes count together.

A window begins with the first time and ends by itself; whoever is over its limit waits for the rest of it, and
knocking meanwhile does not make the wait longer. Who it was is kept as a hash.
"""

from datetime import timedelta

import peewee

from helpdesk.kernel import clock
from helpdesk.kernel.columns import TimeColumn, to_micros
from helpdesk.kernel.crypto import hash_token
from helpdesk.kernel.db import Model, transactional
from helpdesk.kernel.errors import LimitExceeded

KEPT = timedelta(days=1)


class Tally(Model):
    """How often since when."""

    id = peewee.BigAutoField()
    subject = peewee.CharField(max_length=64, unique=True)
    times = peewee.IntegerField()
    since = TimeColumn()

    class Meta:
        indexes = ((("since",), False),)


@transactional
def count(what: str, who: str, *, most: int, window: timedelta) -> None:
    """Count once more what somebody did. Raises LimitExceeded (TOO_OFTEN) once it was ``most`` times in the window.

    ``window`` is at most a day, after which counts are dropped.
    """
    at = clock.now()
    is_over = Tally.since <= at - window
    counted = (
        Tally.insert(subject=hash_token(f"{what}\n{who}"), times=1, since=at)
        .on_conflict(
            conflict_target=[Tally.subject],
            update={
                Tally.times: peewee.Case(None, [(is_over, 1)], Tally.times + 1),
                Tally.since: peewee.Case(None, [(is_over, to_micros(at))], Tally.since),
            },
        )
        .returning(Tally.times, Tally.since)
    )
    times, since = next(iter(counted.tuples().execute()))
    if times > most:
        seconds = int((since + window - at).total_seconds()) + 1
        words = f"That was too often in a short time; try again in {(seconds - 1) // 60 + 1} min."
        raise LimitExceeded(words, code="TOO_OFTEN", after_seconds=seconds)


def forget() -> None:
    """Drop the counts that no window reaches any more."""
    Tally.delete().where(Tally.since <= clock.now() - KEPT).execute()
