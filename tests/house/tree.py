"""Knows where the house's files lie, and reads them as Python sees them. Judges nothing."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "helpdesk"


def core_files() -> list[Path]:
    """Return every Python file of the core."""
    return sorted(CORE.rglob("*.py"))


def package_folders() -> list[Path]:
    """Return the source folders of the bundled plugins and themes."""
    return sorted(folder for kind in ("plugins", "themes") for folder in ROOT.glob(f"{kind}/*/src") if folder.is_dir())


def package_files() -> list[Path]:
    """Return every Python file of the bundled plugins and themes, tests apart."""
    return sorted(file for folder in package_folders() for file in folder.rglob("*.py"))


def product_files() -> list[Path]:
    """Return every Python file that is installed."""
    return core_files() + package_files()


def test_files() -> list[Path]:
    """Return every Python file of every test folder."""
    return sorted(file for pattern in ("tests", "*/*/tests") for folder in ROOT.glob(pattern) for file in _own(folder))


def _own(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*.py") if ".venv" not in file.parts)


def short(file: Path) -> str:
    """Return the path as people write it."""
    return file.relative_to(ROOT).as_posix()


@cache
def parse(file: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method in a syntax tree."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imported(tree: ast.AST) -> set[str]:
    """Return the dotted names that are imported absolutely; ``from a import b`` gives ``a.b``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found
