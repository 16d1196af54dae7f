"""Runs an operation by the compiled executor and by the reference, graphql-core's, and compares all that they say."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError, OperationDefinitionNode, get_variable_values

from helpdesk.graphql import documents
from helpdesk.graphql.compiled.seam import Running, running
from helpdesk.graphql.documents import Prepared
from helpdesk.graphql.execution import Executor
from tests.bench.measuring import Sent, sent_statements
from tests.graphql.compiled.documents import Asking


@dataclass(frozen=True, slots=True)
class Answer:
    """What an executor said: the data as bytes, so that the order of names counts, and each error with its causes."""

    data: bytes
    errors: list[tuple[Any, ...]]


@dataclass(slots=True)
class Tally:
    """How many operations were run, and what they were like."""

    run: int = 0
    refused: int = 0
    declined: int = 0
    failing: int = 0
    statements: int = 0
    by_reference: int = 0
    refusals: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"{self.run} runs, {self.failing} of them with errors, {self.declined} declined;"
            f" {self.refused} documents refused; {self.statements} statements, by the reference {self.by_reference}"
        )


class Both:
    """Both executors of a schema. Each run stands in ``around``; statements are counted if ``counts``."""

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        counts: bool = False,
        around: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        Executor(schema)  # adds the compiled executor to the schema
        self._schema, self._counts, self._around = schema, counts, around
        self.tally = Tally()

    def agree(self, asking: Asking, context: Callable[[], Any]) -> None:
        """Run the operation with each set of variables and compare; the compiled executor answers each twice."""
        try:
            document = documents.read(asking.text, self._schema._schema, may_introspect=True)
        except GraphQLError as error:  # over a limit
            self.tally.refused += 1
            self.tally.refusals.add(error.message)
            return
        assert document.errors == (), (asking.text, document.errors)
        for given in asking.variants:
            self._agree(document, given, context)

    def _agree(self, document: Prepared, given: dict[str, Any], context: Callable[[], Any]) -> None:
        reference, most = self.answer(document, given, context, is_plain=True)
        compiled, sent = self.answer(document, given, context)
        again, _ = self.answer(document, given, context)
        asked = f"{document.text}\n{given}"
        assert compiled == reference, asked
        assert again == reference, f"When it was asked again: {asked}"
        assert len(sent) <= len(most) or is_cut(reference), f"{len(sent)} statements instead of {len(most)}: {asked}"
        tally = self.tally
        tally.run, tally.failing = tally.run + 1, tally.failing + bool(reference.errors)
        tally.declined += is_declined(document, given)
        tally.statements += len(sent)
        tally.by_reference += len(most)

    def answer(
        self, document: Prepared, given: dict[str, Any], context: Callable[[], Any], *, is_plain: bool = False
    ) -> tuple[Answer, Sent]:
        """Return the answer, and the statements that it took; the reference's, if ``is_plain``."""
        operation = operation_of(document)
        coerced = get_variable_values(self._schema._schema, operation.variable_definitions or (), given)
        assert not isinstance(coerced, list), coerced
        now = Running(document, operation, coerced, is_plain)
        counting: Any = sent_statements() if self._counts else nullcontext([])
        with self._around(), running(now), counting as sent:
            result = self._schema.execute_sync(document.text, given, context_value=context(), operation_name="Asked")
        data = orjson.dumps(result.data, default=repr)
        return Answer(data, [_told(error) for error in result.errors or ()]), sent


def is_cut(answer: Answer) -> bool:
    """Return whether a failure took more with it than its own value.

    The reference does not ask for the rest of what is gone, and so may send fewer statements: by columns, the field
    before has been asked of all rows when a row fails.
    """
    return any(not _is_null_at(orjson.loads(answer.data), path) for _, _, path, *_ in answer.errors)


def _is_null_at(value: Any, path: list[str | int] | None) -> bool:
    for step in path or ():
        if value is None:
            return False
        value = value[step]
    return path is not None and value is None


def operation_of(document: Prepared) -> OperationDefinitionNode:
    """Return the operation of the document that is run."""
    (operation,) = [node for node in document.node.definitions if isinstance(node, OperationDefinitionNode)]
    return operation


def is_declined(document: Prepared, given: dict[str, Any]) -> bool:
    """Return whether the compiled executor, asked already, leaves the operation to the reference."""
    operation = operation_of(document)
    plans: Any = document.plans
    coerced = get_variable_values(plans._schema, operation.variable_definitions or (), given)
    assert not isinstance(coerced, list)
    return plans.of(operation, coerced) is None


def _told(error: GraphQLError) -> tuple[Any, ...]:
    causes = []
    cause: Any = error
    while cause is not None:
        causes.append(type(cause).__name__)
        cause = getattr(cause, "original_error", None)
    places = [(place.line, place.column) for place in error.locations or ()]
    return error.message, places, error.path, causes, error.extensions
