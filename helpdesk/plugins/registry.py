"""What this process has loaded of the plugins, and what became of each.

``load`` begins anew; ``refresh`` does it again when somebody has switched a plugin, in whichever
process, or when something was installed. Readers never wait: they look at one table, which is
replaced whole. What comes with the desk is on unless somebody switches it off; what others bring is
not even imported until somebody switches it on, and is tried in a process of its own before that.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helpdesk.kernel.errors import Unavailable
from helpdesk.plugins import guard, kinds, loading, queries, trials
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.loading import Candidate
from helpdesk.plugins.queries import Switch
from helpdesk.plugins.rules import PluginState, Standing, is_on, state_of

log = logging.getLogger(__name__)

DEFAULT_THEME = "default"
EVERYWHERE = 0


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point. ``value`` is what it led to, empty while it is not in use; ``reason`` says why.

    ``imported`` is that too, and is there while only settings are lacking. ``state`` is that of a service
    in which nothing else was said; ``standing_in`` tells of one.
    """

    kind: Kind
    name: str
    distribution: str
    version: str
    state: PluginState
    value: Any = None
    reason: str = ""
    imported: Any = field(default=None, repr=False, compare=False)
    is_trusted: bool = False
    is_isolated: bool = False
    switches: Mapping[int, Switch] = field(default_factory=dict, repr=False, compare=False)
    standing: Standing = field(default_factory=Standing, repr=False, compare=False)

    @property
    def is_faulty_here(self) -> bool:
        """Whether a fault showed after it was loaded, which other processes may not know of."""
        return self.imported is not None and bool(self.standing.fault)

    @property
    def ref(self) -> Ref:
        """What the guard knows it by."""
        return Ref(self.kind, self.name)

    def is_on(self, service_id: int | None = None) -> bool:
        """Return whether it is switched on, in the service; without one, in any."""
        if service_id is None:
            places = {EVERYWHERE, *self.switches}
            return any(is_on(is_switched=self.said(place), is_trusted=self.is_trusted) for place in places)
        return is_on(is_switched=self.said(service_id), is_trusted=self.is_trusted)

    def said(self, service_id: int) -> bool | None:
        """Return how it is switched in the service; None where nobody has said."""
        own, common = self.switches.get(service_id), self.switches.get(EVERYWHERE)
        if own is not None and own.is_on is not None:
            return own.is_on
        return common.is_on if common is not None else None

    def standing_in(self, service_id: int) -> Standing:
        """Return how it stands in the service; one that was kept off by a setting of deployment stays off."""
        said = self.said(service_id) if self.standing.is_switched is not False else False
        own = self.switches.get(service_id)
        has_settings = self.standing.has_settings or (own is not None and own.settings is not None)
        return replace(self.standing, is_switched=said, has_settings=has_settings)


@dataclass(frozen=True, slots=True)
class _Table:
    """All plugins of this process at one moment, and what they were read from."""

    plugins: Mapping[tuple[Kind, str], Plugin] = field(default_factory=dict)
    change: int = 0
    installed: tuple[tuple[str, int], ...] = ()


class _Registry:
    """The table of this process, and how to read it again."""

    def __init__(self) -> None:
        self.table = _Table()
        self.registered: dict[tuple[Kind, str], tuple[Any, str]] = {}
        self.callbacks: list[Callable[[], None]] = []
        self.disabled: frozenset[str] = frozenset()
        self.is_safe = False
        self.storage = ""
        self.looks = True
        self.lock = threading.RLock()


_registry = _Registry()


def load(
    *, safe_mode: bool = False, disabled: Sequence[str] = (), looks: bool = True, storage: str = ""
) -> Sequence[Plugin]:
    """Load the installed plugins that are switched on, and return all. Never raises for a plugin's fault.

    In safe mode only two are: the default theme, without which there is no page to say anything on, and the
    ``storage`` that keeps the files, if it is on; it too is imported in a process of its own first.
    ``disabled`` names plugins, ``name`` or ``kind/name``, that stay off whatever the database says.
    One that ``looks`` not finds nothing installed: a test's desk has what is registered and no more.
    """
    with _registry.lock:
        _registry.registered.clear()
        _registry.is_safe, _registry.looks, _registry.disabled = safe_mode, looks, frozenset(disabled)
        _registry.storage = storage
        _registry.table = _read()
        return plugins()


def refresh() -> bool:
    """Load again if plugins were switched, set, installed or removed, and return whether it was so.

    Whoever asked for it by ``on_change`` is told. In safe mode nothing changes.
    """
    if _registry.is_safe:
        return False
    with _registry.lock:
        before = _registry.table
        if (queries.change(), _installed()) == (before.change, before.installed):
            return False
        if _registry.looks:
            loading.look_again()
        _registry.table = _read()
        for ref in _changed(before, _registry.table):
            guard.forget(ref)
        for callback in list(_registry.callbacks):
            try:
                callback()
            except Exception:
                log.exception("a part of the desk could not follow a change of plugins")
    return True


