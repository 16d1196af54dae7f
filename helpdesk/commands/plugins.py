"""``helpdesk plugin list``, ``info``, ``enable``, ``disable``, ``config``, ``logs`` and ``isolate``.

A plugin is named by its code, or by kind and code (``channel/echo``) where several kinds have one.
What is said without --service holds for every service.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import click
import orjson
from click.exceptions import Exit
from pydantic.json_schema import JsonSchemaValue

from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.failures import FINDINGS
from helpdesk.commands.opening import opened, service_named
from helpdesk.kernel import actors
from helpdesk.kernel.errors import Invalid, NotFound
from helpdesk.kernel.paging import Window
from helpdesk.plugins import operations, overview, queries
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.overview import Overview
from helpdesk.plugins.queries import LogRow
from helpdesk.plugins.registry import EVERYWHERE, Plugin
from helpdesk.plugins.rules import IDLE, PluginState

SERVICE = click.option("--service", metavar="ID", help="Only this service; every one unless told.")
COLORS = {PluginState.ENABLED: "green", PluginState.LOADED: "yellow"}


@verb("list")
@click.option("--kind", type=click.Choice([str(kind) for kind in Kind]), help="Only this kind.")
@SERVICE
def list_plugins(asked: Asked, *, kind: str | None, service: str | None) -> None:
    """List what is installed, and where each is in its life."""
    with opened(asked):
        found = [one for one in _seen(service) if kind is None or one.plugin.kind == kind]
    width = max((len(_name(one)) for one in found), default=0)
    lines = [f"{_name(one):{width}}  {_standing(one)}" for one in found]
    asked.answer({"plugins": [_facts(one) for one in found]}, "\n".join(lines) or "No plugin is installed.")


@verb("info")
@click.argument("name")
@SERVICE
def info(asked: Asked, *, name: str, service: str | None) -> None:
    """Show one plugin: state, settings, rights, figures, problems."""
    with opened(asked):
        ref = _one(name, EVERYWHERE).plugin.ref
        one = next(one for one in _seen(service) if one.plugin.ref == ref)
        schema = overview.settings_schema(one.plugin)
    facts = _facts(one) | {
        "settings_schema": schema, "settings": dict(one.settings), "secrets": overview.secrets(schema, one.secrets)
    }  # fmt: skip
    asked.answer(facts, "\n".join(_told(one, schema)))


@verb("enable")
@click.argument("name")
@SERVICE
def enable(asked: Asked, *, name: str, service: str | None) -> None:
    """Switch a plugin on; running processes follow within seconds. 1 when it cannot be used."""
    _switch(asked, name, service, is_on=True)


@verb("disable")
@click.argument("name")
@SERVICE
def disable(asked: Asked, *, name: str, service: str | None) -> None:
    """Switch a plugin off; what it keeps stays."""
    _switch(asked, name, service, is_on=False)


@verb("config")
@click.argument("name")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A setting; JSON or plain text. Repeatable.")
@click.option("--unset", multiple=True, metavar="NAME", help="A setting that goes back to its default. Repeatable.")
@SERVICE
def config(asked: Asked, *, name: str, given: tuple[str, ...], unset: tuple[str, ...], service: str | None) -> None:
    """Tell a plugin its settings; without --set, show them. Secrets are never shown."""
    values = {**dict(_pair(one) for one in given), **dict.fromkeys(unset)}
    with opened(asked):
        place = _service(service)
        one = _configurable(name, place)
        if values:
            actor = actors.system(place)
            operations.configure(actor, one.plugin.ref, values, everywhere=place == EVERYWHERE)
            one = _configurable(name, place)
        schema = overview.settings_schema(one.plugin, name="ServiceSettings" if place else "Settings")
    told = one.service_settings if place else one.settings
    secrets = overview.secrets(schema, one.service_secrets if place else one.secrets)
    lines = [f"{field} = {_shown(value)}" for field, value in told.items()]
    lines += [*_settings_left(schema, told, secrets)]
    facts = {"settings": dict(told), "settings_schema": schema, "secrets": secrets}
    asked.answer(facts, "\n".join(lines) or _no_settings(one.plugin, place))


@verb("logs")
@click.argument("name")
@click.option("--lines", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
def logs(asked: Asked, *, name: str, lines: int) -> None:
    """Show what a plugin wrote and how it failed, the newest last."""
    with opened(asked):
        one = _one(name, EVERYWHERE)
        rows: list[LogRow] = []
        after: str | None = None
        while len(rows) < lines:
            page = queries.log_of(one.plugin.ref, Window(min(lines - len(rows), 100), after))
            rows += page.rows
            if not page.has_next:
                break
            after = page.cursor_of(page.rows[-1])
    rows.reverse()
    facts = [{"at": row.at, "level": row.level, "hook": row.hook, "message": row.message} for row in rows]
    text = [
        f"{row.at:%Y-%m-%d %H:%M:%S} {row.level:5} {row.hook}{': ' if row.hook else ''}{row.message}" for row in rows
    ]
    asked.answer({"lines": facts}, "\n".join(text) or "It has written nothing, and nothing has failed.")


@verb("isolate")
@click.argument("name")
@click.option("--off", is_flag=True, help="Run it in the desk's own processes again.")
def isolate(asked: Asked, *, name: str, off: bool) -> None:
    """Run a channel in a process of its own, where even a crash costs nothing but that channel."""
    with opened(asked):
        one = _one(name, EVERYWHERE, kind=Kind.CHANNEL)
        operations.isolate(actors.system(EVERYWHERE), one.plugin.name, is_isolated=not off)
        one = _one(name, EVERYWHERE, kind=Kind.CHANNEL)
    where = "the desk's own processes" if off else "a process of its own"
    asked.answer(_facts(one), f"{_name(one)} runs in {where}.")


def _switch(asked: Asked, name: str, service: str | None, *, is_on: bool) -> None:
    with opened(asked):
        place = _service(service)
        refs = [one.plugin.ref for one in _named(name, place)]
        for ref in refs:
            operations.switch(actors.system(place), ref, is_on=is_on, everywhere=place == EVERYWHERE)
        found = [one for one in overview.overviews(place) if one.plugin.ref in refs]
    text = [f"{_name(one)} is {_standing(one)}." for one in found]
    asked.answer({"plugins": [_facts(one) for one in found]}, "\n".join(text))
    if is_on and any(one.is_unwell for one in found):
        raise Exit(FINDINGS)


def _seen(slug: str | None) -> list[Overview]:
    """Return how every plugin stands in the service; without one, where it is worst off."""
    return overview.worst_overviews() if slug is None else overview.overviews(_service(slug))


def _service(slug: str | None) -> int:
    return EVERYWHERE if slug is None else service_named(slug).id


def _named(name: str, place: int, kind: Kind | None = None) -> list[Overview]:
    """Return the plugins of the name, of every kind unless one is told. Raises NotFound."""
    told, _, bare = name.rpartition("/")
    found = [
        one
        for one in overview.overviews(place)
        if one.plugin.name == bare and told in {"", str(one.plugin.kind)} and kind in {None, one.plugin.kind}
    ]
    if not found:
        what = f"{kind or 'plugin'} “{name}”"
        raise NotFound(f"No {what} is installed; helpdesk plugin list shows what is.", code="PLUGIN_NOT_FOUND")
    return found


def _one(name: str, place: int, kind: Kind | None = None) -> Overview:
    """Return the one plugin of the name. Raises NotFound, and Invalid when several kinds have the name."""
    found = _named(name, place, kind)
    if len(found) > 1:
        names = ", ".join(_name(one) for one in found)
        raise Invalid(f"Several plugins have this name; say which: {names}.", path=("name",))
    return found[0]


def _configurable(name: str, place: int) -> Overview:
    """Return the whole plugin of the name. Raises NotFound, and Invalid (NOT_CONFIGURABLE) for one of another kind."""
    found = _named(name, place)
    whole = next((one for one in found if one.plugin.kind is Kind.PLUGIN), None)
    if whole is None:
        is_channel = found[0].plugin.kind is Kind.CHANNEL
        where = "by its accounts: see channelAccountCreate of the API" if is_channel else "where it is used"
        raise Invalid(f"{_name(found[0])} is told its settings {where}.", code="NOT_CONFIGURABLE", path=("name",))
    return whole


def _pair(given: str) -> tuple[str, Any]:
    """Return the setting's name and value; what is not JSON is a text."""
    name, separator, text = given.partition("=")
    if not separator or not name:
        raise Invalid(f"“{given}” names no value; write --set name=value.", path=("set",))
    try:
        return name, orjson.loads(text)
    except orjson.JSONDecodeError:
        return name, text


