"""How many tickets stand where, counted once of those that there are."""

from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:  # noqa: ARG001
    """Make the table and fill it."""

    class Service(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            table_name = "service"

    class TicketCount(peewee.Model):
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        status = peewee.CharField(max_length=32)
        assignee_id = peewee.BigIntegerField()
        group_id = peewee.BigIntegerField()
        value = peewee.BigIntegerField()

        class Meta:
            database = db
            table_name = "ticket_count"
            primary_key = peewee.CompositeKey("service", "status", "assignee_id", "group_id")

    db.create_tables([TicketCount])
    db.execute_sql(
        "INSERT INTO ticket_count (service_id, status, assignee_id, group_id, value)"
        " SELECT service_id, status, COALESCE(assignee_id, 0), COALESCE(group_id, 0), count(*)"
        " FROM ticket GROUP BY 1, 2, 3, 4"
    )
