"""The table of what actions have left to be done outside."""

import peewee

from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn
from helpdesk.kernel.leases import Leased, index_due
from helpdesk.organization.models import Service
from helpdesk.tickets.models import Ticket
from helpdesk.triggers.rules import JobState


class ActionJob(Leased):
    """One call of an action's ``perform``. ``settings`` are sealed for ``key``, since any of them may be a secret."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    ticket = peewee.ForeignKeyField(Ticket, backref="+")
    action = peewee.CharField(max_length=64)
    key = peewee.CharField(max_length=32, unique=True)
    settings = peewee.TextField()
    data = JsonColumn()
    state = EnumColumn(JobState)
    created_at = TimeColumn()
    finished_at = TimeColumn(null=True)

    class Meta:
        table_name = "action_job"
        indexes = ((("service", "state", "id"), False),)


index_due(ActionJob)
