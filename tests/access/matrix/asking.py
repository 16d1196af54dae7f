"""Documents for every field of a schema: one each, that asks for it by the shortest way from the root."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
)

from helpdesk.graphql import permissions
from tests.access.matrix.values import Place, Values

NO_WAY = frozenset({"node", "nodes", "viewer"})
"""Root fields that are no way to a type: what they give depends on an id, or on who asks."""


@dataclass(frozen=True, slots=True)
class Step:
    """One field on the way, ``Type.field``, and the type to be told from others behind it."""

    field: str
    text: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A field, the way to it, and the document that asks."""

    steps: tuple[Step, ...]
    document: str

    @property
    def field(self) -> str:
        """Return the field's name with its type's."""
        return self.steps[-1].field

    @property
    def rights(self) -> frozenset[str]:
        """Return what the table says that the document needs."""
        return frozenset(filter(None, (permissions.right_of(step.field) for step in self.steps)))

    @property
    def path(self) -> tuple[str, ...]:
        """Return the names of the fields on the way."""
        return tuple(step.field.partition(".")[2] for step in self.steps)


def roots(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLObjectType, str, GraphQLField]]:
    """Yield every root field: the word of its operation, its type, its name and itself."""
    kinds = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    for word, kind in kinds.items():
        for name, field in kind.fields.items() if kind is not None else ():
            yield word, kind, name, field


def root_cells(schema: GraphQLSchema, values: Values, word: str) -> list[Cell]:
    """Return a cell for each root field of an operation."""
    return [root_cell(kind, name, values) for one, kind, name, _ in roots(schema) if one == word]


def root_cell(kind: GraphQLObjectType, name: str, values: Values, put: Mapping[Place, Any] | None = None) -> Cell:
    """Return the cell of a root field; ``put`` says what stands at places of its inputs."""
    field = kind.fields[name]
    word = kind.name.lower()
    step = Step(f"{kind.name}.{name}", name + values.arguments(name, field, put))
    return Cell((step,), f"{word} {{ {step.text}{_selection(field)} }}")


def _selection(field: GraphQLField) -> str:
    """Return what is asked of the field's value: of a payload its errors and which things it tells."""
    kind = get_named_type(field.type)
    if not is_composite_type(kind):
        return ""
    errors = kind.fields.get("errors") if isinstance(kind, GraphQLObjectType) else None
    if errors is None or get_named_type(errors.type).name != "UserError":
        return " { __typename }"
    others = " ".join(f"{name}{_selection(one)}" for name, one in kind.fields.items() if name != "errors")
    return f" {{ errors {{ code message path }} {others} }}"


def nested_cells(schema: GraphQLSchema, values: Values) -> list[Cell]:
    """Return a cell for each field of each type that a query comes to, its root's own fields aside."""
    return [
        _nested(schema, steps, kind, name, values)
        for kind, steps in _ways(schema, values).items()
        for name in schema.type_map[kind].fields  # type: ignore[attr-defined]  # only types with fields are come to
    ]


def _nested(schema: GraphQLSchema, steps: tuple[Step, ...], kind: str, name: str, values: Values) -> Cell:
    field = schema.type_map[kind].fields[name]  # type: ignore[attr-defined]
    last = Step(f"{kind}.{name}", name + values.arguments(name, field))
    text = last.text + _selection(field)
    for step in reversed(steps):
        text = f"{step.text} {{ ... on {step.condition} {{ {text} }} }}"
    return Cell((*steps, last), f"query {{ {text} }}")


def _ways(schema: GraphQLSchema, values: Values) -> dict[str, tuple[Step, ...]]:
    """Return the shortest way to each object type that a query comes to."""
    query = schema.query_type
    assert query is not None
    found: dict[str, tuple[Step, ...]] = {}
    waiting: list[tuple[GraphQLObjectType, tuple[Step, ...]]] = [(query, ())]
    while waiting:
        kind, steps = waiting.pop(0)
        for name, field in kind.fields.items():
            if kind is query and name in NO_WAY:
                continue
            for behind in possible(schema, field):
                if behind.name not in found:
                    step = Step(f"{kind.name}.{name}", name + values.arguments(name, field), behind.name)
                    found[behind.name] = (*steps, step)
                    waiting.append((behind, found[behind.name]))
    return found


def possible(schema: GraphQLSchema, field: GraphQLField) -> list[GraphQLObjectType]:
    """Return the object types that a field may give."""
    kind = get_named_type(field.type)
    if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        return list(schema.get_possible_types(kind))
    return [kind] if isinstance(kind, GraphQLObjectType) else []


def codes(body: Mapping[str, Any]) -> list[str]:
    """Return the codes of all errors of an answer, those told as data too."""
    found = [error["extensions"]["code"] for error in body.get("errors") or ()]
    for value in (body.get("data") or {}).values():
        if isinstance(value, dict):
            found += [error["code"] for error in value.get("errors") or () if "code" in error]
    return found
