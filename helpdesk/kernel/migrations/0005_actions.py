"""When an agent was last given a ticket, open tickets by agent, and what actions have left to be done outside."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Add the column and the index, and make the table."""
    last = peewee.BigIntegerField(null=True)
    migrator.migrate(
        migrator.add_column("agent", "last_assigned_at", last),
        migrator.drop_index("ticket", "ticket_assignee_id"),
        migrator.add_index("ticket", ("assignee_id", "status"), False),
    )

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

    class ActionJob(peewee.Model):
        id = peewee.BigAutoField()
        due_at = peewee.BigIntegerField(null=True)
        lease = peewee.CharField(max_length=32, null=True)
        attempts = peewee.IntegerField()
        last_error = peewee.TextField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        ticket = peewee.ForeignKeyField(Ticket, backref="+")
        action = peewee.CharField(max_length=64)
        key = peewee.CharField(max_length=32, unique=True)
        settings = peewee.TextField()
        data = peewee.TextField()
        state = peewee.CharField(max_length=32)
        created_at = peewee.BigIntegerField()
        finished_at = peewee.BigIntegerField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "action_job"
            indexes = ((("service", "state", "id"), False),)

    ActionJob.add_index(ActionJob.index(ActionJob.due_at, where=ActionJob.due_at.is_null(False), name="action_job_due"))
    db.create_tables([ActionJob])
