"""From rows to values: what answers a field, chosen once, called for a whole column.

An exception that a resolver raises, or returns, stands in the column in the place of the value.
"""

from collections.abc import Callable, Sequence
from enum import Enum
from inspect import iscoroutinefunction
from operator import attrgetter
from typing import Any

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    IntValueNode,
    NullValueNode,
    StringValueNode,
    default_field_resolver,
)
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, is_awaitable
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from helpdesk.graphql.batching import shares
from helpdesk.graphql.compiled.inputs import Inputs
from helpdesk.graphql.compiled.running import Declined, Run

LITERALS = (BooleanValueNode, EnumValueNode, FloatValueNode, IntValueNode, NullValueNode, StringValueNode)
PLAIN = (str, int, float, Enum, type(None))
Values = list[Any]
Resolve = Callable[[Sequence[Any], Run], Values]


class Asked:
    """A field as a document asks for it: its definition, and all its nodes; the first one has the arguments."""

    __slots__ = ("around", "field", "name", "nodes")

    def __init__(self, around: GraphQLObjectType, field: GraphQLField, nodes: list[FieldNode]) -> None:
        self.around, self.field, self.nodes = around, field, nodes
        self.name = nodes[0].name.value

    def info(self, run: Run) -> GraphQLResolveInfo[Any]:
        """Return what graphql-core tells resolvers; one for the whole column."""
        operation = run.operation
        return GraphQLResolveInfo(
            self.name, self.nodes, self.field.type, self.around, Path(None, self.name, self.around.name),
            operation.schema, operation.fragments, run.root, operation.node, run.variables, run.context,
            is_awaitable, None, None,  # type: ignore[arg-type]  # nothing is awaited
        )  # fmt: skip

    def arguments(self, run: Run) -> dict[str, Any]:
        """Return the coerced arguments. Raises GraphQLError for a null variable where none may be."""
        return get_argument_values(self.field, self.nodes[0], run.variables) if self.field.args else {}


def resolver(asked: Asked, schema: GraphQLSchema) -> Resolve:
    """Return what makes the column of a field. Raises Declined."""
    definition = (asked.field.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, StrawberryField):
        return _any(asked)
    if definition.is_async or any(one.has_resolver and not one.supports_sync for one in definition.extensions):
        raise Declined
    if definition.extensions or definition.permission_classes:
        return _any(asked)
    if definition.base_resolver is None:
        return _attribute(definition.python_name)
    return _called(asked, definition, schema)


def _called(asked: Asked, definition: StrawberryField, schema: GraphQLSchema) -> Resolve:
    """Return what calls the field's function: for all rows at once where it can be, else for each."""
    base = definition.base_resolver
    assert base is not None
    batch = definition.metadata.get("batched")
    if batch is not None:
        return _batched(asked, definition, batch, schema)
    column = definition.metadata.get("column")
    if column is not None:
        return lambda rows, _run: list(column(rows))
    if base.root_parameter or base.parent_parameter:
        return _any(asked)
    return _method(asked, definition, schema)


def typename(name: str) -> Resolve:
    """Return what makes the column of ``__typename``."""
    return lambda rows, _run: [name] * len(rows)


def _attribute(name: str) -> Resolve:
    read = attrgetter(name)

    def resolve(rows: Sequence[Any], _run: Run) -> Values:
        try:
            return list(map(read, rows))
        except Exception:  # a property may raise anything
            return _each(read, rows)

    return resolve


def _method(asked: Asked, definition: StrawberryField, schema: GraphQLSchema) -> Resolve:
    """Return what calls a method of strawberry's with arguments that were converted once for all rows."""
    base = definition.base_resolver
    assert base is not None
    call: Callable[..., Any] = base.wrapped_func  # type: ignore[assignment]  # no method of a class is one
    if base.self_parameter and not definition.arguments and not base.info_parameter:
        return lambda rows, _run: _each(call, rows)
    arguments = _arguments(asked, definition, schema)

    def resolve(rows: Sequence[Any], run: Run) -> Values:
        try:
            given = arguments(run)
            if base.info_parameter:
                info = schema._strawberry_schema.config.info_class(_raw_info=asked.info(run), _field=definition)  # type: ignore[attr-defined]
                given = {**given, base.info_parameter.name: info}
        except Exception as error:
            return [error] * len(rows)
        if base.self_parameter:
            return _each(lambda row: call(row, **given), rows)
        return _each(lambda _row: call(**given), rows)

    return resolve


def _batched(
    asked: Asked, definition: StrawberryField, load: Callable[..., Sequence[Any]], schema: GraphQLSchema
) -> Resolve:
    if not definition.arguments:
        return lambda rows, run: shares(rows, load, run.context, {})
    arguments = _arguments(asked, definition, schema)

    def resolve(rows: Sequence[Any], run: Run) -> Values:
        try:
            given = arguments(run)
        except Exception as error:
            return [error] * len(rows)
        return shares(rows, load, run.context, given)

    return resolve


def _arguments(asked: Asked, definition: StrawberryField, schema: GraphQLSchema) -> Callable[[Run], dict[str, Any]]:
    """Return what gives the keyword arguments: made once, where the document itself says them all in plain values.

    Raises Declined.
    """
    inputs = Inputs(definition, schema)
    has_variables = not all(isinstance(one.value, LITERALS) for one in asked.nodes[0].arguments or ())
    known: dict[str, Any] = {}

    def arguments(run: Run) -> dict[str, Any]:
        if known:
            return known
        given = inputs.made(asked.arguments(run))
        if not has_variables and all(isinstance(one, PLAIN) for one in given.values()):
            known.update(given)
        return given

    return arguments


def _any(asked: Asked) -> Resolve:
    """Return what calls graphql-core's resolver for each row, whatever is behind it. Raises Declined."""
    call = asked.field.resolve or default_field_resolver
    if iscoroutinefunction(call):
        raise Declined

    def resolve(rows: Sequence[Any], run: Run) -> Values:
        try:
            info, given = asked.info(run), asked.arguments(run)
        except Exception as error:
            return [error] * len(rows)
        return _each(lambda row: call(row, info, **given), rows)

    return resolve


def _each(call: Callable[[Any], Any], rows: Sequence[Any]) -> Values:
    values = []
    for row in rows:
        try:
            values.append(call(row))
        except Exception as error:
            values.append(error)
    return values
