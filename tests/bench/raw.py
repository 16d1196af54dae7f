"""The raw limit: the same page and the same writes by plain SQL on the bare connection, and orjson."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from helpdesk.kernel import db

TICKETS = """
SELECT id, number, subject, status, priority, channel, created_at, updated_at, customer_id, assignee_id, group_id
FROM ticket WHERE service_id = ? ORDER BY updated_at DESC, id DESC LIMIT ?"""
CUSTOMERS = "SELECT id, number, name, email FROM customer WHERE id IN (%s)"
AGENTS = "SELECT agent.id, member.name FROM agent JOIN member ON member.id = agent.member_id WHERE agent.id IN (%s)"
GROUPS = "SELECT id, name FROM agent_group WHERE id IN (%s)"
MESSAGES = """
SELECT id, ticket_id, kind, body_text, created_at, author_kind, author_id, author_name FROM message
WHERE id IN (SELECT max(id) FROM message WHERE ticket_id IN (%s) GROUP BY ticket_id)"""
DELIVERIES = "SELECT message_id, state FROM outbox WHERE message_id IN (%s)"

Recorded = Sequence[tuple[str, Sequence[Any]]]


def page(service_id: int, size: int) -> bytes:
    """Return the answer to the operation Tickets, made without any of the desk's code."""
    rows = db.database.connection().execute(TICKETS, (service_id, size + 1)).fetchall()
    shown = rows[:size]
    customers, agents, groups = _by_id(CUSTOMERS, shown, 8), _by_id(AGENTS, shown, 9), _by_id(GROUPS, shown, 10)
    messages = {row[1]: row for row in _in(MESSAGES, [row[0] for row in shown])}
    deliveries = dict(_in(DELIVERIES, [row[0] for row in messages.values()]))
    nodes = [_ticket(row, customers, agents, groups, messages[row[0]], deliveries) for row in shown]
    info = {
        "hasNextPage": len(rows) > size,
        "hasPreviousPage": False,
        "startCursor": _cursor(shown[0]),
        "endCursor": _cursor(shown[-1]),
    }
    return orjson.dumps({"tickets": {"nodes": nodes, "pageInfo": info}})


def _in(sql: str, values: list[Any]) -> list[Any]:
    marks = ",".join("?" * len(values))
    found: list[Any] = db.database.connection().execute(sql % marks, values).fetchall()
    return found


def _by_id(sql: str, rows: Sequence[Any], place: int) -> dict[int, Any]:
    return {row[0]: row for row in _in(sql, list({row[place] for row in rows if row[place]}))}


def _ticket(row: Any, customers: Any, agents: Any, groups: Any, message: Any, deliveries: Any) -> dict[str, Any]:
    customer, agent, group = customers[row[8]], agents[row[9]], groups[row[10]]
    is_agent = message[5] == "agent"
    author = agents[message[6]][1] if is_agent else customers[message[6]][2]
    state = deliveries.get(message[0])
    last = {
        "id": _id("Message", message[0]),
        "kind": message[2],
        "bodyText": message[3],
        "createdAt": _time(message[4]),
        "author": {"__typename": "Agent" if is_agent else "Customer", "name": author},
        "delivery": {"state": state} if state else None,
    }
    return {
        "id": _id("Ticket", row[0]),
        "number": row[1],
        "subject": row[2],
        "status": row[3],
        "priority": row[4],
        "channel": row[5],
        "createdAt": _time(row[6]),
        "updatedAt": _time(row[7]),
        "customer": {
            "id": _id("Customer", customer[0]),
            **dict(zip(("number", "name", "email"), customer[1:], strict=True)),
        },
        "assignee": {"id": _id("Agent", agent[0]), "name": agent[1]},
        "group": {"id": _id("AgentGroup", group[0]), "name": group[1]},
        "messages": {"nodes": [last]},
    }


def _id(name: str, row_id: int) -> str:
    return base64.urlsafe_b64encode(f"{name}:{row_id}".encode()).decode().rstrip("=")


def _time(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1_000_000, UTC).isoformat()


def _cursor(row: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(["-updated_at,-id", row[7], row[0]])).decode().rstrip("=")


def replay(recorded: Recorded) -> None:
    """Send recorded statements again in one transaction; a ticket gets the number that the counter gives."""
    connection, number = db.database.connection(), 0
    connection.execute("BEGIN IMMEDIATE")
    for sql, values in recorded:
        given = list(values)
        if 'INTO "ticket" (' in sql:
            names = sql.partition("(")[2].partition(")")[0].replace('"', "").split(", ")
            given[names.index("number")] = number
        rows = connection.execute(sql, given).fetchall()
        number = rows[0][0] if sql.startswith("INSERT INTO counter") else number
    connection.execute("COMMIT")
