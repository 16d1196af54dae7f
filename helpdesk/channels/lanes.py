"""How much of one channel this process carries at once, in and out: all threads of a worker but one.

So a channel that hangs, for as long as its deadlines let it, leaves threads for the others' messages. The
deadlines cannot do that: a provider may rightly take minutes. Rows that wait for their channel's lane are
not claimed, so whichever worker has room takes them; a line that met a full lane is woken when there is room in it.
"""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from helpdesk.channels.models import ChannelAccount
from helpdesk.kernel import jobs
from helpdesk.kernel.leases import claim
from helpdesk.kernel.settings import Settings

_under_way: Counter[str] = Counter()
_turned_away: set[str] = set()
_lock = threading.Lock()


def drain(line: str, model: Any, carry: Callable[[Any, Settings], None], settings: Settings, *conditions: Any) -> None:
    """Claim and carry what is due, row by row, until nothing is left that there is room for."""
    most = max(1, settings.worker_threads - 1)
    while (found := _claim(line, model, conditions, most=most, seconds=settings.lease_seconds)) is not None:
        row, driver = found
        try:
            carry(row, settings)
        finally:
            _make_room(driver)


def _make_room(driver: str) -> None:
    with _lock:
        _under_way[driver] -= 1
        lines = sorted(_turned_away)
        _turned_away.clear()
    for line in lines:
        jobs.wake(line)


def _claim(line: str, model: Any, conditions: tuple[Any, ...], *, most: int, seconds: float) -> tuple[Any, str] | None:
    """Return a leased row and its channel, counted as under way."""
    with _lock:
        full = [driver for driver, count in _under_way.items() if count >= most]
        if full:
            _turned_away.add(line)
            theirs = ChannelAccount.select(ChannelAccount.id).where(ChannelAccount.driver.in_(full))
            conditions = (*conditions, model.account.not_in(theirs))
        row = claim(model, *conditions, seconds=seconds)
        if row is None:
            return None
        query: Any = ChannelAccount.select(ChannelAccount.driver).where(ChannelAccount.id == row.account_id)
        driver = str(query.tuples().first()[0])
        _under_way[driver] += 1
        return row, driver
