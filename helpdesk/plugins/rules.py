"""What state a plugin is in: decided without a database."""

from dataclasses import dataclass
from enum import StrEnum


class PluginState(StrEnum):
    """Where a plugin is in its life."""

    DISCOVERED = "discovered"
    CHECKED = "checked"
    INCOMPATIBLE = "incompatible"
    LOADED = "loaded"
    CONFIGURED = "configured"
    ENABLED = "enabled"
    DEGRADED = "degraded"
    QUARANTINED = "quarantined"
    DISABLED = "disabled"


UNWELL = frozenset({PluginState.INCOMPATIBLE, PluginState.DEGRADED, PluginState.QUARANTINED})
"""The states in which the desk is not whole."""


IDLE = frozenset({PluginState.DISCOVERED, PluginState.CHECKED, PluginState.CONFIGURED, PluginState.DISABLED})
"""The states of a plugin that is not on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides the state. ``is_switched`` is None where nobody has said whether the plugin is on.

    ``is_checked`` says that it was imported well in a process of its own.
    """

    is_trusted: bool = False
    is_switched: bool | None = None
    is_checked: bool = False
    is_loaded: bool = False
    is_incompatible: bool = False
    lacks_settings: bool = False
    has_settings: bool = False
    is_failing: bool = False
    fault: str = ""


def is_on(*, is_switched: bool | None, is_trusted: bool) -> bool:
    """Return whether the plugin is to be used: as was said, else only if it comes with the desk."""
    return is_trusted if is_switched is None else is_switched


def state_of(standing: Standing) -> PluginState:
    """Return the state; a fault is told only of a plugin that is on."""
    if not is_on(is_switched=standing.is_switched, is_trusted=standing.is_trusted):
        return _idle(standing)
    if standing.is_incompatible:
        return PluginState.INCOMPATIBLE
    if standing.fault or not standing.is_loaded:
        return PluginState.QUARANTINED
    if standing.lacks_settings:
        return PluginState.LOADED
    return PluginState.DEGRADED if standing.is_failing else PluginState.ENABLED


def _idle(standing: Standing) -> PluginState:
    """Return the state of a plugin that is not on."""
    if standing.is_switched is False:
        return PluginState.DISABLED
    if standing.has_settings:
        return PluginState.CONFIGURED
    return PluginState.CHECKED if standing.is_checked else PluginState.DISCOVERED
