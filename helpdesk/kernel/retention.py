"""How long the event log is kept: what is old and every durable subscriber has passed, goes.

A subscriber that fails holds up what it has not passed, for as long as somebody feeds it: it was promised every
event. One that nobody feeds any more, such as a removed plugin's, holds up nothing once it was last fed before what is
kept: its place stays, and should it come back, it goes on with the oldest event that there is, which the log says.

Lot by lot, each a transaction of its own: a worker that is killed has dropped less, and two that do it at once drop
the same. Positions grow with time but for a late commit, so the first lot in which nothing is old ends it.

No table is partitioned by time, on PostgreSQL either. Measured on PostgreSQL 15, two busy cores, fsync on:

* History is read by ticket. A ticket's 50 lines among 5 million rows take 0.03 ms to plan and 0.37 ms to run from
  one table; from 36 months 0.95 and 0.57 ms, for each month is asked. The page with window function and ids that the
  desk really reads (paging.py) takes 0.7 ms from one table and 1,400 ms from 36, since the planner then reads them
  all. Messages are read in the same way, and neither is ever dropped by age.
* The event log is dropped by age. Lots of 1,000 go at 170,000 rows/s, the slowest in 40 ms, and the room is used
  again: 3 million rows, less one, more one, stay at 403 MB. To drop a month of a million takes 36 ms. But partitions
  want the time in every unique key, which ``position`` could then no longer be alone, and somebody to make next
  month's in time, or no change could be recorded. That buys nothing below 100,000 events/s.
"""

import time
from datetime import timedelta
from typing import Any

import peewee

from helpdesk.kernel import leases
from helpdesk.kernel.db import database_now, last_number, present
from helpdesk.kernel.events import SERIES, EventRow, SubscriberRow, subscriptions

LOT = 1_000
MICROSECOND = timedelta(microseconds=1)


def prune(*, kept: timedelta) -> int:
    """Drop the events that are older and that nobody waits for, and return how many.

    Others get as much time to write as each lot took. Ends early when the worker ends.
    """
    old = EventRow.at < present() - kept
    last, after, dropped = _passed(kept), 0, 0
    while not leases.are_held_back():
        began = time.monotonic()
        lot: Any = EventRow.select(EventRow.position).where(EventRow.position > after, EventRow.position <= last)
        places = [row[0] for row in lot.order_by(EventRow.position).limit(LOT).tuples()]
        if not places:
            break
        count = EventRow.delete().where(EventRow.position > after, EventRow.position <= places[-1], old).execute()
        dropped, after = dropped + count, places[-1]
        if not count or len(places) < LOT:
            break
        time.sleep(time.monotonic() - began)
    return dropped


def _passed(kept: timedelta) -> int:
    """Return the position up to which every subscriber has read that somebody has fed lately, or will."""
    lately = peewee.NodeList((database_now(), peewee.SQL("-"), kept // MICROSECOND))
    is_fed = (SubscriberRow.due_at >= lately) | SubscriberRow.name.in_(subscriptions())
    least = SubscriberRow.select(peewee.fn.MIN(SubscriberRow.position)).where(is_fed).scalar()
    return last_number(SERIES, 0) if least is None else int(least)
