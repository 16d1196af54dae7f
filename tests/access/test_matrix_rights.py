"""The table of permissions tells what happens: each field is answered with its rights alone, and not without each.

Roles hold rights by the dozen, so they would not show a field that asks for one too many. Source: SECURITY C8, C10.
"""

from collections.abc import Mapping
from typing import Any

import pytest
from flask import Flask
from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from helpdesk.access.rules import RIGHTS
from helpdesk.graphql import ids, permissions
from helpdesk.graphql.schema import build
from tests.access.matrix.asking import Cell, codes, nested_cells, possible, root_cell, root_cells
from tests.access.matrix.insiders import Insider, values_at
from tests.access.matrix.values import Values
from tests.access.matrix.world import OWN, World, dump, make_world, undone
from tests.factories.client import app, chosen, desk
from tests.factories.desk import Desk

__all__ = ["app", "chosen", "desk"]

REFUSALS = {"FORBIDDEN", "UNAUTHENTICATED"}
NO_DEED = {"TicketRunActionInput.action": "none"}  # what an action does takes rights of its own
ALONE = {"Mutation.sessionCreate", "Mutation.passwordChange"}  # count their tries, so are no part of a transaction


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The core's schema."""
    return build()._schema


@pytest.fixture
def world(app: Flask, desk: Desk) -> World:
    """Two furnished services."""
    return make_world(app, desk)


@pytest.fixture
def insider(world: World) -> Insider:
    """Who asks."""
    return Insider(world)


def everything(schema: GraphQLSchema, world: World, plain: Mapping[str, Any] | None = None) -> list[Cell]:
    """Return the cells of all fields; ``plain`` says what is put into their inputs besides."""
    values = Values(world.own.things, plain)
    cells = [cell for word in ("query", "mutation", "subscription") for cell in root_cells(schema, values, word)]
    return [cell for cell in (*cells, *nested_cells(schema, values)) if cell.field not in ALONE]


def test_the_rights_of_the_table_are_enough(insider: Insider, world: World, schema: GraphQLSchema) -> None:
    found, cells = [], everything(schema, world, NO_DEED)
    for cell in cells:
        with undone():
            body = insider.as_holder(cell.document, cell.rights)
        told = codes(body)
        if REFUSALS & set(told):
            found.append(f"{cell.field} needs more than {sorted(cell.rights)}: {cell.document}: {body}")
        elif cell.document.startswith("query") and not any(True for _ in values_at(body["data"], cell.path)):
            found.append(f"Nothing was there to ask for {cell.field}; put it into world.py: {cell.document}: {body}")
    assert found == [], "\n".join(found)
    assert len(cells) >= 240


def test_none_of_the_rights_of_the_table_can_be_missing(insider: Insider, world: World, schema: GraphQLSchema) -> None:
    found, tried, before = [], 0, dump()
    for cell in everything(schema, world):
        for right in cell.rights:
            with undone():
                assert codes(insider.as_holder(cell.document, RIGHTS)) == [], f"Let this be done: {cell.document}"
            body = insider.as_holder(cell.document, RIGHTS.keys() - {right, permissions.INSTEAD.get(right)})
            tried += 1
            if set(codes(body)) != {"FORBIDDEN"}:
                found.append(f"{cell.field} does without {right}: {cell.document}: {body}")
    assert found == []
    assert dump() == before
    assert tried >= 200


def test_customer_is_refused_all_that_takes_a_right(insider: Insider, world: World, schema: GraphQLSchema) -> None:
    (_, row_id) = ids.decode(world.own.things["Customer"]) or ("", 0)
    before = dump()
    for cell in everything(schema, world):
        if cell.rights:
            assert set(codes(insider.as_customer(cell.document, row_id))) == {"FORBIDDEN"}, cell.document
    assert dump() == before


def test_node_finds_a_type_with_its_right_alone(insider: Insider, world: World) -> None:
    things = world.own.things
    for name, right in ids.rights().items():
        document = f'{{ node(id: "{things[name]}") {{ __typename id }} nodes(ids: ["{things[name]}"]) {{ id }} }}'
        one = {"id": things[name]}
        found = {"node": {"__typename": name} | one, "nodes": [one]}
        assert insider.as_holder(document, {right}) == {"data": found, "errors": []}
        nothing = {"data": {"node": None, "nodes": [None]}, "errors": []}
        assert insider.as_holder(document, RIGHTS.keys() - {right}) == nothing


def test_payload_shows_only_what_its_reader_may_see(insider: Insider, world: World, schema: GraphQLSchema) -> None:
    hidden = []
    for cell in root_cells(schema, Values(world.own.things), "mutation"):
        if cell.field in ALONE:
            continue
        with undone():
            body = insider.as_holder(cell.document, cell.rights)
        (payload,) = (body["data"] or {"": {}}).values()
        for name, right in shown_by(schema, cell).items():
            assert right in cell.rights or payload.get(name) is None, f"{cell.field} shows its {name} without {right}."
            hidden += [cell.field] if payload.get("errors") == [] and right not in cell.rights else []
    assert len(hidden) >= 10, hidden


def shown_by(schema: GraphQLSchema, cell: Cell) -> dict[str, str]:
    """Return the fields of a mutation's payload that show something which takes a right, with that right."""
    kind, _, name = cell.field.partition(".")
    fields = get_named_type(schema.type_map[kind].fields[name].type).fields  # type: ignore[attr-defined]
    rights = ids.rights() | {"Plugin": "plugin.read"}
    kinds = {name: get_named_type(field.type).name for name, field in fields.items()}
    return {name: rights[shown] for name, shown in kinds.items() if shown in rights}


