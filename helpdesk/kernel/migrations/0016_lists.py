"""Indexes by which lists are read in their order; of tickets in the place of two that found a list and sorted none.

A change of a ticket writes two index rows more than before, since it moves the ticket to the front of these lists too;
what comes in or goes out writes one more, at the end of its index.
"""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Add the new ones and drop those that they begin with."""
    migrator.migrate(
        migrator.add_index("ticket", ("service_id", "group_id", "updated_at", "id"), False),
        migrator.add_index("ticket", ("customer_id", "updated_at", "id"), False),
        migrator.drop_index("ticket", "ticket_group_id"),
        migrator.drop_index("ticket", "ticket_customer_id"),
        migrator.add_index("inbox", ("service_id", "id"), False),
        migrator.add_index("outbox", ("service_id", "id"), False),
    )