def on_change(callback: Callable[[], None]) -> None:
    """Make the call after each refresh that changed something."""
    if callback not in _registry.callbacks:
        _registry.callbacks.append(callback)


def forget_callbacks() -> None:
    """Tell nobody any more: the application that asked for it is gone."""
    _registry.callbacks.clear()


def _changed(before: _Table, after: _Table) -> list[Ref]:
    """Return the plugins that are switched, set or loaded otherwise than before."""

    def look(plugin: Plugin | None) -> object:
        return plugin and (plugin.state, plugin.reason, plugin.value, dict(plugin.switches), plugin.is_isolated)

    keys = {*before.plugins, *after.plugins}
    return [Ref(*key) for key in keys if look(before.plugins.get(key)) != look(after.plugins.get(key))]


def _read() -> _Table:
    installed, candidates = _installed(), loading.find() if _registry.looks else []
    change, switches, passed = 0, dict[tuple[Kind, str], Mapping[int, Switch]](), dict[tuple[Kind, str], str]()
    storage = (Kind.STORAGE, _registry.storage)
    if _registry.is_safe:
        candidates = [one for one in candidates if (one.kind, one.name) in {(Kind.THEME, DEFAULT_THEME), storage}]
    if (_registry.storage or not _registry.is_safe) and queries.is_ready():
        change = queries.change()
        switches.update(queries.switches())
        passed.update(trials.passed())
    if _registry.is_safe:  # the default theme is on, whatever was said
        switches = {key: said for key, said in switches.items() if key == storage}
    tried = [one for one in candidates if (one.kind, one.name) in passed]
    checked = {(one.kind, one.name) for one in tried if passed[one.kind, one.name] == loading.fingerprint(one)}
    found: dict[tuple[Kind, str], Plugin] = {}
    for kind in Kind:
        for plugin in _load_kind(kind, [one for one in candidates if one.kind is kind], switches, checked):
            found[kind, plugin.name] = _told(plugin)
    for (kind, name), (value, distribution) in _registry.registered.items():
        found[kind, name] = _told(_registered(kind, name, value, distribution, switches.get((kind, name), {})))
    return _Table(found, change, installed)


def _installed() -> tuple[tuple[str, int], ...]:
    return loading.installed() if _registry.looks else ()


def _load_kind(
    kind: Kind,
    candidates: Sequence[Candidate],
    switches: Mapping[tuple[Kind, str], Mapping[int, Switch]],
    checked: Collection[tuple[Kind, str]],
) -> list[Plugin]:
    """Return the plugins of a kind; those that are on, and have no fault yet, are imported."""
    known = {}
    for one in candidates:
        own = switches.get((kind, one.name), {})
        plugin = Plugin(
            kind, one.name, one.distribution, one.version, PluginState.DISCOVERED,
            is_trusted=one.is_trusted, switches=own, is_isolated=_is_isolated(own),
            standing=Standing(is_trusted=one.is_trusted, is_checked=(kind, one.name) in checked),
        )  # fmt: skip
        fault = one.fault
        if plugin.is_on() and not _is_disabled(plugin) and not fault and not one.is_trusted:
            fault = trials.fault_of(one)
        known[one.name] = (plugin, fault)
    wanted = {name for name, (plugin, fault) in known.items() if plugin.is_on() and not _is_disabled(plugin)}
    names = {name for name in wanted if not known[name][1]}
    fresh = [one for one in candidates if one.name in names and not (one.is_trusted or loading.is_imported(one))]
    trials.begin(fresh)
    imported = loading.import_all(kind, names)
    trials.end([one for one in fresh if not imported[one.name].fault])
    made = []
    for name, (plugin, fault) in known.items():
        got = imported.get(name, loading.Imported())
        made.append(_judged(plugin, got.value, fault or got.fault, is_wanted=name in wanted))
    return made


def _judged(plugin: Plugin, value: Any, fault: str, *, is_wanted: bool) -> Plugin:
    """Return the plugin with its state: what it led to is checked, and whether it has the settings that it needs."""
    standing = replace(plugin.standing, is_trusted=plugin.is_trusted, has_settings=_has_settings(plugin))
    if not is_wanted:
        standing = replace(standing, is_switched=False if _is_disabled(plugin) else plugin.said(EVERYWHERE))
        reason = "HELPDESK_DISABLE names it" if _is_disabled(plugin) else ""
        return replace(plugin, state=state_of(standing), reason=reason, standing=standing)
    fault = fault or kinds.problem(plugin.kind, value)
    lacking = "" if fault else kinds.lacking(plugin.kind, value, has_settings=standing.has_settings)
    standing = replace(
        standing, is_switched=True, is_checked=not fault, is_loaded=not fault, fault=fault,
        is_incompatible=kinds.is_for_another_desk(plugin.kind, fault), lacks_settings=bool(lacking),
    )  # fmt: skip
    imported = None if fault else value
    usable = None if lacking else imported
    found = replace(plugin, state=state_of(standing), value=usable, reason=fault or lacking, imported=imported)
    return replace(found, standing=standing)


