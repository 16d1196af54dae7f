"""How plugins are switched and set, and how they do."""

import peewee
from playhouse.migrate import SchemaMigrator


def up(_migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Make the tables."""

    class PluginSwitch(peewee.Model):
        id = peewee.BigAutoField()
        kind = peewee.CharField(max_length=32)
        name = peewee.CharField(max_length=64)
        service_id = peewee.BigIntegerField()
        is_on = peewee.BooleanField(null=True)
        is_isolated = peewee.BooleanField()
        settings = peewee.TextField(null=True)
        secrets = peewee.TextField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "plugin_switch"
            indexes = ((("kind", "name", "service_id"), True),)

    class PluginTrial(peewee.Model):
        id = peewee.BigAutoField()
        kind = peewee.CharField(max_length=32)
        name = peewee.CharField(max_length=64)
        fingerprint = peewee.CharField(max_length=64)

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "plugin_trial"
            indexes = ((("kind", "name"), True),)

    class PluginFigure(peewee.Model):
        id = peewee.BigAutoField()
        kind = peewee.CharField(max_length=32)
        name = peewee.CharField(max_length=64)
        hook = peewee.CharField(max_length=100)
        calls = peewee.BigIntegerField()
        errors = peewee.BigIntegerField()
        overruns = peewee.BigIntegerField()
        micros = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "plugin_figure"
            indexes = ((("kind", "name", "hook"), True),)

    class PluginTrouble(peewee.Model):
        id = peewee.BigAutoField()
        kind = peewee.CharField(max_length=32)
        name = peewee.CharField(max_length=64)
        hook = peewee.CharField(max_length=100)
        process = peewee.CharField(max_length=64)
        reason = peewee.TextField()
        seen_at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "plugin_trouble"
            indexes = ((("kind", "name", "hook", "process"), True),)

    class PluginLog(peewee.Model):
        id = peewee.BigAutoField()
        kind = peewee.CharField(max_length=32)
        name = peewee.CharField(max_length=64)
        service_id = peewee.BigIntegerField(null=True)
        level = peewee.CharField(max_length=8)
        hook = peewee.CharField(max_length=100)
        message = peewee.TextField()
        at = peewee.BigIntegerField()

        class Meta:
            database = db
            legacy_table_names = False
            table_name = "plugin_log"
            indexes = ((("kind", "name", "id"), False),)

    db.create_tables([PluginSwitch, PluginTrial, PluginFigure, PluginTrouble, PluginLog])
