"""Loads plugins from entry points, one by one, and keeps what became of each.

A plugin that raises at import, exits, shares its name with another, or was written for an SDK that the core
does not speak is quarantined and reported; the desk starts without it. Stevedore alone lets AssertionError
and SystemExit stop the start and silently takes the last of two entry points with one name, hence the two
overrides.
This is the only file that imports stevedore.
"""

import inspect
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from stevedore.extension import ExtensionManager

from helpdesk.sdk.channel import Channel, ChannelSettings

log = logging.getLogger(__name__)

CHANNELS = "helpdesk.channels"
THEMES = "helpdesk.themes"
DEFAULT_THEME = "default"
KINDS = (CHANNELS, THEMES)
CHANNEL_APIS = (1,)
"""The versions of helpdesk.sdk.channel that are spoken: the newest and the one before."""


class PluginState(StrEnum):
    """What became of a plugin."""

    LOADED = "loaded"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point. ``value`` is what it named, empty while it is quarantined for ``reason``."""

    kind: str
    name: str
    distribution: str
    state: PluginState
    value: Any = None
    reason: str = ""


class _Broken(Exception):
    """Carries whatever a plugin raised at import past stevedore."""


class _Loader(ExtensionManager[Any]):
    """Stevedore's manager, surviving everything but KeyboardInterrupt."""

    def __init__(self, kind: str, *, only: str | None) -> None:
        self.failures: dict[Any, str] = {}
        self._only = only
        super().__init__(kind, on_load_failure_callback=_note_failure)

    def list_entry_points(self) -> list[Any]:
        return [one for one in super().list_entry_points() if self._only in {None, one.name}]

    def _load_one_plugin(self, ep: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._load_one_plugin(ep, *args, **kwargs)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise _Broken(f"{type(error).__name__}: {error}") from error


def _note_failure(loader: ExtensionManager[Any], entry_point: Any, error: BaseException) -> None:
    if isinstance(loader, _Loader):
        loader.failures[entry_point] = str(error)


_plugins: dict[tuple[str, str], Plugin] = {}


def load(*, safe_mode: bool = False) -> Sequence[Plugin]:
    """Load every installed plugin of every kind. Never raises for a plugin's fault.

    In safe mode the default theme alone is loaded: without it there is no page to say anything on.
    """
    _plugins.clear()
    for kind in (THEMES,) if safe_mode else KINDS:
        for plugin in _load_kind(kind, only=DEFAULT_THEME if safe_mode else None):
            _plugins[kind, plugin.name] = plugin
            if plugin.state is PluginState.QUARANTINED:
                _tell(plugin)
    return tuple(_plugins.values())


def _tell(plugin: Plugin) -> None:
    log.error("plugin quarantined", extra={"plugin": plugin.name, "kind": plugin.kind, "reason": plugin.reason})


def _load_kind(kind: str, *, only: str | None) -> list[Plugin]:
    loader = _Loader(kind, only=only)
    found: list[tuple[Any, Any, str]] = [(item.entry_point, item.plugin, "") for item in loader.extensions]
    found += [(entry_point, None, reason) for entry_point, reason in loader.failures.items()]
    names = Counter(entry_point.name for entry_point, _value, _reason in found)
    brought_by = _distributions(kind)
    plugins = []
    for entry_point, value, reason in found:
        distribution = brought_by.get((entry_point.name, entry_point.value), "")
        clash = f"{names[entry_point.name]} installed distributions bring a plugin of this name; remove all but one"
        wrong = clash if names[entry_point.name] > 1 else reason or _problem(kind, value)
        plugins.append(_plugin(kind, entry_point.name, value, wrong, distribution))
    return plugins


def _distributions(kind: str) -> dict[tuple[str, str], str]:
    """Return who brings each entry point, by its name and value; stevedore forgets it, since it reads from a cache."""
    return {(one.name, one.value): one.dist.name for one in entry_points(group=kind) if one.dist}


def _plugin(kind: str, name: str, value: Any, wrong: str, distribution: str) -> Plugin:
    """Return the plugin, quarantined when something is wrong with it."""
    if wrong:
        return Plugin(kind, name, distribution, PluginState.QUARANTINED, reason=wrong)
    return Plugin(kind, name, distribution, PluginState.LOADED, value)


def _problem(kind: str, value: Any) -> str:
    """Return what is wrong with what an entry point names, or nothing."""
    if kind == THEMES:
        return "" if isinstance(value, Path) and value.is_dir() else "a theme's entry point must name its folder"
    if not (inspect.isclass(value) and issubclass(value, Channel)):
        return "a channel's entry point must name a subclass of helpdesk.sdk.channel.Channel"
    return _channel_problem(value)


def _channel_problem(value: type[Channel]) -> str:
    """Return what is wrong with a channel, or nothing; its version first, since the rest follows from it."""
    if value.api not in CHANNEL_APIS:
        spoken = " and ".join(map(str, CHANNEL_APIS))
        return f"this helpdesk speaks channel API {spoken}; the channel is written for {value.api!r}"
    if inspect.isabstract(value):
        return "the channel lacks " + ", ".join(sorted(value.__abstractmethods__))
    if not (isinstance(getattr(value, "title", None), Mapping) and "en" in value.title):
        return 'the channel needs a title, such as title = {"en": "Echo"}'
    if not (inspect.isclass(value.Settings) and issubclass(value.Settings, ChannelSettings)):
        return "the channel's Settings must be a subclass of ChannelSettings"
    return ""


def register(kind: str, name: str, value: Any, *, distribution: str = "") -> Plugin:
    """Add a plugin that no entry point names, checked like any other."""
    plugin = _plugin(kind, name, value, _problem(kind, value), distribution)
    _plugins[kind, name] = plugin
    return plugin


def quarantine(kind: str, name: str, reason: str) -> None:
    """Take an installed plugin out of use for a fault that showed only after it was loaded."""
    plugin = replace(_plugins[kind, name], state=PluginState.QUARANTINED, value=None, reason=reason)
    _plugins[kind, name] = plugin
    _tell(plugin)


def plugins() -> Sequence[Plugin]:
    """Return every plugin that was found, whatever became of it."""
    return tuple(_plugins.values())


def channels() -> dict[str, type[Channel]]:
    """Return the loaded channel drivers by name."""
    return {name: plugin.value for (kind, name), plugin in _plugins.items() if kind == CHANNELS and plugin.value}


def themes() -> dict[str, Path]:
    """Return the folders of the loaded themes by name."""
    return {name: plugin.value for (kind, name), plugin in _plugins.items() if kind == THEMES and plugin.value}
