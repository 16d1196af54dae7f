"""What is wrong with what a plugin's class declares, found before anything of it is used, without calling it."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import peewee

from helpdesk import signals
from helpdesk.access.rules import RIGHTS
from helpdesk.hosting.rules import prefix_of
from helpdesk.sdk.plugin import LEAST_PERIOD_SECONDS, Hook, HookKind, Plugin, hooks_of
from helpdesk.sdk.tables import Table
from helpdesk.sdk.web import METHODS

LONGEST_NAME = 40
FOLDERS = ("migrations", "templates", "locales")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def problem(name: str, plugin: type[Plugin]) -> str:
    """Return what is wrong, in one sentence for the author, or nothing."""
    return next(_problems(name, plugin), "")


def _problems(name: str, plugin: type[Plugin]) -> Iterator[str]:
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        yield f"its name must be at most {LONGEST_NAME} small letters, digits and _, such as visits"
    yield from _rights_problems(plugin.rights)
    for folder in FOLDERS:
        place = getattr(plugin, folder)
        if place is not None and not (isinstance(place, Path) and place.is_dir()):
            yield f"its {folder} must be the Path of a folder that is there"
    yield from _table_problems(name, plugin)
    for hook in hooks_of(plugin):
        if wrong := _HOOKS.get(hook.kind, _nothing)(hook):
            yield f"{hook.name}: {wrong}"
    yield from _twice(plugin)
    if plugin.keeps_personal_data and (plugin.erase is Plugin.erase or plugin.export is Plugin.export):
        yield "it keeps personal data, so it must implement erase and export"


def _rights_problems(rights: Any) -> Iterator[str]:
    if isinstance(rights, str) or not isinstance(rights, frozenset | set | tuple | list):
        yield "its rights must be a frozenset of names such as ticket.read"
        return
    for right in rights:
        if right not in RIGHTS:
            yield f"it asks for the right {right!r}, which there is not"


def _table_problems(name: str, plugin: type[Plugin]) -> Iterator[str]:
    prefix = prefix_of(name)
    for table in plugin.tables:
        if not (isinstance(table, type) and issubclass(table, Table)):
            yield f"{table!r} among its tables is no sdk.tables.Table"
            continue
        if not table._meta.table_name.startswith(prefix):
            yield f"its table {table._meta.table_name} must be named {prefix}…"
        for field in table._meta.sorted_fields:
            if isinstance(field, peewee.ForeignKeyField) and field.rel_model not in plugin.tables:
                yield f"{table._meta.table_name}.{field.name} is a foreign key onto a table that is not its own"
    if plugin.tables and plugin.migrations is None:
        yield "it has tables and no migrations that make them"


def _twice(plugin: type[Plugin]) -> Iterator[str]:
    """Yield what two pages share: a path with a method."""
    seen: dict[tuple[str, str], str] = {}
    for hook in hooks_of(plugin):
        if hook.kind in {HookKind.PAGE, HookKind.WEBHOOK}:
            for method in hook.facts.get("methods", ("POST",)):
                other = seen.setdefault((str(hook.facts["path"]).strip("/"), method), hook.name)
                if other != hook.name:
                    yield f"{other} and {hook.name} both answer {method} at the same path"


def _nothing(_hook: Hook) -> str:
    return ""


def _listens(hook: Hook) -> str:
    known = {signal.payload for signal in signals.ALL.values()}
    events = hook.facts["events"]
    if events and all(event in known for event in events):
        return ""
    return "it must name events of helpdesk.sdk.events, such as TicketCreated"


def _is_periodic(hook: Hook) -> str:
    seconds = hook.facts["every_seconds"]
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    is_fit = is_number and LEAST_PERIOD_SECONDS <= seconds < 10**9
    return "" if is_fit else f"every_seconds must be a number of seconds, at least {LEAST_PERIOD_SECONDS}"


def _is_page(hook: Hook) -> str:
    methods = hook.facts["methods"]
    if not isinstance(hook.facts["path"], str):
        return "its path must be a text"
    if not isinstance(methods, tuple) or not methods or not METHODS.issuperset(methods):
        return f"its methods must be a tuple of some of {', '.join(sorted(METHODS))}"
    return ""


def _is_webhook(hook: Hook) -> str:
    if not isinstance(hook.facts["path"], str):
        return "its path must be a text"
    return "" if callable(hook.facts["verify"]) else "verify must be a function"


_HOOKS: Mapping[HookKind, Callable[[Hook], str]] = {
    HookKind.RECEIVER: _listens,
    HookKind.SUBSCRIBER: _listens,
    HookKind.PERIODIC: _is_periodic,
    HookKind.PAGE: _is_page,
    HookKind.WEBHOOK: _is_webhook,
}
