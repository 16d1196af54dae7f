"""How often somebody has done something of late."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Make the table."""

    class Tally(peewee.Model):
        id = peewee.BigAutoField()
        subject = peewee.CharField(max_length=64, unique=True)
        times = peewee.IntegerField()
        since = peewee.BigIntegerField()

        class Meta:
            database = db
            table_name = "tally"
            indexes = ((("since",), False),)

    db.create_tables([Tally])
