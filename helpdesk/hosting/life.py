"""A plugin's life in this process: what is in use is connected, what no longer is, is let go.

``apply`` is called at the start and after every change of the registry. It makes the plugin's tables
first: a plugin whose migration fails is quarantined, with the reason, and hears of nothing.
"""

import logging
import threading

from helpdesk import signals
from helpdesk.hosting import calls, declarations, instances, listening, queries, rules, tables
from helpdesk.kernel import events
from helpdesk.kernel.errors import HelpdeskError, Unavailable, said
from helpdesk.plugins import guard, registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.plugin import HookKind, Plugin

log = logging.getLogger(__name__)


_connected: dict[str, type[Plugin]] = {}
_lock = threading.Lock()


def apply() -> None:
    """Connect what is in use and let go of what is not, or not as it was. Never raises for a plugin's fault."""
    faults: dict[str, str] = {}
    with _lock:
        in_use: dict[str, type[Plugin]] = registry.named(Kind.PLUGIN)
        for name in list(_connected):
            if in_use.get(name) is not _connected[name] or not instances.is_current(name):
                _let_go(name)
        for name, plugin in in_use.items():
            if name not in _connected and (fault := _taken_in(name, plugin)):
                faults[name] = fault
    for name, fault in faults.items():  # past the lock: the registry has one of its own, and calls this within it
        registry.quarantine(Kind.PLUGIN, name, fault)


def connected() -> tuple[str, ...]:
    """Return the names of the plugins that hear of events in this process."""
    return tuple(_connected)


def let_go_of_all() -> None:
    """Let go of every plugin, as at the end of a test."""
    with _lock:
        for name in list(_connected):
            _let_go(name)


def _taken_in(name: str, plugin: type[Plugin]) -> str:
    """Connect the plugin and return why it cannot be used, whatever its class is made of."""
    try:
        return _take_in(name, plugin)
    except Exception as error:  # what it declares is of a kind that nobody thought of
        log.exception("plugin not connected", extra={"plugin": name})
        return f"what it declares cannot be read: {said(error)}"


def _take_in(name: str, plugin: type[Plugin]) -> str:
    """Make tables and instance, then connect receivers and subscribers. Returns why the plugin cannot be used."""
    if fault := declarations.problem(name, plugin) or _migrate(name, plugin):
        return fault
    instances.forget(name)
    try:
        instances.instance(name)
    except Unavailable as error:  # it lacks settings, or fails over them: nobody hears it until they change
        log.warning("plugin not connected", extra={"plugin": name, "reason": error.message})
        return ""
    _connected[name] = plugin
    guard.forget(calls.ref_of(name))
    for hook in rules.hooks(plugin, HookKind.RECEIVER):
        receive = listening.receiver(name, hook)
        for event in hook.facts["events"]:
            signals.ALL[event.name].connect(receive, owner=calls.ref_of(name))
    for hook in rules.hooks(plugin, HookKind.SUBSCRIBER):
        events.subscribe(queries.known_as(name, hook), listening.subscriber(name, hook))
    return ""


def _migrate(name: str, plugin: type[Plugin]) -> str:
    """Make the plugin's tables and return why that failed, or nothing."""
    try:
        applied = tables.migrate(name, plugin)
    except HelpdeskError as error:
        return f"its migrations failed: {error.message}"
    except Exception as error:  # what a plugin may say by raising is no answer here
        return f"its migrations failed: {said(error)}"
    if applied:
        log.info("plugin tables made", extra={"plugin": name, "migrations": ", ".join(applied)})
    return ""


def _let_go(name: str) -> None:
    plugin = _connected.pop(name)
    signals.disconnect_owner(calls.ref_of(name))
    for hook in rules.hooks(plugin, HookKind.SUBSCRIBER):
        events.unsubscribe(queries.known_as(name, hook))
    instances.forget(name)
