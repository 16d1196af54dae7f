"""Types of fields in the schema, and what a field of one would make of what is typed: for those who build forms."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.fields import queries
from helpdesk.fields.queries import Checked, Type
from helpdesk.graphql import enums
from helpdesk.graphql.context import Info
from helpdesk.graphql.settings_forms import Language, SettingsInput, schema_of, settings_of
from helpdesk.kernel.conditions import OPERATORS, FieldKind, Operator
from helpdesk.plugins import instances
from helpdesk.plugins.kinds import Kind

enums.declare(
    FieldKind,
    description="What a field holds, which decides how it is compared.",
    values={
        "TEXT": "A text.",
        "KEYWORD": "One word of a known set, or several.",
        "NUMBER": "A whole number.",
        "TIME": "A moment, as ISO 8601 with its zone.",
        "BOOLEAN": "True or false.",
        "REFERENCE": "The id of something, or null for none.",
    },
)


@strawberry.type(description="A type of field that forms may have.")
class FieldType:
    """A type of field."""

    code: str = strawberry.field(description="Its code, such as text or phone.")
    kind: FieldKind = strawberry.field(description="What is stored.")

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
        return schema_of(Kind.FIELD_TYPE, source.code, source.plugin)

    @strawberry.field(description="How a field of this type can be compared.")
    def operators(self) -> list[Operator]:
        """Return the operators."""
        return list(OPERATORS[self.kind])

    @staticmethod
    def is_type_of(source: Any, _info: Any) -> bool:
        """Return whether the source is a type of field."""
        return isinstance(source, Type)


@strawberry.type(description="Something that may be chosen in a select.")
class FieldOption:
    """An option."""

    value: str = strawberry.field(description="What is sent.")
    label: str = strawberry.field(description="What people see.")


@strawberry.type(description="How a form shows a field.")
class FieldWidget:
    """How a form shows a field."""

    element: str = strawberry.field(description="The HTML element: input, textarea or select.")
    attributes: JSON = strawberry.field(description="The attributes of the element, texts by their names.")
    options: list[FieldOption] = strawberry.field(description="The options of a select, in their order.")


@strawberry.type(description="What a field would make of what was typed.")
class FieldValueCheck:
    """What a field would make of what was typed."""

    is_valid: bool = strawberry.field(description="Whether it is a value of the field.")
    value: JSON | None = strawberry.field(description="What would be stored; null when it is no value.")
    text: str = strawberry.field(description="The value as people read it; empty when it is none.")
    message: str = strawberry.field(description="What is wrong, for whoever typed it; empty when nothing is.")
    widget: FieldWidget = strawberry.field(description="How a form shows the field.")


def _check(checked: Checked) -> FieldValueCheck:
    options = [FieldOption(value=value, label=label) for value, label in checked.widget.options]
    attributes: Any = dict(checked.widget.attributes)
    widget = FieldWidget(element=checked.widget.element, attributes=attributes, options=options)
    is_valid = not checked.message
    return FieldValueCheck(
        is_valid=is_valid, value=checked.value, text=checked.text, message=checked.message, widget=widget
    )


@strawberry.type
class FieldQueries:
    """Query fields over types of fields."""

    @strawberry.field(
        graphql_type=list[FieldType], description="The types of field that forms of the service may have, by code."
    )
    def field_types(self, info: Info) -> Any:
        """Return the types in use."""
        info.context.actor.require("service.read")
        return queries.types(info.context.service.id)

    @strawberry.field(
        description="What a field of a type, with such settings, would make of what was typed; nothing is stored."
    )
    def field_value_check(
        self,
        info: Info,
        type: Annotated[str, strawberry.argument(description="The code of the type.")],
        settings: SettingsInput = None,
        value: Annotated[JSON | None, strawberry.argument(description="What was typed or sent.")] = None,
        language: Language = None,
    ) -> FieldValueCheck:
        """Return what the field makes of it."""
        info.context.actor.require("service.read")
        service_id = info.context.service.id
        chosen = settings_of(settings, Kind.FIELD_TYPE, type, service_id=service_id)
        return _check(queries.check(type, chosen, value, language=language or "en", service_id=service_id))
