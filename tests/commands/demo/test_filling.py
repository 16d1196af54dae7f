"""What ``demo --tickets`` makes up is what the operations would have written, on both databases."""

from collections.abc import Sequence
from typing import Any

import pytest

from helpdesk.agents import operations as agents
from helpdesk.channels import accounts
from helpdesk.commands.demo import lives
from helpdesk.commands.demo.drawing import customer_of
from helpdesk.commands.demo.filling import fill
from helpdesk.commands.demo.lives import LIVES, Life, Step
from helpdesk.commands.demo.staffing import staffed
from helpdesk.customers import queries as customers
from helpdesk.kernel import actors
from helpdesk.kernel.db import database, is_sqlite
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.paging import Window
from helpdesk.tickets import counting, operations, queries, tagging
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, Body, TicketStatus
from tests.factories.desk import Desk

TOTAL = 400


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A desk with an account, a group and tickets that were made up."""
    account_id = accounts.create(desk.administrator, driver="echo", name="Echo", settings={})
    agents.add_to_group(agents.create_group(desk.service_id, "Orders"), desk.agent.id or 0)
    setting = staffed(desk.service_id, account_id, total=TOTAL)
    assert fill(setting, lambda count: True) == TOTAL
    return desk


@pytest.mark.parametrize("database_settings", ["postgres"], indirect=True)
def test_postgres_knows_at_once_how_much_there_is(filled: Desk) -> None:
    sql = "SELECT reltuples FROM pg_class WHERE oid = 'ticket'::regclass"
    assert database.execute_sql(sql).fetchone() == (TOTAL,)


def rows_of(table: str, ticket_id: int, columns: str, *, order: str = "id") -> list[tuple[Any, ...]]:
    """Return what a table says of a ticket."""
    key = {"ticket": "id", "history": "subject = 'ticket' AND subject_id"}.get(table, "ticket_id")
    found = database.execute_sql(f"SELECT {columns} FROM {table} WHERE {key} = {ticket_id} ORDER BY {order}")
    return [tuple(row) for row in found.fetchall()]


def left(ticket_id: int) -> dict[str, Any]:
    """Return all that there is of a ticket but ids, times and numbers."""
    (number,) = rows_of("ticket", ticket_id, "number")[0]
    ticket = "subject, status, priority, channel, account_id, language, customer_id, assignee_id, group_id, version"
    message = "kind, author_kind, author_id, author_name, body_text, body_html, proof, proof_details, is_automatic"
    return {
        "ticket": rows_of("ticket", ticket_id, f"{ticket}, follow_up_of_id, external_ref"),
        "messages": rows_of("message", ticket_id, f"service_id, {message}, quoted_from, sent_at"),
        "tags": rows_of("ticket_tag", ticket_id, "service_id, tag, folded", order="tag"),
        "history": rows_of("history", ticket_id, "service_id, name, actor_kind, actor_id, actor_name, changes"),
        "search": found_by(ticket_id, number),
    }


def found_by(ticket_id: int, number: int) -> tuple[int, list[str]]:
    """Return weight and terms of a ticket's one search entry, its number aside."""
    sql = f"SELECT weight, terms FROM search_entry WHERE subject = 'ticket' AND subject_id = {ticket_id}"
    ((weight, terms),) = database.execute_sql(sql).fetchall()
    own = str(number) if is_sqlite() else f"'{number}':1"
    words = terms.split(" ")
    words.remove(own)
    return weight - len(str(number)), words


def leads(life: Life, ticket_id: int) -> bool:
    """Return whether a ticket has led the life."""
    names = [(name, changes) for name, changes in rows_of("history", ticket_id, "name, changes")]
    return len(names) == len(life.lines) and all(
        name == line.name and line.changes in {"", changes}
        for (name, changes), line in zip(names, life.lines, strict=True)
    )


