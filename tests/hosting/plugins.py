"""Whole plugins that tests put into the desk, and how they get there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from helpdesk.hosting import calls, instances, jobs, life
from helpdesk.hosting.models import PluginJob
from helpdesk.kernel.actors import system
from helpdesk.plugins import guard, operations, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin
from tests.factories.desk import Desk

NAME = "hands"
ALL_RIGHTS = frozenset(
    {
        "ticket.read", "ticket.create", "ticket.reply", "ticket.note", "ticket.tag", "ticket.assign",
        "ticket.set_status", "customer.read", "agent.attributes",
    }
)  # fmt: skip


class Hands(Plugin):
    """A plugin that may do everything and does nothing by itself."""

    title: ClassVar[Mapping[str, str]] = {"en": "Hands", "ko": "손"}
    rights = ALL_RIGHTS


def install(plugin: type[Plugin], name: str = NAME, *, is_connected: bool = False) -> str:
    """Put the plugin into the desk, in use everywhere, and return its name."""
    taken = registry.register(Kind.PLUGIN, name, plugin)
    assert taken.value is plugin, taken.reason
    guard.forget(calls.ref_of(name))
    instances.forget(name)
    if is_connected:
        life.apply()
    return name


def remove(name: str = NAME) -> None:
    """Take the plugin out of the desk."""
    registry._registry.registered.pop((Kind.PLUGIN, name), None)
    registry._registry.table = registry._read()
    life.apply()


@contextmanager
def installed(plugin: type[Plugin], name: str = NAME) -> Iterator[None]:
    """Switch the plugin on as an administrator does, and off at the end; all that follows a change of plugins does."""
    install(plugin, name)
    switch(name, is_on=True)
    assert registry.get(Kind.PLUGIN, name) is plugin
    try:
        yield
    finally:
        switch(name, is_on=False)


def switch(name: str, *, is_on: bool) -> None:
    """Switch the plugin on or off in every service; the registry is refreshed when that is committed."""
    operations.switch(system(0), Ref(Kind.PLUGIN, name), is_on=is_on, everywhere=True)


def host(desk: Desk, plugin: type[Plugin] = Hands, **given: Any) -> Host:
    """Return the hands of a plugin in the desk's service."""
    return calls.host_for(install(plugin), desk.service_id, **given)


def work(desk: Desk) -> list[Any]:
    """Do what plugins have left to do, and return all jobs, oldest first."""
    jobs.drain(desk.settings)
    return rows()


def rows() -> list[Any]:
    """Return all jobs, oldest first."""
    return list(PluginJob.select().order_by(PluginJob.id))


def make_due() -> None:
    """Let whatever waits fall due at once."""
    PluginJob.update(due_at=0).where(PluginJob.due_at.is_null(False)).execute()
