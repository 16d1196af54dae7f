"""Assigners in the schema: the ways in which an agent is picked for a ticket."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.graphql.context import Info
from helpdesk.graphql.settings_forms import Language, schema_of
from helpdesk.plugins import instances
from helpdesk.plugins.kinds import Kind
from helpdesk.queues import distribution
from helpdesk.queues.distribution import Way


@strawberry.type(description="A way of picking the agent of a group who is given a ticket.")
class Assigner:
    """A way of picking an agent."""

    code: str = strawberry.field(description="Its code, for `ticketAssign`, such as round_robin.")

    @strawberry.field(description="The name that people see.")
    def title(self, language: Language = None) -> str:
        """Return the title."""
        return instances.title_of(self.plugin, language)  # type: ignore[attr-defined]  # the source is the room's own

    @strawberry.field(
        graphql_type=JSON | None,
        description="JSON schema of its settings, for a form; null when the plugin cannot say it.",
    )
    def settings_schema(self) -> Any:
        """Return the schema of the settings."""
        source: Any = self
        return schema_of(Kind.ASSIGNER, source.code, source.plugin)

    @staticmethod
    def is_type_of(source: Any, _info: Any) -> bool:
        """Return whether the source is an assigner."""
        return isinstance(source, Way)


@strawberry.type
class QueueQueries:
    """Query fields over assigners."""

    @strawberry.field(graphql_type=list[Assigner], description="The assigners in use in the service, by code.")
    def assigners(self, info: Info) -> Any:
        """Return the assigners in use."""
        info.context.actor.require("ticket.read")
        return distribution.assigners(info.context.service.id)
