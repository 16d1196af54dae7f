"""Tags of tickets, and what whole plugins have left to do."""

from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables."""

    class Service(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "service"

    class Ticket(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "ticket"

    class TicketTag(peewee.Model):
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        ticket = peewee.ForeignKeyField(Ticket, backref="+", index=False)
        tag = peewee.CharField(max_length=50)
        folded = peewee.CharField(max_length=200)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "ticket_tag"
            indexes = (
                (("ticket", "folded"), True),
                (("service", "folded"), False),
            )

    class PluginJob(peewee.Model):
        id = peewee.BigAutoField()
        due_at = peewee.BigIntegerField(null=True)
        lease = peewee.CharField(max_length=32, null=True)
        attempts = peewee.IntegerField()
        last_error = peewee.TextField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        plugin = peewee.CharField(max_length=100)
        hook = peewee.CharField(max_length=100)
        key = peewee.CharField(max_length=200)
        data = peewee.TextField()
        storage_key = peewee.CharField(max_length=64, null=True)
        request = peewee.TextField()
        state = peewee.CharField(max_length=32)
        created_at = peewee.BigIntegerField()
        finished_at = peewee.BigIntegerField(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "plugin_job"
            indexes = (
                (("service", "plugin", "hook", "key"), True),
                (("state", "finished_at"), False),
            )

    PluginJob.add_index(PluginJob.index(PluginJob.due_at, where=PluginJob.due_at.is_null(False), name="plugin_job_due"))

    class PluginPeriod(peewee.Model):
        id = peewee.BigAutoField()
        due_at = peewee.BigIntegerField(null=True)
        lease = peewee.CharField(max_length=32, null=True)
        attempts = peewee.IntegerField()
        last_error = peewee.TextField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        plugin = peewee.CharField(max_length=100)
        hook = peewee.CharField(max_length=100)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "plugin_period"
            indexes = ((("service", "plugin", "hook"), True),)

    PluginPeriod.add_index(
        PluginPeriod.index(PluginPeriod.due_at, where=PluginPeriod.due_at.is_null(False), name="plugin_period_due")
    )

    db.create_tables([TicketTag, PluginJob, PluginPeriod])
