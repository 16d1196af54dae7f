"""Reads how plugins are switched and set, and how they do."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.kernel import clock, db
from helpdesk.kernel.db import Counter
from helpdesk.kernel.paging import Order, Page, Window, page
from helpdesk.kernel.rows import Row, load, select
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.models import PluginFigure, PluginLog, PluginSwitch, PluginTrouble

CHANGES = "plugins"
LOADING = "loading"
"""The hook under which a process tells of a plugin that proved useless there after it was loaded."""

TROUBLE_SECONDS = 30.0
"""How long a trouble counts that its process has not repeated: a process that died has none."""


@dataclass(slots=True, kw_only=True)
class Switch(Row):
    """How a plugin is switched and set in one service; service 0 is every one."""

    kind: Kind
    name: str
    service_id: int
    is_on: bool | None
    is_isolated: bool
    settings: dict[str, Any] | None
    secrets: dict[str, str]


@dataclass(slots=True, kw_only=True)
class FigureRow(Row):
    """What a hook has done, over all processes."""

    kind: Kind
    name: str
    hook: str
    calls: int
    errors: int
    overruns: int
    micros: int


@dataclass(slots=True, kw_only=True)
class TroubleRow(Row):
    """What is wrong with a plugin in some process."""

    kind: Kind
    name: str
    hook: str
    reason: str
    seen_at: datetime


@dataclass(slots=True, kw_only=True)
class LogRow(Row):
    """A line of a plugin's log."""

    kind: Kind
    name: str
    service_id: int | None
    level: str
    hook: str
    message: str
    at: datetime


def is_ready() -> bool:
    """Return whether the database has the tables of this room; one that is to be migrated has them not yet."""
    with db.connection():
        return bool(db.database.table_exists("plugin_trouble"))


def change() -> int:
    """Return a number that grows whenever a plugin is switched or set."""
    with db.connection():
        row = Counter.select(Counter.value).where(Counter.name == CHANGES, Counter.service_id == 0).tuples().first()
    return 0 if row is None else int(row[0])


def switches() -> Mapping[tuple[Kind, str], Mapping[int, Switch]]:
    """Return how every plugin is switched, by plugin and service."""
    found: dict[tuple[Kind, str], dict[int, Switch]] = defaultdict(dict)
    with db.connection():
        for row in load(Switch, select(Switch, PluginSwitch)):
            found[row.kind, row.name][row.service_id] = row
    return dict(found)


def switch(ref: Ref, service_id: int) -> Switch | None:
    """Return how the plugin is switched in the service, if anybody has said."""
    query = select(Switch, PluginSwitch).where(
        PluginSwitch.kind == ref.kind, PluginSwitch.name == ref.name, PluginSwitch.service_id == service_id
    )
    return next(iter(load(Switch, query)), None)


def figures() -> list[FigureRow]:
    """Return what every hook has done, by plugin and hook."""
    order = (PluginFigure.kind, PluginFigure.name, PluginFigure.hook)
    return load(FigureRow, select(FigureRow, PluginFigure).order_by(*order))


def troubles() -> dict[Ref, list[TroubleRow]]:
    """Return what is wrong now, by plugin; the same trouble in several processes is one."""
    since = clock.now() - timedelta(seconds=TROUBLE_SECONDS)
    query = select(TroubleRow, PluginTrouble).where(PluginTrouble.seen_at >= since).order_by(PluginTrouble.id)
    found: dict[Ref, dict[str, TroubleRow]] = defaultdict(dict)
    for row in load(TroubleRow, query):
        found[Ref(row.kind, row.name)].setdefault(row.hook, row)
    return {ref: list(by_hook.values()) for ref, by_hook in found.items()}


def log_of(ref: Ref, window: Window, *, service_ids: Sequence[int] | None = None) -> Page[LogRow]:
    """Return a page of the plugin's log, newest first; of the services and of what concerns none, if they are told."""
    query = select(LogRow, PluginLog).where(PluginLog.kind == ref.kind, PluginLog.name == ref.name)
    if service_ids is not None:
        query = query.where(PluginLog.service_id.is_null() | PluginLog.service_id.in_(list(service_ids)))
    return page(LogRow, query, order=[Order(PluginLog.id, "id", descending=True)], window=window)
