"""Who looks after an organization, the sessions of those who work in none of its services, and what a service may use.

A service that there is has every feature, and is in use.
The oldest administrator of each organization, whom ``helpdesk init`` made, is the first to look after it.
"""

from typing import Any

import peewee
from playhouse.migrate import SchemaMigrator

FIRST = (
    "UPDATE member SET is_organization_administrator = true WHERE id IN (SELECT min(member.id) FROM member"
    " JOIN agent ON agent.member_id = member.id"
    " WHERE agent.role = 'ADMINISTRATOR' AND member.deactivated_at IS NULL GROUP BY member.organization_id)"
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Add the columns and make the table; name the first administrators."""
    default: list[peewee.Node] = [peewee.SQL("DEFAULT false")]
    migrator.migrate(
        migrator.add_column(
            "member", "is_organization_administrator", peewee.BooleanField(default=False, constraints=default)
        )
    )
    db.execute_sql(FIRST)
    default_off: list[peewee.Node] = [peewee.SQL("DEFAULT '[]'")]
    default_state: list[peewee.Node] = [peewee.SQL("DEFAULT 'IN_USE'")]
    migrator.migrate(
        migrator.add_column("service", "features_off", peewee.TextField(default="[]", constraints=default_off)),
        migrator.add_column(
            "service", "state", peewee.CharField(max_length=32, default="IN_USE", constraints=default_state)
        ),
    )
    _make_sessions(db)


def _make_sessions(db: Any) -> None:
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

    class MemberSession(peewee.Model):
        id = peewee.BigAutoField()
        organization = peewee.ForeignKeyField(Organization, backref="+")
        member = peewee.ForeignKeyField(Member, backref="+")
        token_hash = peewee.CharField(max_length=64, unique=True)
        created_at = peewee.BigIntegerField()
        expires_at = peewee.BigIntegerField()
        revoked_at = peewee.BigIntegerField(null=True)
        address = peewee.CharField(max_length=45)

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([MemberSession])
