"""How large a document may be: tokens, fragments, directives, aliases, fields, depth, writes; before anything runs.

Owns the limits that need no schema. Refuses to know what a field costs (costs.py) and what it means.

Every number is taken after fragments are expanded, in one pass that is linear in the document: a
fragment is measured once and its measure is reused wherever it is spread. strawberry's own limiters
lost: they walk each spread anew, so that fragments which double hold a worker for minutes.
Sums saturate, so that doubled fragments cannot make the numbers themselves large.
Source: SECURITY 0.1, E1 to E5.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    Token,
    TokenKind,
    VariableNode,
)

MAX_DOCUMENT_LENGTH = 65_536
MAX_TOKENS = 2_000
MAX_COMMENTS = 500
MAX_FRAGMENTS = 50
MAX_DIRECTIVES = 50
MAX_ALIASES = 100
MAX_FIELDS = 2_000
MAX_PAIRS = 4_000  # graphql-core compares any two fields of one name in one place, in 5 to 11 µs
MAX_DEPTH = 10
MAX_MUTATIONS = 4
PAGE_ARGUMENTS = ("first", "last")
INTROSPECTION = frozenset({"__schema", "__type"})

SATURATED = 1_000_000_000
FRAGMENTS = 0
"""The place at which all fragments begin, since all of them may be spread in one; an operation's is its own."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Measures of a selection with its fragments expanded. ``roots`` counts only the fields of its first level."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    roots: int = 0

    def beside(self, other: "Shape") -> "Shape":
        """Return the measures of both selections standing side by side."""
        return Shape(
            max(self.depth, other.depth),
            min(self.aliases + other.aliases, SATURATED),
            min(self.fields + other.fields, SATURATED),
            min(self.roots + other.roots, SATURATED),
        )


