"""A schema whose fields fail by luck, and so in both executors alike.

It has every scalar, an enum, objects, interfaces and unions, each in all shapes of nullability, answered in every way
in which a field can be: from an attribute, by methods with and without arguments and info, in batches, behind
permissions and extensions. Assumed is what the compiled executor assumes: the class of a value, where it is no
dictionary, alone decides of which type it is, and nobody looks at ``info.path``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from typing import Annotated, Any, Optional, Union

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from helpdesk.graphql.batching import batched
from helpdesk.graphql.context import Context
from helpdesk.graphql.nodes import of
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.rows import together
from tests.graphql.compiled import luck
from tests.graphql.compiled.luck import FIELDS, Apple, Colour, Luck, Nameless, Nobody, Pear, Thing, told, value_of

NAMES: dict[type, Any] = {Apple: "Apple", Pear: "Pear", Nameless: 5, luck.Wrong: "Colour", Nobody: "Missing"}


class Phone:
    """A phone number, a scalar of our own."""


def tell_phone(value: object) -> str | None:
    """Return a phone number for the answer: nothing for an empty one. Raises Conflict for what is no text."""
    if not isinstance(value, str):
        raise Conflict("A phone number is a text.")
    return value or None


@dataclass(slots=True)
class Asker:
    """The context: the row that the root's fields are of, and which of them have been asked."""

    root: Thing
    log: list[str] = field(default_factory=list)


def asker(seed: int) -> Asker:
    """Return a new context with the luck of a seed."""
    return Asker(Apple(id=1, luck=Luck(seed), key="root"))


@strawberry.interface
class Fruit:
    """What says by a function of its own of which type a value is, and says nonsense too."""

    @strawberry.field
    def code(self) -> str | None:
        """Return a text."""
        return value_of(self, "string_n")  # type: ignore[no-any-return]

    @classmethod
    def resolve_type(cls, value: Any, *_: Any) -> Any:
        """Return the name of a value's type, or what is none."""
        return "Query" if isinstance(value, dict) else NAMES.get(type(value))


@strawberry.interface
class Kind:
    """What is of the type that says so."""

    @strawberry.field
    def length(self, info: strawberry.Info) -> int:
        """Return a number."""
        return len(info.field_name) if isinstance(self, Apple) else value_of(self, "int_x")


class Allowed(BasePermission):
    """Whether somebody may ask is luck."""

    message = "Not now."

    def has_permission(self, source: Any, info: strawberry.Info, **_kwargs: Any) -> bool:
        """Return whether it may be asked."""
        mine, key = told(source or info.context.root)
        return not mine.fails(mine.of(f"{key}.{info.field_name}?"))


class Wrapped(FieldExtension):
    """Fails before the field is asked, or loses the answer."""

    def resolve(self, next_: Callable[..., Any], source: Any, info: strawberry.Info, **kwargs: Any) -> Any:
        """Return what the field answers, mostly."""
        mine, key = told(source or info.context.root)
        random = mine.of(f"{key}.{info.field_name}!")
        if mine.fails(random):
            raise ValueError("wrapped")
        answer = next_(source, info, **kwargs)
        return None if mine.fails(random) else answer


@strawberry.input
class Given:
    """What a field is given."""

    text: str
    number: int | None = 5
    more: list[int] | None = None


def _source(self: Any, info: strawberry.Info) -> Any:
    if self is not None:
        return self
    info.context.log.append(info.field_name)
    return info.context.root


def _attribute(_name: str, kind: Any) -> Any:
    return strawberry.field(graphql_type=kind)


def _method(name: str, kind: Any) -> Any:
    def resolve(self: Any) -> Any:
        return value_of(self, name)

    return strawberry.field(resolver=resolve, graphql_type=kind)


def _informed(name: str, kind: Any, **options: Any) -> Any:
    def resolve(self: Any, info: strawberry.Info) -> Any:
        return value_of(_source(self, info), name, len(info.selected_fields[0].selections))

    return strawberry.field(resolver=resolve, graphql_type=kind, **options)


def _argued(name: str, kind: Any, **options: Any) -> Any:
    def resolve(
        self: Any,
        info: strawberry.Info,
        one: int = 1,
        colour: Colour = Colour.RED,
        words: list[str] | None = None,
        given: Given | None = None,
    ) -> Any:
        return value_of(_source(self, info), name, one, colour, words, given)

    return strawberry.field(resolver=resolve, graphql_type=kind, **options)


def _rooted(name: str, kind: Any) -> Any:
    def resolve(root: Any, info: strawberry.Info, one: int) -> Any:
        return value_of(_source(root, info), name, one)

    return strawberry.field(resolver=resolve, graphql_type=kind)


