"""Objects: rows in, one dict a row out, made of a column for each field."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLAbstractType, GraphQLError, GraphQLObjectType, default_type_resolver
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.executor import Executor
from graphql.pyutils import inspect

from helpdesk.graphql.compiled.completing import Completer, is_amiss
from helpdesk.graphql.compiled.places import Places
from helpdesk.graphql.compiled.resolvers import Asked, Resolve
from helpdesk.graphql.compiled.running import Declined, Failure, Run

UNSURE = (dict,)
"""Classes that say nothing of the type of a value."""
NULLS = {type(None)}


class Column:
    """One field of an object: its name in the answer, its ordinal, what resolves and what completes it."""

    def __init__(self, key: str, ordinal: int, resolve: Resolve, completer: Completer) -> None:
        self.key, self._ordinal, self._resolve, self._completer = key, ordinal, resolve, completer
        self._is_nullable = completer.is_nullable

    def answers(self, rows: Sequence[Any], at: Places, run: Run) -> Sequence[Any]:
        """Return the field's answers for the rows; a Failure only where it may not be null."""
        places = Places(at, key=self.key, ordinal=self._ordinal, is_nullable=self._is_nullable)
        before = run.failures
        answers = self._completer.complete(self._resolve(rows, run), places, run)
        if run.failures != before and self._is_nullable:
            return run.settle(answers, places)
        return answers


class Selection:
    """The fields that are asked of an object type."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._build = _builder([column.key for column in columns])

    def answers(self, rows: Sequence[Any], at: Places, run: Run) -> Sequence[Any]:
        """Return a dict for each row, or the Failure of a field that may not be null."""
        if not rows:
            return []
        if not self._columns:
            return [{} for _row in rows]
        lost: dict[int, Failure] = {}
        left: Sequence[int] = range(len(rows))
        columns: list[Sequence[Any]] = []
        for column in self._columns:
            before = run.failures
            answers = column.answers(rows, at, run)
            columns.append(answers)
            failed = [] if run.failures == before else _failed(answers)
            if failed:
                kept = at.survivors(failed, len(rows))
                lost |= _losses(answers, kept, left)
                columns = [[found[place] for place in kept] for found in columns]
                rows, at, left = [rows[place] for place in kept], at.only(kept), [left[place] for place in kept]
                if not rows:
                    break
        built = self._build(columns)
        return _merged(built, left, lost) if lost else built


class Objects(Completer):
    """Completes an object type."""

    def __init__(self, asked: Asked, kind: GraphQLObjectType, selection: Selection, *, is_nullable: bool) -> None:
        super().__init__(asked, is_nullable=is_nullable)
        self._kind, self._selection = kind, selection
        self._proven: set[type] = set()

    def complete(self, values: Sequence[Any], places: Places, run: Run) -> Sequence[Any]:
        """Return the objects' answers."""
        kinds = set(map(type, values))
        if kinds <= self._proven:
            return self._selection.answers(values, places, run)
        if self.is_nullable and kinds - NULLS <= self._proven:
            outcomes: list[Any] = [None] * len(values)
            picked = [place for place, value in enumerate(values) if value is not None]
        else:
            outcomes = [self._proved(value, places, place, run) for place, value in enumerate(values)]
            picked = [place for place, outcome in enumerate(outcomes) if outcome is True]
        answers = self._selection.answers([values[place] for place in picked], places.only(picked), run)
        for place, answer in zip(picked, answers, strict=True):
            outcomes[place] = answer
        return outcomes

    def _proved(self, value: Any, places: Places, place: int, run: Run) -> Any:
        """Return True for a value of the type, and the answer for any other."""
        if type(value) in self._proven:
            return True
        if is_amiss(value):
            return self.amiss(value, places, place, run)
        test = self._kind.is_type_of
        try:
            if test and not test(value, self.asked.info(run)):
                message = f"Expected value of type '{self._kind}' but got: {inspect(value)}."
                raise GraphQLError(message, self.asked.nodes)
        except Exception as error:
            return self.fail(error, places, place, run)
        if type(value) not in UNSURE or not test:
            self._proven.add(type(value))
        return True


