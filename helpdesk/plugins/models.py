"""Tables of what is known of plugins: how they are switched and set, how their trial went, and how they do."""

import peewee

from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.plugins.kinds import Kind


class PluginSwitch(Model):
    """How a plugin is switched and set in one service, or (``service_id`` 0) wherever no service says otherwise.

    ``is_on`` is empty where nobody has said. ``secrets`` maps a setting to its sealed value.
    """

    id = peewee.BigAutoField()
    kind = EnumColumn(Kind)
    name = peewee.CharField(max_length=64)
    service_id = peewee.BigIntegerField()
    is_on = peewee.BooleanField(null=True)
    is_isolated = peewee.BooleanField(default=False)
    settings = JsonColumn(null=True)
    secrets = JsonColumn()

    class Meta:
        indexes = ((("kind", "name", "service_id"), True),)


class PluginTrial(Model):
    """That the plugin, as its files were by their fingerprint, was imported well in a process of its own."""

    id = peewee.BigAutoField()
    kind = EnumColumn(Kind)
    name = peewee.CharField(max_length=64)
    fingerprint = peewee.CharField(max_length=64)

    class Meta:
        indexes = ((("kind", "name"), True),)


class PluginFigure(Model):
    """What one hook has done, over all processes since it was installed."""

    id = peewee.BigAutoField()
    kind = EnumColumn(Kind)
    name = peewee.CharField(max_length=64)
    hook = peewee.CharField(max_length=100)
    calls = peewee.BigIntegerField()
    errors = peewee.BigIntegerField()
    overruns = peewee.BigIntegerField()
    micros = peewee.BigIntegerField()

    class Meta:
        indexes = ((("kind", "name", "hook"), True),)


class PluginTrouble(Model):
    """What is wrong with a plugin in one process: a hook that rests, or why it cannot be used there.

    ``process`` is that process's own name; it says again and again that the trouble lasts (``seen_at``).
    """

    id = peewee.BigAutoField()
    kind = EnumColumn(Kind)
    name = peewee.CharField(max_length=64)
    hook = peewee.CharField(max_length=100)
    process = peewee.CharField(max_length=64)
    reason = peewee.TextField()
    seen_at = TimeColumn()

    class Meta:
        indexes = ((("kind", "name", "hook", "process"), True),)


class PluginLog(Model):
    """One line of a plugin's log: what it wrote itself (``info``), or how it failed (``error``)."""

    id = peewee.BigAutoField()
    kind = EnumColumn(Kind)
    name = peewee.CharField(max_length=64)
    service_id = peewee.BigIntegerField(null=True)
    level = peewee.CharField(max_length=8)
    hook = peewee.CharField(max_length=100)
    message = peewee.TextField()
    at = TimeColumn()

    class Meta:
        indexes = ((("kind", "name", "id"), False),)
