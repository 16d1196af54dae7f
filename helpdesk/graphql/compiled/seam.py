"""Where strawberry lets the compiled executor in: an extension that sets the result before the reference runs.

It also gives strawberry the document that was read already, so that it is parsed and validated once. A query that
is run by other means than execution.py's is left to strawberry.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from graphql import ExecutionResult, GraphQLSchema, OperationDefinitionNode
from graphql.execution.values import VariableValues
from strawberry.extensions import SchemaExtension

from helpdesk.graphql.compiled.plans import Plan, Plans
from helpdesk.graphql.compiled.running import Declined, Run
from helpdesk.graphql.documents import Prepared


@dataclass(frozen=True, slots=True)
class Running:
    """What this thread is executing: the document, the operation in it, and its coerced variables."""

    document: Prepared
    operation: OperationDefinitionNode
    variables: VariableValues
    is_plain: bool = False  # an extension wants to hear of each leaf, which columns cannot do


_running: ContextVar[Running | None] = ContextVar("running_operation", default=None)


@contextmanager
def running(now: Running) -> Iterator[None]:
    """Let strawberry, called in the block, run this."""
    token = _running.set(now)
    try:
        yield
    finally:
        _running.reset(token)


def running_now() -> Running | None:
    """Return what this thread is executing."""
    return _running.get()


class CompiledExecution(SchemaExtension):
    """Gives strawberry the document, and the result, of what this thread is executing."""

    def on_parse(self) -> Iterator[None]:
        """Set the parsed document, and an empty list of errors, which stands for a passed validation."""
        now = self._now()
        if now is not None:
            self.execution_context.graphql_document = now.document.node
            self.execution_context.pre_execution_errors = []
        yield

    def on_execute(self) -> Iterator[None]:
        """Set the result, unless the compiled executor declines."""
        now = self._now()
        if now is not None and not now.is_plain:
            self.execution_context.result = self._result(now)
        yield

    def _now(self) -> Running | None:
        now = running_now()
        return now if now is not None and now.document.text == self.execution_context.query else None

    def _result(self, now: Running) -> ExecutionResult | None:
        context = self.execution_context
        try:
            plan = _plan(now, context.schema._schema)
            if plan is None:
                return None
            run = Run(plan.operation, context.context, context.root_value, now.variables)
            data = plan.run(run)
        except Declined:
            return None
        return ExecutionResult(data, run.errors() or None)


def _plan(now: Running, schema: GraphQLSchema) -> Plan | None:
    if now.document.plans is None:
        now.document.plans = Plans(schema, now.document.node)
    plans: Plans = now.document.plans
    return plans.of(now.operation, now.variables)
