"""Who is answered and who is refused, for every field of the schema and everybody who might ask.

The fields are found by walking the schema, so that a new one is asked from the day on which it is there; what is
expected comes from the one table of helpdesk/graphql/permissions.py. Source: SECURITY C1, C8, C10.
"""

import re
from collections.abc import Iterable
from contextlib import nullcontext

import pytest
from flask import Flask
from graphql import GraphQLSchema, get_named_type

from helpdesk.access.rules import RIGHTS
from helpdesk.graphql import ids, permissions
from helpdesk.graphql.schema import build
from tests.access.matrix.asking import Cell, codes, nested_cells, root_cells, roots
from tests.access.matrix.values import Values
from tests.access.matrix.world import ROLES, World, dump, make_world, undone
from tests.factories.client import app, chosen, desk
from tests.factories.desk import PASSWORD, Desk

__all__ = ["app", "chosen", "desk"]

RIGHT = re.compile(r"`([a-z_]+\.[a-z_]+)`")
OPERATIONS = ("query", "mutation", "subscription")
NEVER = {"FORBIDDEN", "UNAUTHENTICATED", "INTERNAL_SERVER_ERROR", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}
NONSENSE = {"settings": [], "assignerSettings": [], "kind": "nonsense", "kinds": "nonsense", "body": "", "subject": ""}
ALONE = {"Mutation.sessionCreate", "Mutation.passwordChange"}  # count their tries, so are no part of a transaction
OWN = {
    "Query.sessions",
    "Mutation.sessionRevoke",
    "Mutation.sessionDelete",
}  # for whoever has logged in, without a right
KNOWN = [role for role, rights in ROLES.items() if rights is not None]
TURNED_AWAY = [role for role in ROLES if role not in KNOWN and role != "anonymous"]


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The core's schema."""
    return build()._schema


@pytest.fixture
def world(app: Flask, desk: Desk) -> World:
    """Two furnished services."""
    return make_world(app, desk)


def wrong(world: World, cells: Iterable[Cell], role: str) -> list[str]:
    """Return each cell that was not answered as the table says, in words; nothing stays of what was done."""
    refused = [cell for cell in cells if expected_of(cell, role)]
    answered = [cell for cell in cells if not expected_of(cell, role)]
    found = []
    with undone():
        before = dump()
        found += [amiss(world, cell, role) for cell in refused]
        if dump() != before:
            found.append(f"{role}: something that was refused has changed a table")
    for cell in answered:
        with undone() if cell.field.startswith("Mutation.") else nullcontext():
            found.append(amiss(world, cell, role))
    return list(filter(None, found))


def amiss(world: World, cell: Cell, role: str) -> str:
    """Return how the answer to a cell differs from what the table says; nothing when it does not."""
    body = world.callers[role].post(cell.document).get_json()
    told, expected = set(codes(body)), expected_of(cell, role)
    if told == {expected} if expected else not told & NEVER:
        return ""
    return f"{role}: {cell.field}: {expected or 'an answer'}, not {sorted(told) or body}: {cell.document}"


def expected_of(cell: Cell, role: str) -> str | None:
    """Return the code with which the table says that the role is refused; None for an answer."""
    rights = ROLES[role]
    if role in TURNED_AWAY:
        return "UNAUTHENTICATED"
    if rights is None and any(step.field in OWN for step in cell.steps):
        return "UNAUTHENTICATED"
    if not cell.rights or (rights is not None and cell.rights <= rights):
        return None
    return "UNAUTHENTICATED" if rights is None else "FORBIDDEN"


def test_every_root_field_has_its_place_in_the_table(schema: GraphQLSchema) -> None:
    names = [f"{kind.name}.{name}" for _, kind, name, _ in roots(schema)]
    for name in names:
        assert bool(permissions.right_of(name)) != (name in permissions.OPEN), (
            f"{name} needs a line in helpdesk/graphql/permissions.py: the right that it takes, in NEEDED, or why it"
            " takes none, in OPEN; and its room has to check that right."
        )
    assert set(permissions.OPEN) <= set(names)


def test_table_names_fields_and_rights_that_there_are(schema: GraphQLSchema) -> None:
    fields = [field for some in permissions.NEEDED.values() for field in some]
    assert sorted(set(fields)) == sorted(fields)
    for field in (*fields, *permissions.SOMETIMES, *permissions.SHOWN):
        kind, _, name = field.partition(".")
        assert name in schema.type_map[kind].fields, f"There is no {field} any more; take it out of permissions.py."  # type: ignore[attr-defined]
    told = permissions.NEEDED.keys() | {word for text in permissions.SOMETIMES.values() for word in RIGHT.findall(text)}
    assert told == RIGHTS.keys() - permissions.ELSEWHERE.keys()
    assert set(ids.rights().values()) <= RIGHTS.keys()


def test_log_in_is_for_anybody_but_those_who_come_with_a_token_that_is_no_good(world: World) -> None:
    given = {"email": "agent@demo.example", "password": PASSWORD}
    for role in (*KNOWN, "anonymous"):
        assert world.callers[role].done("SessionCreate", **given)["session"]["token"]
    for role in TURNED_AWAY:
        assert world.callers[role].failed("SessionCreate", input=given) == "UNAUTHENTICATED"


def test_every_root_field_answers_who_has_its_right_and_refuses_all_others(world: World, schema: GraphQLSchema) -> None:
    values = Values(world.own.things)
    cells = [cell for word in OPERATIONS for cell in root_cells(schema, values, word) if cell.field not in ALONE]
    assert [line for role in ROLES for line in wrong(world, cells, role)] == []
    assert len(cells) * len(ROLES) >= 460


def test_who_lacks_the_right_is_refused_before_anything_else_that_is_sent_is_looked_at(
    world: World, schema: GraphQLSchema
) -> None:
    values, tried = Values(world.own.things, NONSENSE, is_full=True), 0
    cells = [cell for word in OPERATIONS for cell in root_cells(schema, values, word) if cell.field not in ALONE]
    for role in ("anonymous", "agent", "organization administrator", "service key"):
        refused = [cell for cell in cells if expected_of(cell, role)]
        found = wrong(world, refused, role)
        assert found == [], "\n".join(found)
        tried += len(refused)
    assert tried >= 80


def test_every_field_on_the_way_asks_for_its_own_right(world: World, schema: GraphQLSchema) -> None:
    cells = nested_cells(schema, Values(world.own.things))
    roles = ["agent", "service key", "organization administrator", "anonymous"]  # an administrator lacks next to none
    assert [line for role in roles for line in wrong(world, cells, role)] == []
    assert len(cells) * len(roles) >= 560


NOBODYS = ("serviceId", "isAdmin", "createdAt", "ownerId", "actorId", "authorId", "updatedAt", "version")


def test_no_input_of_a_mutation_takes_what_only_the_desk_may_say(world: World, schema: GraphQLSchema) -> None:
    assert schema.mutation_type is not None
    caller, tried, before = world.callers["administrator"], 0, dump()
    for name, field in schema.mutation_type.fields.items():
        values = Values(world.own.things).arguments(name, field)
        declared = {key for one in field.args.values() for key in getattr(get_named_type(one.type), "fields", ())}
        for word in sorted({*NOBODYS} - declared) if values.endswith("})") else ():
            document = f"mutation {{ {name}{values.removesuffix('})')} {word}: 1}}) {{ errors {{ code }} }} }}"
            assert codes(caller.post(document).get_json()) == ["GRAPHQL_VALIDATION_FAILED"], document
            tried += 1
    assert dump() == before
    assert tried >= 250
