"""Periodic hooks: which are due, each in one worker at a time, for each service that the plugin is in use in."""

import logging
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from helpdesk.hosting import calls, rules
from helpdesk.hosting.models import PluginPeriod
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.leases import claim, held, in_seconds, release
from helpdesk.kernel.settings import Settings
from helpdesk.organization import queries as organization
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import HookKind, Plugin

log = logging.getLogger(__name__)

SECONDS = 120.0
IDLE_SECONDS = 60.0

Turn = tuple[int, str, str]
"""A service, a plugin, and its hook."""


def drain(settings: Settings) -> None:
    """Call every hook that is due."""
    turns = dict(_turns())
    if not turns:
        return
    _note(turns)
    plugins = {plugin for _, plugin, _ in turns}
    while row := claim(PluginPeriod, PluginPeriod.plugin.in_(plugins), seconds=settings.lease_seconds):
        seconds = turns.get((row.service_id, row.plugin, row.hook))
        if seconds is None:  # switched off here, or gone
            release(row, due_in_seconds=IDLE_SECONDS)
        else:
            _take_turn(row, settings, seconds)


def _turns() -> Iterator[tuple[Turn, float]]:
    """Return every hook in every service that it is to be called for, with its period."""
    plugins = registry.named(Kind.PLUGIN).items()
    found = {name: kept for name, plugin in plugins if (kept := rules.hooks(plugin, HookKind.PERIODIC))}
    if not found:
        return
    for service in organization.services():
        for name in found.keys() & registry.named(Kind.PLUGIN, service_id=service.id).keys():
            for hook in found[name]:
                yield (service.id, name, hook.name), rules.period_seconds(hook)


def _note(turns: Mapping[Turn, float]) -> None:
    """Make the rows that there are not yet; they are due at once."""
    rows: Any = PluginPeriod.select(PluginPeriod.service, PluginPeriod.plugin, PluginPeriod.hook)
    missing = turns.keys() - set(rows.tuples())
    if missing:
        values = [
            {"service": service, "plugin": plugin, "hook": hook, "due_at": in_seconds(0)}
            for service, plugin, hook in sorted(missing)
        ]
        PluginPeriod.insert_many(values).on_conflict_ignore().execute()


def _take_turn(row: Any, settings: Settings, seconds: float) -> None:
    reason = ""
    try:
        with held(row, seconds=settings.lease_seconds):
            calls.call(row.plugin, row.hook, row.service_id, partial(_call, row.hook), seconds=SECONDS)
    except HelpdeskError as error:
        reason = error.message
    except Exception as error:  # what else a plugin may say: it has its next turn all the same
        reason = f"{type(error).__name__}: {error}"
    if reason:
        log.warning("periodic hook failed", extra={"plugin": row.plugin, "hook": row.hook, "reason": reason[:500]})
    release(row, due_in_seconds=seconds, last_error=reason[:1000])


def _call(hook: str, plugin: Plugin, host: Host) -> None:
    getattr(plugin, hook)(host)
