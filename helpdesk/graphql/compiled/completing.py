"""From values to answers: a column of a field's type, with nulls, wrong values and exceptions found out on the way.

What completes a type gives, for each value, its answer, None where it may be null, or a Failure. Most columns are
of one class that needs no second look: the classes in a column are found by one pass, and told apart only when
there is another among them.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect, is_iterable

from helpdesk.graphql.compiled.places import Places
from helpdesk.graphql.compiled.resolvers import Asked
from helpdesk.graphql.compiled.running import Failure, Run

LARGEST_INT = 2_147_483_647
ITSELF = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""Scalars whose values of this class are answers as they are."""


class Completer(ABC):
    """What completes the values of one type, where one field asks for it. ``is_nullable`` says if it may be null."""

    def __init__(self, asked: Asked, *, is_nullable: bool) -> None:
        self.asked, self.is_nullable = asked, is_nullable

    @abstractmethod
    def complete(self, values: Sequence[Any], places: Places, run: Run) -> Sequence[Any]:
        """Return the answers, aligned with the values."""

    def fail(self, error: Exception, places: Places, place: int, run: Run) -> Failure:
        """Return what stands for a value that is wrong."""
        return run.fail(error, self.asked.nodes, places, place)

    def amiss(self, value: Any, places: Places, place: int, run: Run) -> Failure | None:
        """Return the answer for a value that is none: an exception, or null."""
        if isinstance(value, Exception):
            return self.fail(value, places, place, run)
        if self.is_nullable:
            return None
        asked = self.asked
        message = f"Cannot return null for non-nullable field {asked.around}.{asked.name}."
        return self.fail(TypeError(message), places, place, run)


def is_amiss(value: Any) -> bool:
    """Return whether a value is none, for ``amiss``."""
    return value is None or value is Undefined or isinstance(value, Exception)


class Leaf(Completer):
    """Completes a scalar or an enum."""

    def __init__(self, asked: Asked, kind: GraphQLLeafType, *, is_nullable: bool) -> None:
        super().__init__(asked, is_nullable=is_nullable)
        self._kind = kind
        same = ITSELF.get(kind) if isinstance(kind, GraphQLScalarType) else None
        nothing = {type(None)} if is_nullable else set()
        self._same = nothing | {same} if same else set()
        self._times = nothing | {datetime} if kind.name == "DateTime" else set()
        self._is_int = kind is GraphQLInt
        self._names: dict[Any, Any] = {None: None} if is_nullable else {}
        self._is_enum = isinstance(kind, GraphQLEnumType)

    def complete(self, values: Sequence[Any], places: Places, run: Run) -> Sequence[Any]:
        """Return the values as JSON has them."""
        kinds = set(map(type, values))
        if kinds <= self._same:
            return values
        if self._is_int and kinds == {int} and max(values) <= LARGEST_INT and min(values) >= -LARGEST_INT - 1:
            return values
        if self._is_enum:
            try:
                return [self._names[value] for value in values]
            except (KeyError, TypeError):
                pass  # one is met for the first time, or is none of the enum's: they are looked at one by one
        if kinds <= self._times:
            return [None if value is None else value.isoformat() for value in values]
        return [self._one(value, places, place, run) for place, value in enumerate(values)]

    def _one(self, value: Any, places: Places, place: int, run: Run) -> Any:
        if is_amiss(value):
            return self.amiss(value, places, place, run)
        try:
            answer = self._kind.coerce_output_value(value)
        except Exception as error:
            return self.fail(error, places, place, run)
        if answer is None or answer is Undefined:
            message = (
                f"Expected `{inspect(self._kind)}.coerce_output_value({inspect(value)})`"
                f" to return non-nullable value, returned: {inspect(answer)}"
            )
            return self.fail(TypeError(message), places, place, run)
        if self._is_enum and isinstance(value, Enum):
            self._names[value] = answer
        return answer


class Items(Completer):
    """Completes a list: its items are a column of their own."""

    def __init__(self, asked: Asked, item: Completer, *, is_nullable: bool) -> None:
        super().__init__(asked, is_nullable=is_nullable)
        self._item = item

    def complete(self, values: Sequence[Any], places: Places, run: Run) -> Sequence[Any]:
        """Return the lists of completed items; a list fails with the first item that fails and may not be null."""
        answers: list[Any] = []
        lists: list[Sequence[Any]] = []
        picked: list[int] = []
        for place, value in enumerate(values):
            found = value if type(value) is list else self._listed(value, places, place, run)
            if type(found) is list:
                lists.append(found)
                picked.append(place)
            answers.append(found)
        around = places if len(picked) == len(values) else places.only(picked)
        for place, answer in zip(picked, self._completed(lists, around, run), strict=True):
            answers[place] = answer
        return answers

    def _listed(self, value: Any, places: Places, place: int, run: Run) -> Any:
        if is_amiss(value):
            return self.amiss(value, places, place, run)
        try:
            if not is_iterable(value):
                asked = self.asked
                raise GraphQLError(f"Expected Iterable, but did not find one for field '{asked.around}.{asked.name}'.")
            return list(value)
        except Exception as error:
            return self.fail(error, places, place, run)

    def _completed(self, lists: Sequence[Sequence[Any]], around: Places, run: Run) -> list[Any]:
        sizes = [len(found) for found in lists]
        inner = Places(around, sizes=sizes, is_nullable=self._item.is_nullable)
        before = run.failures
        completed = self._item.complete([item for found in lists for item in found], inner, run)
        has_failed = run.failures != before
        if has_failed and self._item.is_nullable:
            completed = run.settle(completed, inner)
            has_failed = False
        cut, end = [], 0
        for size in sizes:
            begin, end = end, end + size
            answers: Any = list(completed[begin:end])
            if has_failed:
                answers = next((one for one in answers if type(one) is Failure), answers)
            cut.append(answers)
        return cut
