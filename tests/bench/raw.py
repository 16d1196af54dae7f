"""The raw limit: the same pages and the same writes by plain SQL on the bare connection, and orjson.

It knows nothing of the desk's code, so that a bare Flask and the peers may use it too.
"""

import base64
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

TICKETS = """
SELECT id, number, subject, status, priority, channel, created_at, updated_at, customer_id, assignee_id, group_id
FROM ticket WHERE service_id = ?"""
NEWEST_FIRST = " ORDER BY updated_at DESC, id DESC LIMIT ?"
AFTER = " AND (updated_at, id) < (?, ?)"
CUSTOMERS = "SELECT id, number, name, email FROM customer WHERE id IN "
AGENTS = "SELECT agent.id, member.name FROM agent JOIN member ON member.id = agent.member_id WHERE agent.id IN "
GROUPS = "SELECT id, name FROM agent_group WHERE id IN "
MESSAGES = """
SELECT id, ticket_id, kind, body_text, created_at, author_kind, author_id, author_name FROM message
WHERE id IN (SELECT max(id) FROM message WHERE ticket_id IN """
DELIVERIES = "SELECT message_id, state FROM outbox WHERE message_id IN "
MATCHING = """
 AND (subject LIKE ? OR EXISTS (SELECT 1 FROM message WHERE message.ticket_id = ticket.id AND body_text LIKE ?))"""

Recorded = Sequence[tuple[str, Sequence[Any]]]
Cursor = tuple[int, int]
"""When a ticket last changed, in microseconds since 1970, and its id."""