def play(life: Life, model: Any, messages: Sequence[Any], desk: Desk) -> int:
    """Do by the operations what happened to a ticket, and return the id of the one that has lived so too."""
    system, said = actors.system(desk.service_id), iter(messages)
    name, email, phone = customer_of(model.customer_id)
    asker = Asker(name=name, email=email, phone=phone)
    words = (Body(message.body_text) for message in said)
    new = NewTicket(
        model.subject, next(words), model.channel, model.language, asker,
        account_id=model.account_id, priority=model.priority,
    )  # fmt: skip
    ticket_id = operations.create(system, new).ticket_id
    tags = queries.tags_of_tickets([model.id])[0]
    for step in life.steps:
        if step is Step.ASSIGN:
            operations.assign(system, ticket_id, agent_id=model.assignee_id, group_id=model.group_id)
        elif step is Step.AGAIN:
            operations.receive(system, ticket_id, next(words), asker=asker)
        elif step is Step.TAG:
            tagging.tag(desk.agent, ticket_id, tags)
        elif step is Step.NOTE:
            operations.add_note(desk.agent, ticket_id, next(words))
        elif step is Step.COMPLETE:
            operations.set_status(desk.administrator, ticket_id, TicketStatus.COMPLETED)
        else:
            operations.reply(desk.agent, ticket_id, next(words), status=lives.REPLIES[step])
    return ticket_id


def people() -> list[int]:
    """Return how many rows there are of customers."""
    tables = ("customer", "customer_identity", "customer_value", "customer_term")
    return [database.execute_sql(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables]


def test_every_life_played_by_the_operations_leaves_the_same(filled: Desk) -> None:
    models = queries.tickets_by_ids(list(range(1, TOTAL + 1)))
    before = people()
    for life in LIVES:
        model = next(row for row in models if row is not None and leads(life, row.id))
        (page,) = queries.messages_of_tickets([model.id], Window(first=10))
        assert left(play(life, model, page.rows, filled)) == left(model.id), life
    assert people() == before


def test_whoever_asks_is_known_as_if_they_had_written_themselves(filled: Desk) -> None:
    number = database.execute_sql("SELECT MAX(number) FROM customer").fetchone()[0]
    last = customers.customer_by_number(filled.service_id, number)
    assert last is not None
    assert customer_of(last.id) == (last.name, last.email, last.phone)
    new = NewTicket("x", Body("y"), "web", "ko", Asker(name="Somebody", email="new@mail.example"))
    operations.create(filled.partner, new)
    following = customers.customer_by_number(filled.service_id, number + 1)
    assert following is not None
    assert following.email == "new@mail.example"


def test_numbers_and_times_go_on_where_the_tickets_end(filled: Desk) -> None:
    newest = queries.ticket_by_number(filled.service_id, TOTAL)
    assert newest is not None
    added = operations.create(filled.partner, NewTicket("x", Body("y"), "web", "ko"))
    (row,) = queries.tickets_by_ids([added.ticket_id])
    assert row is not None
    assert (row.number, row.created_at > newest.updated_at) == (TOTAL + 1, True)


def test_numbers_beside_views_are_right(filled: Desk) -> None:
    assert counting.of_service(filled.service_id).total > 0
    assert counting.recount() == 0


def test_a_later_run_goes_on_where_one_was_stopped(desk: Desk) -> None:
    setting = staffed(desk.service_id, None, total=40)
    assert fill(setting, lambda count: False, lot=20) == 20
    assert fill(setting, lambda count: True, lot=20) == 20
    assert fill(setting, lambda count: True, lot=20) == 0
    assert queries.matching(desk.service_id).count() == 40
    if is_sqlite():
        options = dict(database.execute_sql("SELECT k, v FROM search_index_config").fetchall())
        assert (options["automerge"], options["hashsize"]) == (4, 1 << 20)


def test_somebody_who_makes_tickets_meanwhile_stops_it_and_loses_nothing(desk: Desk) -> None:
    setting = staffed(desk.service_id, None, total=60)

    def come_between(count: int) -> bool:
        return bool(operations.create(desk.partner, NewTicket("x", Body("y"), "web", "ko")))

    with pytest.raises(Conflict, match="meanwhile"):
        fill(setting, come_between, lot=20)
    assert queries.matching(desk.service_id).count() == 21
    assert fill(setting, lambda count: True) == 39
