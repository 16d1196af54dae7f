"""How many tickets stand where, kept by the transactions that move them: a million tickets are counted as fast as ten.

One row for each status, agent and group that go together in a service, 0 standing for nobody and for no group; any
view's number is the sum of some of them. Counting when asked, the lost alternative, takes 50 to 90 ms at a million
tickets. A change waits for another one that moves a ticket from or to the same place, for as long as that one commits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import peewee

from helpdesk.kernel import db
from helpdesk.kernel.actors import Actor
from helpdesk.tickets.models import Ticket, TicketCount
from helpdesk.tickets.rules import TicketStatus

NOBODY_ID = 0
KEY = (TicketCount.service, TicketCount.status, TicketCount.assignee_id, TicketCount.group_id)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a ticket stands."""

    status: TicketStatus
    assignee_id: int | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tickets have each status."""

    by_status: dict[TicketStatus, int] = field(default_factory=dict)

    def of(self, status: TicketStatus) -> int:
        """Return how many have a status."""
        return self.by_status.get(status, 0)

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.by_status.values())


def note(actor: Actor, *, before: Place | None, after: Place) -> None:
    """Count a ticket that is new, or has moved, in the transaction of the change. At most one statement."""
    if before == after:
        return
    steps = [(after, 1)] if before is None else [(before, -1), (after, 1)]
    rows = [
        {
            "service": actor.service_id, "status": place.status, "assignee_id": place.assignee_id or NOBODY_ID,
            "group_id": place.group_id or NOBODY_ID, "value": step,
        }
        for place, step in steps
    ]  # fmt: skip
    rows.sort(key=lambda row: (row["status"], row["assignee_id"], row["group_id"]))  # two changes lock in one order
    TicketCount.insert_many(rows).on_conflict(
        conflict_target=KEY,
        update={TicketCount.value: TicketCount.value + peewee.EXCLUDED.value},
    ).execute()


def of_service(service_id: int, *, unassigned_only: bool = False) -> Counts:
    """Return the counts of a service."""
    where = TicketCount.service == service_id
    if unassigned_only:
        where &= TicketCount.assignee_id == NOBODY_ID
    return _sums(where, TicketCount.service, [service_id])[0]


def of_agents(service_id: int, agent_ids: Sequence[int]) -> list[Counts]:
    """Return the counts of what agents have, aligned with them, in one statement."""
    where = (TicketCount.service == service_id) & TicketCount.assignee_id.in_(list(agent_ids))
    return _sums(where, TicketCount.assignee_id, agent_ids)


def of_groups(service_id: int, group_ids: Sequence[int], *, unassigned_only: bool = False) -> list[Counts]:
    """Return the counts of what groups have, aligned with them, in one statement."""
    where = (TicketCount.service == service_id) & TicketCount.group_id.in_(list(group_ids))
    if unassigned_only:
        where &= TicketCount.assignee_id == NOBODY_ID
    return _sums(where, TicketCount.group_id, group_ids)


def _sums(where: Any, owner: Any, owner_ids: Sequence[int]) -> list[Counts]:
    rows: Any = TicketCount.select(owner, TicketCount.status, peewee.fn.SUM(TicketCount.value)).where(where)
    found: dict[int, dict[TicketStatus, int]] = {}
    for owner_id, status, value in rows.group_by(owner, TicketCount.status).tuples():
        found.setdefault(owner_id, {})[status] = int(value)
    return [Counts(found.get(owner_id, {})) for owner_id in owner_ids]


@db.transactional
def recount() -> int:
    """Count all tickets anew, and return how many numbers were wrong. Changes wait meanwhile."""
    if not db.is_sqlite():
        db.database.execute_sql("LOCK TABLE ticket_count IN EXCLUSIVE MODE")  # what is uncommitted is waited for
    nobody = peewee.fn.COALESCE(Ticket.assignee, NOBODY_ID)
    none = peewee.fn.COALESCE(Ticket.group, NOBODY_ID)
    tickets: Any = Ticket.select(Ticket.service, Ticket.status, nobody, none, peewee.fn.COUNT(Ticket.id))
    true = {tuple(row[:4]): row[4] for row in tickets.group_by(*map(peewee.SQL, "1234")).tuples()}
    counted: Any = TicketCount.select(*KEY, TicketCount.value).where(TicketCount.value != 0)
    kept = {tuple(row[:4]): row[4] for row in counted.tuples()}
    wrong = [place for place in true.keys() | kept.keys() if true.get(place, 0) != kept.get(place, 0)]
    if wrong:
        TicketCount.delete().execute()
        names = ("service", "status", "assignee_id", "group_id", "value")
        rows = [dict(zip(names, (*place, value), strict=True)) for place, value in true.items()]
        for chunk in peewee.chunked(rows, 500):
            TicketCount.insert_many(chunk).execute()
    return len(wrong)
