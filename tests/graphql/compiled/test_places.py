"""What is asked no more after a failure: whatever the failure makes null, which the answer alone does not show."""

import pytest
import strawberry

from helpdesk.graphql.compiled.places import Places
from helpdesk.kernel.errors import Conflict
from tests.graphql.compiled.comparing import Both
from tests.graphql.compiled.documents import Asking


def rows(*, is_nullable: bool) -> Places:
    """Return the places of five rows in two lists, [[0, 1, 2], [3, 4]]; the lists may be null."""
    whole = Places()
    lists = Places(Places(whole, key="lists", ordinal=7), sizes=[2])
    return Places(lists, sizes=[3, 2], is_nullable=is_nullable)


def test_place_is_told_by_names_and_by_ordinals() -> None:
    places = rows(is_nullable=True)
    assert [places.path(place) for place in (2, 3)] == [["lists", 0, 2], ["lists", 1, 0]]
    assert [places.position(place) for place in (2, 3)] == [(7, 0, 2), (7, 1, 0)]
    assert places.only([1, 3, 4]).only([2]).path(0) == ["lists", 1, 1]


def test_rows_that_may_be_null_are_lost_alone() -> None:
    assert rows(is_nullable=True).survivors([1, 3], 5) == [0, 2, 4]


def test_rows_after_one_whose_loss_takes_their_list_along_are_lost_too() -> None:
    assert rows(is_nullable=False).survivors([1], 5) == [0, 3, 4]
    assert rows(is_nullable=False).survivors([1, 4], 5) == [0, 3]
    assert rows(is_nullable=False).only([0, 2, 3]).survivors([0], 3) == [2]


@pytest.mark.parametrize(("field", "asked"), [("lenient", [0, 2]), ("strict", [0])])
def test_field_is_not_asked_of_rows_that_are_gone(field: str, asked: list[int]) -> None:
    log: list[int] = []

    @strawberry.type
    class Item:
        place: int

        @strawberry.field
        def first(self) -> int:
            if self.place == 1:
                raise Conflict("It has changed.")
            return self.place

        @strawberry.field
        def second(self) -> int:
            log.append(self.place)
            return self.place

    @strawberry.type
    class Query:
        @strawberry.field
        def lenient(self) -> list[Item | None]:
            return [Item(place=place) for place in range(3)]

        @strawberry.field
        def strict(self) -> list[Item]:
            return [Item(place=place) for place in range(3)]

    both = Both(strawberry.Schema(Query))
    both.agree(Asking(f"query Asked {{{field} {{first second}}}}", ({},)), lambda: None)
    assert log == asked * 3  # by the reference, and twice by the compiled executor
