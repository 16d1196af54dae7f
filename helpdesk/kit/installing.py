"""Installs a plugin on a test's desk by the steps of a real one: judged, told its settings, given its tables, heard."""

from collections.abc import Mapping
from typing import Any

from helpdesk.hosting import instances, life
from helpdesk.kernel import events, jobs
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import Invalid
from helpdesk.kit import accepting
from helpdesk.plugins import operations, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind

Told = Mapping[str, Any] | None


def install(administrator: Actor, ref: Ref, value: Any, settings: Told, service_settings: Told) -> None:
    """Install the plugin and enable it everywhere. Raises HelpdeskError with why the desk does not use it."""
    if reason := accepting.problem(*ref, value):
        raise Invalid(f"{reason}.", code="BAD_PLUGIN")
    registry.register(*ref, value)
    if ref.kind is Kind.PLUGIN:
        if settings:
            operations.configure(administrator, ref, settings, everywhere=True)
        if service_settings:
            operations.configure(administrator, ref, service_settings)
        life.apply()
        jobs.drain(events.LINE)  # a subscriber hears of what comes after its first feeding
    found = registry.find(*ref)
    if found is None or found.value is None:
        raise Invalid(f"{found.reason if found else 'it is gone'}.", code="BAD_PLUGIN")
    if ref.kind is Kind.PLUGIN:
        instances.instance(ref.name)
        instances.service_settings(ref.name, administrator.service_id)
