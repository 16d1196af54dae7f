"""One run of a plan: what it is given, and the errors that it meets."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, GraphQLError, GraphQLSchema, OperationDefinitionNode
from graphql.error import located_error
from graphql.execution.values import VariableValues

from helpdesk.graphql.compiled.places import Places, Position, is_within


class Declined(Exception):
    """The plan does not know this; the reference executor answers."""


class Failure:
    """Stands in a column for a value that there is not: the error, located, and where it arose."""

    __slots__ = ("error", "position")

    def __init__(self, error: GraphQLError, position: Position) -> None:
        self.error, self.position = error, position


@dataclass(frozen=True, slots=True)
class Operation:
    """What is the same in all runs of a plan, for those resolvers that are given graphql-core's info."""

    schema: GraphQLSchema
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]


@dataclass(slots=True)
class Run:
    """One run. ``failures`` counts the failures made so far, so that nobody looks for any in vain."""

    operation: Operation
    context: Any
    root: Any
    variables: VariableValues
    failures: int = 0
    _errors: list[tuple[Position, Position, GraphQLError]] = field(default_factory=list)

    def fail(self, error: Exception, nodes: Collection[FieldNode], places: Places, place: int) -> Failure:
        """Return what stands for the value at a place that is wrong."""
        self.failures += 1
        return Failure(located_error(error, nodes, places.path(place)), places.position(place))

    def settle(self, answers: Sequence[Any], places: Places) -> list[Any]:
        """Return a nullable column with null in place of each failure, whose error is told."""
        settled = list(answers)
        for place, answer in enumerate(answers):
            if type(answer) is Failure:
                self.tell(answer, places.position(place))
                settled[place] = None
        return settled

    def tell(self, failure: Failure, nulled: Position) -> None:
        """Note the error of a failure, and that the answer is null at a position because of it."""
        self._errors.append((failure.position, nulled, failure.error))

    def errors(self) -> list[GraphQLError]:
        """Return the errors in the order of execution, without what comes after one in the part that it made null."""
        told: list[GraphQLError] = []
        end: Position | None = None  # only the last can matter: who has left it does not come back
        for position, nulled, error in sorted(self._errors, key=itemgetter(0)):
            if end is None or not is_within(position, end):
                told.append(error)
                end = nulled
        return told
