"""Decides whether the desk would take a plugin, before any of it is used: what every kind owes, and each one's own."""

from typing import Any

from helpdesk.hosting import declarations
from helpdesk.kernel.errors import said
from helpdesk.plugins import kinds
from helpdesk.plugins.kinds import Kind


def problem(kind: Kind, name: str, value: Any) -> str:
    """Return why the desk would quarantine the plugin, without a full stop, or nothing."""
    found = kinds.problem(kind, value)
    if found or kind is not Kind.PLUGIN:
        return found
    try:
        return declarations.problem(name, value)
    except Exception as error:  # the class may be made of anything
        return f"what it declares cannot be read: {said(error)}"
