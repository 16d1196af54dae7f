"""Tables of tickets, messages and attachments."""

import peewee

from helpdesk.agents.models import Agent, AgentGroup
from helpdesk.customers.models import Customer
from helpdesk.kernel.actors import ActorKind
from helpdesk.kernel.columns import EnumColumn, TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.organization.models import Service
from helpdesk.sdk.channel import SenderProof
from helpdesk.tickets.rules import MessageKind, ParticipantState, TicketPriority, TicketStatus


class Ticket(Model):
    """One inquiry being handled. ``version`` grows with every change."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    number = peewee.BigIntegerField()
    subject = peewee.CharField(max_length=255)
    status = EnumColumn(TicketStatus)
    priority = EnumColumn(TicketPriority)
    channel = peewee.CharField(max_length=32)
    account_id = peewee.BigIntegerField(null=True)
    language = peewee.CharField(max_length=10)
    customer = peewee.ForeignKeyField(Customer, backref="+", null=True, index=False)
    assignee = peewee.ForeignKeyField(Agent, backref="+", null=True, index=False)
    group = peewee.ForeignKeyField(AgentGroup, backref="+", null=True, index=False)
    follow_up_of = peewee.ForeignKeyField("self", backref="+", null=True)
    external_ref = peewee.CharField(max_length=200, null=True)
    version = peewee.IntegerField(default=1)
    created_at = TimeColumn()
    updated_at = TimeColumn()

    class Meta:
        indexes = (
            (("service", "number"), True),
            (("service", "external_ref"), True),
            (("service", "updated_at", "id"), False),
            (("service", "created_at", "id"), False),
            (("service", "status", "updated_at", "id"), False),
            (("service", "assignee", "updated_at", "id"), False),
            (("service", "group", "updated_at", "id"), False),
            (("customer", "updated_at", "id"), False),
            (("assignee", "status"), False),
        )


class TicketCount(Model):
    """How many tickets of a service have a status, an agent and a group together; 0 is nobody, and no group."""

    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    status = EnumColumn(TicketStatus)
    assignee_id = peewee.BigIntegerField()
    group_id = peewee.BigIntegerField()
    value = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("service", "status", "assignee_id", "group_id")


class TicketTag(Model):
    """A tag on a ticket, as it was first written; ``folded`` is what tags are compared by."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    ticket = peewee.ForeignKeyField(Ticket, backref="+", index=False)
    tag = peewee.CharField(max_length=50)
    folded = peewee.CharField(max_length=200)

    class Meta:
        indexes = (
            (("ticket", "folded"), True),
            (("service", "folded"), False),
        )


class Participant(Model):
    """Somebody beside the customer: whoever takes part gets the answers too, and may write into the ticket."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    ticket = peewee.ForeignKeyField(Ticket, backref="+", index=False)
    email = peewee.CharField(max_length=254)
    name = peewee.CharField(max_length=200)
    state = EnumColumn(ParticipantState)
    created_at = TimeColumn()

    class Meta:
        indexes = ((("ticket", "email"), True),)


class Message(Model):
    """One contribution to a ticket. ``body_html`` is sanitised before it gets here.

    From the character ``quoted_from`` of ``body_text`` and ``html_quoted_from`` of ``body_html`` on, it only quotes
    what came before; both parts of the HTML are whole by themselves. ``created_at`` is when it came or was written,
    ``sent_at`` what its sender's own clock says; the order is that of the ids.
    """

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    ticket = peewee.ForeignKeyField(Ticket, backref="+", index=False)
    kind = EnumColumn(MessageKind)
    author_kind = EnumColumn(ActorKind)
    author_id = peewee.BigIntegerField(null=True)
    author_name = peewee.CharField(max_length=200)
    body_text = peewee.TextField()
    body_html = peewee.TextField(null=True)
    quoted_from = peewee.IntegerField(null=True)
    proof = EnumColumn(SenderProof, default=SenderProof.NONE)
    proof_details = peewee.CharField(max_length=255, default="")
    is_automatic = peewee.BooleanField(default=False)
    created_at = TimeColumn()
    sent_at = TimeColumn(null=True)
    html_quoted_from = peewee.IntegerField(null=True)

    class Meta:
        indexes = ((("ticket", "id"), False),)


class Attachment(Model):
    """A file: first an upload that somebody may fill and use until ``expires_at``, then part of a message.

    ``storage_key`` is empty until the bytes have come. ``content_id`` is set for an image that the HTML shows.
    """

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    message = peewee.ForeignKeyField(Message, backref="+", null=True)
    owner = peewee.CharField(max_length=64)
    filename = peewee.CharField(max_length=255)
    content_type = peewee.CharField(max_length=100)
    size = peewee.BigIntegerField(null=True)
    storage_key = peewee.CharField(max_length=64, null=True)
    content_id = peewee.CharField(max_length=255, null=True)
    expires_at = TimeColumn(null=True)
    created_at = TimeColumn()
