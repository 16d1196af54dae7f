"""Owns the rewriting of a template's syntax tree, so that whatever can cost much passes through a metered function.

Refuses what cannot be metered. Watching from outside (a tracing function, a killed thread) lost:
the first slows every line, the second cannot be done to a Python thread.
"""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.visitor import NodeTransformer

LARGEST_TREE = 10_000


def metered(tree: nodes.Template, environment: Environment) -> nodes.Template:
    """Return the tree with meters in it; the environment has the functions that they call."""
    size = sum(1 for _ in tree.find_all(nodes.Node))
    if size > LARGEST_TREE:
        raise TemplateSyntaxError(f"The template has {size} parts; split it, {LARGEST_TREE} are allowed.", 1)
    _Meters().visit(tree)
    tree.set_environment(environment)
    return tree


class _Meters(NodeTransformer):
    """Rewrite the inner nodes first, then the node itself."""

    def visit(self, node: nodes.Node, *arguments: Any, **named: Any) -> Any:
        self.generic_visit(node, *arguments, **named)
        rewrite = _REWRITES.get(type(node))
        return rewrite(node) if rewrite else node


def _call(function: str, *arguments: nodes.Expr, line: int) -> nodes.Call:
    target = nodes.EnvironmentAttribute(function, lineno=line)
    return nodes.Call(target, list(arguments), [], None, None, lineno=line)


def _statement(function: str, *arguments: nodes.Expr, line: int) -> nodes.ExprStmt:
    return nodes.ExprStmt(_call(function, *arguments, line=line), lineno=line)


def _text_size(node: nodes.Node) -> nodes.Const:
    """Return how many characters the node writes by itself each time it runs, as a constant of the tree."""
    return nodes.Const(sum(len(data.data) for data in node.find_all(nodes.TemplateData)))


def _loop(node: Any) -> nodes.Node:
    if node.recursive:
        raise TemplateSyntaxError("Recursive loops are not available; write a macro that calls itself.", node.lineno)
    node.iter = _call("metered_items", node.iter, _text_size(node), line=node.lineno)
    return node  # type: ignore[no-any-return]


def _body(node: Any) -> nodes.Node:
    node.body.insert(0, _statement("metered_text", _text_size(node), line=node.lineno))
    return node  # type: ignore[no-any-return]


def _join(node: Any) -> nodes.Node:
    return _call("metered_join", *node.nodes, line=node.lineno)


def _comparison(node: Any) -> nodes.Node:
    pairs = [part for operand in node.ops for part in (nodes.Const(operand.op), operand.expr)]
    return _call("metered_comparison", node.expr, *pairs, line=node.lineno)


def _literal(node: Any) -> nodes.Node:
    if getattr(node, "ctx", "load") != "load":  # the target of an assignment
        return node  # type: ignore[no-any-return]
    return _call("metered_container", node, line=node.lineno)


def _item(node: Any) -> nodes.Node:
    if not isinstance(node.arg, nodes.Slice):
        return node  # type: ignore[no-any-return]
    bounds = [part or nodes.Const(None) for part in (node.arg.start, node.arg.stop, node.arg.step)]
    return _call("metered_slice", node.node, *bounds, line=node.lineno)


def _other_template(node: nodes.Node) -> list[nodes.Node]:
    before = _statement("enter_template", line=node.lineno)
    return [before, node, _statement("leave_template", line=node.lineno)]


def _extension(node: nodes.Node) -> list[nodes.Node]:
    return [_statement("extend_template", line=node.lineno), node]


def _escaping(node: nodes.Node) -> nodes.Node:
    raise TemplateSyntaxError("Escaping cannot be switched off.", node.lineno)


_REWRITES: Mapping[type[nodes.Node], Callable[[Any], Any]] = {
    nodes.For: _loop,
    nodes.Template: _body,
    nodes.Macro: _body,
    nodes.CallBlock: _body,
    nodes.Block: _body,
    nodes.Concat: _join,
    nodes.Compare: _comparison,
    nodes.List: _literal,
    nodes.Tuple: _literal,
    nodes.Dict: _literal,
    nodes.Getitem: _item,
    nodes.Include: _other_template,
    nodes.Import: _other_template,
    nodes.FromImport: _other_template,
    nodes.Extends: _extension,
    nodes.EvalContextModifier: _escaping,
    nodes.ScopedEvalContextModifier: _escaping,
}
