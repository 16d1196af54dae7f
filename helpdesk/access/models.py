"""Tables of sessions, service keys and allowed addresses."""

import peewee

from helpdesk.agents.models import Agent, Member
from helpdesk.kernel.columns import TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.organization.models import Organization, Service


class AgentSession(Model):
    """An agent who has logged in; the token itself is never stored."""

    id = peewee.BigAutoField()
    agent = peewee.ForeignKeyField(Agent, backref="+")
    token_hash = peewee.CharField(max_length=64, unique=True)
    created_at = TimeColumn()
    expires_at = TimeColumn()
    revoked_at = TimeColumn(null=True)
    address = peewee.CharField(max_length=45)


class MemberSession(Model):
    """An organization administrator who has logged in at a service of which they are no agent."""

    id = peewee.BigAutoField()
    organization = peewee.ForeignKeyField(Organization, backref="+")
    member = peewee.ForeignKeyField(Member, backref="+")
    token_hash = peewee.CharField(max_length=64, unique=True)
    created_at = TimeColumn()
    expires_at = TimeColumn()
    revoked_at = TimeColumn(null=True)
    address = peewee.CharField(max_length=45)


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
