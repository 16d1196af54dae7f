"""Tables of channel accounts, the inbox, the outbox and the conversation's outside ids."""

import peewee

from helpdesk.channels.rules import AccountState, DeliveryState, InboxOutcome, InboxState
from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.kernel.leases import Leased, index_due
from helpdesk.organization.models import Service
from helpdesk.tickets.models import Message, Ticket


class ChannelAccount(Model):
    """One account of a channel in a service. ``secrets`` maps a field to its sealed value.

    ``identity_kind`` is kept here so that an answer can be queued while the plugin is not loaded.

    A deleted account keeps its row: messages and deliveries still name it.
    """

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+")
    driver = peewee.CharField(max_length=64)
    name = peewee.CharField(max_length=100)
    identity_kind = peewee.CharField(max_length=32)
    hook_token = peewee.CharField(max_length=64, unique=True)
    is_enabled = peewee.BooleanField()
    is_primary = peewee.BooleanField()
    settings = JsonColumn()
    secrets = JsonColumn()
    version = peewee.IntegerField(default=1)
    created_at = TimeColumn()
    deleted_at = TimeColumn(null=True)


class Listening(Leased):
    """Who fetches for an account, and the place reached, in the channel's own words."""

    id = peewee.BigAutoField()
    account = peewee.ForeignKeyField(ChannelAccount, backref="+", unique=True)
    cursor = JsonColumn()
    last_alive_at = TimeColumn(null=True)
    state = EnumColumn(AccountState, default=AccountState.WORKING)
    failed_at = TimeColumn(null=True)


class Sending(Model):
    """How sending goes for an account. ``rests_until`` is a time of the database's, and ``refusals`` led to it."""

    id = peewee.BigAutoField()
    account = peewee.ForeignKeyField(ChannelAccount, backref="+", unique=True)
    state = EnumColumn(AccountState)
    last_sent_at = TimeColumn(null=True)
    last_error = peewee.TextField(default="")
    failed_at = TimeColumn(null=True)
    refusals = peewee.IntegerField(default=0)
    rests_until = TimeColumn(null=True)


class InboxRow(Leased):
    """What came in, stored before it is understood. ``storage_key`` leads to the raw bytes.

    ``key`` is unique in the account; ``digest`` is the SHA-256 of the bytes. A row that ``is_held`` waits for a person
    to believe its sender; once one does it ``is_released``. ``sender`` and ``subject`` are what a reader made of the
    bytes: personal data, and as readable as the bytes are, and as a customer's name and address.
    """

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    account = peewee.ForeignKeyField(ChannelAccount, backref="+", index=False)
    key = peewee.CharField(max_length=255)
    digest = peewee.CharField(max_length=64)
    storage_key = peewee.CharField(max_length=64)
    size = peewee.BigIntegerField()
    request = JsonColumn()
    state = EnumColumn(InboxState)
    outcome = EnumColumn(InboxOutcome, null=True)
    is_held = peewee.BooleanField(default=False)
    is_released = peewee.BooleanField(default=False)
    sender = peewee.CharField(max_length=500, null=True)
    subject = peewee.CharField(max_length=255, null=True)
    ticket = peewee.ForeignKeyField(Ticket, backref="+", null=True, index=False)
    message = peewee.ForeignKeyField(Message, backref="+", null=True, index=False)
    received_at = TimeColumn()

    class Meta:
        table_name = "inbox"
        indexes = (
            (("account", "key"), True),
            (("account", "digest"), False),
            (("service", "state", "id"), False),
            (("service", "id"), False),
        )


class Delivery(Leased):
    """An outgoing message, written with the change that caused it: a row of the outbox.

    ``recipients`` is a list of ``{kind, value, name, verdict, reason, is_permanent}``; old ones lack the last.
    A notice of the desk's own has no ticket and no message: what it says is in ``notice``, sealed, until it is sent.
    """

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    account = peewee.ForeignKeyField(ChannelAccount, backref="+", index=False)
    ticket = peewee.ForeignKeyField(Ticket, backref="+", null=True)
    message = peewee.ForeignKeyField(Message, backref="+", null=True, unique=True)
    notice = peewee.TextField(null=True)
    key = peewee.CharField(max_length=64, unique=True)
    external_id = peewee.CharField(max_length=255, null=True)
    state = EnumColumn(DeliveryState)
    recipients = JsonColumn()
    created_at = TimeColumn()
    finished_at = TimeColumn(null=True)

    class Meta:
        table_name = "outbox"
        indexes = ((("service", "state", "id"), False), (("service", "id"), False))


class AutomaticSending(Model):
    """An automatic mail that was sent; address and subject are keyed hashes, since nobody need read them."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    address = peewee.CharField(max_length=64)
    subject = peewee.CharField(max_length=64)
    at = TimeColumn()

    class Meta:
        table_name = "automatic_sending"
        indexes = ((("service", "address", "at"), False), (("at",), False))


class OutsideId(Model):
    """The provider's id of a message that came in or went out; how answers find their ticket.

    ``fingerprint`` is of what a message says that came in, empty for what went out and where nobody knows.
    """

    id = peewee.BigAutoField()
    account = peewee.ForeignKeyField(ChannelAccount, backref="+", index=False)
    external_id = peewee.CharField(max_length=255)
    ticket = peewee.ForeignKeyField(Ticket, backref="+")
    message = peewee.ForeignKeyField(Message, backref="+", index=False)
    fingerprint = peewee.CharField(max_length=64, default="", constraints=[peewee.SQL("DEFAULT ''")])

    class Meta:
        table_name = "outside_id"
        indexes = ((("account", "external_id"), True),)


index_due(Listening, InboxRow, Delivery)