def _batched(name: str, kind: Any) -> Any:
    def load(rows: Sequence[Any], context: Context, one: int | None = None) -> Sequence[Any]:
        mine, key = told(rows[0])
        random = mine.of(f"{key} {len(rows)} {name}")
        if mine.fails(random):
            raise Conflict("All of them have changed.")
        found = [_share(row, name, one) for row in rows]
        together([item for items in found if isinstance(items, list) for item in items if isinstance(item, Thing)])
        return found[1:] if mine.fails(random) else found

    return batched(description="", graphql_type=kind)(load)


def _share(row: Any, name: str, one: int | None) -> Any:
    try:
        return value_of(row, name, one)
    except Exception as error:
        return error


Ways = Sequence[Callable[[str, Any], Any]]
Fields = Mapping[str, tuple[str, str]]

WAYS: Ways = (
    _attribute,
    _method,
    _batched,
    _informed,
    _argued,
    _rooted,
    lambda name, kind: _argued(name, kind, permission_classes=[Allowed]),
    lambda name, kind: _informed(name, kind, extensions=[Wrapped()]),
)
ROOT_WAYS = WAYS[3:]  # the root is no row

AppleLater = Annotated["AppleType", strawberry.lazy("tests.graphql.compiled.failing")]
PearLater = Annotated["PearType", strawberry.lazy("tests.graphql.compiled.failing")]
LooseLater = Annotated["LooseType", strawberry.lazy("tests.graphql.compiled.failing")]
LaxLater = Annotated["LaxType", strawberry.lazy("tests.graphql.compiled.failing")]
KINDS: dict[str, Any] = {
    "string": str,
    "int": int,
    "float": float,
    "bool": bool,
    "ident": strawberry.ID,
    "colour": strawberry.enum(Colour),
    "phone": Phone,
    "time": datetime,
    "json": JSON,
    "apple": AppleLater,
    "pear": PearLater,
    "loose": LooseLater,
    "fruit": Fruit,
    "kind": Kind,
    "either": Annotated[Union[AppleLater, PearLater], strawberry.union("Either")],  # noqa: UP007
    "any": Annotated[Union[LooseLater, LaxLater, PearLater, AppleLater], strawberry.union("Any")],  # noqa: UP007
}


def _shaped(shape: str, kind: Any) -> Any:
    """Return the annotation of a kind in a shape."""
    if not shape.endswith("!"):
        return Optional[_shaped(f"{shape}!", kind)]  # noqa: UP045
    inner = shape.removesuffix("!")
    return list[_shaped(inner[1:-1], kind)] if inner.startswith("[") else kind  # type: ignore[misc]


def _type(name: str, *, ways: Ways, bases: tuple[type, ...] = (), fields: Fields = FIELDS, **more: Any) -> Any:
    """Return a type that has the fields, each answered in another way."""
    space: dict[str, Any] = {"__annotations__": {}, "__module__": __name__, **more}
    for (key, (kind, shape)), way in zip(fields.items(), cycle(ways), strict=False):
        annotation = _shaped(shape, KINDS[kind])
        space[key] = way(key, annotation)
        if way is _attribute:
            space["__annotations__"][key] = annotation
    return strawberry.type(type(f"{name}Type", bases, space), name=name)


def _named(name: str) -> Callable[[Any, Any], bool]:
    """Return the test by which a type knows its dictionaries."""
    return lambda value, _info: isinstance(value, dict) and value["__typename"] == name


AppleType = _type("Apple", ways=WAYS, bases=(Fruit, Kind), is_type_of=of(Apple))
PearType = _type("Pear", ways=WAYS[1:] + WAYS[:1], bases=(Kind, Fruit), is_type_of=of(Pear))
LooseType = _type("Loose", ways=WAYS[2:] + WAYS[:2], is_type_of=_named("Loose"))
FEW = {name: what for name, what in FIELDS.items() if name.endswith(("_x", "_nx"))}
LaxType = _type("Lax", ways=WAYS[1:], bases=(Kind,), fields=FEW, is_type_of=_named("Lax"))
NULLABLE = {name: (kind, shape) for name, (kind, shape) in FIELDS.items() if not shape.endswith("!")}
Query = _type("Query", ways=ROOT_WAYS, fields={**NULLABLE, "apple_x": FIELDS["apple_x"]})  # else most answers were null
Mutation = _type("Mutation", ways=ROOT_WAYS[1:] + ROOT_WAYS[:1])


def build() -> strawberry.Schema:
    """Return the schema."""
    config = StrawberryConfig(scalar_map={Phone: strawberry.scalar(name="Phone", serialize=tell_phone)})
    return strawberry.Schema(Query, Mutation, config=config)