BESIDES = [
    ("ticketReply", {("input", "status"): "COMPLETED"}, {"ticket.reply"}, {"ticket.reply", "ticket.complete"}),
    (
        "ticketSetStatus",
        {("input", "status"): "COMPLETED"},
        {"ticket.set_status"},
        {"ticket.set_status", "ticket.complete"},
    ),
    (
        "ticketAssign",
        {("input", "assigneeId"): ids.encode("Agent", 1)},
        {"ticket.take"},
        {"ticket.take", "ticket.assign"},
    ),
    ("pluginEnable", {("input", "isForAllServices"): True}, {"plugin.write"}, {"plugin.write", "plugin.install"}),
    ("pluginDisable", {("input", "isForAllServices"): True}, {"plugin.write"}, {"plugin.write", "plugin.install"}),
    ("pluginConfigure", {("input", "isForAllServices"): True}, {"plugin.write"}, {"plugin.write", "plugin.install"}),
    (
        "ticketRunAction",
        {("input", "action"): "add_tags", ("input", "settings"): {"tags": ["seen"]}},
        {"ticket.read"},
        {"ticket.read", "ticket.tag"},
    ),
]


def test_some_inputs_need_more_as_the_table_says(insider: Insider, world: World, schema: GraphQLSchema) -> None:
    assert schema.mutation_type is not None
    values = Values(world.own.things)
    for name, put, too_few, enough in BESIDES:
        document = root_cell(schema.mutation_type, name, values, put).document
        with undone():
            assert codes(insider.as_holder(document, too_few)) == ["FORBIDDEN"], name
            assert not REFUSALS & set(codes(insider.as_holder(document, enough))), name
    told = {field.partition(".")[2] for field in permissions.SOMETIMES if field.startswith("Mutation.")}
    assert told == {name for name, *_ in BESIDES}, "Try each line of SOMETIMES in BESIDES."


def test_customer_is_a_name_to_who_may_not_see_customers(insider: Insider) -> None:
    document = "{ tickets { nodes { messages { nodes { author { __typename name } } } } } }"
    path = ["tickets", "nodes", "messages", "nodes", "author"]
    seen = list(values_at(insider.as_holder(document, {"ticket.read", "customer.read"})["data"], path))
    told = list(values_at(insider.as_holder(document, {"ticket.read"})["data"], path))
    assert {"__typename": "Customer", "name": f"Customer {OWN}"} in seen
    assert {"__typename": "SystemAuthor", "name": f"Customer {OWN}"} in told
    assert "Customer" not in {author["__typename"] for author in told if author}


def test_no_field_shows_a_type_to_who_may_not_see_it(schema: GraphQLSchema) -> None:
    held = rights_held(schema)
    for kind in object_types(schema):
        for name, field in kind.fields.items():
            here = f"{kind.name}.{name}"
            for shown in possible(schema, field):
                right = ids.rights().get(shown.name)
                known = held[kind.name] | {permissions.right_of(here)}
                assert right is None or right in known or is_looked_after(schema, kind, here, shown), (
                    f"{here} shows a {shown.name}, which takes {right}: have it check that right and write it into"
                    " NEEDED of helpdesk/graphql/permissions.py, or say in SHOWN why everybody may see it."
                )


def is_looked_after(schema: GraphQLSchema, kind: GraphQLObjectType, field: str, shown: GraphQLObjectType) -> bool:
    """Return whether the field shows the type knowingly, or hides it from who may not see it.

    A payload hides what its reader may not see (user_errors.py), ``node`` finds nothing, and an author who is a
    customer is a name; the tests below ask them.
    """
    is_payload = "errors" in kind.fields and get_named_type(kind.fields["errors"].type).name == "UserError"
    if field in permissions.SHOWN:
        relations = [name for name, one in shown.fields.items() if possible(schema, one)]
        fields = [f"{shown.name}.{name}" for name in relations]
        assert all(permissions.right_of(one) or one in permissions.SHOWN for one in fields), shown.name
        return True
    return is_payload or field in permissions.OPEN or (field in permissions.SOMETIMES and kind.name != "Mutation")


def rights_held(schema: GraphQLSchema) -> dict[str, set[str]]:
    """Return what whoever holds a value of a type has the right to for sure: by the type, or by every way to it."""
    types = object_types(schema)
    everywhere = set(RIGHTS)
    held = {kind.name: everywhere for kind in types} | {name: {right} for name, right in ids.rights().items()}
    roots = {kind.name for kind in (schema.query_type, schema.mutation_type, schema.subscription_type) if kind}
    held |= {name: set() for name in roots}
    while True:
        ways: dict[str, set[str]] = {}
        for kind in types:
            for name, field in kind.fields.items():
                here = held[kind.name] | {right for right in [permissions.right_of(f"{kind.name}.{name}")] if right}
                for behind in possible(schema, field):
                    ways[behind.name] = ways.get(behind.name, everywhere) & here
        now = {name: held[name] if name in ids.rights() or name in roots else ways.get(name, set()) for name in held}
        if now == held:
            return held
        held = now


def object_types(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    """Return the types that have fields, without those of introspection."""
    kinds = [kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType)]
    return [kind for kind in kinds if not kind.name.startswith("__")]
