"""The desk's plugins in the schema: what became of each. Tells, and changes nothing.

They belong to the whole desk: whoever may see them sees the same at every service.
"""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from operator import attrgetter
from typing import Any

import strawberry

from helpdesk import plugins
from helpdesk.graphql import enums
from helpdesk.graphql.context import Info
from helpdesk.plugins import PluginState

enums.declare(
    PluginState,
    description="What became of a plugin.",
    values={
        "LOADED": "It is in use.",
        "QUARANTINED": "It cannot be used; `reason` says why, and the desk works without it.",
    },
)


@strawberry.type(description="Something installed beside the core, such as a channel or a theme.")
class Plugin:
    """Something installed beside the core."""

    kind: str = strawberry.field(description="Its group of entry points: helpdesk.channels or helpdesk.themes.")
    name: str = strawberry.field(description="Its code, such as email; unique within its kind.")
    distribution: str = strawberry.field(
        description="The package that brings it; empty for a theme of the data folder."
    )
    state: PluginState = strawberry.field(description="What became of it.")
    reason: str = strawberry.field(description="Why it cannot be used, in words; empty when it can.")


@strawberry.type
class PluginQueries:
    """Query fields over plugins."""

    @strawberry.field(
        graphql_type=list[Plugin], description="The plugins of the desk, broken ones too, by kind and name."
    )
    def plugins(self, info: Info) -> Any:
        """Return the plugins."""
        info.context.actor.require("plugin.read")
        return sorted(plugins.plugins(), key=attrgetter("kind", "name"))
