"""Every list is read by an index in its own order, on both databases: read from the plans, with 20,000 tickets there.

SQLite is allowed to sort what a filter or a rare word has found, where no index has the filter and the order both;
PostgreSQL is told to leave full scans, so that one which is left is one that no index could save.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from helpdesk.channels import accounts
from helpdesk.channels import queries as channels
from helpdesk.channels.rules import DeliveryState, InboxState
from helpdesk.commands.demo.filling import fill
from helpdesk.commands.demo.staffing import staffed
from helpdesk.customers import queries as customers
from helpdesk.customers import searching
from helpdesk.kernel import events, search
from helpdesk.kernel.db import database, is_sqlite
from helpdesk.kernel.paging import Window
from helpdesk.plugins import queries as plugins
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.queries import TicketOrderField
from tests.factories.desk import Desk

TOTAL = 20_000
ROWS = 3_000
GROWING = (
    "ticket|ticket_tag|message|history|search_entry|customer|customer_term|customer_identity|inbox|outbox|plugin_log"
)
LARGEST_SORT = 2_000

Plans = dict[str, list[str]]


@contextmanager
def explained(plan: list[str], *, is_run: bool = False) -> Iterator[None]:
    """Add the plans of the block's reading statements, line by line; on PostgreSQL with what was read if it is run."""
    under = database.obj
    execute = under.execute_sql

    def note(sql: str, params: Any = None, *rest: Any, **named: Any) -> Any:
        if sql.startswith("SELECT"):
            word = "EXPLAIN QUERY PLAN" if is_sqlite() else f"EXPLAIN (ANALYZE {is_run}, TIMING FALSE)"
            plan.extend(str(row[-1]) for row in execute(f"{word} {sql}", params).fetchall())
        return execute(sql, params, *rest, **named)

    under.execute_sql = note
    try:
        yield
    finally:
        del under.execute_sql


def effort(count: Callable[[], Any]) -> int:
    """Return what it takes to count: SQLite's steps, or the most rows that PostgreSQL reads of an index or a table."""
    if is_sqlite():
        steps: list[None] = []
        connection = database.obj.connection()
        connection.set_progress_handler(lambda: steps.append(None), 10)
        count()
        connection.set_progress_handler(None, 0)
        return 10 * len(steps)
    plan: list[str] = []
    with explained(plan, is_run=True):
        count()
    return max(int(rows) for line in plan for rows in re.findall(r"Scan .*actual rows=(\d+)", line))


def windows(read: Callable[[Window], Any]) -> Plans:
    """Return the plans of a list's first and last page, and of the pages after and before a cursor."""
    plans: Plans = {"first": [], "last": [], "after": [], "before": []}
    with explained(plans["first"]):
        page = read(Window(first=20))
    page = page[0] if isinstance(page, list) else page
    assert page.rows
    cursor = page.cursor_of(page.rows[-1])
    for name, window in {
        "last": Window(last=20),
        "after": Window(first=20, after=cursor),
        "before": Window(last=20, before=cursor),
    }.items():
        with explained(plans[name]):
            read(window)
    return plans


def scans(plan: list[str]) -> list[str]:
    """Return the lines that read the whole of a table which grows."""
    if is_sqlite():
        made = {line.removeprefix("CO-ROUTINE ") for line in plan}  # tables that the statement makes for itself
        found = [re.fullmatch(r"SCAN (t\d+)( USING .*| VIRTUAL TABLE INDEX \d+:)?", line) for line in plan]
        return [match[0] for match in found if match and match[1] not in made]
    return [line for line in plan if re.search(rf"Seq Scan on ({GROWING})\b", line)]


def sorts(plan: list[str]) -> list[str]:
    """Return the lines that sort a whole list, and not only what is read of it, or is in the order nearly."""
    if is_sqlite():
        return [line for line in plan if line == "USE TEMP B-TREE FOR ORDER BY"]
    found = [re.search(r"(?<!Incremental )\bSort  \(cost.* rows=(\d+)", line) for line in plan]
    return [match[0] for match in found if match and int(match[1]) > LARGEST_SORT]


@pytest.fixture
def large(desk: Desk) -> Desk:
    """A desk with much of everything, and statistics of it."""
    account_id = accounts.create(desk.administrator, driver="echo", name="Echo", settings={})
    fill(staffed(desk.service_id, account_id, total=TOTAL), lambda count: True)
    some = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO {into} FROM n"
    for into in (
        "inbox (service_id, account_id, key, digest, storage_key, size, request, state, is_held, is_released, attempts,"
        f" last_error, received_at) SELECT {desk.service_id}, {account_id}, i, i, i, 1, '{{}}',"
        " CASE i - i / 10 * 10 WHEN 0 THEN 'QUARANTINED' ELSE 'PROCESSED' END, FALSE, FALSE, 0, '', i",
        "outbox (service_id, account_id, ticket_id, message_id, key, state, recipients, attempts, last_error,"
        f" created_at) SELECT {desk.service_id}, {account_id}, 1, i, i,"
        " CASE i - i / 10 * 10 WHEN 0 THEN 'FAILED' ELSE 'SENT' END, '[]', 0, '', i",
        "plugin_log (kind, name, service_id, level, hook, message, at)"
        f" SELECT 'plugin', CASE i - i / 5 * 5 WHEN 0 THEN 'a' ELSE 'b' END, {desk.service_id}, 'info', '', 'x', i",
    ):
        database.execute_sql(some.format(rows=ROWS, into=into))
    if not is_sqlite():
        database.execute_sql("SELECT gin_clean_pending_list('search_entry_terms')")
        database.execute_sql("SET enable_seqscan = off")
    database.execute_sql("ANALYZE")
    return desk