def _name(one: Overview) -> str:
    return f"{one.plugin.kind}/{one.plugin.name}"


def _standing(one: Overview) -> str:
    """Return the state in its colour, and the reason if there is one."""
    style: dict[str, Any] = {"dim": True} if one.state in IDLE else {"fg": COLORS.get(one.state, "red")}
    return click.style(str(one.state), **style) + (f": {one.reason}" if one.reason else "")


def _facts(one: Overview) -> dict[str, Any]:
    plugin = one.plugin
    return {
        "kind": str(plugin.kind), "name": plugin.name, "distribution": plugin.distribution, "version": plugin.version,
        "state": str(one.state), "reason": one.reason, "is_enabled": one.is_enabled, "is_isolated": plugin.is_isolated,
        "rights": list(overview.rights(plugin)),
        "problems": [{"hook": row.hook, "reason": row.reason, "seen_at": row.seen_at} for row in one.troubles],
        "figures": [
            {"hook": row.hook, "calls": row.calls, "errors": row.errors, "overruns": row.overruns,
             "seconds": row.micros / 1e6}
            for row in one.figures
        ],
    }  # fmt: skip


def _told(one: Overview, schema: JsonSchemaValue | None) -> list[str]:
    plugin = one.plugin
    lines = [
        f"{_name(one)}: {overview.title(plugin)['en']}",
        f"  brought by  {plugin.distribution or 'the data folder'} {plugin.version}".rstrip(),
        f"  state       {_standing(one)}",
    ]
    if overview.rights(plugin):
        lines.append(f"  rights      {', '.join(overview.rights(plugin))}")
    if plugin.is_isolated:
        lines.append("  runs        in a process of its own")
    lines += [f"  setting     {name} = {_shown(value)}" for name, value in one.settings.items()]
    if plugin.kind is Kind.PLUGIN:
        left = _settings_left(schema, one.settings, overview.secrets(schema, one.secrets))
        lines += [f"  setting     {line}" for line in left]
    else:
        lines += [f"  takes       {line}" for line in _settings_taken(schema)]
    for row in one.figures:
        each = row.micros / 1000 / row.calls if row.calls else 0
        lines.append(f"  {row.hook:10}  {row.calls} calls, {row.errors + row.overruns} failed, {each:.1f} ms each")
    return lines


