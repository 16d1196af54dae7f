"""Since when and why a customer's address takes no messages, and what machines have sent of late to whom."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Add the columns and make the table; every address is taken to be good."""
    migrator.migrate(
        migrator.add_column("customer_identity", "undeliverable_since", peewee.BigIntegerField(null=True)),
        migrator.add_column("customer_identity", "undeliverable_reason", peewee.CharField(max_length=500, default="")),
    )

    class Service(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            table_name = "service"

    class AutomaticSending(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        address = peewee.CharField(max_length=64)
        subject = peewee.CharField(max_length=64)
        at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "automatic_sending"
            indexes = ((("service", "address", "at"), False), (("at",), False))

    db.create_tables([AutomaticSending])
