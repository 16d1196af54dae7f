"""The time, in one place, so that tests can hold it. Leases use the database's clock instead (see db).

``hold``, ``move`` and ``let_go`` are for the kit that plugin authors test with: they set this process's
time, and what it takes for the database's.
"""

import time
from datetime import UTC, datetime, timedelta


class _Hands:
    """Where the hands of this process's clock are: held, or ahead of the time."""

    def __init__(self) -> None:
        self.held: datetime | None = None
        self.ahead = timedelta()


_hands = _Hands()


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return (_hands.held or datetime.now(UTC)) + _hands.ahead


def monotonic() -> float:
    """Return seconds that never run backwards, for time-outs and durations."""
    return time.monotonic() + _hands.ahead.total_seconds()


def hold(at: datetime) -> None:
    """Let the time stand still."""
    _hands.held = at.astimezone(UTC)
    _hands.ahead = timedelta()


def move(seconds: float) -> None:
    """Move the time on, held or not."""
    _hands.ahead += timedelta(seconds=seconds)


def let_go() -> None:
    """Let the time be what it is again."""
    _hands.held, _hands.ahead = None, timedelta()


def held() -> datetime | None:
    """Return the moment at which the time stands still, if it does."""
    return None if _hands.held is None else now()


def ahead_seconds() -> float:
    """Return how far the time was moved on."""
    return _hands.ahead.total_seconds()
