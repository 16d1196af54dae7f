"""The schema that is served now, made anew when plugins come and go.

Owns the exchange: a request that has begun ends on the schema that it began with, and the next one has
the new schema with its own cache of documents.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from threading import Lock

import strawberry

from helpdesk.graphql import schema
from helpdesk.graphql.execution import Executor
from helpdesk.graphql.plugin_joining import may_add
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.plugin import Plugin


@dataclass(frozen=True)
class Served:
    """One schema: what runs requests of it, and the plugins that it was made for."""

    schema: strawberry.Schema
    executor: Executor
    plugins: Mapping[str, type[Plugin]]

    @cached_property
    def sdl(self) -> str:
        """The schema's text, written when somebody asks for it."""
        return schema.sdl(self.schema)


class Serving:
    """The present schema of this process; ``served`` is read once for each request. Safe in threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.served = _make(registry.named(Kind.PLUGIN))

    def renew(self) -> None:
        """Make the schema anew if other plugins are loaded than it was made for."""
        with self._lock:
            plugins = registry.named(Kind.PLUGIN)
            if plugins != self.served.plugins:
                self.served = _make(plugins)


def _make(plugins: Mapping[str, type[Plugin]]) -> Served:
    adding = {name: plugin for name, plugin in plugins.items() if may_add(plugin)}
    built = schema.build(adding) if adding else _core()
    left = registry.named(Kind.PLUGIN)  # without those that did not fit
    return Served(built, Executor(built), {name: plugins[name] for name in plugins if name in left})


@cache
def _core() -> strawberry.Schema:
    """Return the schema that has nothing of a plugin's; what joins changes a schema, so it gets a new one."""
    return schema.build()
