"""What a message says that came under an outside id; of what was there before nobody knows."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Add the column, with a default of the database's own for code that does not know it yet."""
    default: list[peewee.Node] = [peewee.SQL("DEFAULT ''")]
    migrator.migrate(
        migrator.add_column(
            "outside_id", "fingerprint", peewee.CharField(max_length=64, default="", constraints=default)
        )
    )
