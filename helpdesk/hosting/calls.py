"""The one way to call a hook of a whole plugin: guarded, within its fence, with a Host for one service."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from helpdesk.hosting import instances
from helpdesk.hosting.host import DeskHost
from helpdesk.hosting.rules import prefix_of
from helpdesk.kernel import db
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.fences import fence
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin

Answer = TypeVar("Answer")


def ref_of(name: str) -> Ref:
    """Return whose code a whole plugin's is, for the guard."""
    return Ref(Kind.PLUGIN, name)


def require(name: str, service_id: int) -> None:
    """Raise Unavailable (PLUGIN_NOT_ENABLED) unless the plugin is in use in the service."""
    registry.require(Kind.PLUGIN, name, service_id=service_id)


@contextmanager
def plugin_code(name: str) -> Iterator[None]:
    """Run the block as the plugin's code: within its fence; a connection that it opens is closed after it."""
    was_closed = db.database.is_closed()
    try:
        with fence(prefix_of(name)):
            yield
    finally:
        if was_closed and not db.database.is_closed():
            db.database.close()


def host_for(name: str, service_id: int, *, hook: str = "", actor: Actor | None = None) -> Host:
    """Return the plugin's hands in the service; ``hook`` is what its log lines are kept under.

    With an actor the plugin acts for somebody: it may do only what both of them may. Raises Unavailable
    (PLUGIN_NOT_ENABLED, PLUGIN_NOT_CONFIGURED) where the plugin is not in use in the service.
    """
    require(name, service_id)
    return DeskHost(name, instances.instance(name), service_id, hook=hook, acts_for=actor)


def secrets_for(name: str, service_id: int) -> list[str]:
    """Return the secrets that the plugin was told, by the installation and by the service."""
    return DeskHost(name, instances.instance(name), service_id).secrets()


def call(
    name: str,
    hook: str,
    service_id: int,
    function: Callable[[Plugin, Host], Answer],
    *,
    seconds: float,
    actor: Actor | None = None,
    rests: bool = True,
) -> Answer:
    """Return what ``function(plugin, host)`` answers; it is run as the plugin's code, which has so many seconds.

    Look at the answer inside the function, by ``guard.expect`` and ``guard.listed``, so that a wrong one counts
    as a failure. Passes on what a plugin may say (``guard.SAID``); raises Unavailable for every other failure.
    """
    require(name, service_id)
    plugin = instances.instance(name)
    host = DeskHost(name, plugin, service_id, hook=hook, acts_for=actor)

    def run() -> Answer:
        with plugin_code(name):
            return function(plugin, host)

    return guard.call(ref_of(name), hook, run, seconds=seconds, secrets=host.secrets(), rests=rests)
