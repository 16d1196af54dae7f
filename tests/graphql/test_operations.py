"""The committed documents: valid, free of what is deprecated, and together they use the whole of the API."""

import pytest
from graphql import (
    FieldNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    parse,
    validate,
    visit,
)

from helpdesk.graphql import schema
from helpdesk.graphql.costs import MAX_COST, Costs
from helpdesk.graphql.limits import check
from tests.factories.client import OPERATIONS, operations

SCHEMA = build_schema(schema.sdl(schema.build()))
UNUSED = {
    ("Connection", "edges"),  # nodes are handier; TicketCount shows how edges are asked for
    ("Edge", "node"),
    ("Edge", "cursor"),
    ("SystemAuthor", "name"),  # asked of the interface
}


def selected(text: str) -> set[tuple[str, str]]:
    """Return (type, field) of everything that a document selects."""
    found: set[tuple[str, str]] = set()
    types = TypeInfo(SCHEMA)

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            found.add((str(types.get_parent_type()), node.name.value))

    visit(parse(text), TypeInfoVisitor(types, Collect()))
    return found


@pytest.mark.parametrize("name", operations())
def test_operation_fits_the_schema_and_its_limits(name: str) -> None:
    document = parse(operations()[name])
    assert validate(SCHEMA, document) == []
    facts = check(document)
    (operation,) = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    pages = dict.fromkeys(facts.page_variables, 50) | ({"last": None} if "last" in facts.page_variables else {})
    assert Costs(SCHEMA).of(operation, fragments=facts.fragments, pages=pages) <= MAX_COST


def test_file_is_named_after_its_operation_and_says_what_it_is_for() -> None:
    for file in OPERATIONS.glob("*.graphql"):
        text = file.read_text()
        name = "".join(part.capitalize() for part in file.stem.split("_"))
        assert name in operations(), file.name
        assert text.startswith("# "), file.name


def test_every_root_field_is_used_by_an_operation() -> None:
    used = set().union(*map(selected, operations().values()))
    for root in (SCHEMA.query_type, SCHEMA.mutation_type):
        assert isinstance(root, GraphQLObjectType)
        assert {(root.name, field) for field in root.fields} - used == set()


def test_every_field_of_every_type_is_used_by_an_operation() -> None:
    used = set().union(*map(selected, operations().values()))
    objects = [kind for name, kind in SCHEMA.type_map.items() if isinstance(kind, GraphQLObjectType) and name[0] != "_"]
    unused = {(kind.name, field) for kind in objects for field in kind.fields} - used
    assert {pair for pair in unused if not is_spared(*pair)} == set()


def is_spared(kind: str, field: str) -> bool:
    """Return whether the field of the type need not be used."""
    return any(kind.endswith(ending) and field == name for ending, name in UNUSED)
