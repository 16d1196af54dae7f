"""``helpdesk plugin new``: writes the distribution of a new plugin. Needs no desk."""

from pathlib import Path

import click

from helpdesk.commands.asking import Asked, verb
from helpdesk.kit import writing
from helpdesk.plugins.kinds import Kind


@verb("new")
@click.argument("name", metavar="NAME")
@click.option("--kind", type=click.Choice([str(one) for one in Kind]), required=True, help="What the plugin is.")
@click.option("--folder", type=click.Path(path_type=Path), metavar="DIR", help="Where to; default: helpdesk-NAME here.")
def new(asked: Asked, *, name: str, kind: str, folder: Path | None) -> None:
    """Write a distribution for a plugin NAME, whose tests pass, and say which file to edit."""
    made = writing.write(name, Kind(kind), folder=folder)
    data = {
        "folder": str(made.folder),
        "distribution": made.distribution,
        "name": made.name,
        "kind": str(made.kind),
        "edit": str(made.edit),
        "files": [str(file) for file in made.files],
    }
    asked.answer(data, f"{made.distribution} is written to {made.folder}.")
    asked.remark(f"Edit {made.edit}, then: pip install -e {made.folder} && helpdesk plugin enable {made.name}")
