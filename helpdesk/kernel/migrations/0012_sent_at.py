"""When a message was sent, as its sender's own clock says; of what was there before nobody knows."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Add the column."""
    migrator.migrate(migrator.add_column("message", "sent_at", peewee.BigIntegerField(null=True)))
