"""Fills the demo's desk with tickets by the hundred thousand: made in processes beside, written here lot by lot.

Each lot is one transaction, so a run that is stopped leaves a desk that works, and a later one goes on where it ended.
Nobody else may make tickets meanwhile. The indexes stay as they are: rows come nearly in the indexes' own order.
PostgreSQL counts at the end what there is: until its own daemon comes to that, it would plan for empty tables.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from helpdesk.commands.demo.rows import COLUMNS, Lot, Made, Setting, customers_in, make
from helpdesk.kernel import bulk
from helpdesk.kernel.db import database, is_sqlite, last_number, next_number, transaction
from helpdesk.kernel.errors import Conflict
from helpdesk.tickets import counting

LOT = 10_000
LOTS_AHEAD = 2
ASSIGNED = "UPDATE agent SET last_assigned_at = ? WHERE id = ? AND COALESCE(last_assigned_at, 0) < ?"


def fill(setting: Setting, told: Callable[[int], bool], *, lot: int = LOT) -> int:
    """Make the tickets that the desk lacks up to the setting's total, and return how many were made.

    ``told`` is called with the size of each ``lot`` that is written, and says whether to go on. Raises Conflict when
    somebody else makes tickets or customers meanwhile; what is written by then stays.
    """
    done = last_number("ticket", setting.service_id)
    written = 0
    with bulk.hurrying():
        for made in _made(setting, list(_lots(setting, done, lot))):
            _write(setting, made)
            written += made.lot.count
            if not told(made.lot.count):
                break
    if written and not is_sqlite():
        database.execute_sql("ANALYZE")
    return written


def _lots(setting: Setting, done: int, size: int) -> Iterator[Lot]:
    """Yield the lots of that size, a multiple of four, as they are to be written if nobody comes between."""
    missing = max(setting.total - done, 0)
    first = bulk.reserve("ticket", missing)
    known = bulk.reserve("customer", customers_in(missing))
    customers = last_number("customer", setting.service_id)
    for start in range(0, missing, size):
        before = customers_in(start)
        yield Lot(
            place=done + start, count=min(size, missing - start), ticket_id=first + start, number=done + start + 1,
            customer_id=known + before, customer_number=customers + before + 1, known_from=known,
        )  # fmt: skip


def _made(setting: Setting, lots: list[Lot]) -> Iterator[Made]:
    """Yield the lots' rows in their order; more than one lot is made in processes beside this one."""
    if len(lots) < 2:
        yield from map(partial(make, setting), lots)
        return
    processes = max((os.cpu_count() or 2) - 1, 1)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_ignore_interrupts) as pool:
        under_way: deque[Future[Made]] = deque()
        try:
            for lot in lots:
                under_way.append(pool.submit(make, setting, lot))
                if len(under_way) > processes + LOTS_AHEAD:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """Leave Ctrl-C, which a terminal sends to every process, to the one that writes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write(setting: Setting, made: Made) -> None:
    """Write a lot in one transaction."""
    lot = made.lot
    with transaction():
        numbers = next_number("ticket", setting.service_id, count=lot.count)
        customers = next_number("customer", setting.service_id, count=customers_in(lot.count))
        if (numbers - lot.count, customers - customers_in(lot.count)) != (lot.number - 1, lot.customer_number - 1):
            raise Conflict("Somebody else makes tickets on this desk meanwhile; run it again once nobody does.")
        for table, columns in COLUMNS.items():
            bulk.write(table, columns.split(), made.rows[table])
        counting.add(setting.service_id, made.standing)
        for agent_id, at in made.assigned.items():
            database.execute_sql(ASSIGNED.replace("?", database.param), (at, agent_id, at))
