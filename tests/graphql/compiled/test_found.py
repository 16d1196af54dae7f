"""Where the compiled executor did not answer as the reference does, when it was first tried; and limits of leaves."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

import pytest
import strawberry

from tests.graphql.compiled.comparing import Both
from tests.graphql.compiled.documents import Asking


@strawberry.enum
class Size(Enum):
    """A choice."""

    SMALL = "small"


@strawberry.interface
class Shape:
    """What is named by a function."""

    sides: int

    @classmethod
    def resolve_type(cls, value: Any, *_: Any) -> Any:
        """Return what the value says of itself."""
        return value.says


class Row:
    """A value of an interface."""

    sides = 4

    def __init__(self, says: Any) -> None:
        self.says = says


@strawberry.type
class Square(Shape):
    """An object type."""

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> bool:
        """Return whether it is a square."""
        return isinstance(value, Row)


@strawberry.type
class Query:
    """What is asked of the context, a value."""

    name: str = strawberry.field(resolver=lambda: "a")

    @strawberry.field
    def size(self, info: strawberry.Info) -> Size:
        return info.context  # type: ignore[no-any-return]

    @strawberry.field
    def sizes(self, info: strawberry.Info) -> list[Size]:
        return info.context  # type: ignore[no-any-return]

    @strawberry.field
    def numbers(self, info: strawberry.Info) -> list[int | None]:
        return info.context  # type: ignore[no-any-return]

    @strawberry.field
    def shape(self, info: strawberry.Info) -> Shape | None:
        return info.context  # type: ignore[no-any-return]


SCHEMA = strawberry.Schema(Query, types=[Square])


def agree(text: str, values: Sequence[Any], *variants: dict[str, Any]) -> None:
    """Assert that both executors answer the query alike, for each value as the context, with the same plans."""
    both = Both(SCHEMA)
    for value in values:
        both.agree(Asking(text, variants or ({},)), lambda value=value: value)  # type: ignore[misc]


def test_object_of_which_every_field_is_skipped_is_empty() -> None:
    agree("query Asked {shape {sides @skip(if: true)} name}", [Row("Square")])
    agree("query Asked {name @include(if: false)}", [None])


@pytest.mark.parametrize(
    "where", ["name @skip(if: $is)", "shape {sides @include(if: $is)}", "... @skip(if: $is) {name}"]
)
def test_null_as_a_condition_fails_where_it_decides(where: str) -> None:
    agree(
        f"query Asked($is: Boolean = true) {{a: name {where}}}", [Row("Square"), None], {"is": None}, {"is": True}, {}
    )


def test_each_wrong_name_of_a_type_is_told_as_it_is() -> None:
    classes = [type(f"Row{place}", (Row,), {}) for place in range(6)]
    names = ["Square", None, 5, "Missing", "Size", "Query"]
    agree("query Asked {shape {__typename}}", [kind(name) for kind, name in zip(classes, names, strict=True)])


def test_leaves_are_checked_in_whole_columns_as_one_by_one() -> None:
    most = 2**31
    agree("query Asked {numbers}", [[most - 1, -most], [most], [-most - 1], [1, None], [True], [1.0], [], [None]])
    agree("query Asked {sizes}", [[Size.SMALL], [Size.SMALL, None], [None], ["small"], [[]]])
    agree("query Asked {size}", [Size.SMALL, None, "large"])
