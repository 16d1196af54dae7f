"""What mail brings along: where a message only quotes, whether its sender is proven, and what is held for a person."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Add the columns; of older messages nobody knows."""
    migrator.migrate(
        migrator.add_column("message", "quoted_from", peewee.IntegerField(null=True)),
        migrator.add_column("message", "proof", peewee.CharField(max_length=32, default="none")),
        migrator.add_column("message", "proof_details", peewee.CharField(max_length=255, default="")),
        migrator.add_column("inbox", "is_held", peewee.BooleanField(default=False)),
        migrator.add_column("inbox", "is_released", peewee.BooleanField(default=False)),
    )
