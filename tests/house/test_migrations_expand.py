"""New migrations only expand: old code lives on with the new schema until its last process is replaced.

What a release has stopped using, a later one may take away: then the migration says so in its docstring, on a line
``Contract: 1.4 uses … no more.`` An added column is null or has a default in the database (``constraints``), since old
code does not name it. That old statements work indeed is tests/releases/test_old_code.py's matter.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.tree import ROOT

FOLDER = ROOT / "helpdesk" / "kernel" / "migrations"
LAST_BEFORE_THE_RULE = "0012"
CONTRACTING = {
    "drop_column", "drop_table", "drop_tables", "drop_constraint", "rename_column", "rename_table", "add_not_null",
    "alter_column_type", "add_constraint", "add_unique",
}  # fmt: skip
IN_SQL = re.compile(
    r"\b(?:drop\s+(?:table|column)|rename\b|alter\s+column\b.*\b(?:type|set\s+not\s+null))", re.I | re.S
)
NOTE = re.compile(r"^Contract: \d+\.\d+", re.MULTILINE)


def contractions(source: str) -> list[str]:
    """Return what a migration takes away, unless its docstring names the release that has stopped using it."""
    tree = ast.parse(source)
    return [] if NOTE.search(ast.get_docstring(tree) or "") else list(_found(tree))


def _found(tree: ast.Module) -> Iterator[str]:
    up = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "up")
    for node in ast.walk(up):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and IN_SQL.search(node.value):
            yield node.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name in CONTRACTING or (name == "add_column" and not _is_harmless(node)):
                yield ast.unparse(node)


def _is_harmless(call: ast.Call) -> bool:
    """Return whether old code, which does not name the column, can go on adding rows."""
    given = {
        word.arg: ast.unparse(word.value) for one in call.args if isinstance(one, ast.Call) for word in one.keywords
    }
    return given.get("null") == "True" or "DEFAULT" in given.get("constraints", "").upper()


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("0*.py")))
def test_migration_only_expands(name: str) -> None:
    if name[:4] > LAST_BEFORE_THE_RULE:
        assert contractions((FOLDER / name).read_text()) == []


def test_a_migration_imports_nothing_of_ours_that_may_change_later() -> None:
    found = [
        path.name
        for path in FOLDER.glob("0*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom) and "helpdesk" in ast.unparse(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    "step",
    [
        'migrator.migrate(migrator.drop_column("ticket", "subject"))',
        'migrator.migrate(migrator.rename_table("ticket", "case"))',
        'migrator.migrate(migrator.add_column("ticket", "mood", CharField(default="")))',
        'db.execute_sql("ALTER TABLE ticket RENAME COLUMN subject TO title")',
        'db.execute_sql("DROP TABLE ticket")',
        'db.execute_sql("ALTER TABLE ticket ALTER COLUMN subject SET NOT NULL")',
    ],
)
def test_what_takes_away_is_noticed_unless_a_note_names_the_release(step: str) -> None:
    written = f"def up(migrator, db):\n    {step}\n"
    assert len(contractions(f'"""Tidy up."""\n{written}')) == 1
    assert contractions(f'"""Tidy up.\n\nContract: 0.2 uses it no more.\n"""\n{written}') == []


@pytest.mark.parametrize(
    "step",
    [
        "db.create_tables([Mood])",
        'migrator.migrate(migrator.add_column("ticket", "mood", CharField(null=True)))',
        'migrator.migrate(migrator.add_column("ticket", "n", IntegerField(constraints=[SQL("DEFAULT 0")])))',
        'migrator.migrate(migrator.drop_index("ticket", "ticket_mood"))',
        'migrator.migrate(migrator.drop_not_null("ticket", "subject"))',
    ],
)
def test_what_only_adds_is_free(step: str) -> None:
    assert contractions(f'"""More."""\ndef up(migrator, db):\n    {step}\n') == []
