"""What has happened: history for people, the event log for machines, and who reacts.

``record()`` is called by a room inside the transaction of its change. It writes a history row and
an event row, runs the core's reactions in their written order (wiring.py), and leaves the signal
for after the commit. A rolled-back change has recorded nothing.

Durable subscribers read the log by position, in order and at least once. A position is given to
an event only after its commit, by one sequencer at a time: ids alone would let an event that
commits late slip in behind a reader (and PostgreSQL's transaction ids, the lost alternative, start
over when a backup is restored).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import peewee

from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn
from helpdesk.kernel.db import (
    Model,
    after_commit,
    database,
    database_now,
    insert_late,
    is_sqlite,
    last_number,
    next_number,
    transaction,
)
from helpdesk.kernel.errors import said
from helpdesk.kernel.leases import Leased, backoff, claim, held, release, renew
from helpdesk.kernel.paging import Order, Page, Window, pages_of
from helpdesk.kernel.rows import Row

log = logging.getLogger(__name__)

SEQUENCE_LOCK = 719201
BATCH = 200
LINE = "events"
SERIES = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a service: ids and plain values only, never a row."""

    name: ClassVar[str]
    service_id: int


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as the log keeps it."""

    position: int
    name: str
    service_id: int
    payload: dict[str, Any]


Reaction = Callable[[Actor, Any], None]
Subscription = Callable[[LoggedEvent], None]


class EventRow(Model):
    """One line of the event log; ``position`` is empty until the sequencer has seen its commit."""

    id = peewee.BigAutoField()
    position = peewee.BigIntegerField(null=True, unique=True)
    service_id = peewee.BigIntegerField()
    name = peewee.CharField(max_length=64)
    payload = JsonColumn()
    at = TimeColumn()

    class Meta:
        table_name = "event"


EventRow.add_index(EventRow.index(EventRow.id, where=EventRow.position.is_null(), name="event_unsequenced"))


class HistoryRow(Model):
    """One line of a thing's history: who, when, what, from → to."""

    id = peewee.BigAutoField()
    service_id = peewee.BigIntegerField()
    subject = peewee.CharField(max_length=32)
    subject_id = peewee.BigIntegerField()
    name = peewee.CharField(max_length=64)
    actor_kind = EnumColumn(ActorKind)
    actor_id = peewee.BigIntegerField(null=True)
    actor_name = peewee.CharField(max_length=200)
    changes = JsonColumn()
    at = TimeColumn()

    class Meta:
        table_name = "history"
        indexes = ((("subject", "subject_id", "id"), False),)


@dataclass(slots=True, kw_only=True)
class HistoryEntry(Row):
    """A line of history as others see it."""

    subject_id: int
    name: str
    actor_kind: ActorKind
    actor_id: int | None
    actor_name: str
    changes: dict[str, list[Any]]
    at: datetime


class SubscriberRow(Leased):
    """How far a durable subscriber has read; ``attempts`` counts its failures at the next event."""

    id = peewee.BigAutoField()
    name = peewee.CharField(max_length=100, unique=True)
    position = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "subscriber"


class _Wiring:
    """Who reacts, set once when the application is made."""

    def __init__(self) -> None:
        self.reactions: Mapping[type[Event], Sequence[Reaction]] = {}
        self.tell: Callable[[Event], None] = lambda _event: None
        self.wake: Callable[[], None] = lambda: None
        self.subscriptions: dict[str, Subscription] = {}


_wiring = _Wiring()


def wire(
    reactions: Mapping[type[Event], Sequence[Reaction]],
    *,
    tell: Callable[[Event], None],
    wake: Callable[[], None],
) -> None:
    """Set the core's reactions, what tells the signals, and what wakes the feeding of subscribers."""
    _wiring.reactions, _wiring.tell, _wiring.wake = reactions, tell, wake


@dataclass(frozen=True, slots=True)
class Happening:
    """An event with the thing it happened to, and its changes: a field → (before, after), JSON values."""

    event: Event
    subject: tuple[str, int]
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def record(
    actor: Actor, event: Event, *, subject: tuple[str, int], changes: Mapping[str, tuple[Any, Any]] | None = None
) -> None:
    """Record one happening; see ``record_all``."""
    record_all(actor, Happening(event, subject, changes or {}))


def record_all(actor: Actor, *happenings: Happening) -> None:
    """Write history and event log, run the core's reactions, and leave the signals for after the commit.

    Two statements at the end of the transaction, however much it records. A reaction that raises takes the whole
    change back.
    Raises RuntimeError outside a transaction.
    """
    if not database.in_transaction():
        raise RuntimeError("record() belongs inside the transaction of the change")
    at = clock.now()
    insert_late(HistoryRow, [_history(actor, happening, at) for happening in happenings])
    insert_late(
        EventRow,
        [
            {"service_id": one.event.service_id, "name": one.event.name, "payload": _payload(one.event), "at": at}
            for one in happenings
        ],
    )
    for happening in happenings:  # before the reactions, so that signals come in the order of the log
        after_commit(partial(_wiring.tell, happening.event))
    for happening in happenings:
        for reaction in _wiring.reactions.get(type(happening.event), ()):
            reaction(actor, happening.event)
    after_commit(_wiring.wake)


