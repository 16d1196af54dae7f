"""What a query costs: rows that may be touched, page sizes multiplied, known before anything runs.

Owns the price of a field. Refuses to guess at run time: the price depends on the document, the schema
and the page sizes alone, so that a client can tell it beforehand. Directives such as ``@skip`` do not
lower it, and a field selected twice is paid twice: dearer than what runs, never cheaper.

One object costs 1 and a leaf nothing. A field with ``first`` or ``last`` multiplies what its page
holds by the page size; a list without them counts as UNPAGED_ITEMS. Edges are free, their nodes are
not. A field may declare another price in its strawberry metadata, or in its extensions where strawberry
has not made it: ``{"cost": 5}`` for itself, ``{"items": 3}`` for the length of an unpaged list.

A fragment's cost is kept in the form ``own + page * per_item``, because a fragment inside a connection
does not know the page size of the field that it is spread under: so it is computed once as well.
Source: SECURITY 0.2, E4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)

from helpdesk.graphql.limits import INTROSPECTION, PAGE_ARGUMENTS, SATURATED, refusal

MAX_COST = 5_000
MAX_PAGE = 100
DEFAULT_PAGE = 20
UNPAGED_ITEMS = 10
MUTATION_COST = 10
INTROSPECTION_COST = 500


@dataclass(frozen=True, slots=True)
class Price:
    """``own + page * per_item``: what is paid once, and for each item of the page around it."""

    own: int = 0
    per_item: int = 0

    def plus(self, other: "Price") -> "Price":
        """Return the price of both."""
        return Price(min(self.own + other.own, SATURATED), min(self.per_item + other.per_item, SATURATED))

    def with_page(self, size: int) -> int:
        """Return the sum for a page of that many items."""
        return min(self.own + size * self.per_item, SATURATED)


FREE = Price()


@dataclass(frozen=True, slots=True)
class _Tariff:
    """What the schema alone says of one field. ``page`` is the size without arguments; None for an unpaged field."""

    weight: int
    type: GraphQLNamedType
    page: int | None
    items: int | None
    is_per_item: bool


class Costs:
    """Prices operations of one schema. Safe in threads: what it remembers is bounded by the schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._tariffs: dict[tuple[str, str], _Tariff] = {}

    def of(
        self,
        operation: OperationDefinitionNode,
        *,
        fragments: tuple[FragmentDefinitionNode, ...],
        pages: Mapping[str, Any],
    ) -> int:
        """Price a valid operation. ``fragments`` come innermost first; ``pages`` are coerced variables.

        Raises GraphQLError with BAD_PAGE_SIZE for a page that nobody may ask for.
        """
        prices: dict[str, Price] = {}
        walk = _Walk(self, prices, pages)
        for fragment in fragments:
            around = self._schema.get_type(fragment.type_condition.name.value)
            prices[fragment.name.value] = walk.selections(fragment.selection_set, around)
        root = self._schema.get_root_type(operation.operation)
        price = walk.selections(operation.selection_set, root).with_page(DEFAULT_PAGE)
        if operation.operation is OperationType.MUTATION:
            price += MUTATION_COST
        return price

    def named(self, name: str) -> GraphQLNamedType | None:
        """Return the schema's type of that name."""
        return self._schema.get_type(name)

    def tariff(self, around: GraphQLNamedType, name: str) -> _Tariff:
        """Return the tariff of a field of that type."""
        key = (around.name, name)
        if key not in self._tariffs:
            assert isinstance(around, GraphQLObjectType | GraphQLInterfaceType)
            self._tariffs[key] = _read_tariff(around.fields[name], around)
        return self._tariffs[key]


