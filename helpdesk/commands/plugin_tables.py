"""``helpdesk plugin drop-tables``: takes back what a plugin keeps, once it is off; one that is gone too."""

import click
from click.exceptions import Exit

from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.failures import FINDINGS
from helpdesk.commands.opening import opened
from helpdesk.commands.passwords import is_terminal
from helpdesk.hosting import tables
from helpdesk.kernel import actors
from helpdesk.kernel.errors import Invalid
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.registry import EVERYWHERE


@verb("drop-tables")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Ask nothing.")
def drop_tables(asked: Asked, *, name: str, yes: bool) -> None:
    """Drop the tables of a plugin that is off, with all their rows; nothing brings them back.

    The plugin need not be installed any more. Enabled again, it begins with empty tables. Ends with 1 if you decline.
    """
    bare = name.removeprefix(f"{Kind.PLUGIN}/")
    with opened(asked):
        found = tables.kept_by(bare)
        if not (yes or _is_wanted(found)):
            asked.answer({"is_dropped": False, "tables": found}, "Nothing is dropped.")
            raise Exit(FINDINGS)
        dropped = tables.unmake(actors.system(EVERYWHERE), bare)
    asked.answer({"is_dropped": True, "tables": dropped}, f"Dropped: {_told(dropped)}.")


def _is_wanted(found: dict[str, int]) -> bool:
    """Ask whoever sits there. Raises Invalid when nobody does."""
    if not is_terminal():
        raise Invalid(f"This drops {_told(found)}; say --yes.", path=("yes",))
    return click.confirm(f"Drop {_told(found)}?", err=True)


def _told(found: dict[str, int]) -> str:
    return ", ".join(f"{table} with {count} rows" for table, count in found.items()) or "no table"
