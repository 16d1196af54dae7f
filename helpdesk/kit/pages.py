"""Reads the SDK's pages as their author wrote them: classes, members and docstrings, the docstrings of attributes too.

It reads source, because Python forgets what stands below an attribute. Judges nothing and prints nothing.
"""

import ast
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpdesk import sdk

SDK = Path(sdk.__file__ or "").parent
WITHOUT_TEXTS = frozenset({"model_config"})


@dataclass(frozen=True, slots=True)
class Member:
    """A method, an attribute, a function or a constant: how it is written, and what is said of it."""

    name: str
    written: str
    text: str
    value: ast.expr | None = None
    code: str = ""
    fix: str = ""

    @property
    def is_function(self) -> bool:
        """Whether it is called."""
        return self.written.startswith("def ")


@dataclass(frozen=True, slots=True)
class Class:
    """A class, with its parents as they are written. A plain one is a dataclass, an enumeration or settings."""

    name: str
    parents: tuple[str, ...]
    text: str
    members: tuple[Member, ...]
    is_plain: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A module of the SDK."""

    name: str
    text: str
    classes: tuple[Class, ...]
    members: tuple[Member, ...]


def read(path: Path) -> Page:
    """Return what a module offers; names that begin with an underscore are its own affair."""
    tree = ast.parse(path.read_text("utf-8"), filename=str(path))
    found = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    name = ".".join(path.relative_to(SDK.parent).with_suffix("").parts)
    return Page(f"helpdesk.{name}", _text(tree), tuple(map(_class, found)), tuple(_members(tree.body)))


def _class(node: ast.ClassDef) -> Class:
    parents = tuple(ast.unparse(parent) for parent in node.bases)
    is_dataclass = any("dataclass" in ast.unparse(one) for one in node.decorator_list)
    is_plain = is_dataclass or any(parent.endswith(("Enum", "Settings", "BaseModel")) for parent in parents)
    return Class(node.name, parents, _text(node), tuple(_members(node.body)), is_plain)


def _members(body: Sequence[ast.stmt]) -> Iterator[Member]:
    for at, node in enumerate(body):
        below = body[at + 1] if at + 1 < len(body) else None
        made = _function(node) if isinstance(node, ast.FunctionDef) else _attribute(node, below)
        if made is not None and not made.name.startswith("_") and made.name not in WITHOUT_TEXTS:
            yield made


def _function(node: ast.FunctionDef) -> Member:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    rules = [one for one in node.decorator_list if isinstance(one, ast.Call) and ast.unparse(one.func) == "rule"]
    code, fix = _rule(rules[0]) if rules else ("", "")
    arguments = ast.unparse(node.args).removeprefix("self, ").removeprefix("self")
    return Member(node.name, f"def {node.name}({arguments}){returns}", _text(node), code=code, fix=fix)


def _rule(call: ast.Call) -> tuple[str, str]:
    named = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    return str(ast.literal_eval(call.args[0])), str(named.get("fix", ""))


def _attribute(node: ast.stmt, below: ast.stmt | None) -> Member | None:
    target: ast.expr
    if isinstance(node, ast.AnnAssign):
        target, kind = node.target, f": {ast.unparse(node.annotation)}"
    elif isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, kind = node.targets[0], ""
    else:
        return None
    is_call = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in ("TypeVar", "ParamSpec")
    if not isinstance(target, ast.Name) or is_call:
        return None
    value = f" = {ast.unparse(node.value)}" if node.value is not None else ""
    return Member(target.id, f"{target.id}{kind}{value}", _below(below), node.value)


def _below(node: ast.stmt | None) -> str:
    value = node.value if isinstance(node, ast.Expr) else None
    return inspect.cleandoc(value.value) if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _text(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    return ast.get_docstring(node) or ""
