"""Tables of members, agents and agent groups."""

import peewee

from helpdesk.agents.rules import ChatState, Role
from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.organization.models import Organization, Service


class Member(Model):
    """A person who can log in, in one organization; ``email`` is kept in lower case.

    ``is_organization_administrator`` lets them look after what is above the services. Source: SPEC GEN-08.
    """

    id = peewee.BigAutoField()
    organization = peewee.ForeignKeyField(Organization, backref="+")
    organization_id: int
    email = peewee.CharField(max_length=254)
    name = peewee.CharField(max_length=100)
    password_hash = peewee.CharField(max_length=255, null=True)
    is_organization_administrator = peewee.BooleanField(default=False, constraints=[peewee.SQL("DEFAULT false")])
    deactivated_at = TimeColumn(null=True)
    created_at = TimeColumn()

    class Meta:
        indexes = ((("organization", "email"), True),)


class Agent(Model):
    """A member at work in one service. ``last_assigned_at`` is when a ticket was last given to the agent.

    ``rights`` are those beside the role, ``channels`` those to work by, ``restricted_menus`` those that are closed:
    lists of words. ``attributes`` are plugins' own, by the plugin's name. Whoever is removed keeps the row, since what
    they did names it. The defaults in the database are for processes that do not know the columns yet.
    """

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+")
    member = peewee.ForeignKeyField(Member, backref="+")
    role = EnumColumn(Role)
    rights = JsonColumn(constraints=[peewee.SQL("""DEFAULT '["TICKET_FORWARDING"]'""")])
    channels = JsonColumn(constraints=[peewee.SQL("""DEFAULT '["TICKET"]'""")])
    takes_tickets = peewee.BooleanField(default=True, constraints=[peewee.SQL("DEFAULT true")])
    takes_chats = peewee.BooleanField(default=True, constraints=[peewee.SQL("DEFAULT true")])
    most_chats = peewee.IntegerField(null=True)
    chat_state = EnumColumn(ChatState, default=ChatState.OFFLINE, constraints=[peewee.SQL("DEFAULT 'OFFLINE'")])
    cti_id = peewee.CharField(max_length=64, null=True)
    cti_number = peewee.CharField(max_length=64, null=True)
    restricted_menus = JsonColumn(default=[], constraints=[peewee.SQL("DEFAULT '[]'")])
    attributes = JsonColumn(default={}, constraints=[peewee.SQL("DEFAULT '{}'")])
    last_assigned_at = TimeColumn(null=True)
    removed_at = TimeColumn(null=True)
    created_at = TimeColumn()

    class Meta:
        indexes = ((("service", "member"), True),)


class AgentGroup(Model):
    """A set of agents of a service."""

    id = peewee.BigAutoField()
    service = peewee.ForeignKeyField(Service, backref="+")
    service_id: int
    name = peewee.CharField(max_length=100)
    created_at = TimeColumn()

    class Meta:
        indexes = ((("service", "name"), True),)


class GroupMember(Model):
    """An agent's place in a group; the order of ids is the order of adding."""

    id = peewee.BigAutoField()
    group = peewee.ForeignKeyField(AgentGroup, backref="+")
    agent = peewee.ForeignKeyField(Agent, backref="+")

    class Meta:
        indexes = ((("group", "agent"), True),)
