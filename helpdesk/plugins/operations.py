"""Switches, sets and isolates plugins, and writes their logs.

Each change is seen by this process when its transaction is committed, and by every other one within
seconds (watching.py).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import after_commit, locked, next_number, transactional
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.events import record
from helpdesk.kernel.text import one_line
from helpdesk.plugins import queries, registry, settings
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.models import PluginLog, PluginSwitch, PluginTrouble
from helpdesk.plugins.registry import EVERYWHERE, Plugin
from helpdesk.plugins.rules import IDLE
from helpdesk.sdk.events import PluginChanged
from helpdesk.sdk.settings import PluginSettings

SUBJECT = "plugin"
LONGEST_MESSAGE = 2000


@transactional
def switch(actor: Actor, ref: Ref, *, is_on: bool, everywhere: bool = False) -> None:
    """Switch a plugin on or off: in the actor's service, or everywhere, which forgets what the services have said.

    Whoever switches it on learns by its state whether it can be used. Raises NotFound, and Conflict (PLUGIN_IN_USE)
    for one that the desk cannot do without. Records PluginChanged.
    """
    _require(actor, everywhere=everywhere)
    _found(ref)
    if not is_on:
        _check_spared(ref)
    service_id = EVERYWHERE if everywhere else actor.service_id
    row = _locked(ref, service_id)
    if everywhere:
        PluginSwitch.update(is_on=None).where(
            PluginSwitch.kind == ref.kind, PluginSwitch.name == ref.name, PluginSwitch.service_id != EVERYWHERE
        ).execute()
    PluginSwitch.update(is_on=is_on).where(PluginSwitch.id == row.id).execute()
    PluginTrouble.delete().where(PluginTrouble.kind == ref.kind, PluginTrouble.name == ref.name).execute()
    changes = {"is_on": (row.is_on, is_on)}
    _record(actor, ref, row.id, "enabled" if is_on else "disabled", changes, service_id=service_id)


def _check_spared(ref: Ref) -> None:
    if ref == (Kind.THEME, registry.DEFAULT_THEME):
        raise Conflict(
            "The default theme stays on: every other one falls back on it. Choose another theme for the service.",
            code="PLUGIN_IN_USE",
        )
    if ref == (Kind.STORAGE, registry.storage_in_use()):
        raise Conflict(f"The desk keeps its files in “{ref.name}”, by HELPDESK_STORAGE.", code="PLUGIN_IN_USE")


@transactional
def configure(actor: Actor, ref: Ref, values: Mapping[str, Any], *, everywhere: bool = False) -> None:
    """Tell a whole plugin its settings: those of the actor's service, or those of the installation.

    What is not named stays, secrets too; a setting given as null is unset. Raises NotFound and Invalid
    (NOT_CONFIGURABLE for a plugin that must be enabled first, or is told its settings at each use).
    Records PluginChanged.
    """
    _require(actor, everywhere=everywhere)
    if not isinstance(values, Mapping):
        raise Invalid('The settings are an object, such as {"url": "https://shop.example"}.', path=("settings",))
    kind = settings_class(ref, everywhere=everywhere)
    _check_known(kind, values)
    service_id = EVERYWHERE if everywhere else actor.service_id
    row = _locked(ref, service_id)
    known = {**(row.settings or {}), **settings.opened(_kept(row.secrets, values), context=_context(row.id))}
    merged = {name: value for name, value in {**known, **values}.items() if value is not None}
    made = settings.validated(ref, kind, merged)
    plain, sealed = settings.split(ref, made, context=_context(row.id))
    PluginSwitch.update(settings=plain, secrets=sealed).where(PluginSwitch.id == row.id).execute()
    _record(actor, ref, row.id, "configured", {"settings": (None, sorted(values))}, service_id=service_id)


def _check_known(kind: type[PluginSettings], values: Mapping[str, Any]) -> None:
    known = {*kind.model_fields, *(one.alias for one in kind.model_fields.values() if one.alias)}
    for name in values:
        if name not in known:
            there = ", ".join(sorted(kind.model_fields)) or "none here"
            raise Invalid(f"There is no setting “{name}”; there are: {there}.", path=("settings", name))


@transactional
def isolate(actor: Actor, name: str, *, is_isolated: bool) -> None:
    """Run a channel in a process of its own, or in the desk's. Raises NotFound. Records PluginChanged."""
    actor.require("plugin.install")
    ref = Ref(Kind.CHANNEL, name)
    _found(ref)
    row = _locked(ref, EVERYWHERE)
    PluginSwitch.update(is_isolated=is_isolated).where(PluginSwitch.id == row.id).execute()
    changes = {"is_isolated": (row.is_isolated, is_isolated)}
    _record(actor, ref, row.id, "isolated" if is_isolated else "joined", changes, service_id=EVERYWHERE)


