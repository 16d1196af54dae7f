"""What the desk's rows look like to a test."""

from helpdesk.channels.queries import DeliveryRow, InboxItemRow
from helpdesk.kernel import db
from helpdesk.sdk.testing.kit import SeenDelivery, SeenItem


def item(row: InboxItemRow) -> SeenItem:
    """Return what came in."""
    outcome = None if row.outcome is None else str(row.outcome)
    return SeenItem(row.id, str(row.state), outcome, row.last_error, row.attempts, row.ticket_id)


def delivery(row: DeliveryRow) -> SeenDelivery:
    """Return what is to go out."""
    return SeenDelivery(
        row.id, row.ticket_id, row.message_id, str(row.state), row.last_error, row.attempts, row.external_id
    )


def holds(table: str, text: str) -> bool:
    """Return whether any row of the table holds the text."""
    rows = db.database.execute_sql(f'SELECT * FROM "{table}"').fetchall()  # noqa: S608  # a name of the database's own
    return any(text in _plain(value) for row in rows for value in row)


def _plain(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
