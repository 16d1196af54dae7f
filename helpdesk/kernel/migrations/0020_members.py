"""How members come in: tokens that were sent to them, and mails of the desk's own that belong to no ticket.

Of a notice in the outbox ``notice`` holds what it says, sealed; it has no ticket and no message.
"""

from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Let the outbox carry notices, and make the tables."""
    migrator.migrate(
        migrator.drop_not_null("outbox", "ticket_id"),
        migrator.drop_not_null("outbox", "message_id"),
        migrator.add_column("outbox", "notice", peewee.TextField(null=True)),
    )
    for table in ("agent_session", "member_session"):
        default: list[peewee.Node] = [peewee.SQL("DEFAULT ''")]
        migrator.migrate(
            migrator.add_column(table, "user_agent", peewee.CharField(max_length=200, default="", constraints=default)),
            migrator.add_column(table, "last_seen_at", peewee.BigIntegerField(null=True)),
        )
    migrator.migrate(migrator.add_column("member_session", "service_id", peewee.BigIntegerField(null=True)))
    _make_tables(db)


def _make_tables(db: Any) -> None:
    class Service(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            table_name = "service"

    class Organization(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            table_name = "organization"

    class Member(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            table_name = "member"

    class MemberToken(peewee.Model):
        id = peewee.BigAutoField()
        member = peewee.ForeignKeyField(Member, backref="+", index=False)
        purpose = peewee.CharField(max_length=32)
        token_hash = peewee.CharField(max_length=64, unique=True)
        created_at = peewee.BigIntegerField()
        expires_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            indexes = ((("member", "purpose"), True),)

    class ResetRequest(peewee.Model):
        due_at = peewee.BigIntegerField(null=True)
        lease = peewee.CharField(max_length=32, null=True)
        attempts = peewee.IntegerField()
        last_error = peewee.TextField()
        id = peewee.BigAutoField()
        service = peewee.ForeignKeyField(Service, backref="+", index=False)
        email = peewee.CharField(max_length=254)
        created_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False

    due = ResetRequest.index(ResetRequest.due_at, where=ResetRequest.due_at.is_null(False), name="reset_request_due")
    ResetRequest.add_index(due)

    class ConnectionLine(peewee.Model):
        id = peewee.BigAutoField()
        organization = peewee.ForeignKeyField(Organization, backref="+", index=False)
        service_id = peewee.BigIntegerField(null=True)
        member = peewee.ForeignKeyField(Member, backref="+", null=True, index=False)
        event = peewee.CharField(max_length=32)
        at = peewee.BigIntegerField()
        address = peewee.CharField(max_length=45)
        user_agent = peewee.CharField(max_length=200)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "connection_log"
            indexes = ((("organization", "at", "id"), False), (("member", "at", "id"), False))

    db.create_tables([MemberToken, ResetRequest, ConnectionLine])
