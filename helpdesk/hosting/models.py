"""Tables of what plugins have left to do, and of when their periodic hooks are due."""

import peewee

from helpdesk.hosting.rules import JobState
from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn
from helpdesk.kernel.leases import Leased, index_due
from helpdesk.organization.models import Service


class PluginJob(Leased):
    """One call of a plugin's job or webhook. ``storage_key`` leads to a webhook's raw bytes, ``request`` is its rest.

    ``key`` is unique for the hook in the service.
    """

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    plugin = peewee.CharField(max_length=100)
    hook = peewee.CharField(max_length=100)
    key = peewee.CharField(max_length=200)
    data = JsonColumn()
    storage_key = peewee.CharField(max_length=64, null=True)
    request = JsonColumn()
    state = EnumColumn(JobState)
    created_at = TimeColumn()
    finished_at = TimeColumn(null=True)

    class Meta:
        indexes = (
            (("service", "plugin", "hook", "key"), True),
            (("state", "finished_at"), False),
        )


class PluginPeriod(Leased):
    """When a periodic hook of a plugin is due in a service."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    service_id: int
    plugin = peewee.CharField(max_length=100)
    hook = peewee.CharField(max_length=100)

    class Meta:
        indexes = ((("service", "plugin", "hook"), True),)


index_due(PluginJob, PluginPeriod)
