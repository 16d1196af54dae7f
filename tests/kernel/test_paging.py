"""A list is read page by page from either end: every row once, whatever happens to the list meanwhile."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.columns import TimeColumn
from helpdesk.kernel.db import Model
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.paging import DEFAULT_SIZE, LARGEST_SIZE, Order, Page, Window, page, pages_of
from helpdesk.kernel.rows import Row, select
from helpdesk.kernel.settings import Settings
from tests.factories.statements import counted


class Leaf(Model):
    """A thing in a long list."""

    id = peewee.BigAutoField()
    tree = peewee.IntegerField()
    weight = peewee.IntegerField()
    colour = peewee.CharField()
    at = TimeColumn()

    class Meta:
        table_name = "test_leaf"


@dataclass(slots=True, kw_only=True)
class LeafRow(Row):
    """A leaf as others see it."""

    tree: int
    weight: int
    colour: str
    at: datetime


BY_ID = [Order(Leaf.id, "id")]
NEWEST = [Order(Leaf.at, "at", descending=True), Order(Leaf.id, "id", descending=True)]
MIXED = [Order(Leaf.weight, "weight", descending=True), Order(Leaf.colour, "colour"), Order(Leaf.id, "id")]
ORDERS = {"id": BY_ID, "newest": NEWEST, "mixed": MIXED}


@pytest.fixture
def leaves(database: Settings) -> Iterator[None]:
    """Twenty-three leaves on three trees, many of the same weight, colour and time."""
    Leaf.create_table()
    start = datetime(2026, 3, 1, tzinfo=UTC)
    Leaf.insert_many(
        [
            {"tree": n % 3, "weight": n % 4, "colour": "gry"[n % 3], "at": start + timedelta(microseconds=n // 5)}
            for n in range(23)
        ]
    ).execute()
    yield
    Leaf.drop_table()


def shown(window: Window, order: list[Order]) -> Page[LeafRow]:
    """Return one page of all leaves."""
    return page(LeafRow, select(LeafRow, Leaf), order=order, window=window)


def ids(found: Page[LeafRow]) -> list[int]:
    """Return the ids on the page."""
    return [row.id for row in found.rows]


def whole(order: list[Order]) -> list[int]:
    """Return all ids in the list's order."""
    return ids(shown(Window(first=LARGEST_SIZE), order))


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("size", [1, 4, 23, 30])
def test_pages_from_either_end_show_every_row_once(leaves: None, name: str, size: int) -> None:
    order, expected = ORDERS[name], whole(ORDERS[name])
    forward: list[int] = []
    found = shown(Window(first=size), order)
    while True:
        forward += ids(found)
        if not found.has_next:
            break
        found = shown(Window(first=size, after=found.cursor_of(found.rows[-1])), order)
        assert found.has_previous
    backward: list[int] = []
    found = shown(Window(last=size), order)
    while True:
        backward = ids(found) + backward
        if not found.has_previous:
            break
        found = shown(Window(last=size, before=found.cursor_of(found.rows[0])), order)
        assert found.has_next
    assert forward == backward == expected
    assert len(expected) == 23


def test_orders_are_what_they_say(leaves: None) -> None:
    assert whole(BY_ID) == list(range(1, 24))
    assert whole(NEWEST) == list(range(23, 0, -1))
    rows = shown(Window(first=LARGEST_SIZE), MIXED).rows
    assert [(-row.weight, row.colour, row.id) for row in rows] == sorted((-r.weight, r.colour, r.id) for r in rows)


def test_page_lies_between_two_cursors(leaves: None) -> None:
    rows = shown(Window(first=9), NEWEST)
    after, before = rows.cursor_of(rows.rows[2]), rows.cursor_of(rows.rows[6])
    assert ids(shown(Window(after=after, before=before), NEWEST)) == ids(rows)[3:6]
    assert ids(shown(Window(last=2, after=after, before=before), NEWEST)) == ids(rows)[4:6]
    assert ids(shown(Window(before=after), NEWEST)) == ids(rows)[:2]


