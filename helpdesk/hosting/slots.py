"""Fills the slots of help center pages: asks the plugins that are in use in the service, in order.

A slot that no plugin fills costs neither a call nor a statement.
"""

from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from helpdesk.helpcenter.slots import Filling, plain
from helpdesk.helpcenter.views import ServiceView
from helpdesk.hosting import calls
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import WrongAnswer
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.plugin import Hook, HookKind, Plugin, hooks_of
from helpdesk.sdk.slots import SlotContent, SlotPage

SECONDS = 0.5
MOST_CLASSES = 256
USUAL_ORDER = 100


def fill(service: ServiceView, name: str, page: SlotPage) -> list[Filling]:
    """Return what the plugins show in the slot, lower orders first, then by the plugin's name.

    One that fails shows nothing, and the guard counts it.
    """
    asked = [
        (_order(hook), plugin, hook.name)
        for plugin, value in registry.named(Kind.PLUGIN).items()
        for hook in _slots_of(value)
        if hook.facts["slot"] == name
    ]
    found = [_filling(plugin, hook, service.id, page) for _, plugin, hook in sorted(asked)]
    return [filling for filling in found if filling is not None]


def _order(hook: Hook) -> float:
    order = hook.facts["order"]
    return order if isinstance(order, int | float) else USUAL_ORDER


def _filling(name: str, hook: str, service_id: int, page: SlotPage) -> Filling | None:
    if registry.get(Kind.PLUGIN, name, service_id=service_id) is None:
        return None
    try:
        return calls.call(name, hook, service_id, partial(_answer, name, hook, page), seconds=SECONDS)
    except Exception:  # the guard has counted what is a fault, and the rest says that there is nothing to show
        return None


def _answer(name: str, hook: str, page: SlotPage, plugin: Plugin, host: Any) -> Filling | None:
    content = guard.expect(getattr(plugin, hook)(host, page), SlotContent, type(None))
    if content is None:
        return None
    if not isinstance(plugin.templates, Path):
        raise WrongAnswer("it fills a slot and has no folder of templates")
    template = guard.expect(content.template, str)
    return Filling(name, hook, plugin.templates, template, plain(content.values))


@lru_cache(MOST_CLASSES)
def _slots_of(plugin: type[Plugin]) -> tuple[Hook, ...]:
    return tuple(hook for hook in hooks_of(plugin) if hook.kind is HookKind.SLOT)
