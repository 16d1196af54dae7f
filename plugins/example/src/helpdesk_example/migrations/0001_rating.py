"""The table of ratings."""

from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: Any) -> None:
    """Make the table."""

    class Rating(peewee.Model):
        id = peewee.BigAutoField()
        service_id = peewee.BigIntegerField()
        ticket_id = peewee.BigIntegerField(unique=True)
        customer_id = peewee.BigIntegerField(null=True, index=True)
        score = peewee.SmallIntegerField()
        rated_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "p_example_rating"

    db.create_tables([Rating])


def down(_migrator: SchemaMigrator, db: Any) -> None:
    """Drop the table."""
    db.execute_sql("DROP TABLE p_example_rating")
