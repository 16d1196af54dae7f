"""How listening and sending go for each channel account, and until when an account rests that its provider refuses."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Add the columns and make the table; of accounts that were there before nothing is known to be wrong."""
    migrator.migrate(
        migrator.add_column("listening", "state", peewee.CharField(max_length=32, default="WORKING")),
        migrator.add_column("listening", "failed_at", peewee.BigIntegerField(null=True)),
    )

    class ChannelAccount(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            legacy_table_names = False

    class Sending(peewee.Model):
        id = peewee.BigAutoField()
        account = peewee.ForeignKeyField(ChannelAccount, backref="+", unique=True)
        state = peewee.CharField(max_length=32)
        last_sent_at = peewee.BigIntegerField(null=True)
        last_error = peewee.TextField()
        failed_at = peewee.BigIntegerField(null=True)
        refusals = peewee.IntegerField()
        rests_until = peewee.BigIntegerField(null=True)

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([Sending])