NOTHING = Shape()
LEAF = Shape(depth=1, fields=1, roots=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the one pass found: fragments, innermost first, and the variables that page sizes come from."""

    fragments: tuple[FragmentDefinitionNode, ...]
    page_variables: tuple[str, ...]
    tokens: int


def refusal(code: str, message: str, node: SelectionNode | OperationDefinitionNode | None = None) -> GraphQLError:
    """Return a limit's error with its stable code, pointing at the place if there is one."""
    return GraphQLError(message, node, extensions={"code": code})


def check(document: DocumentNode) -> Facts:
    """Measure the whole document. Raises GraphQLError, with a code, for the first limit that it is over."""
    tokens = _check_tokens(document)
    fragments = _innermost_first(document)
    census = _Census()
    for fragment in fragments:
        census.shapes[fragment.name.value] = census.of(fragment.selection_set, FRAGMENTS)
    for place, definition in enumerate(document.definitions, 1):
        if isinstance(definition, OperationDefinitionNode):
            _check_shape(definition, census.of(definition.selection_set, -place))
    _check_pairs(census.repeats)
    return Facts(fragments, tuple(sorted(census.page_variables)), tokens)


def _check_tokens(document: DocumentNode) -> int:
    """Count the tokens; refuse too many directives, and the NUL character, which PostgreSQL cannot store."""
    count = directives = 0
    token: Token | None = document.loc.start_token if document.loc else None
    while token is not None:
        count += 1
        directives += token.kind is TokenKind.AT
        if token.value is not None and "\0" in token.value:
            raise refusal("BAD_USER_INPUT", "Text in a document may not contain the NUL character.")
        token = token.next
    if directives > MAX_DIRECTIVES:
        raise refusal(
            "TOO_MANY_DIRECTIVES", f"The document has {directives} directives; {MAX_DIRECTIVES} are the most allowed."
        )
    return count


def _innermost_first(document: DocumentNode) -> tuple[FragmentDefinitionNode, ...]:
    """Order the fragments so that each comes after all it spreads. GraphQLError if too many or in circles."""
    definitions = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    if len(definitions) > MAX_FRAGMENTS:
        raise refusal(
            "TOO_MANY_FRAGMENTS",
            f"The document has {len(definitions)} fragments; {MAX_FRAGMENTS} are the most allowed.",
        )
    by_name = {node.name.value: node for node in definitions}
    if len(by_name) < len(definitions):
        raise refusal("GRAPHQL_VALIDATION_FAILED", "Two fragments have one name; give each its own.")
    spreads = {name: _spreads(node.selection_set) for name, node in by_name.items()}
    try:
        order = tuple(TopologicalSorter(spreads).static_order())
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        message = f"Fragments may not spread themselves, not even through others: {circle}."
        raise refusal("GRAPHQL_VALIDATION_FAILED", message) from error
    return tuple(by_name[name] for name in order if name in by_name)


def _spreads(selection_set: SelectionSetNode) -> set[str]:
    found: set[str] = set()
    waiting = [selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                found.add(selection.name.value)
            elif isinstance(selection, FieldNode | InlineFragmentNode) and selection.selection_set:
                waiting.append(selection.selection_set)
    return found


class _Census:
    """Measures selections, each once. A place is where fields stand in the answer; it is told by a number.

    ``repeats`` counts, by place and response name, how often a field is written there.
    """

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.repeats: Counter[tuple[int, str]] = Counter()
        self.page_variables: set[str] = set()
        self._places: dict[tuple[int, str], int] = {}

    def of(self, selection_set: SelectionSetNode, place: int) -> Shape:
        total = NOTHING
        for selection in selection_set.selections:
            total = total.beside(self._selection(selection, place))
        return total

    def _selection(self, selection: SelectionNode, place: int) -> Shape:
        if isinstance(selection, FieldNode):
            return self._field(selection, place)
        if isinstance(selection, FragmentSpreadNode):
            return self.shapes.get(selection.name.value, NOTHING)  # an unknown one is validation's to report
        assert isinstance(selection, InlineFragmentNode)
        return self.of(selection.selection_set, place)

    def _field(self, field: FieldNode, place: int) -> Shape:
        key = (place, (field.alias or field.name).value)
        self.repeats[key] += 1
        inner = NOTHING
        if field.selection_set:
            inner = self.of(field.selection_set, self._places.setdefault(key, len(self._places) + 1))
        self.page_variables |= {
            argument.value.name.value
            for argument in field.arguments or ()
            if argument.name.value in PAGE_ARGUMENTS and isinstance(argument.value, VariableNode)
        }
        if inner is NOTHING and field.alias is None:
            return LEAF
        is_introspection = field.name.value in INTROSPECTION  # graphql-core bounds its depth by a rule of its own
        return Shape(
            depth=1 if is_introspection else 1 + inner.depth,
            aliases=inner.aliases + (field.alias is not None),
            fields=inner.fields + 1,
            roots=1,
        )


def _check_shape(operation: OperationDefinitionNode, shape: Shape) -> None:
    is_mutation = operation.operation is OperationType.MUTATION
    limits = (
        ("QUERY_TOO_DEEP", "levels, one field within another", shape.depth, MAX_DEPTH),
        ("TOO_MANY_ALIASES", "aliases, fragments expanded", shape.aliases, MAX_ALIASES),
        ("TOO_MANY_FIELDS", "fields, fragments expanded", shape.fields, MAX_FIELDS),
        ("TOO_MANY_MUTATIONS", "mutations in one request", shape.roots if is_mutation else 0, MAX_MUTATIONS),
    )
    for code, what, found, most in limits:
        if found > most:
            count = f"{found:,}" if found < SATURATED else "far too many"
            raise refusal(code, f"The operation has {count} {what}; {most:,} are the most allowed.", operation)


def _check_pairs(repeats: Mapping[tuple[int, str], int]) -> None:
    """Refuse what takes graphql-core long to compare, as it does before it tells of any mistake."""
    pairs = sum(count * (count - 1) // 2 for count in repeats.values())
    if pairs > MAX_PAIRS:
        (_, name), count = max(repeats.items(), key=lambda one: one[1])
        raise refusal(
            "TOO_MANY_FIELDS",
            f"The document asks for the same fields again and again in one place, or in its fragments, {count} times"
            f" for “{name}”; ask for each once.",
        )