def test_row_that_comes_or_goes_meanwhile_moves_no_other(leaves: None) -> None:
    first = shown(Window(first=5), BY_ID)
    Leaf.delete().where(Leaf.id.in_([2, 5, 7])).execute()
    assert ids(shown(Window(first=3, after=first.cursor_of(first.rows[-1])), BY_ID)) == [6, 8, 9]


def test_size_is_taken_within_limits(leaves: None) -> None:
    assert len(shown(Window(), BY_ID).rows) == DEFAULT_SIZE
    nothing = shown(Window(first=0), BY_ID)
    assert (nothing.rows, nothing.has_next) == ([], True)
    for window, path in (
        (Window(first=-1), "first"), (Window(first=101), "first"), (Window(last=101), "last"),
        (Window(first=1, last=1), "first"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as refused:
            shown(window, BY_ID)
        assert (refused.value.code, refused.value.path) == ("BAD_PAGE", (path,))


def forged(*values: object) -> str:
    """Make a cursor that holds these values."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "한글", "\ud800", "{}", forged(), forged("id"), forged("-id", 1), forged("id", "1"),
        forged("id", 2**63), forged("id", None),
        forged("id", True), forged("id", 1.5), forged("id", [1]), forged("id", 1, 2), forged({"id": 1}),
        base64.urlsafe_b64encode(b'{"id": 1}').decode(), base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)  # fmt: skip
def test_cursor_that_is_none_of_the_list_is_refused(leaves: None, cursor: str) -> None:
    for window, path in ((Window(after=cursor), "after"), (Window(before=cursor), "before")):
        with pytest.raises(Invalid) as refused:
            shown(window, BY_ID)
        assert (refused.value.code, refused.value.path) == ("BAD_CURSOR", (path,))


def test_cursor_of_another_order_is_refused(leaves: None) -> None:
    found = shown(Window(first=1), NEWEST)
    with pytest.raises(Invalid, match="another order"):
        shown(Window(after=found.cursor_of(found.rows[0])), MIXED)


@given(st.text(max_size=60))
def test_no_text_as_a_cursor_is_more_than_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        page(LeafRow, select(LeafRow, Leaf), order=BY_ID, window=Window(after=cursor))


@pytest.mark.parametrize("window", [Window(first=2), Window(last=2), Window(first=0), Window(last=50)])
@pytest.mark.parametrize("name", ORDERS)
def test_pages_of_many_parents_are_those_of_each(leaves: None, window: Window, name: str) -> None:
    order = ORDERS[name]
    with counted() as sent:
        pages = pages_of(LeafRow, Leaf, Leaf.tree, [2, 0, 99], order=order, window=window)
    assert len(sent) == 1
    for tree, found in zip([2, 0, 99], pages, strict=True):
        alone = page(LeafRow, select(LeafRow, Leaf).where(Leaf.tree == tree), order=order, window=window)
        assert (found.rows, found.has_next, found.has_previous) == (alone.rows, alone.has_next, alone.has_previous)


def test_pages_of_many_parents_go_on_and_are_one_cohort(leaves: None) -> None:
    first, _ = pages_of(LeafRow, Leaf, Leaf.tree, [0, 1], order=BY_ID, window=Window(first=2))
    after = first.cursor_of(first.rows[-1])
    third, fourth = pages_of(
        LeafRow, Leaf, Leaf.tree, [0, 1], order=BY_ID, window=Window(first=2, after=after), condition=Leaf.weight > 0
    )
    assert ids(third) == [7, 10]
    assert ids(fourth) == [8, 11]
    assert third.has_previous
    assert {id(row.cohort) for row in [*third.rows, *fourth.rows]} == {id(third.rows[0].cohort)}
    before = pages_of(LeafRow, Leaf, Leaf.tree, [0], order=BY_ID, window=Window(last=1, before=after))[0]
    assert ids(before) == [1]


def test_no_parent_has_no_page(leaves: None) -> None:
    assert pages_of(LeafRow, Leaf, Leaf.tree, [], order=BY_ID, window=Window()) == []
