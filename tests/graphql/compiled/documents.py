"""Operations made at random over any schema: valid, and of every form that the language has.

Whoever gives the random numbers decides how they are found: hypothesis (which makes a failing document small) or a
seed. Fewer and smaller numbers make smaller documents. A name in an answer means one field with one set of arguments
in the whole document, so that what is asked for twice can be merged.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

Suggest = Callable[[str, str], Sequence[Any]]
"""What values an argument or an input field, such as ``tickets.first``, of a type may have; none for all there are."""

ALIASES = ("a", "b", "id", "name", "total", "text", "nodes", "class", "__class__")
WORDS = ("", "환불", "a", '\u2028 "quoted" \\ {}', "true", "1")
FORWARD, BACKWARD = {"first", "after"}, {"last", "before"}  # a page asks for one way, or is refused
VARIANTS = 2  # sets of variables, by which one document is run after the other


@dataclass(frozen=True, slots=True)
class Asking:
    """A document with one operation named Asked, and the sets of variables to run it with."""

    text: str
    variants: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Room:
    """How many levels, and about how many fields, a selection may have below it."""

    depth: int
    fields: int

    def fits(self, other: "Room") -> bool:
        """Return whether what was written for it may stand where the other is."""
        return self.depth <= other.depth and self.fields <= other.fields


@dataclass(frozen=True, slots=True)
class _Fragment:
    name: str
    around: GraphQLNamedType
    room: Room
    text: str


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    declared: str
    location: str
    values: tuple[Any, ...]  # one a variant; Undefined for one that is not sent


@dataclass(slots=True)
class Writer:
    """Writes one document."""

    schema: GraphQLSchema
    random: Random
    suggest: Suggest
    room: Room = Room(6, 60)
    _fragments: list[_Fragment] = field(default_factory=list)
    _variables: list[_Variable] = field(default_factory=list)
    _meanings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _written: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    def query(self) -> Asking:
        """Return a query."""
        root = self.schema.query_type
        assert root is not None
        return self._asking("query", self._selections(root, self.room))

    def mutation(self, names: Sequence[str] = (), *, most: int = 4) -> Asking:
        """Return a mutation of one to ``most`` root fields of those names."""
        root = self.schema.mutation_type
        assert root is not None
        count = 1 + self.random.randrange(most)
        parts = [self._field(root, self.room, names=names) for _ in range(count)]
        return self._asking("mutation", "{" + " ".join(parts) + "}")

    def _asking(self, kind: str, selections: str) -> Asking:
        declared = ", ".join(variable.declared for variable in self._variables)
        operation = f"{kind} Asked{f'({declared})' if declared else ''} {selections}"
        fragments = [f"fragment {one.name} on {one.around} {one.text}" for one in self._fragments]
        variants = [
            {one.name: one.values[variant] for one in self._variables if one.values[variant] is not Undefined}
            for variant in range(VARIANTS)
        ]
        return Asking("\n".join([operation, *fragments]), tuple(variants))

    def _chance(self, percent: int) -> bool:
        return self.random.randrange(100) >= 100 - percent

    def _selections(self, around: GraphQLNamedType, room: Room) -> str:
        count = 1 + self.random.randrange(max(1, min(room.fields, 6)))
        inner = Room(room.depth, (room.fields - count) // count)
        return "{" + " ".join([self._selection(around, inner) for _ in range(count)]) + "}"

    def _selection(self, around: GraphQLNamedType, room: Room) -> str:
        form = self.random.randrange(100)
        is_union = isinstance(around, GraphQLUnionType)
        if room.fields > 0 and (form >= 93 or (is_union and form >= 10)):
            return self._inline(around, room)
        if room.fields > 0 and form >= 86:
            return self._spread(around, room)
        if form >= 79 or is_union:
            return self._named("__typename", ("__typename",)) + self._directives()
        return self._field(around, room)

    def _field(self, around: GraphQLNamedType, room: Room, *, names: Sequence[str] = ()) -> str:
        assert isinstance(around, GraphQLObjectType | GraphQLInterfaceType)
        written = self._written.setdefault(around.name, [])
        if written and not names and self._chance(15):
            name, arguments, head = self.random.choice(written)
        else:
            name = self._choose(around.fields, room, names)
            arguments = self._arguments(name, around.fields[name])
            head = self._named(name, (str(around.fields[name].type), name, arguments))
            written.append((name, arguments, head))
        inner = get_named_type(around.fields[name].type)
        below = Room(room.depth - 1, room.fields)
        selections = f" {self._selections(inner, below)}" if is_composite_type(inner) else ""
        return f"{head}{arguments}{self._directives()}{selections}"

    def _choose(self, fields: Mapping[str, GraphQLField], room: Room, names: Sequence[str]) -> str:
        leaves = [name for name, one in fields.items() if not is_composite_type(get_named_type(one.type))]
        others = [name for name in fields if name not in leaves]
        if names:
            return self.random.choice(list(names))
        if others and (min(room.depth, room.fields) > 0 or not leaves) and (not leaves or self._chance(65)):
            return self.random.choice(others)
        return self.random.choice(leaves or others)

    def _named(self, name: str, meaning: tuple[str, ...]) -> str:
        """Return the field's name, with an alias where it needs or gets one."""
        wanted = self.random.choice(ALIASES) if self._chance(25) else name
        for key in (wanted, name):
            if self._meanings.setdefault(key, meaning) == meaning:
                return name if key == name else f"{key}: {name}"
        key = f"x{len(self._meanings)}"
        self._meanings[key] = meaning
        return f"{key}: {name}"

    def _inline(self, around: GraphQLNamedType, room: Room) -> str:
        if self._chance(15):
            return f"...{self._directives()} {self._selections(around, room)}"
        condition = self._condition(around)
        return f"... on {condition}{self._directives()} {self._selections(condition, room)}"

    def _spread(self, around: GraphQLNamedType, room: Room) -> str:
        fitting = [one for one in self._fragments if one.room.fits(room) and self._overlap(one.around, around)]
        if fitting and self._chance(50):
            return f"...{self.random.choice(fitting).name}{self._directives()}"
        condition = self._condition(around)
        text = self._selections(condition, room)
        made = _Fragment(f"F{len(self._fragments)}", condition, room, text)
        self._fragments.append(made)
        return f"...{made.name}{self._directives()}"

    def _condition(self, around: GraphQLNamedType) -> GraphQLNamedType:
        kinds = [kind for kind in self.schema.type_map.values() if is_composite_type(kind)]
        others = [kind for kind in kinds if not kind.name.startswith("__") and self._overlap(kind, around)]
        return self.random.choice([around, *others])

    def _overlap(self, one: GraphQLNamedType, other: GraphQLNamedType) -> bool:
        return bool(self._possible(one) & self._possible(other))

    def _possible(self, kind: GraphQLNamedType) -> set[str]:
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            return {one.name for one in self.schema.get_possible_types(kind)}
        return {kind.name}

    def _directives(self) -> str:
        told = ""
        for name in ("skip", "include"):
            if self._chance(5):
                told += f" @{name}(if: {self._value(GraphQLNonNull(self._boolean()), 'if')})"
        return told

    def _boolean(self) -> Any:
        return self.schema.type_map["Boolean"]

    def _arguments(self, field: str, asked: GraphQLField) -> str:
        given: dict[str, str] = {}
        for name, argument in asked.args.items():
            is_mixed = name in BACKWARD and FORWARD & given.keys()
            if is_required_argument(argument) or self._chance(5 if is_mixed else 35):
                given[name] = self._value(argument.type, f"{field}.{name}", default=argument.default_value)
        return f"({', '.join(f'{name}: {value}' for name, value in given.items())})" if given else ""

    def _value(self, kind: GraphQLInputType, name: str, *, default: Any = Undefined) -> str:
        """Return a literal, a variable, or a literal with variables in it."""
        if self._chance(35):
            return self._variable(kind, name, has_default=default is not Undefined and default is not None)
        inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(inner, GraphQLList) and self._chance(50) and not self.suggest(name, inner.of_type):
            return f"[{', '.join(self._value(inner.of_type, name) for _ in range(self.random.randrange(3)))}]"
        return literal(kind, self.plain(kind, name))

    def _variable(self, kind: GraphQLInputType, name: str, *, has_default: bool) -> str:
        """Return a variable, a new one or one that is there; where none may be null, one may be null by its default."""
        location = f"{kind} {name} {has_default}"
        there = [one for one in self._variables if one.location == location]
        if there and self._chance(40):
            return f"${self.random.choice(there).name}"
        is_strict = isinstance(kind, GraphQLNonNull)
        inner: Any = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        declared, written, may_be_null = str(kind), "", not is_strict
        if is_strict and self._chance(20 if name == "if" else 40):
            declared, may_be_null = str(inner), True
            if not has_default or self._chance(50):
                written = f" = {literal(kind, self.plain(kind, name))}"
        elif not is_strict and self._chance(20):
            declared, may_be_null = f"{kind}!", False
        elif self._chance(30):
            written = f" = {literal(kind, self.plain(kind, name))}"
        strict = GraphQLNonNull(inner)
        values = tuple(self._given(strict, name, may_be_null, bool(written)) for _ in range(VARIANTS))
        made = _Variable(f"v{len(self._variables)}", f"$v{len(self._variables)}: {declared}{written}", location, values)
        self._variables.append(made)
        return f"${made.name}"

    def _given(self, kind: GraphQLInputType, name: str, may_be_null: bool, has_default: bool) -> Any:
        if may_be_null and self._chance(8 if name == "if" else 15):
            return None
        if (may_be_null or has_default) and self._chance(20):
            return Undefined
        return self.plain(kind, name)

    def plain(self, kind: GraphQLInputType, name: str, *, depth: int = 3) -> Any:
        """Return a value of the type, as JSON has it."""
        if isinstance(kind, GraphQLNonNull):
            return self._some(kind.of_type, name, depth)
        return None if depth <= 0 or self._chance(10) else self._some(kind, name, depth)

    def _some(self, kind: Any, name: str, depth: int) -> Any:
        suggested = self.suggest(name, str(kind))
        if suggested and not self._chance(10):
            return self.random.choice(suggested)
        if isinstance(kind, GraphQLList):
            return [self.plain(kind.of_type, name, depth=depth - 1) for _ in range(self.random.randrange(3))]
        if isinstance(kind, GraphQLEnumType):
            return self.random.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return {
                key: self.plain(one.type, key, depth=depth - 1)
                for key, one in kind.fields.items()
                if is_required_input_field(one) or self._chance(30)
            }
        return self._scalar(kind.name)

    def _scalar(self, name: str) -> Any:
        values: dict[str, Sequence[Any]] = {
            "Int": (0, 1, 2, 3, 20, -1),
            "Float": (0, 1.5, -2),
            "Boolean": (False, True),
            "JSON": ({"a": [1, "환불"]}, 1, "text", True),
            "DateTime": ("2026-05-01T12:00:00+00:00", "2020-01-01T00:00:00Z"),
        }
        return self.random.choice(values.get(name, WORDS))


def literal(kind: GraphQLInputType, value: Any) -> str:
    """Return a value of the type as a document has it."""
    if isinstance(kind, GraphQLNonNull):
        return literal(kind.of_type, value)
    if value is None:
        return "null"
    if isinstance(kind, GraphQLList):
        items = value if isinstance(value, list) else [value]
        return f"[{', '.join(literal(kind.of_type, item) for item in items)}]"
    if isinstance(kind, GraphQLEnumType):
        return str(value)
    if isinstance(kind, GraphQLInputObjectType):
        return "{" + ", ".join(f"{key}: {literal(kind.fields[key].type, one)}" for key, one in value.items()) + "}"
    return _json(value)


def _json(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_json(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    return json.dumps(value, ensure_ascii=False)
