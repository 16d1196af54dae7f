"""The shape of a query: what peewee would write of it without its values, and those in a list of their own (texts.py).

What stands in a query and is not known to be a value is part of the shape, so a mistake here costs memory or time, not
truth. Lists to look in are filled up to a power of two with their last value, or each length would be its own shape.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import peewee

MOST_ROWS = 16  # of an insert: beyond it the text is long, and seldom the same again

Converter = Callable[[Any], Any] | None
_LISTS = (list, tuple, set, frozenset)
_PLAIN = (str, int, float, bool, bytes, type(None))


class Unknown(Exception):
    """The walk met what it does not know."""


class Mark(peewee.Value):
    """A value that knows which of the query's values it is. Written by others than ``Writer`` it is just a value."""

    def __init__(self, value: Any, converter: Any, place: int) -> None:
        super().__init__(value, converter=converter, unpack=False)
        self.place = place

    def __sql__(self, ctx: Any) -> Any:
        if not isinstance(ctx, Writer):
            return super().__sql__(ctx)  # type: ignore[no-untyped-call]
        if ctx.state.value_literals:
            raise Unknown
        inherited = ctx.state.converter if self.converter is None else None
        ctx._values.append(Slot(self.place, self.converter or inherited))
        return ctx.literal(ctx.state.param or "?")


class Slot:
    """Where in the text a value goes, and what makes it one of the database's."""

    __slots__ = ("converter", "place")

    def __init__(self, place: int, converter: Converter) -> None:
        self.place, self.converter = place, converter


class Writer(peewee.Context):
    """Writes SQL in which marks are slots."""

    _values: list[Any]
    state: Any


def filled_length(count: int) -> int:
    """Return the length to which a list is filled up."""
    return 1 << (count - 1).bit_length()


class Walk:
    """Goes through a query: collects its values and names its shape, and may put marks in place of the values."""

    def __init__(self, *, marks: bool) -> None:
        self.values: list[Any] = []
        self.kept: list[Any] = []
        self.marks = marks
        self._sources: dict[int, int] = {}

    def key(self, node: Any) -> Any:
        """Return the shape of a part of a query. Raises Unknown."""
        if isinstance(node, peewee.Field):
            return self._field(node)
        kind = type(node)
        if kind in _PLAIN:
            return node
        if isinstance(node, type):
            return self._named(node)
        walk = _WALKS.get(kind)
        if walk is None:
            raise Unknown
        return walk(self, node)

    def parts(self, nodes: Iterable[Any] | None) -> Any:
        """Return the shapes of a list."""
        return None if nodes is None else tuple([self.key(node) for node in nodes])

    def source(self, node: Any) -> Any:
        """Return the shape of what columns are taken of: in full once, and then by its number."""
        if isinstance(node, type):
            return self._named(node)
        number = self._sources.get(id(node))
        if number is not None:
            return number
        self._sources[id(node)] = number = len(self._sources)
        if isinstance(node, peewee.ModelAlias):
            return number, self._named(node.model), node.__dict__["alias"]
        return number, self.key(node)

    def value(self, value: Any, converter: Any = None) -> Any:
        """Take a value, and return what is to stand in its place."""
        self.values.append(value)
        return Mark(value, converter, len(self.values) - 1) if self.marks else value

    def operand(self, node: Any, name: str, converter: Any = None) -> Any:
        """Return the shape of an operand: a part of a query, or a value."""
        found = getattr(node, name)
        if isinstance(found, peewee.Node | type):
            return self.key(found)
        if isinstance(found, _LISTS):
            raise Unknown
        marked = self.value(found, converter)
        if self.marks:
            setattr(node, name, marked)
        return _A_VALUE

    def operands(self, nodes: Iterable[Any], converter: Any = None) -> tuple[list[Any], Any]:
        """Return what is to stand in the place of operands, and their shapes."""
        standing, shapes = [], []
        for node in nodes:
            is_part = isinstance(node, peewee.Node | type)
            shapes.append(self.key(node) if is_part else _A_VALUE)
            standing.append(node if is_part else self.value(node, converter))
        return standing, tuple(shapes)

    def _named(self, found: Any) -> int:
        if self.marks:
            self.kept.append(found)  # so that nothing else comes to have its identity
        return id(found)

    def _field(self, field: Any) -> Any:
        if isinstance(field, peewee.FieldAlias):
            return self.source(field.source), self._named(field.field)
        return self._named(field)


