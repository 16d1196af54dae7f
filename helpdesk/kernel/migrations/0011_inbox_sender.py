"""Who wrote what came in, and about what; of what was there before nobody knows."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Add the columns."""
    migrator.migrate(
        migrator.add_column("inbox", "sender", peewee.CharField(max_length=500, null=True)),
        migrator.add_column("inbox", "subject", peewee.CharField(max_length=255, null=True)),
    )