class _Walk:
    """One pricing: the page sizes are known, each fragment is priced once."""

    def __init__(self, costs: Costs, fragments: Mapping[str, Price], pages: Mapping[str, Any]) -> None:
        self._costs = costs
        self._fragments = fragments
        self._pages = pages

    def selections(self, selection_set: SelectionSetNode, around: GraphQLNamedType | None) -> Price:
        total = FREE
        for selection in selection_set.selections:
            total = total.plus(self._selection(selection, around))
        return total

    def _selection(self, selection: SelectionNode, around: GraphQLNamedType | None) -> Price:
        if isinstance(selection, FieldNode):
            return self._field(selection, around)
        if isinstance(selection, FragmentSpreadNode):
            return self._fragments[selection.name.value]
        assert isinstance(selection, InlineFragmentNode)
        condition = selection.type_condition
        return self.selections(
            selection.selection_set, self._costs.named(condition.name.value) if condition else around
        )

    def _field(self, field: FieldNode, around: GraphQLNamedType | None) -> Price:
        name = field.name.value
        if name.startswith("__"):
            return Price(INTROSPECTION_COST) if name in INTROSPECTION else FREE
        assert around is not None
        tariff = self._costs.tariff(around, name)
        inner = self.selections(field.selection_set, tariff.type) if field.selection_set else FREE
        page = DEFAULT_PAGE if tariff.page is None else _page_size(field, tariff.page, self._pages)
        if tariff.items is None:
            return Price(min(tariff.weight + inner.with_page(page), SATURATED))
        item = min(tariff.weight + inner.with_page(DEFAULT_PAGE), SATURATED)
        if tariff.is_per_item:
            return Price(0, item)
        return Price(min((tariff.items if tariff.page is None else page) * item, SATURATED))


def _page_size(field: FieldNode, default: int, pages: Mapping[str, Any]) -> int:
    """Return the page size that the arguments ask for; refuse a negative, a too large and a doubled one."""
    asked: dict[str, int] = {}
    for argument in field.arguments or ():
        if argument.name.value not in PAGE_ARGUMENTS:
            continue
        value: Any = None
        if isinstance(argument.value, IntValueNode):
            value = int(argument.value.value)
        elif isinstance(argument.value, VariableNode):
            value = pages.get(argument.value.name.value)
        if value is not None:
            asked[argument.name.value] = value
    if len(asked) > 1:
        message = f"“{field.name.value}” takes “first” or “last”, not both: leave one out."
        raise refusal("BAD_PAGE_SIZE", message, field)
    for name, size in asked.items():
        if not 0 <= size <= MAX_PAGE:
            message = f"“{name}” of “{field.name.value}” is {size}; ask for 0 to {MAX_PAGE}, and page through the rest."
            raise refusal("BAD_PAGE_SIZE", message, field)
        return size
    return default


def _read_tariff(field: GraphQLField, around: GraphQLObjectType | GraphQLInterfaceType) -> _Tariff:
    named = get_named_type(field.type)
    metadata = getattr(field.extensions.get("strawberry-definition"), "metadata", None) or field.extensions
    is_list = isinstance(get_nullable_type(field.type), GraphQLList)
    page_arguments = [argument for name, argument in field.args.items() if _is_page_argument(name, argument)]
    usual = 1 if is_composite_type(named) and not _is_edge(named) else 0
    return _Tariff(
        weight=metadata.get("cost", usual),
        type=named,
        page=_default_page(page_arguments) if page_arguments else None,
        items=metadata.get("items", UNPAGED_ITEMS) if is_list else None,
        is_per_item=is_list and not page_arguments and "pageInfo" in around.fields,
    )


def _is_page_argument(name: str, argument: GraphQLArgument) -> bool:
    return name in PAGE_ARGUMENTS and get_named_type(argument.type) is GraphQLInt


def _default_page(arguments: list[GraphQLArgument]) -> int:
    declared = [argument.default_value for argument in arguments if isinstance(argument.default_value, int)]
    return max(declared, default=DEFAULT_PAGE)


def _is_edge(named: GraphQLNamedType) -> bool:
    return isinstance(named, GraphQLObjectType) and {"node", "cursor"} <= named.fields.keys()