class Abstract(Completer):
    """Completes an interface or a union: the values of each type by themselves."""

    def __init__(
        self,
        asked: Asked,
        kind: GraphQLAbstractType,
        compile_for: Callable[[GraphQLObjectType], Objects],
        *,
        is_nullable: bool,
    ) -> None:
        super().__init__(asked, is_nullable=is_nullable)
        self._kind, self._compile = kind, compile_for
        self._lock = threading.Lock()
        self._by_name: dict[str, Objects] = {}
        self._by_class: dict[type, Objects] = {}

    def complete(self, values: Sequence[Any], places: Places, run: Run) -> Sequence[Any]:
        """Return the objects' answers."""
        groups: dict[Objects, list[int]] = {}
        answers: list[Any] = [None] * len(values)
        for place, value in enumerate(values):
            found = self._by_class.get(type(value)) or self._told(value, places, place, run)
            if isinstance(found, Objects):
                groups.setdefault(found, []).append(place)
            else:
                answers[place] = found
        for objects, picked in groups.items():
            completed = objects.complete([values[place] for place in picked], places.only(picked), run)
            for place, answer in zip(picked, completed, strict=True):
                answers[place] = answer
        return answers

    def _told(self, value: Any, places: Places, place: int, run: Run) -> Any:
        """Return what completes a value, or the answer for one that is of no type."""
        if is_amiss(value):
            return self.amiss(value, places, place, run)
        try:
            found = self.objects_of(self._type_of(value, run))
        except Declined:
            raise
        except Exception as error:
            return self.fail(error, places, place, run)
        if type(value) not in UNSURE:
            self._by_class[type(value)] = found
        return found

    def _type_of(self, value: Any, run: Run) -> GraphQLObjectType:
        """Return the type of a value; whether it may be one, the reference says. Raises GraphQLError."""
        asked, info = self.asked, self.asked.info(run)
        name = (self._kind.resolve_type or default_type_resolver)(value, info, self._kind)
        details = [FieldDetails(node, None) for node in asked.nodes]
        reference: Any = info  # of itself it looks at the schema alone
        return Executor.ensure_valid_runtime_type(reference, name, self._kind, details, info, value)

    def objects_of(self, kind: GraphQLObjectType) -> Objects:
        """Return what completes the values of a type. Raises Declined."""
        with self._lock:
            if kind.name not in self._by_name:
                self._by_name[kind.name] = self._compile(kind)
            return self._by_name[kind.name]


def _failed(answers: Sequence[Any]) -> list[int]:
    return [place for place, answer in enumerate(answers) if type(answer) is Failure]


def _losses(answers: Sequence[Any], kept: Sequence[int], left: Sequence[int]) -> dict[int, Failure]:
    """Return what stands for each row that does not go on: its own failure, or the one before it that ended it."""
    losses, latest, goes_on = {}, None, set(kept)
    for place, answer in enumerate(answers):
        if type(answer) is Failure:
            latest = answer
        if place not in goes_on:
            assert latest is not None
            losses[left[place]] = latest
    return losses


def _merged(built: Sequence[Any], left: Sequence[int], lost: Mapping[int, Failure]) -> list[Any]:
    answers: list[Any] = [None] * (len(left) + len(lost))
    for place, answer in zip(left, built, strict=True):
        answers[place] = answer
    for place, failure in lost.items():
        answers[place] = failure
    return answers


def _builder(keys: Sequence[str]) -> Callable[[Sequence[Sequence[Any]]], list[dict[str, Any]]]:
    """Return a function that makes dicts of columns; generated, since a literal is built twice as fast as a zip.

    The keys are names of GraphQL, letters, digits and underscores, and are quoted besides.
    """
    names = [f"v{place}" for place in range(len(keys))]
    pairs = ", ".join(f"{key!r}: {name}" for key, name in zip(keys, names, strict=True))
    source = f"lambda columns: [{{{pairs}}} for [{', '.join(names)}] in zip(*columns)]"
    made: Callable[[Sequence[Sequence[Any]]], list[dict[str, Any]]] = eval(source, {"zip": zip})  # noqa: S307
    return made
