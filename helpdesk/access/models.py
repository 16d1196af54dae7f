"""Tables of sessions and who began them, tokens of members, service keys and allowed addresses."""

import peewee

from helpdesk.access.rules import ConnectionEvent, TokenPurpose
from helpdesk.agents.models import Agent, Member
from helpdesk.kernel.columns import EnumColumn, TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.kernel.leases import Leased, index_due
from helpdesk.organization.models import Organization, Service


class AgentSession(Model):
    """An agent who has logged in; the token itself is never stored.

    ``last_seen_at`` is written at most once a minute.
    """

    id = peewee.BigAutoField()
    agent = peewee.ForeignKeyField(Agent, backref="+")
    token_hash = peewee.CharField(max_length=64, unique=True)
    created_at = TimeColumn()
    expires_at = TimeColumn()
    revoked_at = TimeColumn(null=True)
    address = peewee.CharField(max_length=45)
    user_agent = peewee.CharField(max_length=200, default="", constraints=[peewee.SQL("DEFAULT ''")])
    last_seen_at = TimeColumn(null=True)


class MemberSession(Model):
    """An organization administrator who has logged in at a service of which they are no agent.

    ``service_id`` is where they did; they may come to every service of the organization. Of old ones nobody knows.
    """

    id = peewee.BigAutoField()
    organization = peewee.ForeignKeyField(Organization, backref="+")
    member = peewee.ForeignKeyField(Member, backref="+")
    service_id = peewee.BigIntegerField(null=True)
    token_hash = peewee.CharField(max_length=64, unique=True)
    created_at = TimeColumn()
    expires_at = TimeColumn()
    revoked_at = TimeColumn(null=True)
    address = peewee.CharField(max_length=45)
    user_agent = peewee.CharField(max_length=200, default="", constraints=[peewee.SQL("DEFAULT ''")])
    last_seen_at = TimeColumn(null=True)


class MemberToken(Model):
    """What was sent to a member to prove by that they are who they are, once; the token itself is never stored."""

    id = peewee.BigAutoField()
    member = peewee.ForeignKeyField(Member, backref="+", index=False)
    purpose = EnumColumn(TokenPurpose)
    token_hash = peewee.CharField(max_length=64, unique=True)
    created_at = TimeColumn()
    expires_at = TimeColumn()

    class Meta:
        indexes = ((("member", "purpose"), True),)


class ResetRequest(Leased):
    """Somebody who says that they have forgotten a password; whether they are anybody is for the worker to look up."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+", index=False)
    email = peewee.CharField(max_length=254)
    created_at = TimeColumn()

    class Meta:
        table_name = "reset_request"


class ConnectionLine(Model):
    """A line of the connection log. ``member`` is empty where a log-in failed under a name that nobody has."""

    id = peewee.BigAutoField()
    organization = peewee.ForeignKeyField(Organization, backref="+", index=False)
    service_id = peewee.BigIntegerField(null=True)
    member = peewee.ForeignKeyField(Member, backref="+", null=True, index=False)
    event = EnumColumn(ConnectionEvent)
    at = TimeColumn()
    address = peewee.CharField(max_length=45)
    user_agent = peewee.CharField(max_length=200)

    class Meta:
        table_name = "connection_log"
        indexes = ((("organization", "at", "id"), False), (("member", "at", "id"), False))


class OpenApi(Model):
    """Whether partners may call the service at all. Source: SPEC AUTH-01."""

    service = peewee.ForeignKeyField(Service, primary_key=True, backref="+")
    is_enabled = peewee.BooleanField()


class ServiceKey(Model):
    """A partner's key; the key itself is shown once and never stored. Source: SPEC AUTH-03."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+")
    name = peewee.CharField(max_length=100)
    token_hash = peewee.CharField(max_length=64, unique=True)
    hint = peewee.CharField(max_length=8)
    created_at = TimeColumn()
    revoked_at = TimeColumn(null=True)


class AllowedAddress(Model):
    """A network from which service keys are accepted. Source: SPEC AUTH-04."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+")
    network = peewee.CharField(max_length=49)

    class Meta:
        indexes = ((("service", "network"), True),)


class LoginAttempts(Model):
    """Recent wrong passwords of one address and one mail, so that guessing slows down."""

    id = peewee.BigAutoField()
    subject = peewee.CharField(max_length=64, unique=True)
    failures = peewee.IntegerField()
    last_at = TimeColumn()


index_due(ResetRequest)
