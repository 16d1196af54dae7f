"""Keeps who logged in and out, when and from where. Source: SPEC AGT-30, AGT-09.

A log-in that fails under a name which nobody has is written like the others, without a member, and seen by nobody: so
that it takes as long (Source: SECURITY D1). The lines stay for two years, those without a member for a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.access.models import ConnectionLine
from helpdesk.access.rules import Client, ConnectionEvent
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import transactional
from helpdesk.kernel.paging import Order, Page, Window, page
from helpdesk.kernel.rows import Row, by_ids, select
from helpdesk.organization.queries import organization_id_of

KEPT = timedelta(days=730)
KEPT_OF_NOBODY = timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class ConnectionRow(Row):
    """A line of the log; ``service_id`` is None for a session that began before the desk kept where."""

    organization_id: int
    service_id: int | None
    member_id: int
    event: ConnectionEvent
    at: datetime
    address: str
    user_agent: str


@transactional
def note(event: ConnectionEvent, client: Client, *, service_id: int, member_id: int | None) -> None:
    """Write one line; ``member_id`` is None for a name that nobody has."""
    organization_id = organization_id_of(service_id)
    write([line(event, client, organization_id=organization_id, service_id=service_id, member_id=member_id)])


def line(
    event: ConnectionEvent, client: Client, *, organization_id: int, service_id: int | None, member_id: int | None
) -> dict[str, Any]:
    """Return a line as ``write`` takes it."""
    return {
        "organization": organization_id, "service_id": service_id, "member": member_id, "event": event,
        "at": clock.now(), "address": client.address, "user_agent": client.user_agent,
    }  # fmt: skip


def write(lines: Sequence[dict[str, Any]]) -> None:
    """Write lines, all in one statement."""
    if lines:
        ConnectionLine.insert_many(lines).execute()


def connections_page(
    actor: Actor,
    window: Window,
    *,
    member_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page[ConnectionRow]:
    """Return one page of the log of the actor's organization, newest first: of a member, from a time until another.

    Needs the right ``connection_log.read``.
    """
    actor.require("connection_log.read")
    query = select(ConnectionRow, ConnectionLine).where(
        ConnectionLine.organization == organization_id_of(actor.service_id), ConnectionLine.member.is_null(False)
    )
    if member_id is not None:
        query = query.where(ConnectionLine.member == member_id)
    if since is not None:
        query = query.where(ConnectionLine.at >= since)
    if until is not None:
        query = query.where(ConnectionLine.at < until)
    order = [Order(ConnectionLine.at, "at", descending=True), Order(ConnectionLine.id, "id", descending=True)]
    return page(ConnectionRow, query, order=order, window=window)


def connections_by_ids(ids: Sequence[int | None]) -> list[ConnectionRow | None]:
    """Return lines aligned with the ids, None for a missing one and for one that is seen by nobody."""
    found = by_ids(ConnectionRow, ConnectionLine, ids)
    return [row if row is not None and row.member_id is not None else None for row in found]


@transactional
def forget() -> None:
    """Drop the lines that were kept long enough."""
    at = clock.now()
    ConnectionLine.delete().where(ConnectionLine.at < at - KEPT).execute()
    is_nobody = ConnectionLine.member.is_null()
    ConnectionLine.delete().where(is_nobody, ConnectionLine.at < at - KEPT_OF_NOBODY).execute()
