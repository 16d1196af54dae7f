"""What agents may do beside their role, by which channels they work, what they take, and what is closed to them.

Whoever is an agent already may go on giving tickets to others, and works on tickets.
"""

import peewee
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:  # noqa: ARG001
    """Add the columns."""
    default_forwarding: list[peewee.Node] = [peewee.SQL("""DEFAULT '["TICKET_FORWARDING"]'""")]
    default_tickets: list[peewee.Node] = [peewee.SQL("""DEFAULT '["TICKET"]'""")]
    default_true: list[peewee.Node] = [peewee.SQL("DEFAULT true")]
    default_offline: list[peewee.Node] = [peewee.SQL("DEFAULT 'OFFLINE'")]
    default_list: list[peewee.Node] = [peewee.SQL("DEFAULT '[]'")]
    default_map: list[peewee.Node] = [peewee.SQL("DEFAULT '{}'")]
    text, flag = peewee.TextField, peewee.BooleanField
    migrator.migrate(
        migrator.add_column("agent", "rights", text(default="", constraints=default_forwarding)),
        migrator.add_column("agent", "channels", text(default="", constraints=default_tickets)),
        migrator.add_column("agent", "takes_tickets", flag(default=True, constraints=default_true)),
        migrator.add_column("agent", "takes_chats", flag(default=True, constraints=default_true)),
        migrator.add_column("agent", "most_chats", peewee.IntegerField(null=True)),
        migrator.add_column(
            "agent", "chat_state", peewee.CharField(max_length=32, default="", constraints=default_offline)
        ),
        migrator.add_column("agent", "cti_id", peewee.CharField(max_length=64, null=True)),
        migrator.add_column("agent", "cti_number", peewee.CharField(max_length=64, null=True)),
        migrator.add_column("agent", "restricted_menus", text(default="", constraints=default_list)),
        migrator.add_column("agent", "attributes", text(default="", constraints=default_map)),
        migrator.add_column("agent", "removed_at", peewee.BigIntegerField(null=True)),
    )
