"""The one cache of the API: a document's text gives its parsed form, its errors, its costs and its plans.

Owns reading a document. Refuses to run one. Plans and costs live on the document, so that nothing
outlives it and no second cache has to be bounded.

A text is found by its hash, so a client may send that alone (automatic persisted queries) and needs no store of
texts beside this one.

The cache is bounded by weight in tokens, because a parsed document is some hundred times its text; a
number of entries would have been a promise about nothing. It has two shelves: a document comes to the
small one and moves to the large one when it is asked for again, so that a flood of documents sent
once (they are a stranger's to choose) cannot drive out those in use.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Lock
from typing import Any

from graphql import (
    SKIP,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    ValidationRule,
    VisitorAction,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from helpdesk.graphql import limits

MAX_CACHED_LENGTH = 16_384
MAX_CACHED_TOKENS = 100_000  # about 60 MB of parsed documents
CHARACTERS_PER_TOKEN = 64  # a long text weighs even where it is a single token
ENTRY_WEIGHT = 20
ERROR_WEIGHT = 10


class NoIntrospection(ValidationRule):
    """Refuse ``__schema`` and ``__type``, in one error; graphql-core's own rule tells one for each field below them."""

    def enter_field(self, node: FieldNode, *_: Any) -> VisitorAction:
        """Report the field and pass over what it selects."""
        if node.name.value not in limits.INTROSPECTION:
            return None
        message = "The schema is shown to those who send a key or have signed in."
        self.report_error(limits.refusal("INTROSPECTION_DISABLED", message, node))
        return SKIP


RULES = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
GUARDED_RULES = (*RULES, NoIntrospection)


@dataclass(slots=True, eq=False)
class Prepared:
    """A document that was read, and what became known of it.

    ``errors`` tell why it does not fit the schema; it runs only when there are none. ``costs`` is
    costs.py's note of prices by operation and page sizes; ``plans`` belongs to the compiled executor.
    """

    text: str
    node: DocumentNode
    errors: tuple[GraphQLError, ...]
    fragments: tuple[FragmentDefinitionNode, ...]
    page_variables: tuple[str, ...]
    weight: int
    costs: dict[tuple[object, ...], int] = field(default_factory=dict)
    plans: Any = None


class Documents:
    """Reads documents for one schema and remembers them. Safe in threads."""

    def __init__(self, schema: GraphQLSchema, *, max_tokens: int = MAX_CACHED_TOKENS) -> None:
        self._schema = schema
        self._lock = Lock()
        self._new = _Shelf(max_tokens // 4)
        self._proven = _Shelf(max_tokens - max_tokens // 4)

    def prepare(self, text: str, *, may_introspect: bool) -> Prepared:
        """Return the document read, checked against the limits and validated.

        Raises GraphQLError, with a code, for a text that cannot be read or is over a limit.
        """
        digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        known = self.known(digest, may_introspect=may_introspect)
        if known is not None:
            return known
        prepared = read(text, self._schema, may_introspect=may_introspect)
        if len(text) <= MAX_CACHED_LENGTH:
            with self._lock:
                self._new.put((digest, may_introspect), prepared)
        return prepared

    def known(self, digest: str, *, may_introspect: bool) -> Prepared | None:
        """Return the document of a text's SHA-256, in hexadecimal, if it was read lately."""
        with self._lock:
            return self._recall((digest, may_introspect))

    def weight(self) -> int:
        """Return what all remembered documents weigh, in tokens."""
        with self._lock:
            return self._new.weight + self._proven.weight

    def _recall(self, key: tuple[str, bool]) -> Prepared | None:
        known = self._proven.take(key) or self._new.take(key)
        if known is not None:
            self._proven.put(key, known)
        return known


class _Shelf:
    """Documents up to a weight; the one unused for longest goes first."""

    def __init__(self, max_weight: int) -> None:
        self._max_weight = max_weight
        self._entries: OrderedDict[tuple[str, bool], Prepared] = OrderedDict()
        self.weight = 0

    def take(self, key: tuple[str, bool]) -> Prepared | None:
        prepared = self._entries.pop(key, None)
        if prepared is not None:
            self.weight -= prepared.weight
        return prepared

    def put(self, key: tuple[str, bool], prepared: Prepared) -> None:
        self.take(key)
        self._entries[key] = prepared
        self.weight += prepared.weight
        while self.weight > self._max_weight:
            _, dropped = self._entries.popitem(last=False)
            self.weight -= dropped.weight


def read(text: str, schema: GraphQLSchema, *, may_introspect: bool) -> Prepared:
    """Parse, measure and validate a text, in this order: what is over a limit never reaches validation."""
    node = _parse(text)
    facts = limits.check(node)
    rules = RULES if may_introspect else GUARDED_RULES
    errors = tuple(validate(schema, node, rules, hide_suggestions=not may_introspect))
    weight = ENTRY_WEIGHT + facts.tokens + len(text) // CHARACTERS_PER_TOKEN + ERROR_WEIGHT * len(errors)
    return Prepared(text, node, errors, facts.fragments, facts.page_variables, weight)


def _parse(text: str) -> DocumentNode:
    if len(text) > limits.MAX_DOCUMENT_LENGTH:
        raise limits.refusal(
            "DOCUMENT_TOO_LARGE",
            f"The document has {len(text):,} characters; {limits.MAX_DOCUMENT_LENGTH:,} are the most allowed. "
            "Send long texts as variables.",
        )
    try:
        return parse(text, max_lexical_tokens=limits.MAX_TOKENS, max_comments=limits.MAX_COMMENTS)
    except GraphQLError as error:
        if not error.message.endswith(" Parsing aborted."):
            raise
        if "nested too deeply" in error.message:
            message = f"The document is nested far too deeply; {limits.MAX_DEPTH} levels are the most allowed."
            raise limits.refusal("QUERY_TOO_DEEP", message) from error
        message = (
            f"The document has more than {limits.MAX_TOKENS:,} tokens or {limits.MAX_COMMENTS} comments. "
            "Send values as variables, or split the request."
        )
        raise limits.refusal("TOO_MANY_TOKENS", message) from error
