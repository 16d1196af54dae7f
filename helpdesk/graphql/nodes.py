"""The Node interface, and the two query fields that find any node by its id."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Callable
from typing import Annotated, Any

import strawberry

from helpdesk.graphql import ids
from helpdesk.graphql.context import Info
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.rows import Row

MOST_NODES = 100


@strawberry.interface(description="Anything with a global id.")
class Node:
    """Anything with a global id."""

    @strawberry.field(
        description="The global id, opaque; `node` finds the same thing again.", metadata={"column": ids.ids_of}
    )
    def id(self) -> strawberry.ID:
        """Return the row's global id."""
        return ids.id_of(self)  # type: ignore[arg-type]  # the source of a node is its row


def of(row_type: type[Row]) -> Callable[[Any, Any], bool]:
    """Return the test by which a type knows its rows among those of an interface."""

    def is_type_of(source: Any, _info: Any) -> bool:
        return isinstance(source, row_type)

    return is_type_of


@strawberry.type
class NodeQueries:
    """Query fields over any type."""

    @strawberry.field(
        graphql_type=Node | None,
        description="The thing with this id; null for an unknown one, and for one that is not yours to see.",
    )
    def node(self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="A global id.")]) -> Any:
        """Return the node or nothing."""
        return ids.load(info.context, [id])[0]

    @strawberry.field(graphql_type=list[Node | None], description="The things with these ids, in order; at most 100.")
    def nodes(
        self,
        info: Info,
        ids_: Annotated[list[strawberry.ID], strawberry.argument(name="ids", description="Global ids.")],
    ) -> Any:
        """Return the nodes in the order of the ids."""
        if len(ids_) > MOST_NODES:
            raise Invalid(f"At most {MOST_NODES} ids at once.", path=("ids",))
        return ids.load(info.context, ids_)
