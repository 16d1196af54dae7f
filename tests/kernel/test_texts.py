"""A query's text is that of its shape, whatever its values: the same rows come back as by peewee's own writing."""

import itertools
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import peewee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.kernel import texts
from helpdesk.kernel.columns import JsonColumn, TimeColumn
from helpdesk.kernel.db import Model, database, database_now, is_sqlite
from helpdesk.kernel.events import HistoryRow
from helpdesk.kernel.shapes import Walk
from helpdesk.organization.models import Organization
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.rules import TicketPriority, TicketStatus

serial = itertools.count(1)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
NAMES = st.text(max_size=8)
NUMBERS = st.integers(-5, 2**40)
OPEN = Ticket.status.in_((TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.ON_HOLD))  # shared, as rooms have some


class Sheep(Model):
    """A table of this file."""

    id = peewee.BigAutoField()
    name = peewee.CharField()
    facts = JsonColumn(default=dict)
    number = peewee.IntegerField(default=lambda: next(serial))
    at = TimeColumn(null=True)

    class Meta:
        table_name = "test_sheep"


def newest(numbers: list[int], name: str, size: int) -> Any:
    inner = Ticket.select(Ticket.id.alias("row_id")).where(Ticket.number.in_(numbers), Ticket.subject != name)
    outer = peewee.Select([inner], [inner.c.row_id]).where(inner.c.row_id > size)
    return Message.select(Message.id, Message.body_text).where(Message.id.in_(outer)).order_by(Message.id.desc())


SHAPES: dict[str, Callable[[list[int], str, int], Any]] = {
    "nothing": lambda numbers, name, size: Ticket.select(Ticket.id),
    "in": lambda numbers, name, size: Ticket.select().where(Ticket.number.in_(numbers)).limit(size % 7),
    "not in": lambda numbers, name, size: Ticket.select().where(Ticket.number.not_in(set(numbers))),
    "null": lambda numbers, name, size: Ticket.select().where(Ticket.assignee.is_null(), Ticket.group != size),
    "tuple": lambda numbers, name, size: Ticket.select().where(
        peewee.Tuple(Ticket.updated_at, Ticket.id) < peewee.Tuple(peewee.Value(size, converter=False), size)
    ),
    "enum": lambda numbers, name, size: Ticket.select(Ticket.id).where(OPEN, Ticket.priority == TicketPriority.HIGH),
    "time": lambda numbers, name, size: Ticket.select().where(Ticket.created_at < NOON + timedelta(seconds=size % 100)),
    "function": lambda numbers, name, size: Ticket.select(peewee.fn.COUNT(Ticket.id), peewee.fn.COALESCE(size, 3)),
    "like": lambda numbers, name, size: Ticket.select().where(peewee.fn.LOWER(Ticket.subject).contains(name)),
    "nested": newest,
    "join": lambda numbers, name, size: (
        Message.select(Message.id, Ticket.subject).join(Ticket).where(Ticket.number == size, Message.body_text == name)
    ),
    "group": lambda numbers, name, size: (
        Ticket.select(Ticket.status, peewee.fn.COUNT(Ticket.id)).group_by(Ticket.status).where(Ticket.number > size)
    ),
    "alias": lambda numbers, name, size: aliased(name, size),
    "update": lambda numbers, name, size: Ticket.update(
        subject=name, version=Ticket.version + size, status=TicketStatus.OPEN
    ).where(Ticket.number.in_(numbers)),
    "insert": lambda numbers, name, size: Sheep.insert(name=name, facts={"size": size}, at=NOON),
    "insert many": lambda numbers, name, size: Sheep.insert_many([{"name": f"{name}{number}"} for number in numbers]),
    "insert ignore": lambda numbers, name, size: Sheep.insert(id=size, name=name).on_conflict_ignore(),
    "insert or add": lambda numbers, name, size: Sheep.insert(id=size, name=name).on_conflict(
        conflict_target=[Sheep.id], update={Sheep.number: Sheep.number + peewee.EXCLUDED.number}
    ),
    "delete": lambda numbers, name, size: Sheep.delete().where((Sheep.number == size) | (Sheep.name == name)),
    "now": lambda numbers, name, size: Sheep.update(at=database_now() + size * 1_000_000).where(Sheep.id == size),
}


