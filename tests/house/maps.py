"""Reads maps: docstrings that name, case by case, the tests that try it.

A line is ``CASE FILE::TEST``, the file as the repository has it; further tests of the case stand below without it.
"""

import ast
import re
from functools import cache

from tests.house.tree import ROOT

_LINE = re.compile(r"^([A-R]?\d+)? +([a-z_/]+\.py)::(test_\w+)$", re.MULTILINE)


def rows(text: str | None) -> list[tuple[str, str, str]]:
    """Return the lines of a map as case, file and test; every line that names a test must be one."""
    found = _LINE.findall(text or "")
    assert len(found) == (text or "").count("::")
    return found


def cases(text: str | None) -> set[str]:
    """Return the cases that have a test."""
    return {case for case, _, _ in rows(text) if case}


def missing(text: str | None) -> list[str]:
    """Return the tests that a map names and that there are not."""
    return [f"{file}::{name}" for _, file, name in rows(text) if name not in names_in(file)]


@cache
def names_in(file: str) -> set[str]:
    """Return the names of a file's tests."""
    return {node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)}
