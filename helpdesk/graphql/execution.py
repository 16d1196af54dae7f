"""Runs one request against the schema: read, limit, coerce, price, execute, format; nothing runs before all is well.

Owns the order of these steps. Refuses HTTP, and to know any type of ours.

strawberry's own parse and validate steps are fed from our cache through its extension seam, and its
``execute_sync`` does the rest, so that extensions (the compiled executor is one) work as in any
strawberry schema. Calling graphql-core directly lost: it would close that seam.
"""

from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, OperationType, get_variable_values
from strawberry import Schema
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType as StrawberryOperationType
from strawberry.utils.logging import StrawberryLogger

from helpdesk.graphql.compiled.seam import CompiledExecution, Running, running
from helpdesk.graphql.costs import MAX_COST, Costs
from helpdesk.graphql.documents import Documents, Prepared
from helpdesk.graphql.errors import format_failures, format_refusals
from helpdesk.graphql.limits import refusal

MAX_VARIABLE_ERRORS = 10
MAX_NOTED_COSTS = 32
RUNNABLE = (StrawberryOperationType.QUERY, StrawberryOperationType.MUTATION)


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation as a client sent it, its shape already checked.

    Without a ``query``, ``digest`` (its SHA-256, in hexadecimal) names one that was sent before.
    """

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer before it becomes bytes. ``did_run`` is false when the request was refused and ``data`` means nothing.

    A mutation sent where only queries may run has the code METHOD_NOT_ALLOWED.
    """

    data: dict[str, Any] | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    extensions: dict[str, Any] = field(default_factory=dict)
    did_run: bool = True


class Executor:
    """Runs requests of one schema. Safe in threads.

    Adds CompiledExecution to the schema's extensions, and silences strawberry's logger, which would
    tell every error a second time, expected ones with a traceback.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        if CompiledExecution not in schema.extensions:
            schema.extensions = (CompiledExecution, *schema.extensions)
        StrawberryLogger.logger.disabled = True
        self._is_plain = any(
            type(one).resolve is not SchemaExtension.resolve for one in schema.get_extensions(sync=True)
        )
        self._core = schema._schema
        self._documents = Documents(self._core)
        self._costs = Costs(self._core)

    def execute(
        self,
        request: GraphQLRequest,
        *,
        context: Any,
        may_introspect: bool,
        is_read_only: bool,
        request_id: str = "",
    ) -> Outcome:
        """Run one operation, or refuse it before anything has run.

        ``may_introspect`` also allows “Did you mean”. ``is_read_only`` refuses mutations.
        ``request_id`` is what masked errors quote.
        """
        try:
            prepared = self._prepared(request, may_introspect=may_introspect)
        except GraphQLError as error:
            return _refused([error], code="GRAPHQL_PARSE_FAILED")
        if prepared.errors:
            return _refused(prepared.errors, code="GRAPHQL_VALIDATION_FAILED")
        try:
            operation = _choose(prepared, request.operation_name)
            _check_kind(operation, is_read_only=is_read_only)
        except GraphQLError as error:
            return _refused([error], code="OPERATION_RESOLUTION_FAILURE")
        return self._run(
            prepared, operation, request, context=context, hide_suggestions=not may_introspect, request_id=request_id
        )

    def _prepared(self, request: GraphQLRequest, *, may_introspect: bool) -> Prepared:
        """Return the document read. Raises GraphQLError for one that cannot be, or that was not sent here."""
        if request.query or request.digest is None:
            return self._documents.prepare(request.query, may_introspect=may_introspect)
        known = self._documents.known(request.digest, may_introspect=may_introspect)
        if known is None:
            # the words that clients look for; they send the query with its hash next
            raise refusal("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        return known

    def _run(
        self,
        prepared: Prepared,
        operation: OperationDefinitionNode,
        request: GraphQLRequest,
        *,
        context: Any,
        hide_suggestions: bool,
        request_id: str,
    ) -> Outcome:
        coerced = get_variable_values(
            self._core,
            operation.variable_definitions or (),
            request.variables or {},
            max_errors=MAX_VARIABLE_ERRORS,
            hide_suggestions=hide_suggestions,
        )
        if isinstance(coerced, list):
            return _refused(coerced, code="BAD_USER_INPUT")
        try:
            cost = self._price(prepared, operation, coerced.coerced)
        except GraphQLError as error:
            return _refused([error], code="QUERY_TOO_COSTLY")
        extensions = {"cost": {"requested": cost, "limit": MAX_COST}}
        if cost > MAX_COST:
            return _refused([_too_costly(cost, operation)], code="QUERY_TOO_COSTLY", extensions=extensions)
        now = Running(prepared, operation, coerced, self._is_plain)
        return self._execute(now, request, context=context, extensions=extensions, request_id=request_id)

    def _price(self, prepared: Prepared, operation: OperationDefinitionNode, pages: dict[str, Any]) -> int:
        name = operation.name.value if operation.name else None
        key = (name, *(pages.get(variable) for variable in prepared.page_variables))
        cost = prepared.costs.get(key)
        if cost is None:
            cost = self._costs.of(operation, fragments=prepared.fragments, pages=pages)
            if len(prepared.costs) < MAX_NOTED_COSTS:
                prepared.costs[key] = cost
        return cost

    def _execute(
        self,
        now: Running,
        request: GraphQLRequest,
        *,
        context: Any,
        extensions: dict[str, Any],
        request_id: str,
    ) -> Outcome:
        with running(now):
            result = self._schema.execute_sync(
                now.document.text,
                variable_values=request.variables,
                context_value=context,
                operation_name=request.operation_name,
                allowed_operation_types=RUNNABLE,
                operation_extensions=request.extensions,
            )
        errors = format_failures(result.errors or (), request_id=request_id)
        return Outcome(result.data, errors, {**(result.extensions or {}), **extensions})


def _refused(
    errors: list[GraphQLError] | tuple[GraphQLError, ...], *, code: str, extensions: dict[str, Any] | None = None
) -> Outcome:
    return Outcome(None, format_refusals(errors, code=code), extensions or {}, did_run=False)


def _choose(prepared: Prepared, name: str | None) -> OperationDefinitionNode:
    """Return the operation that is asked for. Raises GraphQLError unless it is exactly one."""
    operations = [node for node in prepared.node.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name and node.name.value == name]
    if len(operations) == 1:
        return operations[0]
    if name is not None:
        raise GraphQLError("The document has no operation of the name given in “operationName”.")
    if operations:
        raise GraphQLError("The document has several operations: name the one to run in “operationName”.")
    raise GraphQLError("The document has no operation.")


def _check_kind(operation: OperationDefinitionNode, *, is_read_only: bool) -> None:
    if operation.operation is OperationType.SUBSCRIPTION:
        message = "Subscriptions are opened at the stream address beside this one, as GraphQL over SSE."
        raise refusal("SUBSCRIPTION_NOT_SUPPORTED", message, operation)
    if is_read_only and operation.operation is OperationType.MUTATION:
        raise refusal("METHOD_NOT_ALLOWED", "A mutation has to be sent by POST.", operation)


def _too_costly(cost: int, operation: OperationDefinitionNode) -> GraphQLError:
    message = (
        f"The operation costs {cost:,} and {MAX_COST:,} is the most allowed: "
        "ask for smaller pages or fewer lists within lists."
    )
    return refusal("QUERY_TOO_COSTLY", message, operation)
