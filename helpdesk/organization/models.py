"""Tables of organizations, their company information, and services."""

import peewee

from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.organization.rules import CompanyInformationKind, EditorType, ServiceState


class Organization(Model):
    """The owner of services and of the people who work in them."""

    id = peewee.BigAutoField()
    name = peewee.CharField(max_length=200)
    created_at = TimeColumn()


class CompanyInformation(Model):
    """A text about the company, by language, which services show in their help centers. Source: SPEC GEN-10."""

    id = peewee.BigAutoField()
    organization = peewee.ForeignKeyField(Organization, backref="+")
    kind = EnumColumn(CompanyInformationKind)
    name = peewee.CharField(max_length=200)
    texts = JsonColumn()
    created_at = TimeColumn()
    updated_at = TimeColumn()


class Service(Model):
    """One help desk with its help center. ``slug`` stands in every URL and never changes. Source: SPEC GEN-05.

    ``features_off`` are the codes of what its contract leaves out (features.py); whatever is not named there is on.
    """

    id = peewee.BigAutoField()
    organization = peewee.ForeignKeyField(Organization, backref="+")
    slug = peewee.CharField(max_length=32, unique=True)
    names = JsonColumn()
    languages = JsonColumn()
    default_language = peewee.CharField(max_length=10)
    time_zone = peewee.CharField(max_length=64)
    editor_type = EnumColumn(EditorType)
    theme = peewee.CharField(max_length=32, default="default")
    features_off = JsonColumn(default=list, constraints=[peewee.SQL("DEFAULT '[]'")])
    state = EnumColumn(ServiceState, default=ServiceState.IN_USE, constraints=[peewee.SQL("DEFAULT 'IN_USE'")])
    company_information = peewee.ForeignKeyField(CompanyInformation, backref="+", null=True)
    created_at = TimeColumn()
