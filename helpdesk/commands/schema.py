"""``helpdesk schema``: writes the GraphQL schema, and says what a change of it would break. Needs no desk."""

from pathlib import Path

import click
from click.exceptions import Exit

from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.failures import FINDINGS
from helpdesk.graphql import schema
from helpdesk.graphql.compatibility import breaking_changes
from helpdesk.graphql.plugin_joining import plugin_sdl
from helpdesk.kernel.errors import Invalid, NotFound
from helpdesk.plugins import kinds, loading
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.plugin import Plugin

COMMITTED = Path("schema/schema.graphql")


@verb("export")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Default: stdout.")
@click.option("--plugin", metavar="NAME", help="What this installed plugin adds, instead of the core's schema.")
def export(asked: Asked, *, output: Path | None, plugin: str | None) -> None:
    """Print the schema in the schema definition language, or write it to a file; without plugins, or one alone."""
    built = schema.build()
    text = schema.sdl(built) if plugin is None else plugin_sdl(built, plugin, _plugin(plugin))
    if output is None:
        asked.answer({"sdl": text}, text.rstrip("\n"))
        return
    output.write_text(text, encoding="utf-8")
    asked.answer({"file": str(output), "lines": text.count("\n")}, f"The schema is written to {output}.")


@verb("check")
@click.argument("file", type=click.Path(path_type=Path), default=COMMITTED)
def check(asked: Asked, *, file: Path) -> None:
    """Compare the schema with FILE (schema/schema.graphql) and name what breaks those who use FILE; 1 if anything."""
    before, after = _read(file), schema.sdl(schema.build())
    broken = breaking_changes(before, after)
    text = "\n".join(broken) or "Nothing breaks."
    if not broken and before != after:
        text += f" The schemas differ all the same: helpdesk schema export --output {file} brings the file up to date."
    asked.answer({"breaking": broken, "is_same": before == after}, text)
    if broken:
        raise Exit(FINDINGS)


def _plugin(name: str) -> type[Plugin]:
    """Import an installed plugin, enabled or not. Raises NotFound, or Invalid with what is wrong with it."""
    found = next((one for one in loading.find() if (one.kind, one.name) == (Kind.PLUGIN, name)), None)
    if found is None:
        raise NotFound(
            f"There is no installed plugin “{name}”; helpdesk plugin list names them.", code="PLUGIN_NOT_FOUND"
        )
    lost = loading.Imported(fault="it cannot be found again")
    imported = lost if found.fault else loading.import_all(Kind.PLUGIN, {name}).get(name, lost)
    fault = found.fault or imported.fault or kinds.problem(Kind.PLUGIN, imported.value)
    if fault:
        raise Invalid(f"The plugin “{name}” cannot be used: {fault}.")
    plugin: type[Plugin] = imported.value
    return plugin


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise Invalid(f"There is no file {file}; name the schema to compare with.") from error
    except UnicodeError as error:
        raise Invalid(f"{file} is no text in UTF-8.") from error