def lists(desk: Desk) -> Iterator[tuple[str, Plans]]:
    """Yield every list but those of tickets, with its plans."""
    service_id = desk.service_id
    for text in (None, "max", "김 haeun", "하은", "max mail.example", "mail.example", "7"):
        yield (
            f"customers {text}",
            windows(lambda window, text=text: customers.page_of_service(service_id, window, search=text)),
        )
    yield "customer.tickets", windows(lambda window: tickets.tickets_of_customers([7], window))
    yield "ticket.messages", windows(lambda window: tickets.messages_of_tickets([7], window))
    yield "ticket.history", windows(lambda window: events.history_of("ticket", [7], window))
    log = Ref(Kind.PLUGIN, "a")
    yield "plugin log", windows(lambda window: plugins.log_of(log, window, service_ids=[service_id]))
    for inbox in (None, InboxState.QUARANTINED):
        yield f"inbox {inbox}", windows(lambda window, state=inbox: channels.inbox_page(service_id, state, window))
    for outbox in (None, DeliveryState.FAILED):
        yield (
            f"deliveries {outbox}",
            windows(lambda window, state=outbox: channels.deliveries_page(service_id, state, window)),
        )


def filters(desk: Desk) -> Iterator[tuple[str, Any]]:
    """Yield the conditions that have an index of their own."""
    columns = ("assignee_id", "group_id", "customer_id")
    row = database.execute_sql(f"SELECT {', '.join(columns)} FROM ticket WHERE group_id IS NOT NULL").fetchone()
    yield "status", {"field": "status", "op": "is", "value": "OPEN"}
    for column, value in zip(columns, row, strict=True):
        name = column.removesuffix("_id")
        yield name, {"field": name, "op": "is", "value": value}


def ticket_plans(desk: Desk, field: TicketOrderField, **wanted: Any) -> Plans:
    """Return the plans of a list of tickets."""
    return windows(
        lambda window: tickets.page_of(
            tickets.matching(desk.service_id, **wanted), order=[(field, True)], window=window
        )
    )


def wrong(name: str, plans: Plans, *, may_sort: bool = False) -> list[tuple[str, str, list[str]]]:
    """Return the plans that scan, or sort where they may not."""
    return [(name, window, plan) for window, plan in plans.items() if scans(plan) or (sorts(plan) and not may_sort)]


def check_that_what_has_no_index_is_noticed() -> None:
    """Assert that a scan and a sort are seen where they are."""
    for sql, has_found in (
        ("SELECT * FROM message WHERE body_text = 'x' ORDER BY author_name", (True, is_sqlite())),
        ("SELECT id FROM ticket ORDER BY subject", (True, True)),
        ("SELECT id FROM ticket WHERE id = 1 ORDER BY subject", (False, False)),
    ):
        plan: list[str] = []
        with explained(plan):
            database.execute_sql(sql.replace("message", "message t1").replace("ticket", "ticket t1"))
        assert (bool(scans(plan)), bool(sorts(plan))) == has_found, plan


def test_no_list_is_scanned_or_sorted_as_a_whole(large: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "COMMON", 1_000)
    check_that_what_has_no_index_is_noticed()
    found: list[Any] = []
    for name, plans in lists(large):
        found += wrong(name, plans)
    for field in TicketOrderField:
        found += wrong(f"tickets by {field}", ticket_plans(large, field))
    for name, where in filters(large):
        for field in TicketOrderField:
            may_sort = is_sqlite() and field is not TicketOrderField.UPDATED_AT
            found += wrong(f"{name} by {field}", ticket_plans(large, field, where=where), may_sort=may_sort)
        found += wrong(f"{name} with words", ticket_plans(large, TicketOrderField.UPDATED_AT, where=where, text="환"))
    for text, is_common in (("환불", True), ("배송 문의", True), ("주문 환불", True), ("19999", False)):
        assert search._is_common(search._words(text)) is is_common, text
        for field in TicketOrderField:
            may_sort = not is_common
            found += wrong(f"{text} by {field}", ticket_plans(large, field, text=text), may_sort=may_sort)
    assert found == []
    for page in (
        customers.page_of_service(large.service_id, Window(first=1), search="mail.example"),
        customers.page_of_service(large.service_id, Window(first=1), search="mail m"),
        tickets.page_of_service(large.service_id, text="환불", order=[], window=Window(first=1)),
    ):
        assert effort(lambda page=page: page.count(50)) < effort(lambda page=page: page.count(None)) / 8
