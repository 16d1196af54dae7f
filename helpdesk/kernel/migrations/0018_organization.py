"""What is above the services: who looks after an organization, what its services may use, its company information.

The oldest administrator of each organization, whom ``helpdesk init`` made, is the first to look after it. A service
that there is has every feature, and is in use.
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
    """Make the tables and add the columns; name the first administrators."""
    _make_tables(db)
    entries: Any = _named("company_information", db)
    default: list[peewee.Node] = [peewee.SQL("DEFAULT false")]
    default_off: list[peewee.Node] = [peewee.SQL("DEFAULT '[]'")]
    default_state: list[peewee.Node] = [peewee.SQL("DEFAULT 'IN_USE'")]
    migrator.migrate(
        migrator.add_column(
            "member", "is_organization_administrator", peewee.BooleanField(default=False, constraints=default)
        ),
        migrator.add_column("service", "features_off", peewee.TextField(default="[]", constraints=default_off)),
        migrator.add_column(
            "service", "state", peewee.CharField(max_length=32, default="IN_USE", constraints=default_state)
        ),
        migrator.add_column(
            "service",
            "company_information_id",
            peewee.ForeignKeyField(entries, field=entries.id, backref="+", null=True),
        ),
    )
    db.execute_sql(FIRST)


def _named(table: str, db: Any) -> type[peewee.Model]:
    """Return a model of a table of which only its id matters."""

    class Named(peewee.Model):
        id = peewee.BigAutoField()

        class Meta:
            database = db
            table_name = table

    return Named


def _make_tables(db: Any) -> None:
    organizations, members = _named("organization", db), _named("member", db)

    class MemberSession(peewee.Model):
        id = peewee.BigAutoField()
        organization = peewee.ForeignKeyField(organizations, backref="+")
        member = peewee.ForeignKeyField(members, backref="+")
        token_hash = peewee.CharField(max_length=64, unique=True)
        created_at = peewee.BigIntegerField()
        expires_at = peewee.BigIntegerField()
        revoked_at = peewee.BigIntegerField(null=True)
        address = peewee.CharField(max_length=45)

        class Meta:
            database = db
            legacy_table_names = False

    class CompanyInformation(peewee.Model):
        id = peewee.BigAutoField()
        organization = peewee.ForeignKeyField(organizations, backref="+")
        kind = peewee.CharField(max_length=32)
        name = peewee.CharField(max_length=200)
        texts = peewee.TextField()
        created_at = peewee.BigIntegerField()
        updated_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([MemberSession, CompanyInformation])
