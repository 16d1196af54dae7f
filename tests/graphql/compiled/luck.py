"""Values by luck: by a seed, a row and a field, so that whoever asks is told the same, right or wrong.

The class of a row decides of which type it is, unless it is a dictionary.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from random import Random
from typing import Any

from graphql import GraphQLError, Undefined

from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.rows import Row, together

RATES = (0, 1, 3, 8, 25)  # of a hundred values fail
NOON = datetime(2031, 3, 4, 12, tzinfo=UTC)


class Colour(Enum):
    """A choice."""

    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Luck:
    """By a seed, what becomes of a field of a row."""

    seed: int

    def of(self, key: str) -> Random:
        """Return random numbers that are the same whenever a thing of that name is asked for."""
        return Random(f"{self.seed} {key}")

    def fails(self, random: Random) -> bool:
        """Return whether something fails now."""
        return random.randrange(100) < RATES[self.seed % len(RATES)]


@dataclass(slots=True, kw_only=True, eq=False)
class Thing(Row):
    """A row that has a value for every field, as an attribute too."""

    luck: Luck
    key: str

    def __getattr__(self, name: str) -> Any:
        if name not in FIELDS:
            raise AttributeError(name)
        return value_of(self, name)


class Apple(Thing):
    """A row of the type Apple."""


class Pear(Thing):
    """A row of the type Pear."""


class Nobody(Thing):
    """A row of no type, as are the following ones."""


class Nameless(Thing):
    """See Nobody."""


class Wrong(Thing):
    """See Nobody."""


class Untold(Thing):
    """See Nobody."""


class Loose:
    """Stands for a row that is a dictionary, which says of which type it is."""


class Lax:
    """Stands for another one."""


LEAVES: dict[str, tuple[Sequence[Any], Sequence[Any]]] = {
    "string": (("환불", "", 5, True, 1.5), ([], object, {"a": 1})),
    "int": ((0, 2**31 - 1, -(2**31), 3.0, True, "7"), (2**31, math.nan, "x", 1.5, [], math.inf)),
    "float": ((0.5, 3, True, "1.5"), (math.nan, math.inf, "x", [])),
    "bool": ((True, False, 1, 0, 2.5), ("true", math.nan, [])),
    "ident": (("a", 5, 5.0), (1.5, True, [])),
    "colour": ((Colour.RED, Colour.GREEN, "green"), ("blue", 1, [], {})),
    "phone": (("010", "1"), ("", 5)),
    "time": ((NOON, NOON.replace(tzinfo=None)), ("now", 5)),
    "json": (({"a": [1]}, [], 0, "text"), ({"a": math.nan},)),
}
"""Values that a leaf takes, and those that it does not."""

CLASSES: dict[str, Sequence[type]] = {
    "apple": (Apple,),
    "pear": (Pear,),
    "loose": (Loose,),
    "fruit": (Apple, Pear),
    "kind": (Apple, Pear, Lax),
    "either": (Apple, Pear),
    "any": (Apple, Pear, Loose, Lax),
}
"""Classes of the rows of an object type, an interface or a union."""

STRANGERS = (Nobody, Nameless, Wrong, Untold, Apple, Pear, Loose, Lax)
SHAPES = {
    "n": "T",
    "x": "T!",
    "nn": "[T]",
    "nx": "[T!]",
    "xn": "[T]!",
    "xx": "[T!]!",
    "xnnx": "[[T!]]!",
    "nxxn": "[[T]!]",
    "xxxx": "[[T!]!]!",
}
FIELDS = {f"{kind}_{name}": (kind, shape) for name, shape in SHAPES.items() for kind in (*LEAVES, *CLASSES)}
"""Every kind in every shape, by the name of the field that is so."""


def row_of(kind: type, luck: Luck, key: str) -> Any:
    """Return a row of a class."""
    if kind in {Loose, Lax}:
        return {"luck": luck, "key": key, "__typename": kind.__name__}
    return kind(id=1, luck=luck, key=key)


def told(row: Any) -> tuple[Luck, str]:
    """Return the luck of a row, and its name."""
    return (row["luck"], row["key"]) if isinstance(row, dict) else (row.luck, row.key)


def value_of(row: Any, field: str, *given: object) -> Any:
    """Return the value of a field of a row, or raise what it fails with."""
    luck, key = told(row)
    name = f"{key}.{field}{given or ''}"
    random = luck.of(name)
    kind, shape = FIELDS[field]
    value = _made(luck, random, name, kind, shape)
    if isinstance(value, Exception) and random.randrange(2):
        raise value
    return value


def _made(luck: Luck, random: Random, key: str, kind: str, shape: str) -> Any:
    """Return a value of the shape, or one that is wrong."""
    shape = shape.removesuffix("!")
    if luck.fails(random):
        return _failure(random, key)
    if not shape.startswith("["):
        return _one(luck, random, key, kind)
    if luck.fails(random):
        return random.choice((5, "text", {"a": 1}))
    items = [_made(luck, random, f"{key}.{place}", kind, shape[1:-1]) for place in range(random.randrange(4))]
    if items and random.randrange(10) == 0:
        items.append(items[0])
    together([item for item in items if isinstance(item, Thing)])
    return random.choice((items, items, items, tuple(items), (item for item in items), _Lazy(items)))


def _failure(random: Random, key: str) -> Any:
    failures: Sequence[Callable[[], Any]] = (
        lambda: None,
        lambda: None,
        lambda: Undefined,
        lambda: Conflict(f"{key} has changed.", path=("a",)),
        lambda: ValueError(key),
        lambda: KeyError(key),
        lambda: GraphQLError(key, extensions={"code": "OWN"}),
        lambda: GraphQLError(key, path=["its", "own"]),
    )
    return random.choice(failures)()


def _one(luck: Luck, random: Random, key: str, kind: str) -> Any:
    is_wrong = luck.fails(random)
    if kind in LEAVES:
        return random.choice(LEAVES[kind][is_wrong])
    return row_of(random.choice(STRANGERS if is_wrong else CLASSES[kind]), luck, key)


class _Lazy:
    """What can be iterated, and is no list."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)
