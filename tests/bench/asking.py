"""Runs committed operations in process, as the web edge does once it knows who asks."""

from typing import Any

import orjson

from helpdesk.graphql import schema
from helpdesk.graphql.context import Context
from helpdesk.graphql.execution import Executor, GraphQLRequest
from tests.factories.client import operations


class Asking:
    """Somebody who asks a desk in this process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._executor = Executor(schema.build())

    def run(self, operation: str, **variables: Any) -> bytes:
        """Return the data of an operation as JSON; fail when there are errors."""
        self._context.seen.clear()  # each request has a context of its own
        outcome = self._executor.execute(
            GraphQLRequest(operations()[operation], variables),
            context=self._context, may_introspect=True, is_read_only=False,
        )  # fmt: skip
        assert outcome.errors == []
        return orjson.dumps(outcome.data)


def same(*answers: bytes) -> bytes:
    """Return an answer that several ways have given; fail when they differ."""
    first, *others = map(orjson.loads, answers)
    for place, other in enumerate(others, 2):
        assert other == first, f"Way {place} answers something else."
    return answers[0]
