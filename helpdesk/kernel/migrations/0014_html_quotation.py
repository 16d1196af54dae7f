"""Where in the HTML of a message its quotation begins; of what was there before nobody knows."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Add the column."""
    migrator.migrate(migrator.add_column("message", "html_quoted_from", peewee.IntegerField(null=True)))