def _no_settings(plugin: Plugin, place: int) -> str:
    """Return what to say of a plugin that has no settings here."""
    if place == EVERYWHERE and overview.settings_schema(plugin, name="ServiceSettings") is not None:
        return "It has no settings for the whole desk, but for each service: name one with --service."
    return "It has no settings."


def _settings_left(
    schema: JsonSchemaValue | None, told: Mapping[str, Any], secrets: Mapping[str, bool]
) -> Iterator[str]:
    """Return a line for each secret, and for each setting that is not told, with what it means."""
    fields = (schema or {}).get("properties", {})
    needed = (schema or {}).get("required", [])
    for name in {**fields, **secrets}:
        about = fields.get(name, {})
        if secrets.get(name):
            yield f"{name} is set, and secret"
        elif name not in told:
            standing = "needed, and not set" if name in needed else "not set"
            yield f"{name} is {standing}: {about.get('description') or about.get('title', '')}"


def _settings_taken(schema: JsonSchemaValue | None) -> Iterator[str]:
    """Return a line for each setting that a plugin is told where it is used, such as in a channel's account."""
    needed = (schema or {}).get("required", [])
    for name, about in (schema or {}).get("properties", {}).items():
        usual = "needed" if name in needed else f"usually {_shown(about.get('default', ''))}"
        yield f"{name} ({usual}): {about.get('description') or about.get('title', '')}"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
