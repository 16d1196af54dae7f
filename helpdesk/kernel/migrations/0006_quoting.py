"""Where in a message nothing new stands any more."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Add the column; of older messages nobody knows."""
    migrator.migrate(migrator.add_column("message", "quoted_from", peewee.IntegerField(null=True)))
