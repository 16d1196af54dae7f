"""Events on their way to a plugin's receivers and subscribers: each in the service that it belongs to.

An event that concerns every service (its service is 0) is handed to no plugin, since a Host is always
of one service.
"""

import logging
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any

from helpdesk.hosting import calls
from helpdesk.hosting.instances import instance
from helpdesk.kernel.errors import Unavailable
from helpdesk.kernel.events import Event, LoggedEvent
from helpdesk.plugins import guard, registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Hook, Plugin

log = logging.getLogger(__name__)

SUBSCRIBER_SECONDS = 120.0


def receiver(name: str, hook: Hook) -> Callable[[Event], None]:
    """Return what a signal calls for a receiver: isolated, timed and counted by the signal itself."""

    def receive(event: Event) -> None:
        if not _is_meant(name, event.service_id):
            return
        try:
            plugin, host = instance(name), calls.host_for(name, event.service_id, hook=hook.name)
        except Unavailable as error:  # it lacks settings here, or was switched off this very moment
            log.info("receiver not called", extra={"plugin": name, "hook": hook.name, "reason": error.message})
            return
        try:
            with calls.plugin_code(name):
                getattr(plugin, hook.name)(host, event)
        except BaseException as error:
            raise guard.told(error, calls.secrets_for(name, event.service_id)) from None

    receive.__qualname__ = f"{name}.{hook.name}"
    return receive


def subscriber(name: str, hook: Hook) -> Callable[[LoggedEvent], None]:
    """Return what the event log feeds for a subscriber; whatever it raises has the event come again."""
    wanted = {event.name: event for event in hook.facts["events"]}

    def feed(logged: LoggedEvent) -> None:
        kind = wanted.get(logged.name)
        if kind is not None and _is_meant(name, logged.service_id):
            event = _event(kind, logged)
            calls.call(
                name, hook.name, logged.service_id, partial(_hand_over, hook.name, event), seconds=SUBSCRIBER_SECONDS
            )

    return feed


def _is_meant(name: str, service_id: int) -> bool:
    return service_id != 0 and registry.get(Kind.PLUGIN, name, service_id=service_id) is not None


def _hand_over(hook: str, event: Event, plugin: Plugin, host: Host) -> None:
    getattr(plugin, hook)(host, event)


def _event(kind: type[Event], logged: LoggedEvent) -> Event:
    """Return the event as it was recorded; the log keeps JSON, so its lists were tuples."""
    known = {field.name for field in fields(kind)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in logged.payload.items()
    }
    return kind(**{name: value for name, value in values.items() if name in known})
