"""The command line: puts the verbs together. What each does is in ``commands``, one file a group."""

import click

from helpdesk.commands.demo.command import demo
from helpdesk.commands.docs import plugins
from helpdesk.commands.doctor import doctor
from helpdesk.commands.init import init
from helpdesk.commands.keys import create
from helpdesk.commands.mail import ingest
from helpdesk.commands.people import add
from helpdesk.commands.plugin_check import plugin_check
from helpdesk.commands.plugin_new import new
from helpdesk.commands.plugin_tables import drop_tables
from helpdesk.commands.plugins import config, disable, enable, info, isolate, list_plugins, logs
from helpdesk.commands.run import run, worker
from helpdesk.commands.schema import check, export


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="helpdesk", prog_name="helpdesk")
def main() -> None:
    """Run and look after a helpdesk. Every command takes --data, --json and --debug.

    They end with 0 when it is done, 1 when they found something, 2 when it could not be done.
    """


@main.group()
def mail() -> None:
    """Mail from files."""


@main.group()
def docs() -> None:
    """What to read, written from the code."""


@main.group()
def schema() -> None:
    """The GraphQL schema."""


@main.group()
def user() -> None:
    """People who work here."""


@main.group()
def key() -> None:
    """Keys for partners."""


@main.group()
def plugin() -> None:
    """What is installed beside the core."""


for single in (init, run, worker, demo, doctor):
    main.add_command(single)
mail.add_command(ingest)
schema.add_command(export)
schema.add_command(check)
user.add_command(add)
key.add_command(create)
for switch in (list_plugins, info, enable, disable, config, logs, isolate, drop_tables, new, plugin_check):
    plugin.add_command(switch)
docs.add_command(plugins)