class Bare:
    """A bare connection, sqlite3's or psycopg's, and how many statements it was sent."""

    def __init__(self, connection: Any) -> None:
        self.connection, self.sent = connection, 0
        self.is_sqlite = isinstance(connection, sqlite3.Connection)

    def rows(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of a statement whose values are marked by ``?``."""
        self.sent += 1
        found: list[Any] = self.connection.execute(sql if self.is_sqlite else sql.replace("?", "%s"), values).fetchall()
        return found

    def among(self, sql: str, values: Iterable[Any], rest: str = "") -> list[Any]:
        """Return the rows of a statement that ends in ``IN``, for these values; none for no value."""
        wanted = list(values)
        if not wanted:
            return []
        if self.is_sqlite:
            return self.rows(f"{sql}({','.join('?' * len(wanted))}){rest}", wanted)
        return self.rows(f"{sql.removesuffix('IN ')}= ANY(?){rest}", [wanted])


def page(bare: Bare, service_id: int, size: int, *, after: Cursor | None = None) -> bytes:
    """Return the answer to the operation Tickets: the newest, or those after a place in the list."""
    sql = TICKETS + (AFTER if after else "") + NEWEST_FIRST
    return _answer(bare, bare.rows(sql, (service_id, *(after or ()), size + 1)), size, is_first=after is None)


def skipping(bare: Bare, service_id: int, size: int, skipped: int) -> bytes:
    """Return the same for a page that is found by counting off what comes before it."""
    rows = bare.rows(f"{TICKETS}{NEWEST_FIRST} OFFSET ?", (service_id, size + 1, skipped))
    return _answer(bare, rows, size, is_first=skipped == 0)


def containing(bare: Bare, service_id: int, word: str, size: int) -> bytes:
    """Return the same for the newest tickets with a word in a message, found by looking at them all."""
    rows = bare.rows(TICKETS + MATCHING + NEWEST_FIRST, (service_id, f"%{word}%", f"%{word}%", size + 1))
    return _answer(bare, rows, size, is_first=True)


def last_seen(bare: Bare, service_id: int, skipped: int) -> Cursor:
    """Return the place in the list after so many tickets."""
    sql = "SELECT updated_at, id FROM ticket WHERE service_id = ? ORDER BY updated_at DESC, id DESC LIMIT 1 OFFSET ?"
    ((at, ticket_id),) = bare.rows(sql, (service_id, skipped - 1))
    return at, ticket_id


def _answer(bare: Bare, rows: list[Any], size: int, *, is_first: bool) -> bytes:
    shown = rows[:size]
    messages = {row[1]: row for row in bare.among(MESSAGES, [row[0] for row in shown], " GROUP BY ticket_id)")}
    customers = {row[0]: row for row in bare.among(CUSTOMERS, {row[8] for row in shown})}
    people = {row[9] for row in shown if row[9]} | {row[6] for row in messages.values() if row[5] == "agent"}
    agents = {row[0]: row for row in bare.among(AGENTS, people)}
    groups = {row[0]: row for row in bare.among(GROUPS, {row[10] for row in shown if row[10]})}
    deliveries = dict(bare.among(DELIVERIES, [row[0] for row in messages.values()]))
    nodes = [_ticket(row, customers, agents, groups, messages[row[0]], deliveries) for row in shown]
    info = {
        "hasNextPage": len(rows) > size,
        "hasPreviousPage": not is_first,
        "startCursor": cursor(shown[0][7], shown[0][0]) if shown else None,
        "endCursor": cursor(shown[-1][7], shown[-1][0]) if shown else None,
    }
    return orjson.dumps({"tickets": {"nodes": nodes, "pageInfo": info}})


def _ticket(row: Any, customers: Any, agents: Any, groups: Any, message: Any, deliveries: Any) -> dict[str, Any]:
    customer, agent, group = customers[row[8]], agents.get(row[9]), groups.get(row[10])
    is_agent = message[5] == "agent"
    author = agents[message[6]][1] if is_agent else customers[message[6]][2]
    state = deliveries.get(message[0])
    last = {
        "id": global_id("Message", message[0]),
        "kind": message[2],
        "bodyText": message[3],
        "createdAt": time(message[4]),
        "author": {"__typename": "Agent" if is_agent else "Customer", "name": author},
        "delivery": {"state": state} if state else None,
    }
    return {
        "id": global_id("Ticket", row[0]),
        "number": row[1],
        "subject": row[2],
        "status": row[3],
        "priority": row[4],
        "channel": row[5],
        "createdAt": time(row[6]),
        "updatedAt": time(row[7]),
        "customer": {
            "id": global_id("Customer", customer[0]),
            "number": customer[1],
            "name": customer[2],
            "email": customer[3],
        },
        "assignee": {"id": global_id("Agent", agent[0]), "name": agent[1]} if agent else None,
        "group": {"id": global_id("AgentGroup", group[0]), "name": group[1]} if group else None,
        "messages": {"nodes": [last]},
    }


def global_id(name: str, row_id: int) -> str:
    """Return the id that the API has for a row."""
    return base64.urlsafe_b64encode(f"{name}:{row_id}".encode()).decode().rstrip("=")


def time(micros: int) -> str:
    """Return a time as the API has it."""
    return datetime.fromtimestamp(micros / 1_000_000, UTC).isoformat()


def cursor(at: int, ticket_id: int) -> str:
    """Return the cursor of a ticket in the newest-first list."""
    return base64.urlsafe_b64encode(orjson.dumps(["-updated_at,-id", at, ticket_id])).decode().rstrip("=")


def replay(bare: Bare, recorded: Recorded) -> None:
    """Send recorded statements again in one transaction; a ticket gets the number that the counter gives."""
    connection, number = bare.connection, 0
    connection.execute("BEGIN IMMEDIATE" if bare.is_sqlite else "BEGIN")
    for sql, values in recorded:
        given = list(values)
        if 'INTO "ticket" (' in sql:
            names = sql.partition("(")[2].partition(")")[0].replace('"', "").split(", ")
            given[names.index("number")] = number
        ran = connection.execute(sql, given)
        rows = ran.fetchall() if ran.description else []
        number = rows[0][0] if sql.startswith("INSERT INTO counter") else number
    connection.execute("COMMIT")