def _registered(kind: Kind, name: str, value: Any, distribution: str, switches: Mapping[int, Switch]) -> Plugin:
    plugin = Plugin(
        kind, name, distribution, "", PluginState.DISCOVERED, is_trusted=True, switches=switches,
        is_isolated=_is_isolated(switches),
    )  # fmt: skip
    return _judged(plugin, value, "", is_wanted=plugin.is_on() and not _is_disabled(plugin))


def _has_settings(plugin: Plugin) -> bool:
    return EVERYWHERE in plugin.switches and plugin.switches[EVERYWHERE].settings is not None


def _is_isolated(switches: Mapping[int, Switch]) -> bool:
    return EVERYWHERE in switches and switches[EVERYWHERE].is_isolated


def _is_disabled(plugin: Plugin) -> bool:
    return bool(_registry.disabled & {plugin.name, f"{plugin.kind}/{plugin.name}"})


def _told(plugin: Plugin) -> Plugin:
    if plugin.state in {PluginState.QUARANTINED, PluginState.INCOMPATIBLE}:
        facts = {"plugin": plugin.name, "kind": str(plugin.kind), "reason": plugin.reason}
        log.error("plugin quarantined", extra=facts)
    return plugin


def _keep(plugin: Plugin) -> None:
    with _registry.lock:
        found = {**_registry.table.plugins, (plugin.kind, plugin.name): plugin}
        _registry.table = replace(_registry.table, plugins=found)


def register(kind: Kind, name: str, value: Any, *, distribution: str = "") -> Plugin:
    """Add a plugin that no entry point names, checked like any other, and on unless somebody has switched it off."""
    _registry.registered[kind, name] = (value, distribution)
    before = find(kind, name)
    plugin = _told(_registered(kind, name, value, distribution, before.switches if before else {}))
    _keep(plugin)
    return plugin


def quarantine(kind: Kind, name: str, reason: str) -> None:
    """Take a plugin out of use for a fault that showed only after it was loaded; the next change gives it a chance."""
    plugin = _registry.table.plugins[kind, name]
    standing = replace(plugin.standing, fault=reason, is_incompatible=kinds.is_for_another_desk(kind, reason))
    _keep(_told(replace(plugin, state=state_of(standing), value=None, reason=reason, standing=standing)))


def plugins() -> Sequence[Plugin]:
    """Return every plugin that was found, whatever became of it."""
    return tuple(_registry.table.plugins.values())


def find(kind: Kind, name: str) -> Plugin | None:
    """Return the plugin, whatever became of it."""
    return _registry.table.plugins.get((kind, name))


def named(kind: Kind, *, service_id: int | None = None) -> dict[str, Any]:
    """Return what is in use of a kind, in the service if one is told, by name."""
    return {
        plugin.name: plugin.value
        for plugin in _registry.table.plugins.values()
        if plugin.kind is kind and plugin.value is not None and plugin.is_on(service_id)
    }


def get(kind: Kind, name: str, *, service_id: int | None = None) -> Any | None:
    """Return what the plugin's entry point leads to, or None unless it is in use (in the service)."""
    plugin = _registry.table.plugins.get((kind, name))
    return plugin.value if plugin is not None and plugin.is_on(service_id) else None


def require(kind: Kind, name: str, *, service_id: int | None = None) -> Any:
    """Return what the plugin's entry point leads to. Raises Unavailable (PLUGIN_NOT_ENABLED), naming those in use."""
    found = get(kind, name, service_id=service_id)
    if found is None:
        known = ", ".join(sorted(named(kind, service_id=service_id))) or "none"
        raise Unavailable(f"The {kind} “{name}” is not in use here; in use are: {known}.", code="PLUGIN_NOT_ENABLED")
    return found


def is_isolated(name: str) -> bool:
    """Return whether the channel is to run in a process of its own."""
    plugin = _registry.table.plugins.get((Kind.CHANNEL, name))
    return plugin is not None and plugin.is_isolated


def is_installed(kind: Kind, name: str) -> bool:
    """Return whether an installed entry point leads to the plugin, so that another process can import it."""
    return (kind, name) in _registry.table.plugins and (kind, name) not in _registry.registered


def storage_in_use() -> str:
    """Return the name of the storage plugin that the desk keeps its files in; empty for its own folder."""
    return _registry.storage


def themes() -> dict[str, Path]:
    """Return the folders of the themes in use, by name."""
    return named(Kind.THEME)
