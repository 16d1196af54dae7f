"""What one plugin adds to the schema, of graphql-core's own types: types, root fields, and fields on core types.

Owns names and types. strawberry lost here: its types are declared once a process and know no unloading,
whereas these are made anew whenever plugins change, and a broken one has to cost nobody else anything.
Fields are nullable whatever the plugin says: one that fails then costs its own answer and not the
ticket, or the page, around it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLFloat,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    assert_name,
)
from strawberry.utils.str_converters import to_camel_case

from helpdesk.access.rules import RIGHTS
from helpdesk.graphql import plugin_fields
from helpdesk.graphql.permissions import sentence
from helpdesk.graphql.plugin_fields import Asked
from helpdesk.graphql.plugin_shapes import (
    MISSING,
    BadType,
    Choice,
    Many,
    Maybe,
    Member,
    Plain,
    Shape,
    described_choices,
    description_of,
    signature_of,
)
from helpdesk.graphql.plugin_values import Records, shown_default
from helpdesk.plugins.guard import WrongAnswer
from helpdesk.sdk.graphql import CORE_TYPES
from helpdesk.sdk.plugin import Hook, HookKind, Plugin, hooks_of

ROOT_COST = 50
FIELD_COST = 5
ROOTS: Mapping[HookKind, str] = {HookKind.QUERY: "Query", HookKind.MUTATION: "Mutation"}
SCALARS: Mapping[type, GraphQLScalarType] = {
    str: GraphQLString,
    int: GraphQLInt,
    float: GraphQLFloat,
    bool: GraphQLBoolean,
}


@dataclass(frozen=True, slots=True)
class Additions:
    """What a plugin adds: types by name, and fields by the type that is given them and their own name."""

    plugin: str
    types: Mapping[str, GraphQLNamedType]
    fields: Mapping[str, Mapping[str, GraphQLField]]


def adds(plugin: type[Plugin]) -> bool:
    """Return whether the plugin adds anything at all."""
    return any(target_of(hook) for hook in hooks_of(plugin))


def build(name: str, plugin: type[Plugin], core: GraphQLSchema) -> Additions:
    """Return what the plugin adds to the core's schema. Raises BadType, and whatever the plugin's own code raises."""
    types = _Types(name, core)
    fields: dict[str, dict[str, GraphQLField]] = {}
    for hook in hooks_of(plugin):
        target = target_of(hook)
        if target:
            added = fields.setdefault(target, {})
            called = assert_name(field_of(name, hook.name))
            if called in added:
                raise BadType(f"Two of its methods become “{target}.{called}”.")
            added[called] = _field(hook, getattr(plugin, hook.name), types)
    types.settle()
    return Additions(name, types.named, fields)


def target_of(hook: Hook) -> str:
    """Return the type that a method adds a field to; nothing for other hooks."""
    return str(hook.facts["on"]) if hook.kind is HookKind.FIELD else ROOTS.get(hook.kind, "")


def field_of(plugin: str, method: str) -> str:
    """Return the name of the field that a plugin's method becomes."""
    prefix = _prefix(plugin)
    return f"{prefix[:1].lower()}{prefix[1:]}{_pascal(method)}"


def _prefix(plugin: str) -> str:
    """Return what every name of the plugin's begins with."""
    return _pascal(plugin.replace("-", "_"))


def _field(hook: Hook, method: Callable[..., Any], types: "_Types") -> GraphQLField:
    is_batched = hook.kind is HookKind.FIELD
    right, description = hook.facts["right"], hook.facts["description"]
    if is_batched and hook.facts["on"] not in CORE_TYPES:
        raise BadType(f"{hook.name} is for “{hook.facts['on']}”; the types are {', '.join(CORE_TYPES)}.")
    if right not in RIGHTS:
        raise BadType(f"{hook.name} needs the right “{right}”, which there is not; choose one of {', '.join(RIGHTS)}.")
    if not isinstance(description, str) or not description.strip():
        raise BadType(f"{hook.name} has no description.")
    signature = signature_of(method, given=3 if is_batched else 2, is_batched=is_batched)
    asked = Asked(types.plugin, hook.name, right, signature, types.records)
    resolve = {
        HookKind.QUERY: plugin_fields.query,
        HookKind.MUTATION: plugin_fields.mutation,
        HookKind.FIELD: plugin_fields.batched,
    }[hook.kind]
    return GraphQLField(
        types.nullable(signature.result),
        args={item.name: types.argument(item, hook.name) for item in signature.arguments},
        resolve=resolve(asked),
        description=f"{description.strip()} {sentence(right)}",
        extensions={"cost": FIELD_COST if is_batched else ROOT_COST},
    )


