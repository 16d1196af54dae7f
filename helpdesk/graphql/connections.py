"""Relay connections over our keyset pages."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from typing import Annotated, Any, Generic, TypeVar

import strawberry

from helpdesk.kernel.paging import Page, Window

T = TypeVar("T")
MOST_COUNTED = 10_000

First = Annotated[
    int | None, strawberry.argument(description="How many from the beginning: 0 to 100, 20 if not given.")
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end: 0 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether more follows.")
    has_previous_page: bool = strawberry.field(description="Whether something comes before.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first node, for `before`.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last node, for `after`.")


@strawberry.type(description="A node and its place in the list.")
class Edge(Generic[T]):
    """A node and its place in the list."""

    node: T = strawberry.field(description="The node.")
    cursor: str = strawberry.field(description="Its place, opaque.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    """One page of a list."""

    page: strawberry.Private[Page[Any]]

    @strawberry.field(description="The nodes with their cursors.")
    def edges(self) -> list[Edge[T]]:
        """Return the nodes with their cursors."""
        return [Edge(node=row, cursor=self.page.cursor_of(row)) for row in self.page.rows]

    @strawberry.field(description="The nodes alone.")
    def nodes(self) -> list[T]:
        """Return the nodes alone."""
        return self.page.rows

    @strawberry.field(description="Where the page stands in its list.")
    def page_info(self) -> PageInfo:
        """Return where the page stands."""
        rows = self.page.rows
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.page.cursor_of(rows[0]) if rows else None,
            end_cursor=self.page.cursor_of(rows[-1]) if rows else None,
        )

    @strawberry.field(
        description=f"How many there are in the whole list, counted only when asked for; {MOST_COUNTED + 1:,} stands"
        f" for more than {MOST_COUNTED:,}."
    )
    def total_count(
        self,
        exact: Annotated[bool, strawberry.argument(description="Count to the end, however long that takes.")] = False,
    ) -> int:
        """Return the length of the whole list."""
        return self.page.count(None if exact else MOST_COUNTED + 1)


def window(first: int | None, after: str | None, last: int | None = None, before: str | None = None) -> Window:
    """Return the window that the arguments of a connection ask for."""
    return Window(first, after, last, before)
