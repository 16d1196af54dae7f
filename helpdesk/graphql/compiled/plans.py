"""Makes the plan of an operation: its fields as a tree, with fragments and directives resolved.

Which fields are asked for is graphql-core's own answer (``collect_fields``), asked once for a plan. ``@skip`` and
``@include`` depend on variables, so there is a plan for each set of values that those variables have had.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    visit,
)
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues

from helpdesk.graphql.compiled.completing import Completer, Items, Leaf
from helpdesk.graphql.compiled.objects import Abstract, Column, Objects, Selection
from helpdesk.graphql.compiled.places import Places
from helpdesk.graphql.compiled.resolvers import Asked, resolver, typename
from helpdesk.graphql.compiled.running import Declined, Failure, Operation, Run

KNOWN_DIRECTIVES = frozenset({"skip", "include"})
MOST_PLANS = 8  # of one document: more sets of conditions than a page has
TYPENAME = GraphQLField(GraphQLString)


@dataclass(frozen=True, slots=True)
class Plan:
    """What answers an operation."""

    operation: Operation
    selection: Selection

    def run(self, run: Run) -> dict[str, Any] | None:
        """Return the data; None when a failure has reached the top. Errors are left in the run."""
        places = Places()
        (answer,) = self.selection.answers([run.root], places, run)
        if isinstance(answer, Failure):
            run.tell(answer, ())
            return None
        data: dict[str, Any] = answer
        return data


class Plans:
    """The plans of one document. Safe in threads: what two make at once is the same."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        nodes = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
        self._fragments = {node.name.value: node for node in nodes}
        self._known: dict[tuple[object, ...], Plan | None] = {}
        try:
            self._conditions: list[str] | None = _conditions(document)
        except Declined:
            self._conditions = None

    def of(self, operation: OperationDefinitionNode, variables: VariableValues) -> Plan | None:
        """Return the plan of one of its operations; None for one that is declined."""
        if self._conditions is None:
            return None
        values = [variables.coerced.get(condition, False) for condition in self._conditions]
        if None in values:  # it fails wherever it decides, when that is come to
            return None
        key = (operation.name.value if operation.name else None, *values)
        if key not in self._known:
            if len(self._known) >= MOST_PLANS:
                return None
            self._known[key] = self._compiled(operation, variables)
        return self._known[key]

    def _compiled(self, node: OperationDefinitionNode, variables: VariableValues) -> Plan | None:
        kept = set(self._conditions or ())  # a plan outlives the request, and keeps nothing else of it
        decisive = VariableValues(
            {name: source for name, source in variables.sources.items() if name in kept},
            {name: value for name, value in variables.coerced.items() if name in kept},
        )
        root = self._schema.get_root_type(node.operation)
        if root is None or node.operation is OperationType.SUBSCRIPTION:
            return None
        compiler = _Compiler(Operation(self._schema, node, self._fragments), decisive)
        try:
            return compiler.plan(root)
        except Declined:
            return None


def _conditions(document: DocumentNode) -> list[str]:
    """Return the variables on which it depends what is asked for. Raises Declined for what is unknown here."""
    found: set[str] = set()

    class Conditions(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            if node.name.value not in KNOWN_DIRECTIVES:
                raise Declined
            values = [argument.value for argument in node.arguments or ()]
            found.update(value.name.value for value in values if isinstance(value, VariableNode))

        def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> None:
            if node.variable_definitions:
                raise Declined

    visit(document, Conditions())
    return sorted(found)


class _Compiler:
    def __init__(self, operation: Operation, variables: VariableValues) -> None:
        self._operation, self._variables = operation, variables
        self._schema: GraphQLSchema = operation.schema
        self._fragments = {name: FragmentDetails(node) for name, node in operation.fragments.items()}

    def plan(self, root: GraphQLObjectType) -> Plan:
        """Return the plan of the operation. Raises Declined."""
        fields = collect_fields(self._schema, self._fragments, self._variables, root, self._operation.node)
        return Plan(self._operation, self.selection(root, fields.grouped_field_set))

    def selection(self, around: GraphQLObjectType, fields: GroupedFieldSet) -> Selection:
        """Return what answers the fields of an object type."""
        return Selection(
            [self._column(around, key, ordinal, details) for ordinal, (key, details) in enumerate(fields.items())]
        )

    def _column(self, around: GraphQLObjectType, key: str, ordinal: int, details: FieldDetailsList) -> Column:
        nodes = [detail.node for detail in details]
        name = nodes[0].name.value
        if name == "__typename":
            asked = Asked(around, TYPENAME, nodes)
            return Column(key, ordinal, typename(around.name), Leaf(asked, GraphQLString, is_nullable=False))
        if name not in around.fields:  # introspection
            raise Declined
        asked = Asked(around, around.fields[name], nodes)
        return Column(key, ordinal, resolver(asked, self._schema), self._completer(asked, asked.field.type, details))

    def _completer(self, asked: Asked, kind: GraphQLOutputType, details: FieldDetailsList) -> Completer:
        is_nullable = not is_non_null_type(kind)
        inner: Any = kind if is_nullable else kind.of_type  # type: ignore[union-attr]
        if is_list_type(inner):
            return Items(asked, self._completer(asked, inner.of_type, details), is_nullable=is_nullable)
        if is_leaf_type(inner):
            return Leaf(asked, inner, is_nullable=is_nullable)
        if is_abstract_type(inner):
            abstract: GraphQLAbstractType = inner
            completer = Abstract(asked, abstract, self._for(asked, details), is_nullable=is_nullable)
            if self._operation.node.operation is OperationType.MUTATION:  # one that has begun can be declined no more
                for possible in self._schema.get_possible_types(abstract):
                    completer.objects_of(possible)
            return completer
        return self._objects(asked, inner, details, is_nullable=is_nullable)

    def _for(self, asked: Asked, details: FieldDetailsList) -> Callable[[GraphQLObjectType], Objects]:
        """Return what compiles a type when a value of it is first met."""
        return lambda kind: self._objects(asked, kind, details, is_nullable=True)

    def _objects(
        self, asked: Asked, kind: GraphQLObjectType, details: FieldDetailsList, *, is_nullable: bool
    ) -> Objects:
        fields = collect_subfields(self._schema, self._fragments, self._variables, self._operation.node, kind, details)
        selection = self.selection(kind, fields.grouped_field_set)
        return Objects(asked, kind, selection, is_nullable=is_nullable)