@dataclass(slots=True)
class _Types:
    """The types of one plugin, each made when it is first met; a class may become an output and an input type."""

    plugin: str
    core: GraphQLSchema
    records: Records = field(default_factory=Records)
    named: dict[str, GraphQLNamedType] = field(default_factory=dict)
    _made: dict[tuple[type, bool], GraphQLNamedType] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """What every name of the plugin's begins with."""
        return _prefix(self.plugin)

    def settle(self) -> None:
        """Make the types that fields of types lead to, and they to others; what cannot be made raises now."""
        done: set[str] = set()
        while waiting := self.named.keys() - done:
            for name in sorted(waiting):
                _ = getattr(self.named[name], "fields", None)  # graphql-core makes them when they are first read
                done.add(name)

    def argument(self, member: Member, where: str) -> GraphQLArgument:
        """Return an argument of a field."""
        default = self._default(member, f"{where}({member.attribute})")
        return GraphQLArgument(
            self._input(member), default_value=default, description=member.description, out_name=member.name
        )

    def nullable(self, shape: Shape, *, is_input: bool = False) -> Any:
        """Return the type of a shape, without the mark that it is never null."""
        if isinstance(shape, Maybe):
            return self.nullable(shape.inner, is_input=is_input)
        if isinstance(shape, Many):
            return GraphQLList(self.of(shape.item, is_input=is_input))
        if isinstance(shape, Plain):
            return self.core.type_map["DateTime"] if shape.kind is datetime else SCALARS[shape.kind]
        if isinstance(shape, Choice):
            return self._once(shape.kind, False, lambda name: _enum(name, shape.kind))
        make = self._input_type if is_input else self._output_type
        return self._once(shape.kind, is_input, lambda name: make(name, shape.kind))

    def of(self, shape: Shape, *, is_input: bool = False) -> Any:
        """Return the type of a shape."""
        found = self.nullable(shape, is_input=is_input)
        return found if isinstance(shape, Maybe) else GraphQLNonNull(found)

    def _once(self, kind: type, is_input: bool, make: Callable[[str], GraphQLNamedType]) -> GraphQLNamedType:
        if (kind, is_input) not in self._made:
            name = f"{self.prefix}{kind.__name__}{'Input' if is_input else ''}"
            if name in self.named:
                raise BadType(f"Two of its classes become the type “{name}”.")
            self._made[kind, is_input] = self.named[name] = make(name)
        return self._made[kind, is_input]

    def _output_type(self, name: str, kind: type) -> GraphQLObjectType:
        def fields() -> dict[str, GraphQLField]:
            return {
                member.name: GraphQLField(
                    self.of(member.shape), resolve=_reading(member.name), description=member.description
                )
                for member in self.records.members(kind)
            }

        return GraphQLObjectType(name, fields, description=description_of(kind))

    def _input_type(self, name: str, kind: type) -> GraphQLInputObjectType:
        def fields() -> dict[str, GraphQLInputField]:
            return {
                member.name: GraphQLInputField(
                    self._input(member),
                    default_value=self._default(member, f"{kind.__name__}.{member.attribute}"),
                    description=member.description,
                )
                for member in self.records.members(kind)
            }

        return GraphQLInputObjectType(name, fields, description=description_of(kind))

    def _input(self, member: Member) -> Any:
        if member.default is None and not isinstance(member.shape, Maybe):
            raise BadType(f"“{member.attribute}” has the default None and is not annotated so; add “| None”.")
        return self.of(member.shape, is_input=True)

    def _default(self, member: Member, where: str) -> Any:
        try:
            found = shown_default(self.records, member)
        except WrongAnswer as error:
            reason = str(error).replace("it answered ", "")
            raise BadType(f"The default of {where} cannot be shown in the schema: {reason}.") from error
        return Undefined if found is MISSING else found


def _enum(name: str, kind: Any) -> GraphQLEnumType:
    values = {value: GraphQLEnumValue(value, description=words) for value, words in described_choices(kind).items()}
    return GraphQLEnumType(name, values, description=description_of(kind))


def _reading(name: str) -> Callable[..., Any]:
    read = itemgetter(name)

    def resolve(source: Mapping[str, Any], _info: Any) -> Any:
        return read(source)

    return resolve


def _pascal(name: str) -> str:
    camel = to_camel_case(name.strip("_"))
    return camel[:1].upper() + camel[1:]
