"""Who takes part in a ticket beside its customer."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Make the table."""

    class Service(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            table_name = "service"

    class Ticket(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            table_name = "ticket"

    class Participant(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        ticket = peewee.ForeignKeyField(Ticket, backref="+", index=False)
        email = peewee.CharField(max_length=254)
        name = peewee.CharField(max_length=200)
        state = peewee.CharField(max_length=32)
        created_at = peewee.BigIntegerField()

        class Meta:
            database = db
            table_name = "participant"
            indexes = ((("ticket", "email"), True),)

    db.create_tables([Participant])
