"""Attacks go against the whole desk, as strangers, partners and agents reach it."""

from tests.factories.client import administrator, agent, app, chosen, desk, partner, statements, stranger

__all__ = ["administrator", "agent", "app", "chosen", "desk", "partner", "statements", "stranger"]
