"""Every file has a name that says what it is, a docstring that says what it owns, and a size to be read at once."""

import ast
from pathlib import Path

from tests.house import tree

VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}
FILE_LINES = 400
FUNCTION_LINES = 50


def inner_imports(module: ast.Module) -> list[int]:
    """Return the lines of imports that stand inside a function."""
    return sorted(
        node.lineno
        for function in tree.functions(module)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def long_functions(module: ast.Module) -> dict[str, int]:
    """Return the lengths of the functions that are too long."""
    lengths = {function.name: (function.end_lineno or 0) - function.lineno + 1 for function in tree.functions(module)}
    return {name: length for name, length in lengths.items() if length > FUNCTION_LINES}


def is_migration(file: Path) -> bool:
    """Return whether the file is a numbered migration: written by a program once, and never changed again."""
    return file.parent.name == "migrations" and file.name[0].isdigit()


def written() -> list[Path]:
    """Return the product's files that people write."""
    return [file for file in tree.product_files() if not is_migration(file)]


def is_one_docstring(module: ast.Module) -> bool:
    """Return whether a module is a docstring and nothing else."""
    return len(module.body) == 1 and ast.get_docstring(module) is not None


def test_no_file_has_a_name_that_says_nothing() -> None:
    named = [*tree.product_files(), *tree.test_files()]
    assert [tree.short(file) for file in named if file.stem in VAGUE or file.parent.name in VAGUE] == []


def test_every_module_says_what_it_owns() -> None:
    assert [tree.short(file) for file in tree.product_files() if not ast.get_docstring(tree.parse(file))] == []


def test_packages_of_the_core_hold_one_docstring_and_nothing_else() -> None:
    packages = [file for file in tree.core_files() if file.name == "__init__.py"]
    assert packages
    assert [tree.short(file) for file in packages if not is_one_docstring(tree.parse(file))] == []


def test_every_folder_of_the_core_is_a_package() -> None:
    assert [tree.short(file) for file in tree.core_files() if not (file.parent / "__init__.py").is_file()] == []


def test_no_file_is_too_long_to_read() -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in written()}
    assert {tree.short(file): lines for file, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_too_long_to_read() -> None:
    assert {tree.short(file): found for file in written() if (found := long_functions(tree.parse(file)))} == {}


def test_no_import_hides_inside_a_function() -> None:
    assert {
        tree.short(file): found for file in tree.product_files() if (found := inner_imports(tree.parse(file)))
    } == {}


def test_offences_are_noticed() -> None:
    assert inner_imports(ast.parse("import a\nif True:\n    import b\nasync def f():\n    from c import d\n")) == [5]
    assert long_functions(ast.parse("def f():\n" + "    x = 1\n" * 50)) == {"f": 51}
    assert not is_one_docstring(ast.parse('"""Doc."""\nimport a\n'))
    assert not is_one_docstring(ast.parse(""))
