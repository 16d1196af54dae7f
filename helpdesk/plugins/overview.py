"""How every plugin stands in a service: what this process knows of it, and what all of them have written down."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from helpdesk.kernel.errors import HelpdeskError
from helpdesk.plugins import guard, queries, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import SETTINGS, Kind
from helpdesk.plugins.queries import LOADING, FigureRow, Switch, TroubleRow
from helpdesk.plugins.registry import EVERYWHERE, Plugin
from helpdesk.plugins.rules import UNWELL, PluginState, state_of

SCHEMA_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Overview:
    """One plugin in one service. ``troubles`` are the hooks that rest now, in whichever process."""

    plugin: Plugin
    state: PluginState
    reason: str
    is_enabled: bool
    troubles: tuple[TroubleRow, ...]
    figures: tuple[FigureRow, ...]
    settings: Mapping[str, Any]
    service_settings: Mapping[str, Any]

    @property
    def is_unwell(self) -> bool:
        """Whether the desk is not whole because of it."""
        return self.state in UNWELL


def overviews(service_id: int = EVERYWHERE) -> list[Overview]:
    """Return every installed plugin, broken ones too, by kind and name, as the service sees them."""
    troubles, figures = queries.troubles(), defaultdict[Ref, list[FigureRow]](list)
    for row in queries.figures():
        figures[Ref(row.kind, row.name)].append(row)
    plugins = sorted(registry.plugins(), key=lambda plugin: (plugin.kind, plugin.name))
    return [
        _overview(plugin, service_id, tuple(troubles.get(plugin.ref, ())), tuple(figures.get(plugin.ref, ())))
        for plugin in plugins
    ]


def overview(ref: Ref, service_id: int = EVERYWHERE) -> Overview | None:
    """Return how the plugin stands in the service; None when it is not installed."""
    return next((one for one in overviews(service_id) if one.plugin.ref == ref), None)


def _overview(
    plugin: Plugin, service_id: int, troubles: tuple[TroubleRow, ...], figures: tuple[FigureRow, ...]
) -> Overview:
    said = plugin.said(service_id) if plugin.standing.is_switched is not False else False
    elsewhere = next((one.reason for one in troubles if one.hook == LOADING), "")
    fault = plugin.standing.fault or elsewhere
    state = state_of(replace(plugin.standing, is_switched=said, is_failing=bool(troubles), fault=fault))
    reason = plugin.reason or elsewhere
    if state is PluginState.DEGRADED:
        reason = "; ".join(f"{one.hook}: {one.reason}" for one in troubles)
    return Overview(
        plugin, state, reason, plugin.is_on(service_id), troubles, figures,
        _plain(plugin.switches.get(EVERYWHERE)), _plain(plugin.switches.get(service_id)),
    )  # fmt: skip


def _plain(switch: Switch | None) -> Mapping[str, Any]:
    return (switch.settings or {}) if switch is not None else {}


def title(plugin: Plugin) -> Mapping[str, str]:
    """Return the plugin's title by language; its name while none of its code has run."""
    found = getattr(plugin.imported, "title", None)
    return found if isinstance(found, Mapping) and found else {"en": plugin.name}


def rights(plugin: Plugin) -> tuple[str, ...]:
    """Return the rights that a whole plugin asks for, sorted."""
    asked = getattr(plugin.imported, "rights", ()) if plugin.kind is Kind.PLUGIN else ()
    return tuple(sorted(str(right) for right in asked)) if isinstance(asked, frozenset | set) else ()


def settings_schema(plugin: Plugin, *, name: str = "Settings") -> dict[str, Any] | None:
    """Return the JSON Schema of the plugin's settings; None while none of its code has run, or when it cannot say."""
    kind = getattr(plugin.imported, name, None)
    if kind is None or plugin.kind not in SETTINGS:
        return None
    hook = "settings.schema" if name == "Settings" else "service_settings.schema"
    try:
        schema: dict[str, Any] = guard.call(plugin.ref, hook, partial(_schema, kind), seconds=SCHEMA_SECONDS)
    except HelpdeskError:
        return None
    return schema


def _schema(kind: Any) -> Any:
    return guard.expect(kind.model_json_schema(), dict)
