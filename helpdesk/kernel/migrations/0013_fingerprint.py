"""What a message says that came under an outside id; of what was there before nobody knows."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Add the column."""
    migrator.migrate(migrator.add_column("outside_id", "fingerprint", peewee.CharField(max_length=64, default="")))
