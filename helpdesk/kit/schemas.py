"""What a whole plugin adds to the GraphQL API, printed and asked for.

Apart, because building the API takes time that few tests need.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_required_argument

from helpdesk.graphql import schema
from helpdesk.graphql.context import Context
from helpdesk.graphql.execution import Executor, GraphQLRequest
from helpdesk.graphql.plugin_joining import plugin_sdl
from helpdesk.graphql.plugin_types import field_of, target_of
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.settings import Settings
from helpdesk.organization import queries as organization
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.plugin import Hook, Plugin, hooks_of

DEEPEST = 3
WAYS: Mapping[str, str] = {
    "Query": "%s",
    "Mutation": "%s",
    "Ticket": "tickets(first: 5) { nodes { %s } }",
    "Customer": "customers(first: 5) { nodes { %s } }",
    "Message": "tickets(first: 5) { nodes { messages(first: 5) { nodes { %s } } } }",
    "Agent": "service { agents { %s } }",
    "Service": "service { %s }",
}
"""How one gets to the fields of each type that plugins add to."""


def added(name: str, plugin: type[Plugin]) -> str:
    """Return what the plugin adds, in the schema definition language. Raises BadType for what cannot be added."""
    return plugin_sdl(schema.build(), name, plugin)


def asked(
    actor: Actor, settings: Settings, name: str, plugin: type[Plugin], arguments: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Ask for each field that an installed plugin adds, with the arguments for its method; yield what went wrong.

    What the desk refuses to add is none of its concern: other rules tell of it.
    """
    built = schema.build({name: plugin})
    (service,) = (one for one in organization.services() if one.id == actor.service_id)
    for hook in hooks_of(plugin):
        target = target_of(hook)
        if registry.get(Kind.PLUGIN, name) is not None and target:
            given = arguments.get(hook.name, {})
            request = GraphQLRequest(_document(built._schema, target, name, hook, given), dict(given))
            context = Context(actor, service, settings, "127.0.0.1")
            yield from (f"{hook.name}: {error}" for error in _errors(built, request, context))


def _errors(built: strawberry.Schema, request: GraphQLRequest, context: Context) -> list[str]:
    outcome = Executor(built).execute(request, context=context, may_introspect=False, is_read_only=False)
    return [str(error["message"]) for error in outcome.errors]


def _document(built: GraphQLSchema, target: str, plugin: str, hook: Hook, given: Mapping[str, Any]) -> str:
    around = built.type_map[target]
    assert isinstance(around, GraphQLObjectType), "plugins add fields to objects alone"
    called = field_of(plugin, hook.name)
    found = around.fields[called]
    known = {name: found.args[name].type for name in given if name in found.args}
    declared = ", ".join(f"${name}: {kind}" for name, kind in known.items())
    passed = ", ".join(f"{name}: ${name}" for name in known)
    asking = f"{called}{f'({passed})' if passed else ''}{_selection(found)}"
    verb = "mutation" if target == "Mutation" else "query"
    return f"{verb}{f' ({declared})' if declared else ''} {{ {WAYS[target] % asking} }}"


def _selection(field: GraphQLField, depth: int = DEEPEST) -> str:
    """Return all of the field that can be asked for without arguments; nothing for a plain value."""
    kind = get_named_type(field.type)
    if not isinstance(kind, GraphQLObjectType):
        return ""
    found = ["__typename"]
    for name, inner in kind.fields.items():
        is_plain = not isinstance(get_named_type(inner.type), GraphQLObjectType)
        if not any(is_required_argument(one) for one in inner.args.values()) and (is_plain or depth):
            found.append(name + _selection(inner, depth - 1))
    return f" {{ {' '.join(found)} }}"