_A_VALUE = ("?", None)


def _value(walk: Walk, node: Any) -> Any:
    if node.multi:
        return walk.parts(node.values)
    if walk.marks:
        node.__class__, node.place = Mark, len(walk.values)
    walk.values.append(node.value)
    return "?", _converter(walk, node.converter)


def _converter(walk: Walk, converter: Any) -> Any:
    """Name a converter: a field's method is made anew whenever it is looked up."""
    if converter is None or converter is False:
        return converter
    owner = getattr(converter, "__self__", converter)
    return walk._named(owner), getattr(converter, "__name__", "")


def _expression(walk: Walk, node: Any) -> Any:
    if node.op in (peewee.OP.IN, peewee.OP.NOT_IN) and isinstance(node.rhs, _LISTS):
        return walk.operand(node, "lhs"), node.op, _looked_in(walk, node), node.flat
    if node.rhs is None and node.op in (peewee.OP.IS, peewee.OP.IS_NOT):
        return walk.operand(node, "lhs"), node.op, None, node.flat
    return walk.operand(node, "lhs"), node.op, walk.operand(node, "rhs"), node.flat


def _looked_in(walk: Walk, node: Any) -> Any:
    found = list(node.rhs)
    if any(isinstance(one, peewee.Node) and not isinstance(one, Mark) for one in found):
        raise Unknown
    if found:
        found += [found[-1]] * (filled_length(len(found)) - len(found))
    values = [one.value if isinstance(one, Mark) else one for one in found]
    marked = [walk.value(value) for value in values]
    if walk.marks:
        node.rhs = marked
    return "in", len(found)


def _function(walk: Walk, node: Any) -> Any:
    arguments, shapes = walk.operands(node.arguments, converter=False)
    if walk.marks:
        node.arguments = arguments
    return "fn", node.name, shapes, walk.key(node._filter), walk.parts(node._order_by), node._coerce


def _node_list(walk: Walk, node: Any) -> Any:
    nodes, shapes = walk.operands(node.nodes)
    if walk.marks:
        node.nodes = nodes
    return node.glue, node.parens, shapes


def _sql(_walk: Walk, node: Any) -> Any:
    if node.params:
        raise Unknown
    return "sql", node.sql


def _select(walk: Walk, node: Any) -> Any:
    return (
        "select", walk.parts(node._returning), tuple([walk.source(one) for one in node._from_list]),
        walk.key(node._where), walk.parts(node._group_by), walk.key(node._having), walk.parts(node._windows),
        walk.parts(node._order_by), _bound(walk, node, "_limit"), _bound(walk, node, "_offset"),
        walk.parts(node._distinct), node._simple_distinct, walk.key(node._for_update), node._lateral, node._alias,
        walk.parts(node._cte_list),
    )  # fmt: skip


def _bound(walk: Walk, node: Any, name: str) -> Any:
    return None if getattr(node, name) is None else walk.operand(node, name)


def _write(walk: Walk, node: Any) -> Any:
    return (
        walk.key(node.table), walk.key(node._where), walk.parts(node._returning), walk.parts(node._order_by),
        _bound(walk, node, "_limit"), walk.parts(node._cte_list),
    )  # fmt: skip


def _update(walk: Walk, node: Any) -> Any:
    if node._from or not all(isinstance(field, peewee.Field) for field in node._update):
        raise Unknown
    row, shape = _row(walk, node._update.items())
    if walk.marks:
        node._update = dict(row)
    return "update", shape, *_write(walk, node)


