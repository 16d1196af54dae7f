"""Asks field types: what a value is, how it is shown, how it is entered. Every answer is checked before it is believed.

Nothing of it is stored here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from helpdesk.fields import rules
from helpdesk.kernel.condition_syntax import FieldKind
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.text import one_line
from helpdesk.plugins import guard, instances, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.settings import secrets_of
from helpdesk.sdk.field_type import FieldType, NotAValue, Widget

SECONDS = 2.0
LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Type:
    """A type of field that is in use: its code, its class, and what it stores."""

    code: str
    plugin: type[FieldType]
    kind: FieldKind


@dataclass(frozen=True, slots=True)
class Checked:
    """What a field of a type makes of something typed. ``message`` says what is wrong; then there is no value."""

    value: Any
    text: str
    message: str
    widget: Widget


def types(service_id: int) -> list[Type]:
    """Return the types of field in use in the service, by their codes."""
    found = registry.named(Kind.FIELD_TYPE, service_id=service_id)
    return [Type(name, plugin, FieldKind(plugin.kind)) for name, plugin in sorted(found.items())]


def check_value(type_name: str, settings: Mapping[str, Any], given: Any, *, language: str, service_id: int) -> Any:
    """Return the JSON value to store for what was typed or sent.

    Raises Invalid (NOT_A_VALUE) with the type's own words, or with the path of a wrong setting; Unavailable for a
    type that is not in use; PluginFailed for one that fails.
    """
    field = _field(type_name, settings, service_id)
    try:
        return _parsed(type_name, field, given, language)
    except NotAValue as error:
        raise Invalid(_message(error), code="NOT_A_VALUE", path=("value",)) from None


def shown(type_name: str, settings: Mapping[str, Any], value: Any, *, language: str, service_id: int) -> str:
    """Return a stored value as people read it. Raises as ``check_value`` does."""
    return _formatted(type_name, _field(type_name, settings, service_id), value, language)


def widget(type_name: str, settings: Mapping[str, Any], *, language: str, service_id: int) -> Widget:
    """Return how a form shows a field of the type. Raises as ``check_value`` does."""
    return _widget(type_name, _field(type_name, settings, service_id), language)


def check(type_name: str, settings: Mapping[str, Any], given: Any, *, language: str, service_id: int) -> Checked:
    """Return what a field with the settings would make of what was typed, for somebody who builds a form.

    Raises Invalid for wrong settings, Unavailable and PluginFailed.
    """
    field = _field(type_name, settings, service_id)
    form = _widget(type_name, field, language)
    try:
        value = _parsed(type_name, field, given, language)
    except NotAValue as error:
        return Checked(None, "", _message(error), form)
    return Checked(value, _formatted(type_name, field, value, language), "", form)


def _field(type_name: str, settings: Mapping[str, Any], service_id: int) -> FieldType:
    field: FieldType = instances.made(Kind.FIELD_TYPE, type_name, settings, service_id=service_id)
    return field


def _parsed(type_name: str, field: FieldType, given: Any, language: str) -> Any:
    def parse() -> Any:
        return rules.check_answer(field.parse(given, language=language), FieldKind(field.kind))

    return guard.call(_ref(type_name), "parse", parse, seconds=SECONDS, secrets=secrets_of(field.settings))


def _formatted(type_name: str, field: FieldType, value: Any, language: str) -> str:
    def show() -> str:
        return rules.check_shown(field.format(value, language=language))

    return guard.call(_ref(type_name), "format", show, seconds=SECONDS, secrets=secrets_of(field.settings))


def _widget(type_name: str, field: FieldType, language: str) -> Widget:
    def show() -> Widget:
        return rules.check_widget(field.widget(language=language))

    return guard.call(_ref(type_name), "widget", show, seconds=SECONDS, secrets=secrets_of(field.settings))


_ref = partial(Ref, Kind.FIELD_TYPE)


def _message(error: NotAValue) -> str:
    return one_line(str(error), longest=LONGEST_MESSAGE) or "This is no value of the field."
