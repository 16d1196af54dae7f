"""Reads a plugin's source, without running it: which files it has, and what of the desk they import."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ALLOWED = "helpdesk.sdk"
OURS = "helpdesk"
LOADERS = frozenset({"import_module", "__import__"})


def files_of(module: str) -> list[Path]:
    """Return the source files of the package that a loaded module belongs to; of a lone module, its own."""
    file = Path(getattr(sys.modules[module], "__file__", None) or "")
    if not file.is_file():
        return []
    folder = file.parent
    if not (folder / "__init__.py").is_file():
        return [file]
    while (folder.parent / "__init__.py").is_file():
        folder = folder.parent
    return python_files(folder)


def python_files(folder: Path) -> list[Path]:
    """Return the Python files below a folder, tests apart."""
    return [file for file in sorted(folder.rglob("*.py")) if "tests" not in file.relative_to(folder).parts]


def strangers(file: Path) -> list[str]:
    """Return what a file imports of the desk beyond the SDK, as ``line: name``."""
    tree = ast.parse(file.read_text("utf-8"), filename=str(file))
    return [f"line {line}: {name}" for line, name in _imports(tree) if _is_strange(name)]


def _is_strange(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] == OURS and not f"{name}.".startswith(f"{ALLOWED}.")


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)
        elif isinstance(node, ast.Call) and _called(node.func) in LOADERS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def _called(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
