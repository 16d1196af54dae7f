"""Joins what plugins add to a core schema that was just built, one after the other, by name.

Owns what may not be joined: a name that is taken, or a type that makes the whole invalid. Such a plugin is
left out and reported, and the rest of the schema stands. What one plugin adds can be printed by itself.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import strawberry
from graphql import (
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    lexicographic_sort_schema,
    print_schema,
    print_type,
    validate_schema,
)

from helpdesk.graphql import plugin_types
from helpdesk.graphql.plugin_shapes import BadType
from helpdesk.graphql.plugin_types import Additions
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.plugins import guard
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.plugin import Plugin

SECONDS = 5.0
HOOK = "graphql types"

Refuse = Callable[[str, str], None]


def join(schema: strawberry.Schema, plugins: Mapping[str, type[Plugin]], *, refuse: Refuse) -> None:
    """Add what the plugins bring to a schema that nobody uses yet.

    ``refuse(name, reason)`` is told of each plugin that cannot be joined.
    """
    for name in sorted(plugins):
        try:
            _join_one(schema, name, plugins[name])
        except HelpdeskError as error:
            refuse(name, f"its GraphQL types do not fit: {error.message.rstrip('.')}")


def may_add(plugin: type[Plugin]) -> bool:
    """Return whether the plugin adds anything; one that cannot even say so is left to ``join``, which tells why."""
    try:
        return plugin_types.adds(plugin)
    except Exception:
        return True


def plugin_sdl(schema: strawberry.Schema, name: str, plugin: type[Plugin]) -> str:
    """Return what the plugin adds to a core schema, as text, sorted; the schema has it afterwards. Raises BadType."""
    core = set(schema._schema.type_map)
    additions = _join_one(schema, name, plugin)
    if additions is None:
        return ""
    whole = lexicographic_sort_schema(build_schema(print_schema(schema._schema)))
    types = [print_type(whole.type_map[added]) for added in sorted(whole.type_map.keys() - core)]
    extensions = [_extension(whole, target, additions.fields[target]) for target in sorted(additions.fields)]
    return "\n\n".join([*extensions, *types]) + "\n"


def _extension(schema: GraphQLSchema, target: str, added: Mapping[str, Any]) -> str:
    around = schema.type_map[target]
    assert isinstance(around, GraphQLObjectType)
    fields = {name: what for name, what in around.fields.items() if name in added}
    return f"extend {print_type(GraphQLObjectType(target, fields))}"


def _join_one(schema: strawberry.Schema, name: str, plugin: type[Plugin]) -> Additions | None:
    """Add what one plugin brings, wholly or not at all. Raises HelpdeskError with the reason."""
    core = schema._schema
    additions = guard.call(Ref(Kind.PLUGIN, name), HOOK, partial(_additions, core, name, plugin), seconds=SECONDS)
    if additions is None:
        return None
    taken = next(_taken(core, additions), None)
    if taken is not None:
        raise BadType(f"the name “{taken}” is taken already; rename it")
    _put(core, additions)
    try:
        joined = _rebuilt(core, additions.types)
    except Exception:
        _take_back(core, additions)
        raise
    joined._strawberry_schema = schema  # type: ignore[attr-defined]  # as strawberry does with its own
    schema._schema = joined
    return additions


def _additions(core: GraphQLSchema, name: str, plugin: type[Plugin]) -> Additions | None:
    """Return what the plugin adds, or None for nothing. Raises BadType also for what graphql-core refuses."""
    if not plugin_types.adds(plugin):
        return None
    try:
        return plugin_types.build(name, plugin, core)
    except HelpdeskError:
        raise
    except Exception as error:
        raise BadType(f"{type(error).__name__}: {error}"[:500]) from error


def _taken(core: GraphQLSchema, additions: Additions) -> Iterator[str]:
    yield from (name for name in additions.types if name in core.type_map)
    for target, fields in additions.fields.items():
        yield from (f"{target}.{name}" for name in fields if name in _object(core, target).fields)


def _put(core: GraphQLSchema, additions: Additions) -> None:
    for target, fields in additions.fields.items():
        _object(core, target).fields.update(fields)


def _take_back(core: GraphQLSchema, additions: Additions) -> None:
    for target, fields in additions.fields.items():
        for name in fields:
            _object(core, target).fields.pop(name, None)


def _rebuilt(core: GraphQLSchema, types: Mapping[str, GraphQLNamedType]) -> GraphQLSchema:
    """Return the schema with the types. Raises BadType when the whole is not valid."""
    kwargs = core.to_kwargs()
    kwargs["types"] = (*(kwargs["types"] or ()), *types.values())
    try:
        joined = GraphQLSchema(**kwargs)
        errors = validate_schema(joined)
    except Exception as error:
        raise BadType(f"{type(error).__name__}: {error}"[:500]) from error
    if errors:
        raise BadType(errors[0].message)
    return joined


def _object(core: GraphQLSchema, name: str) -> GraphQLObjectType:
    found = core.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found
