"""The connection log in the schema: who logged in and out, when and from where. Source: SPEC AGT-30."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from helpdesk.access import connection_log
from helpdesk.access.connection_log import ConnectionRow
from helpdesk.access.rules import ConnectionEvent
from helpdesk.agents.queries import members_by_ids
from helpdesk.graphql import enums, ids, nodes
from helpdesk.graphql.agents import Member
from helpdesk.graphql.batching import batched, recall
from helpdesk.graphql.connections import After, Connection, First, window
from helpdesk.graphql.context import Context, Info
from helpdesk.graphql.nodes import Node
from helpdesk.graphql.service import Service
from helpdesk.organization.queries import services_by_ids

ids.declare(
    ids.NodeKind(
        "ConnectionLogEntry", ConnectionRow, "connection_log.read", connection_log.connections_by_ids,
        owner="organization_id",
    )
)  # fmt: skip

enums.declare(
    ConnectionEvent,
    description="What happened between a member and the desk.",
    values={
        "LOGGED_IN": "A session began.",
        "LOG_IN_FAILED": "Somebody tried to log in under the member's name, and was refused.",
        "LOGGED_OUT": "The member ended the session they asked by.",
        "ENDED_BY_PASSWORD": "A session ended because the password was reset or changed.",
        "ENDED_BY_REVOCATION": "A session was ended from another one, or by an administrator of the organization.",
        "ENDED_BY_DEACTIVATION": "A session ended because the member was deactivated.",
    },
)


@strawberry.type(description="A line of the connection log.")
class ConnectionLogEntry(Node):
    """A line of the connection log."""

    event: ConnectionEvent = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When it happened.")
    address: str = strawberry.field(description="From which address; of a session that ended, where it had begun.")
    user_agent: str = strawberry.field(
        description="What the program called itself, shortened to 200 characters; may be empty."
    )

    @batched(description="Whose name it was.", graphql_type=Member)
    def member(rows: Sequence[ConnectionRow], context: Context) -> list[Any]:
        """Return each line's member."""
        return recall(context, members_by_ids, [row.member_id for row in rows])

    @batched(
        description="At which service; null for a session that began before the desk kept that.",
        graphql_type=Service | None,
    )
    def service(rows: Sequence[ConnectionRow], context: Context) -> list[Any]:
        """Return each line's service."""
        return recall(context, services_by_ids, [row.service_id for row in rows])

    is_type_of = nodes.of(ConnectionRow)


@strawberry.type(description="One page of the connection log.")
class ConnectionLogEntryConnection(Connection[ConnectionLogEntry]):
    """One page of the connection log."""


@strawberry.type
class ConnectionLogQueries:
    """Query fields over the connection log."""

    @strawberry.field(
        graphql_type=ConnectionLogEntryConnection,
        description=(
            "Who of the organization logged in and out, newest first; for its administrators, and for agents with the"
            " right connection_log.read."
        ),
    )
    def connection_log(
        self,
        info: Info,
        *,
        member_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this member's.")] = None,
        since: Annotated[datetime | None, strawberry.argument(description="Only from this time on.")] = None,
        until: Annotated[datetime | None, strawberry.argument(description="Only before this time.")] = None,
        first: First = None,
        after: After = None,
    ) -> Any:
        """Return one page of the log."""
        wanted = ids.row_id(member_id, "Member", path="memberId")
        page = connection_log.connections_page(
            info.context.actor, window(first, after), member_id=wanted, since=since, until=until
        )
        return Connection(page=page)
