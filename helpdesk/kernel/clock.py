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

TOLERANCE = timedelta(minutes=1)
LONGEST_DOUBT = timedelta(days=7)
_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # which goes on while the machine sleeps


class _Steps:
    """What this process knows of steps of the machine's clock: where the time began to run, and since when in doubt."""

    def __init__(self) -> None:
        self.began = datetime.now(UTC) - _running()
        self.doubted_at: timedelta | None = None


def _running() -> timedelta:
    return timedelta(seconds=time.clock_gettime(_RUNNING))


_steps = _Steps()


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return (_hands.held or datetime.now(UTC)) + _hands.ahead


def steady() -> datetime:
    """Return the present moment, aware and in UTC, of a clock that is not believed when it leaps ahead.

    What it has leaped counts once as much time has really passed, or a week: so nothing is over at once because
    somebody set the clock. Back it is followed at once, forth again it is not. A process that begins believes it.
    """
    if _hands.held is not None:
        return now()
    present, running = datetime.now(UTC), _running()
    leap = present - running - _steps.began
    if leap > TOLERANCE:
        since = _steps.doubted_at or running  # looked at once: another thread may still read the time before the leap
        _steps.doubted_at = since
        if running - since < min(leap, LONGEST_DOUBT):
            return _steps.began + running + _hands.ahead
    _steps.began, _steps.doubted_at = present - running, None
    return present + _hands.ahead


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
    _steps.began, _steps.doubted_at = datetime.now(UTC) - _running(), None


def held() -> datetime | None:
    """Return the moment at which the time stands still, if it does."""
    return None if _hands.held is None else now()


def ahead_seconds() -> float:
    """Return how far the time was moved on."""
    return _hands.ahead.total_seconds()
