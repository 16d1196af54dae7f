"""Tables of customers, what they are known by, and their earlier values."""

import peewee

from helpdesk.kernel.beginnings import LONGEST_TERM
from helpdesk.kernel.columns import TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.organization.models import Service


class Customer(Model):
    """Somebody who asks. ``number`` is issued once per service. Source: SPEC CUS-03."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+")
    number = peewee.BigIntegerField()
    name = peewee.CharField(max_length=200, default="")
    email = peewee.CharField(max_length=254, null=True)
    phone = peewee.CharField(max_length=40, null=True)
    user_key = peewee.CharField(max_length=200, null=True)
    created_at = TimeColumn()
    updated_at = TimeColumn()

    class Meta:
        indexes = ((("service", "number"), True), (("service", "id"), False))


class CustomerIdentity(Model):
    """What a customer is recognised by; ``value`` is normalised by its kind and unique in the service.

    One with ``undeliverable_since`` has failed for good, or its owner calls what we send unwanted.
    """

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+")
    customer = peewee.ForeignKeyField(Customer, backref="+")
    customer_id: int
    kind = peewee.CharField(max_length=32)
    value = peewee.CharField(max_length=254)
    undeliverable_since = TimeColumn(null=True)
    undeliverable_reason = peewee.CharField(max_length=500, default="")

    class Meta:
        indexes = ((("service", "kind", "value"), True),)


class CustomerTerm(Model):
    """A term by which a customer is found (kernel/beginnings.py); of the customer's service.

    On PostgreSQL the column compares code points (COLLATE "C"), so that the index knows ranges, and as SQLite does.
    """

    service_id = peewee.BigIntegerField()
    term = peewee.CharField(max_length=LONGEST_TERM)
    customer = peewee.ForeignKeyField(Customer, backref="+", index=False)

    class Meta:
        primary_key = peewee.CompositeKey("customer", "term")
        indexes = ((("service_id", "term", "customer"), False),)


class CustomerValue(Model):
    """A value that a customer has or had, newest last. Source: SPEC CUS-12."""

    id = peewee.BigAutoField()
    customer = peewee.ForeignKeyField(Customer, backref="+")
    field = peewee.CharField(max_length=32)
    value = peewee.CharField(max_length=254)
    at = TimeColumn()
