"""The command line: puts the verbs together. What each does is in ``commands``, one file a verb or a group of them.

A verb's file is imported when the verb is asked for: making a key does not wait for the web's libraries.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from helpdesk.kernel import footprint

VERBS: Mapping[str, str] = {
    "init": "init",
    "run": "run",
    "worker": "worker",
    "demo": "demo.command",
    "doctor": "doctor",
    "recount": "recount",
}
GROUPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "mail": ("Mail from files.", {"ingest": "mail"}),
    "schema": ("The GraphQL schema.", {"export": "schema", "check": "schema"}),
    "user": ("People who work here.", {"add": "people"}),
    "key": ("Keys for partners.", {"create": "keys"}),
    "plugin": (
        "What is installed beside the core.",
        {
            **dict.fromkeys(("list", "info", "enable", "disable", "config", "logs", "isolate"), "plugins"),
            "drop-tables": "plugin_tables",
            "new": "plugin_new",
            "check": "plugin_check",
        },
    ),
    "docs": ("What to read, written from the code.", {"plugins": "docs"}),
}


class Verbs(click.Group):
    """A group of verbs, each of them the command of its name in a file of ``commands``."""

    def __init__(self, *given: Any, verbs: Mapping[str, str], **named: Any) -> None:
        super().__init__(*given, **named)
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all."""
        return sorted([*super().list_commands(ctx), *self._verbs])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the one of the name, imported now."""
        if cmd_name not in self._verbs:
            return super().get_command(ctx, cmd_name)
        with footprint.importing():
            module = import_module(f"helpdesk.commands.{self._verbs[cmd_name]}")
        return next(
            found for found in vars(module).values() if isinstance(found, click.Command) and found.name == cmd_name
        )


@click.group(cls=Verbs, verbs=VERBS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="helpdesk", prog_name="helpdesk")
def main() -> None:
    """Run and look after a helpdesk. Every command takes --data, --json and --debug.

    They end with 0 when it is done, 1 when they found something, 2 when it could not be done.
    """


for group, (about, verbs) in GROUPS.items():
    main.add_command(Verbs(group, verbs=verbs, help=about))
