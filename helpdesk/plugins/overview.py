"""How every plugin stands in a service: what this process knows of it, and what all of them have written down."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from helpdesk.plugins import queries, registry, settings
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import SETTINGS, Kind
from helpdesk.plugins.queries import LOADING, FigureRow, Switch, TroubleRow
from helpdesk.plugins.registry import EVERYWHERE, Plugin
from helpdesk.plugins.rules import UNWELL, PluginState, state_of


@dataclass(frozen=True, slots=True)
class Overview:
    """One plugin in one service. ``troubles`` are the hooks that rest now, in whichever process.

    Of the secrets among its settings only the names are told.
    """

    plugin: Plugin
    state: PluginState
    reason: str
    is_enabled: bool
    troubles: tuple[TroubleRow, ...]
    figures: tuple[FigureRow, ...]
    settings: Mapping[str, Any]
    service_settings: Mapping[str, Any]
    secrets: frozenset[str]
    service_secrets: frozenset[str]

    @property
    def is_unwell(self) -> bool:
        """Whether the desk is not whole because of it."""
        return self.state in UNWELL


def overviews(service_id: int = EVERYWHERE) -> list[Overview]:
    """Return every installed plugin, broken ones too, by kind and name, as the service sees them."""
    return [stands(service_id) for _plugin, stands in _all()]


def worst_overviews() -> list[Overview]:
    """Return every installed plugin as it stands where it is worst off, for whoever watches all services at once."""
    return [
        max(
            (stands(place) for place in (EVERYWHERE, *plugin.switches)), key=lambda one: (one.is_unwell, one.is_enabled)
        )
        for plugin, stands in _all()
    ]


def _all() -> Iterator[tuple[Plugin, Callable[[int], Overview]]]:
    """Yield every installed plugin, by kind and name, with what gives its overview in a service."""
    troubles, figures = queries.troubles(), defaultdict[Ref, list[FigureRow]](list)
    for row in queries.figures():
        figures[Ref(row.kind, row.name)].append(row)
    for plugin in sorted(registry.plugins(), key=lambda plugin: (plugin.kind, plugin.name)):
        resting, done = tuple(troubles.get(plugin.ref, ())), tuple(figures.get(plugin.ref, ()))
        yield plugin, partial(_overview, plugin, troubles=resting, figures=done)


def overview(ref: Ref, service_id: int = EVERYWHERE) -> Overview | None:
    """Return how the plugin stands in the service; None when it is not installed."""
    return next((one for one in overviews(service_id) if one.plugin.ref == ref), None)


def _overview(
    plugin: Plugin, service_id: int, *, troubles: tuple[TroubleRow, ...], figures: tuple[FigureRow, ...]
) -> Overview:
    elsewhere = next((one.reason for one in troubles if one.hook == LOADING), "")
    fault = plugin.standing.fault or elsewhere
    state = state_of(replace(plugin.standing_in(service_id), is_failing=bool(troubles), fault=fault))
    reason = plugin.reason or elsewhere
    if state is PluginState.DEGRADED:
        reason = "; ".join(f"{one.hook}: {one.reason}" for one in troubles)
    common, own = plugin.switches.get(EVERYWHERE), plugin.switches.get(service_id)
    return Overview(
        plugin, state, reason, plugin.is_on(service_id), troubles, figures,
        _plain(common), _plain(own), _secret(common), _secret(own),
    )  # fmt: skip


def _plain(switch: Switch | None) -> Mapping[str, Any]:
    return (switch.settings or {}) if switch is not None else {}


def _secret(switch: Switch | None) -> frozenset[str]:
    return frozenset(switch.secrets if switch is not None else ())


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
    return settings.schema_of(plugin.ref, kind, hook=hook)


def secrets(schema: Mapping[str, Any] | None, told: Collection[str]) -> dict[str, bool]:
    """Return for each secret among the settings whether it is set, by its name."""
    fields = (schema or {}).get("properties", {})
    known = {name for name, about in fields.items() if is_secret(about)}
    return {name: name in told for name in sorted({*known, *told})}


def is_secret(about: Mapping[str, Any]) -> bool:
    """Return whether a setting, as its JSON Schema tells of it, is a secret; one that may be left out too."""
    return "password" in {about.get("format"), *(one.get("format") for one in about.get("anyOf", ()))}
