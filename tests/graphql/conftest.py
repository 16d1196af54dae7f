"""Tests of GraphQL on the whole desk ask the application; those of the sample schema need none of this."""

from tests.factories.client import administrator, agent, app, chosen, desk, partner, statements, stranger

__all__ = ["administrator", "agent", "app", "chosen", "desk", "partner", "statements", "stranger"]
