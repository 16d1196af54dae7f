"""Actions and the fields of conditions in the schema, and the running of an action on a ticket."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.graphql import ids
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.context import Info
from helpdesk.graphql.settings_forms import Language, schema_of, settings_of
from helpdesk.graphql.tickets import Ticket
from helpdesk.graphql.user_errors import Payload, answers
from helpdesk.kernel.conditions import OPERATORS, FieldKind, Operator
from helpdesk.plugins import instances
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import queries
from helpdesk.triggers import actions, conditions
from helpdesk.triggers.actions import Deed
from helpdesk.triggers.conditions import NamedField


@strawberry.type(description="Something that can be done to a ticket.")
class Action:
    """Something that can be done to a ticket."""

    code: str = strawberry.field(description="Its code, for `ticketRunAction`, such as set_status.")

    @strawberry.field(description="The name that people see.")
    def title(self, language: Language = None) -> str:
        """Return the title."""
        return instances.title_of(self.plugin, language)  # type: ignore[attr-defined]  # the source is the room's own

    @strawberry.field(
        graphql_type=JSON | None,
        description="JSON schema of its settings, for a form; null when the plugin cannot say it. A property with"
        " `reference` takes the global id of a thing of that type.",
    )
    def settings_schema(self) -> Any:
        """Return the schema of the settings."""
        source: Any = self
        return schema_of(Kind.ACTION, source.code, source.plugin)

    @staticmethod
    def is_type_of(source: Any, _info: Any) -> bool:
        """Return whether the source is an action."""
        return isinstance(source, Deed)


@strawberry.type(description="Something that conditions over tickets may ask about.")
class ConditionField:
    """A field of conditions."""

    name: str = strawberry.field(description="What to write as `field`; a plugin's begins with `plugin.`.")

    @strawberry.field(description="The name that people see.")
    def title(self, language: Language = None) -> str:
        """Return the title."""
        source: Any = self
        shown: str = source.title(language)
        return shown

    @strawberry.field(description="What it holds.")
    def kind(self) -> FieldKind:
        """Return the kind."""
        source: Any = self
        kind: FieldKind = source.field.kind
        return kind

    @strawberry.field(description="How it can be compared.")
    def operators(self) -> list[Operator]:
        """Return the operators."""
        source: Any = self
        return list(OPERATORS[source.field.kind])

    @strawberry.field(description="The words that a KEYWORD may be; empty where any will do.")
    def choices(self) -> list[str]:
        """Return the choices."""
        source: Any = self
        return list(map(str, source.field.choices or ()))

    @strawberry.field(description="Whether lists can be filtered by it with `where`.")
    def is_filter(self) -> bool:
        """Return whether the field has a column."""
        source: Any = self
        return source.field.column is not None

    @staticmethod
    def is_type_of(source: Any, _info: Any) -> bool:
        """Return whether the source is a field."""
        return isinstance(source, NamedField)


@strawberry.input(description="What is to be done to a ticket.")
class TicketRunActionInput:
    """What is to be done to a ticket."""

    ticket_id: strawberry.ID = strawberry.field(description="The ticket.")
    action: str = strawberry.field(description="The code of one of `actions`.")
    settings: JSON | None = strawberry.field(
        default=None, description="Its settings, as its `settingsSchema` has them."
    )
    expected_version: int | None = strawberry.field(default=None, description="The version that you have seen.")


@strawberry.type(description="The ticket as it is now.")
class TicketRunActionPayload(Payload):
    """The ticket as it is now."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null on errors.")


@strawberry.type
class TriggerQueries:
    """Query fields over actions and conditions."""

    @strawberry.field(graphql_type=list[Action], description="The actions in use in the service, by code.")
    def actions(self, info: Info) -> Any:
        """Return the actions in use."""
        info.context.actor.require("ticket.read")
        return actions.actions(info.context.service.id)

    @strawberry.field(
        graphql_type=list[ConditionField],
        description="What conditions over tickets may ask about: the core's own fields, then those of plugins.",
    )
    def condition_fields(self, info: Info) -> Any:
        """Return the fields."""
        info.context.actor.require("ticket.read")
        return conditions.fields(info.context.service.id)


@strawberry.type
class TriggerMutations:
    """Mutations by actions."""

    @strawberry.mutation(description="Do an action to a ticket, whole or not at all, with the rights of whoever asks.")
    @answers(TicketRunActionPayload)
    def ticket_run_action(self, info: Info, input: Input[TicketRunActionInput]) -> TicketRunActionPayload:
        """Run an action."""
        ticket_id = ids.required_row_id(input.ticket_id, "Ticket", path="ticketId")
        settings = settings_of(input.settings, Kind.ACTION, input.action, service_id=info.context.service.id)
        actions.run(info.context.actor, ticket_id, input.action, settings, expected_version=input.expected_version)
        done: Any = queries.tickets_by_ids([ticket_id])[0]
        return TicketRunActionPayload(ticket=done)
