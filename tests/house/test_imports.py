"""Walls and floors: who may import whom. The contracts stand in pyproject.toml; here is what they cannot say.

import-linter's ``protected`` contract lost for rows and doors: it would need one contract a room and would
forget a new one, where these rules hold for rooms that nobody has thought of yet.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache

import grimp
import pytest
from importlinter.api import read_configuration

from tests.house import tree

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports"
CONFIGURATION = str(tree.ROOT / "pyproject.toml")
SHEETS = ("graphql", "web", "commands")
SHEETS_NEVER_SEE = ("models", "reactions")

DOORS: Mapping[str, str] = {
    "stevedore": "helpdesk.plugins.loading",
    "blinker": "helpdesk.signals",
    "huey": "helpdesk.kernel.jobs",
    "argon2": "helpdesk.kernel.crypto",
    "cryptography": "helpdesk.kernel.crypto",
    "httpx2": "helpdesk.kernel.http",
    "httpcore2": "helpdesk.kernel.http",
    "gunicorn": "helpdesk.commands.web_processes",
}

Import = tuple[str, str]


@cache
def graph() -> grimp.ImportGraph:
    """Return who imports whom in the core, outside libraries included."""
    return grimp.build_graph("helpdesk", include_external_packages=True, cache_dir=None)


def imports_of_the_core() -> set[Import]:
    """Return each import as (importer, imported)."""
    known = graph()
    return {(importer, to) for importer in known.modules for to in known.find_modules_directly_imported_by(importer)}


def room_of(module: str) -> str:
    """Return the room that a module of the core lives in."""
    return module.split(".")[1] if "." in module else ""


def last(module: str) -> str:
    """Return a module's own name."""
    return module.rpartition(".")[2]


def borrowed_rows(imports: Iterable[Import]) -> set[Import]:
    """Return the imports of another room's tables, those between tables (foreign keys) aside."""
    return {
        (importer, to)
        for importer, to in imports
        if to.startswith("helpdesk.") and last(to) == "models" != last(importer) and room_of(importer) != room_of(to)
    }


def sheets_too_deep(imports: Iterable[Import]) -> set[Import]:
    """Return the imports by which a sheet reaches past a room's operations, queries and rules."""
    return {
        (importer, to)
        for importer, to in imports
        if room_of(importer) in SHEETS and to.startswith("helpdesk.") and last(to) in SHEETS_NEVER_SEE
    }


def wrong_doors(imports: Iterable[Import]) -> set[Import]:
    """Return the imports of a library past its one door."""
    return {(importer, to) for importer, to in imports if importer != DOORS.get(to.split(".")[0], importer)}


def strangers(module: ast.Module, *, own: set[str]) -> set[str]:
    """Return what a plugin imports of ours beyond ``helpdesk.sdk`` and its own packages."""
    ours = {name for name in tree.imported(module) if name.split(".")[0].split("_")[0] == "helpdesk"}
    return {name for name in ours if f"{name}.".startswith("helpdesk.sdk.") is False and name.split(".")[0] not in own}


def test_every_import_contract_is_kept() -> None:
    """In a process of its own: the linter switches off every logger of the one that it runs in."""
    command = [sys.executable, "-c", f"{LINT}(config_filename={CONFIGURATION!r}, no_cache=True, no_logo=True))"]
    linted = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_rooms_that_know_no_web_framework_are_all_below_the_sheets() -> None:
    contracts = {contract["name"]: contract for contract in read_configuration(CONFIGURATION)["contracts_options"]}
    layers = contracts["Floors"]["layers"]
    below = {f"helpdesk.{layer}" for layer in layers[layers.index("graphql | web") + 1 :]}
    assert set(contracts["Rooms know no web framework"]["source_modules"]) == below


def test_the_graphql_sheet_has_no_circle_but_for_annotations() -> None:
    """``strawberry.lazy`` needs a name for the type checker alone; that is no circle when the program runs."""
    running = grimp.build_graph("helpdesk", exclude_type_checking_imports=True, cache_dir=None)
    assert running.nominate_cycle_breakers("helpdesk.graphql") == set()


def test_rows_stay_home() -> None:
    assert borrowed_rows(imports_of_the_core()) == set()


def test_sheets_import_operations_queries_and_rules_only() -> None:
    assert sheets_too_deep(imports_of_the_core()) == set()


def test_each_library_has_one_door() -> None:
    assert wrong_doors(imports_of_the_core()) == set()


def test_plugins_and_themes_know_the_sdk_alone() -> None:
    found = {}
    for folder in tree.package_folders():
        own = {package.name for package in folder.iterdir()}
        for file in sorted(folder.rglob("*.py")):
            found[tree.short(file)] = strangers(tree.parse(file), own=own)
    assert {file: names for file, names in found.items() if names} == {}


def test_trespasses_are_noticed() -> None:
    row = ("helpdesk.channels.operations", "helpdesk.tickets.models")
    key = ("helpdesk.channels.models", "helpdesk.tickets.models")
    home = ("helpdesk.tickets.merging", "helpdesk.tickets.models")
    sheet = ("helpdesk.graphql.tickets", "helpdesk.tickets.reactions")
    door, window = ("helpdesk.kernel.jobs", "huey"), ("helpdesk.tickets.jobs", "huey")
    assert borrowed_rows({row, key, home}) == {row}
    assert sheets_too_deep({sheet, home}) == {sheet}
    assert wrong_doors({door, window, row}) == {window}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from helpdesk.sdk.channel import Channel", set()),
        ("from helpdesk import sdk", set()),
        ("from helpdesk_mine import parts", set()),
        ("import email.message", set()),
        ("from helpdesk import tickets", {"helpdesk.tickets"}),
        ("import helpdesk", {"helpdesk"}),
        ("import helpdesk.sdkish", {"helpdesk.sdkish"}),
        ("def f():\n    from helpdesk_other import x", {"helpdesk_other.x"}),
    ],
)
def test_stranger_is_noticed(line: str, found: set[str]) -> None:
    assert strangers(ast.parse(line), own={"helpdesk_mine"}) == found
