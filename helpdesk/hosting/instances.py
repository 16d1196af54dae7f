"""The one instance of each whole plugin in this process, made with the installation's settings."""

import threading
from collections import defaultdict
from functools import partial

from helpdesk.hosting.rules import prefix_of
from helpdesk.kernel import db
from helpdesk.kernel.errors import Invalid, Unavailable
from helpdesk.kernel.fences import fence, unfenced
from helpdesk.plugins import guard, operations, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.queries import Switch
from helpdesk.plugins.registry import EVERYWHERE
from helpdesk.plugins.settings import secrets_of
from helpdesk.sdk.plugin import Plugin
from helpdesk.sdk.settings import PluginSettings

MAKING_SECONDS = 5.0

_made: dict[str, Plugin] = {}
_told: dict[tuple[str, int], tuple[type[PluginSettings], Switch | None, PluginSettings]] = {}
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def title_of(plugin: type[Plugin]) -> str:
    """Return the name by which a plugin stands in history and beside its messages."""
    return plugin.title.get("en", "") or plugin.__name__


def instance(name: str) -> Plugin:
    """Return the plugin, made anew when another class or other settings stand behind the name.

    Raises Unavailable: PLUGIN_NOT_ENABLED, PLUGIN_NOT_CONFIGURED while it lacks settings, or PLUGIN_FAILED.
    """
    plugin: type[Plugin] = registry.require(Kind.PLUGIN, name)
    made = _made.get(name)
    if type(made) is plugin:
        return made
    with _locks[name]:  # of its own, so that one that hangs holds up no other
        made = _made.get(name)
        if type(made) is not plugin:
            made = _made[name] = _make(name, plugin, installation_settings(name))
    return made


def installation_settings(name: str) -> PluginSettings:
    """Return what the installation tells the plugin. Raises Unavailable (PLUGIN_NOT_CONFIGURED)."""
    return _settings(name, EVERYWHERE)


def service_settings(name: str, service_id: int) -> PluginSettings:
    """Return what the service tells the plugin. Raises Unavailable (PLUGIN_NOT_CONFIGURED)."""
    return _settings(name, service_id)


def forget(name: str) -> None:
    """Let the next use make the plugin anew."""
    _made.pop(name, None)


def is_current(name: str) -> bool:
    """Return whether the plugin as it was made has the class and the settings that it would be made with now."""
    made = _made.get(name)
    if made is None or type(made) is not registry.get(Kind.PLUGIN, name):
        return False
    try:
        return bool(made.settings == installation_settings(name))
    except Exception:  # it lacks settings by now, or cannot even be compared
        return False


def _settings(name: str, service_id: int) -> PluginSettings:
    """Return the settings as they are switched now; they are read anew only when they have changed."""
    plugin = registry.require(Kind.PLUGIN, name)
    kind: type[PluginSettings] = plugin.ServiceSettings if service_id else plugin.Settings
    found = registry.find(Kind.PLUGIN, name)
    switch = found.switches.get(service_id) if found else None
    kept = _told.get((name, service_id))
    if kept is not None and kept[:2] == (kind, switch):
        return kept[2]
    try:
        with unfenced(), db.connection():
            settings = operations.told(Ref(Kind.PLUGIN, name), kind, service_id)
    except Invalid as error:
        raise Unavailable(
            f"The plugin “{name}” lacks settings; configure it: {error.message}", code="PLUGIN_NOT_CONFIGURED"
        ) from error
    _told[name, service_id] = (kind, switch, settings)
    return settings


def _make(name: str, plugin: type[Plugin], given: PluginSettings) -> Plugin:
    make = partial(_made_inside, name, plugin, given)
    return guard.call(Ref(Kind.PLUGIN, name), "__init__", make, seconds=MAKING_SECONDS, secrets=secrets_of(given))


def _made_inside(name: str, plugin: type[Plugin], given: PluginSettings) -> Plugin:
    with fence(prefix_of(name)):
        return plugin(given)