def aliased(name: str, size: int) -> Any:
    before = Ticket.alias()
    return Ticket.select(Ticket.id, before.subject).join(before, on=(before.id == Ticket.follow_up_of)).where(
        before.subject == name, Ticket.number > size
    )  # fmt: skip


def written(query: Any, number: int, write: Callable[[Any], tuple[str, Any]]) -> tuple[str, list[Any]]:
    """Return what is written of a query when the next sheep has a number."""
    global serial  # noqa: PLW0603  # what a default counts on
    serial = itertools.count(number)
    sql, parameters = write(query)
    return sql, list(parameters)


def remember(query: Any) -> tuple[str, Any]:
    return texts.text_of(database.obj, query)


def plainly(query: Any) -> tuple[str, Any]:
    """Return what peewee writes itself, with the lists filled up as the text has them."""
    Walk(marks=True).key(query)
    found: tuple[str, Any] = database.get_sql_context().sql(query).query()
    return found


@pytest.mark.usefixtures("database")
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.sampled_from(sorted(SHAPES)), numbers=st.lists(NUMBERS, min_size=1, max_size=9), name=NAMES,
    size=st.integers(0, 2**40), number=NUMBERS,
)  # fmt: skip
def test_text_and_parameters_are_those_that_peewee_would_write(
    shape: str, numbers: list[int], name: str, size: int, number: int
) -> None:
    first, again, plain = (SHAPES[shape](numbers, name, size) for _time in range(3))
    remembered = written(first, number, remember)
    assert remembered == written(again, number, remember)  # known by now
    assert remembered == written(plain, number, plainly)


@pytest.mark.usefixtures("database")
def test_shape_is_learnt_once_whatever_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    learnt = []
    learn = texts._learn
    monkeypatch.setattr(texts, "_learn", lambda *given: learnt.append(given) or learn(*given))
    monkeypatch.setattr(texts, "_texts", {})
    for size in range(5, 9):
        list(
            Ticket.select(Ticket.id).where(Ticket.number.in_(list(range(size))), Ticket.subject == "x" * size).tuples()
        )
    assert len(learnt) == 1
    list(Ticket.select(Ticket.id).where(Ticket.number.in_([1, 2]), Ticket.subject == "x").tuples())
    list(Ticket.select(Ticket.id).where(Ticket.number.in_([1, 2]), Ticket.subject != "x").tuples())
    assert len(learnt) == 3


@pytest.mark.usefixtures("database")
def test_expression_that_threads_share_keeps_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_texts", {})
    shared = (Ticket.number == 7) & (Ticket.subject == "seven")
    found = []

    def write(place: int) -> None:
        columns = [column for bit, column in enumerate(Ticket._meta.sorted_fields[:10]) if place & 1 << bit]
        query = Ticket.select(Ticket.id, *columns).where(Ticket.number > place, shared, Ticket.version < place)
        found.append((place, list(remember(query)[1])))

    threads = [
        threading.Thread(target=lambda start=start: [write(n) for n in range(start, 400, 4)]) for start in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 400
    assert all(values == [place, 7, "seven", place] for place, values in found)


@pytest.mark.usefixtures("database")
def test_what_the_walk_does_not_know_is_written_by_peewee() -> None:
    case = peewee.Case(Ticket.status, (("new", 1),), 0)
    ((found,),) = Ticket.select(peewee.fn.COUNT(case)).tuples()
    assert found == 0
    assert HistoryRow.select().where(peewee.SQL("id > ?" if database.param == "?" else "id > %s", [3])).count() == 0


@pytest.mark.usefixtures("database")
def test_prepared_query_finds_the_same_in_lists_of_any_length_by_few_texts() -> None:
    ids = [Organization.create(name=str(place), created_at=NOON).id for place in range(70)]
    of_ids = Organization.select(Organization.id).where(Organization.name != "")
    prepared = texts.Prepared(lambda given: of_ids.where(Organization.id.in_(given)))
    used = set()
    for length in (1, 2, 3, 50, 70):
        sql, parameters = prepared.filled(database.obj, ids[:length])
        assert sorted(row[0] for row in database.execute_sql(sql, parameters)) == ids[:length]
        used.add(sql)
    assert len(used) == (5 if is_sqlite() else 1)