def _payload(event: Event) -> dict[str, Any]:
    return {item.name: getattr(event, item.name) for item in fields(event)}


def _history(actor: Actor, happening: Happening, at: datetime) -> dict[str, Any]:
    return {
        "service_id": happening.event.service_id,
        "subject": happening.subject[0],
        "subject_id": happening.subject[1],
        "name": happening.event.name,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name[:200],
        "changes": {name: list(pair) for name, pair in happening.changes.items()},
        "at": at,
    }


def subscribe(name: str, handler: Subscription) -> None:
    """Feed the handler every event from now on, in order, at least once, whichever worker is alive.

    ``name`` is kept for ever: the place reached is stored under it. A handler that raises is given
    the same event again later, and holds up nobody else.
    """
    _wiring.subscriptions[name] = handler


def unsubscribe(name: str) -> None:
    """Feed the subscriber no more; the place it has reached is kept for when it subscribes again."""
    _wiring.subscriptions.pop(name, None)


def subscriptions() -> tuple[str, ...]:
    """Return the names of the durable subscribers."""
    return tuple(_wiring.subscriptions)


def sequence() -> None:
    """Give committed events their positions, in the order of their ids."""
    while _sequence_batch() == BATCH:
        pass


def _sequence_batch() -> int:
    """Give positions to at most one batch and return how many there were. One process at a time."""
    waiting: Any = EventRow.select(EventRow.id).where(EventRow.position.is_null()).order_by(EventRow.id).limit(BATCH)
    if not waiting.exists():
        return 0
    with transaction():
        if not is_sqlite():
            database.execute_sql("SELECT pg_advisory_xact_lock(%s)", (SEQUENCE_LOCK,))
        ids = [row[0] for row in waiting.tuples()]
        if ids:
            last = next_number(SERIES, 0, count=len(ids))
            pairs = ", ".join(f"({event_id}, {last - len(ids) + place})" for place, event_id in enumerate(ids, 1))
            database.execute_sql(
                f"UPDATE event SET position = v.column2 FROM (VALUES {pairs}) AS v WHERE event.id = v.column1"  # noqa: S608  # our own integers
            )
    return len(ids)


def read(after: int, *, limit: int = BATCH) -> list[LoggedEvent]:
    """Return events behind a position, oldest first."""
    rows: Any = (
        EventRow.select(EventRow.position, EventRow.name, EventRow.service_id, EventRow.payload)
        .where(EventRow.position > after)
        .order_by(EventRow.position)
        .limit(limit)
    )
    return [LoggedEvent(*values) for values in rows.tuples()]


def feed_all(*, lease_seconds: float = 120, retry_seconds: float = 30) -> None:
    """Feed every subscriber until it is up to date, fails, or is being fed by another worker."""
    sequence()
    for name in subscriptions():
        row = SubscriberRow.insert(name=name, position=last_number(SERIES, 0), due_at=database_now())
        row.on_conflict_ignore().execute()
        _feed(name, lease_seconds=lease_seconds, retry_seconds=retry_seconds)


def _feed(name: str, *, lease_seconds: float, retry_seconds: float) -> None:
    """Hand one subscriber its events in order. The place moves after the handler, so a crash repeats an event."""
    row = claim(SubscriberRow, SubscriberRow.name == name, seconds=lease_seconds)
    if row is None:
        return
    try:
        with held(row, seconds=lease_seconds):  # a handler may take longer than a lease
            is_done = _hand_over(row, lease_seconds)
        if is_done:
            release(row, due_in_seconds=0, attempts=0, last_error="")
    except BaseException as error:  # a handler may be a plugin's, and raise SystemExit
        log.exception("durable subscriber failed", extra={"subscriber": name})
        wait = backoff(max(row.attempts, 1), base_seconds=retry_seconds)
        release(row, due_in_seconds=wait, last_error=said(error)[:500])


def _hand_over(row: Any, lease_seconds: float) -> bool:
    """Hand over what is behind the row's place, as long as the subscriber stays. False when the lease was lost."""
    while events := read(row.position):
        for event in events:
            if (missed := event.position - row.position - 1) > 0:  # positions have no gap but what retention.py leaves
                log.warning("a subscriber was away for too long", extra={"subscriber": row.name, "missed": missed})
            handler = _wiring.subscriptions.get(row.name)
            if handler is None:
                return True
            handler(event)
            row.position = event.position
            row.attempts = 0
            if not renew(row, seconds=lease_seconds, position=event.position, attempts=0):
                return False
    return True


def fault_of(subscriber: str) -> str:
    """Return why the subscriber's last event could not be handed over, or nothing."""
    row = SubscriberRow.get_or_none(SubscriberRow.name == subscriber)
    return "" if row is None else str(row.last_error)


def history_of(subject: str, subject_ids: Sequence[int], window: Window) -> list[Page[HistoryEntry]]:
    """Return each thing's history, one page each, oldest first, in one statement."""
    return pages_of(
        HistoryEntry, HistoryRow, HistoryRow.subject_id, subject_ids,
        order=[Order(HistoryRow.id, "id")], window=window, condition=HistoryRow.subject == subject,
    )  # fmt: skip
