"""What the peers in Python read, by the same plain SQL as the raw limit: batches in, aligned rows out, as dicts."""

from collections.abc import Sequence
from typing import Any

from aiodataloader import DataLoader

from tests.bench import raw
from tests.bench.raw import Bare

Loaded = list[Any]


def tickets(bare: Bare, service_id: int, size: int) -> dict[str, Any]:
    """Return a page of tickets without their relations."""
    rows = bare.rows(raw.TICKETS + raw.NEWEST_FIRST, (service_id, size + 1))
    shown = rows[:size]
    info = {
        "hasNextPage": len(rows) > size,
        "hasPreviousPage": False,
        "startCursor": raw.cursor(shown[0][7], shown[0][0]),
        "endCursor": raw.cursor(shown[-1][7], shown[-1][0]),
    }
    return {"nodes": [_ticket(row) for row in shown], "pageInfo": info}


def _ticket(row: Any) -> dict[str, Any]:
    return {
        "id": raw.global_id("Ticket", row[0]), "number": row[1], "subject": row[2], "status": row[3],
        "priority": row[4], "channel": row[5], "createdAt": raw.time(row[6]), "updatedAt": raw.time(row[7]),
        "ticket_id": row[0], "customer_id": row[8], "assignee_id": row[9], "group_id": row[10],
    }  # fmt: skip


class Loaders:
    """The loaders of one request."""

    def __init__(self, bare: Bare) -> None:
        self._bare = bare
        self.customers = DataLoader(self._customers)
        self.agents = DataLoader(self._agents)
        self.groups = DataLoader(self._groups)
        self.messages = DataLoader(self._messages)
        self.deliveries = DataLoader(self._deliveries)

    async def _customers(self, ids: Sequence[int]) -> Loaded:
        found = {
            row[0]: {"id": raw.global_id("Customer", row[0]), "number": row[1], "name": row[2], "email": row[3]}
            for row in self._bare.among(raw.CUSTOMERS, ids)
        }
        return [found.get(one) for one in ids]

    async def _agents(self, ids: Sequence[int]) -> Loaded:
        rows = self._bare.among(raw.AGENTS, ids)
        found = {row[0]: {"id": raw.global_id("Agent", row[0]), "name": row[1]} for row in rows}
        return [found.get(one) for one in ids]

    async def _groups(self, ids: Sequence[int]) -> Loaded:
        rows = self._bare.among(raw.GROUPS, ids)
        found = {row[0]: {"id": raw.global_id("AgentGroup", row[0]), "name": row[1]} for row in rows}
        return [found.get(one) for one in ids]

    async def _messages(self, ids: Sequence[int]) -> Loaded:
        found = {row[1]: _message(row) for row in self._bare.among(raw.MESSAGES, ids, " GROUP BY ticket_id)")}
        return [found.get(one) for one in ids]

    async def _deliveries(self, ids: Sequence[int]) -> Loaded:
        found = {row[0]: {"state": row[1]} for row in self._bare.among(raw.DELIVERIES, ids)}
        return [found.get(one) for one in ids]

    async def one(self, loader: DataLoader, key: int | None) -> Any:
        """Return what a loader has for a key, None for none."""
        return None if key is None else await loader.load(key)

    async def author(self, message: dict[str, Any]) -> Any:
        """Return who wrote a message."""
        is_agent = message["author_kind"] == "agent"
        found = await (self.agents if is_agent else self.customers).load(message["author_id"])
        return {**found, "kind": "Agent" if is_agent else "Customer"}


def _message(row: Any) -> dict[str, Any]:
    return {
        "id": raw.global_id("Message", row[0]), "kind": row[2], "bodyText": row[3], "createdAt": raw.time(row[4]),
        "message_id": row[0], "author_kind": row[5], "author_id": row[6],
    }  # fmt: skip
