"""The time, in one place, so that tests can hold it. Leases use the database's clock instead (see db)."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds that never run backwards, for time-outs and durations."""
    return time.monotonic()