@transactional
def dropping_tables(actor: Actor, ref: Ref, tables: Mapping[str, int]) -> None:
    """Record that the tables of a plugin, with so many rows each, are dropped in this transaction.

    Raises Conflict (PLUGIN_IS_ON); one that is installed no more is not on, whatever was said of it.
    """
    actor.require("plugin.install")
    row = _locked(ref, EVERYWHERE)
    plugin = registry.find(*ref)
    said = queries.switches().get(ref, {}).values()
    if plugin is not None and (plugin.is_on() or any(switch.is_on for switch in said)):
        raise Conflict(
            f"“{ref.name}” is on; disable it first: helpdesk plugin disable {ref.kind}/{ref.name}.", code="PLUGIN_IS_ON"
        )
    changes = {name: (count, None) for name, count in tables.items()}
    _record(actor, ref, row.id, "tables_dropped", changes, service_id=EVERYWHERE)


def told(ref: Ref, kind: type[PluginSettings], service_id: int) -> PluginSettings:
    """Return what a plugin was told in the service (0: by the installation). Raises Invalid when it lacks something."""
    row = queries.switch(ref, service_id)
    values = {} if row is None else {**(row.settings or {}), **settings.opened(row.secrets, context=_context(row.id))}
    return settings.validated(ref, kind, values)


def settings_class(ref: Ref, *, everywhere: bool) -> type[PluginSettings]:
    """Return the class of a whole plugin's settings. Raises NotFound and Invalid (NOT_CONFIGURABLE)."""
    plugin = _found(ref)
    if ref.kind is not Kind.PLUGIN:
        raise Invalid(
            f"A {ref.kind} is told its settings where it is used; here only one of the kind “plugin” is told them.",
            code="NOT_CONFIGURABLE",
        )
    if plugin.state in IDLE:
        raise Invalid(f"Enable “{ref.name}” first: until then none of its code runs.", code="NOT_CONFIGURABLE")
    if plugin.imported is None:
        raise Invalid(f"“{ref.name}” cannot be used: {plugin.reason}.", code="NOT_CONFIGURABLE")
    chosen: type[PluginSettings] = plugin.imported.Settings if everywhere else plugin.imported.ServiceSettings
    return chosen


@transactional
def write_log(ref: Ref, *, service_id: int | None, level: str, hook: str, message: str) -> None:
    """Add a line to the plugin's log; ``level`` is info or error."""
    PluginLog.insert(
        kind=ref.kind, name=ref.name, service_id=service_id, level=level, hook=hook[:100],
        message=one_line(message, longest=LONGEST_MESSAGE), at=clock.now(),
    ).execute()  # fmt: skip


def _require(actor: Actor, *, everywhere: bool) -> None:
    """Let whoever may set plugins through; for every service it takes the right to that too."""
    actor.require("plugin.write")
    if everywhere:
        actor.require("plugin.install")


def _found(ref: Ref) -> Plugin:
    plugin = registry.find(*ref)
    if plugin is None:
        raise NotFound(f"No {ref.kind} “{ref.name}” is installed.", code="PLUGIN_NOT_FOUND", path=("name",))
    return plugin


def _locked(ref: Ref, service_id: int) -> Any:
    """Return the switch of the plugin in the service, made unless it is there, locked until the transaction ends."""
    values = {"kind": ref.kind, "name": ref.name, "service_id": service_id, "secrets": {}}
    PluginSwitch.insert(values).on_conflict_ignore().execute()
    query = PluginSwitch.select().where(
        PluginSwitch.kind == ref.kind, PluginSwitch.name == ref.name, PluginSwitch.service_id == service_id
    )
    return locked(query).get()


def _kept(secrets: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets that are not to be replaced: those may be past reading."""
    return {name: token for name, token in secrets.items() if name not in values}


def _context(row_id: int) -> str:
    return f"plugin_switch:{row_id}"


def _record(
    actor: Actor, ref: Ref, row_id: int, change: str, changes: Mapping[str, tuple[Any, Any]], *, service_id: int
) -> None:
    next_number(queries.CHANGES, 0)
    event = PluginChanged(service_id=service_id, kind=ref.kind, plugin=ref.name, change=change)
    record(replace(actor, service_id=service_id), event, subject=(SUBJECT, row_id), changes=changes)
    after_commit(_refresh)


def _refresh() -> None:
    registry.refresh()
