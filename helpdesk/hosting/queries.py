"""What plugins have left undone in a service, and why."""

from dataclasses import dataclass
from typing import Any

from helpdesk.hosting import rules
from helpdesk.hosting.models import PluginJob, PluginPeriod
from helpdesk.hosting.rules import JobState
from helpdesk.kernel import events
from helpdesk.sdk.plugin import Hook, HookKind, Plugin


@dataclass(frozen=True, slots=True)
class Undone:
    """A hook whose last try came to nothing, and the reason."""

    hook: str
    reason: str


def undone(service_id: int, name: str, plugin: type[Plugin]) -> list[Undone]:
    """Return the jobs, webhooks, periodic hooks and subscribers of the plugin that did not do what was due."""
    jobs: Any = PluginJob.select(PluginJob.hook, PluginJob.last_error).where(
        PluginJob.service == service_id, PluginJob.plugin == name, PluginJob.last_error != "",
        PluginJob.state != JobState.DONE,
    )  # fmt: skip
    periods: Any = PluginPeriod.select(PluginPeriod.hook, PluginPeriod.last_error).where(
        PluginPeriod.service == service_id, PluginPeriod.plugin == name, PluginPeriod.last_error != ""
    )
    found = [Undone(hook, reason) for hook, reason in (*jobs.tuples(), *periods.tuples())]
    feeds = [(hook.name, events.fault_of(known_as(name, hook))) for hook in rules.hooks(plugin, HookKind.SUBSCRIBER)]
    return found + [Undone(hook, reason) for hook, reason in feeds if reason]


def known_as(name: str, hook: Hook) -> str:
    """Return the name under which the place that a subscriber has reached is kept, for ever."""
    return f"plugin.{name}.{hook.name}"
