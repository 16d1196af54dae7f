"""Tables of organizations and services."""

import peewee

from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.organization.rules import EditorType


class Organization(Model):
    """The owner of services and of the people who work in them."""

    id = peewee.BigAutoField()
    name = peewee.CharField(max_length=200)
    created_at = TimeColumn()


class Service(Model):
    """One help desk with its help center. ``slug`` stands in every URL and never changes. Source: SPEC GEN-05."""

    id = peewee.BigAutoField()
    organization = peewee.ForeignKeyField(Organization, backref="+")
    slug = peewee.CharField(max_length=32, unique=True)
    names = JsonColumn()
    languages = JsonColumn()
    default_language = peewee.CharField(max_length=10)
    time_zone = peewee.CharField(max_length=64)
    editor_type = EnumColumn(EditorType)
    theme = peewee.CharField(max_length=32, default="default")
    created_at = TimeColumn()