def _insert(walk: Walk, node: Any) -> Any:
    is_one = isinstance(node._insert, dict)
    rows = [node._insert] if is_one else node._insert
    if node._columns or not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise Unknown
    if not all(isinstance(row, dict) for row in rows):
        raise Unknown
    made = [_row(walk, _whole(node, row)) for row in rows]
    if walk.marks:
        node._insert = dict(made[0][0]) if is_one else [dict(row) for row, _shape in made]
    shapes = tuple([shape for _row, shape in made])
    return "insert", is_one, shapes, walk.key(node._on_conflict), *_write(walk, node)


def _whole(node: Any, row: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """Return the row's fields and values with its defaults; in pairs, since a field is slow to look up."""
    known = node.table._meta.combined
    whole = [(field if isinstance(field, peewee.Field) else known[field], value) for field, value in row.items()]
    for field, default in node.get_default_data().items():
        if all(field is not other for other, _ in whole):
            whole.append((field, default() if callable(default) else default))
    return whole


def _row(walk: Walk, row: Iterable[tuple[Any, Any]]) -> tuple[list[tuple[Any, Any]], Any]:
    """Return what is to stand in the place of a row that is written, and its shape."""
    standing, shape = [], []
    for field, value in row:
        is_part = isinstance(value, peewee.Node)
        standing.append((field, value if is_part else walk.value(value, field.db_value)))
        shape.append((walk._named(field), walk.key(value) if is_part else None))
    return standing, tuple(shape)


def _attributes(*names: str) -> Callable[[Walk, Any], Any]:
    """Return the walk of a part that is told by some of its attributes, lists or single ones."""

    def walk_through(walk: Walk, node: Any) -> Any:
        found = [getattr(node, name) for name in names]
        return (
            type(node).__name__,
            *[walk.parts(one) if isinstance(one, list | tuple) else walk.key(one) for one in found],
        )

    return walk_through


def _on_conflict(walk: Walk, node: Any) -> Any:
    update = node._update or {}
    if not all(isinstance(value, peewee.Node) for value in update.values()):
        raise Unknown
    pairs = tuple([(walk.key(field), walk.key(value)) for field, value in update.items()])
    return "conflict", pairs, *_CONFLICT(walk, node)


_CONFLICT = _attributes(
    "_action", "_preserve", "_where", "_conflict_target", "_conflict_where", "_conflict_constraint"
)  # fmt: skip
_WALKS: Mapping[type, Callable[[Walk, Any], Any]] = {
    peewee.Value: _value,
    Mark: _value,
    peewee.Expression: _expression,
    peewee.StringExpression: _expression,
    peewee.Function: _function,
    peewee.NodeList: _node_list,
    peewee.SQL: _sql,
    peewee.Select: _select,
    peewee.ModelSelect: _select,
    peewee.ModelInsert: _insert,
    peewee.ModelUpdate: _update,
    peewee.ModelDelete: lambda walk, node: ("delete", *_write(walk, node)),
    peewee.OnConflict: _on_conflict,
    peewee.Alias: _attributes("node", "_alias"),
    peewee.Ordering: _attributes("node", "direction", "collation", "nulls"),
    peewee.Negated: _attributes("node"),
    peewee.Cast: _attributes("node", "_cast"),
    peewee.Entity: _attributes("_path"),
    peewee.NamespaceAttribute: lambda _walk, node: ("namespace", node._namespace._name, node._attribute),
    peewee.Column: lambda walk, node: (walk.source(node.source), node.name),
    peewee.Join: lambda walk, node: (
        walk.source(node.lhs), walk.source(node.rhs), node.join_type, walk.key(node._on), node._alias
    ),
    peewee.Window: _attributes(
        "partition_by", "order_by", "start", "end", "frame_type", "_alias", "_inline", "_extends", "_exclude"
    ),
    peewee.ForUpdate: _attributes("_expr", "_of", "_nowait", "_skip_locked"),
}  # fmt: skip
