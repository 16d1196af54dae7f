"""From coerced JSON to what resolvers are given: input objects, lists, enums; compiled once for a field's arguments.

Strawberry looks at the type of each value of each request anew.
"""

from collections.abc import Callable
from dataclasses import MISSING
from typing import Any

from graphql import GraphQLSchema
from strawberry.relay.types import GlobalID
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import _is_leaf_type
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.enum import has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET

from helpdesk.graphql.compiled.running import Declined

Convert = Callable[[Any], Any]


class Inputs:
    """The arguments of one field."""

    def __init__(self, definition: StrawberryField, schema: GraphQLSchema) -> None:
        """Compile. Raises Declined."""
        converter: GraphQLCoreConverter = schema._strawberry_schema.schema_converter  # type: ignore[attr-defined]
        self._names, self._registry = converter.config.name_converter, converter.scalar_registry
        self._objects: dict[Any, _Object] = {}
        self._arguments = [
            (self._names.from_argument(one), one.python_name, self._convert(one.type)) for one in definition.arguments
        ]

    def made(self, coerced: dict[str, Any]) -> dict[str, Any]:
        """Return the keyword arguments of the field's function."""
        return {own: convert(coerced[name]) for name, own, convert in self._arguments if name in coerced}

    def _convert(self, kind: Any) -> Convert:
        if isinstance(kind, StrawberryMaybe) or kind is GlobalID:  # a leaf of which strawberry makes an object
            raise Declined
        if isinstance(kind, StrawberryOptional):
            return self._convert(kind.of_type)
        if isinstance(kind, LazyType):
            return self._convert(kind.resolve_type())
        if isinstance(kind, StrawberryList):
            item = self._convert(kind.of_type)
            return lambda values: values if _is_nothing(values) else [item(value) for value in values]
        if has_enum_definition(kind) or _is_leaf_type(kind, self._registry):
            return _itself
        return self._object(kind)

    def _object(self, kind: Any) -> Convert:
        definition = kind.__strawberry_definition__ if has_object_definition(kind) else None
        if definition is None or not definition.is_input or definition.from_input is not None:
            raise Declined
        if kind not in self._objects:
            self._objects[kind] = made = _Object(kind)  # before its fields, which may be of its own type
            for field in definition.fields:
                convert = self._convert(field.resolve_type(type_definition=definition))
                made.fields.append((self._names.from_field(field), field.python_name, convert))
                if field.default_value is MISSING and field.default_factory is MISSING:
                    made.absent[field.python_name] = None
        return self._objects[kind].made


class _Object:
    """Makes input objects of one type."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self.fields: list[tuple[str, str, Convert]] = []
        self.absent: dict[str, None] = {}

    def made(self, value: Any) -> Any:
        if _is_nothing(value):
            return value
        given = {own: convert(value[name]) for name, own, convert in self.fields if name in value}
        return self._kind(**{**self.absent, **given})


def _is_nothing(value: Any) -> bool:
    return value is None or value is UNSET


def _itself(value: Any) -> Any:
    return value
