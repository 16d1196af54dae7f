"""Writes down what the guard has counted in this process, so that every process and command can see it.

A process writes only what was added since it last did; figures of several processes add up.
"""

import os
import secrets
import socket
import threading

from helpdesk import signals
from helpdesk.kernel import clock
from helpdesk.kernel.db import transactional
from helpdesk.kernel.text import one_line
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import Gauge, Ref
from helpdesk.plugins.models import PluginFigure, PluginLog, PluginTrouble
from helpdesk.plugins.queries import LOADING
from helpdesk.signals import Receiver

KEPT_LINES = 1000
"""Lines of log that are kept of each plugin."""

Counts = tuple[int, int, int, int]
"""Calls, errors, overruns and microseconds."""
NOTHING: Counts = (0, 0, 0, 0)


class _Book:
    """What this process has written."""

    def __init__(self) -> None:
        self.troubles: set[tuple[Ref, str]] = set()
        self.receivers: dict[Receiver, Counts] = {}
        self.lock = threading.Lock()
        self.pid = 0
        self.name = ""

    def process(self) -> str:
        """Return the name of this process; another one after a fork."""
        if self.pid != os.getpid():
            self.pid, self.troubles = os.getpid(), set()
            self.name = f"{socket.gethostname()[:40]}:{self.pid}:{secrets.token_hex(4)}"
        return self.name


_book = _Book()


def write() -> None:
    """Write figures, troubles and problems. Costs no statement when nothing has happened."""
    with _book.lock:
        process = _book.process()
        gauges = guard.gauges()
        added: dict[tuple[Ref, str], Counts] = {}
        for key, gauge in (*guard.take_forgotten(), *gauges.items()):
            if (delta := _added(gauge)) is not None:
                added[key] = _sum(added.get(key, NOTHING), delta)
        resting = {key: gauge.reason for key, gauge in gauges.items() if gauge.is_failing}
        _add_receivers(added, resting)
        resting |= {(plugin.ref, LOADING): plugin.reason for plugin in registry.plugins() if plugin.is_faulty_here}
        over = _book.troubles - resting.keys()
        problems = guard.take_problems()
        if added or resting or over or problems:
            _write(process, added, resting, over, problems)
        _book.troubles = set(resting)


def _added(gauge: Gauge) -> Counts | None:
    """Return what the gauge has counted since it was last written, and note that it is written now."""
    now, before = gauge.counts, gauge.written
    if now == before:
        return None
    gauge.written = now
    return _difference(now, before)


def _sum(one: Counts, other: Counts) -> Counts:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]


def _difference(new: Counts, old: Counts) -> Counts:
    return new[0] - old[0], new[1] - old[1], new[2] - old[2], new[3] - old[3]


def _add_receivers(added: dict[tuple[Ref, str], Counts], resting: dict[tuple[Ref, str], str]) -> None:
    """Add what the receivers of plugins have counted: the dispatcher of signals has figures of its own."""
    written = {}
    for one in signals.owned():
        if not isinstance(one.owner, Ref):
            continue
        key = (one.owner, _hook_of(one))
        now = (one.calls, one.errors, one.overruns, int(one.seconds * 1_000_000))
        before = _book.receivers.get(one, NOTHING)
        written[one] = now
        if now != before:
            added[key] = _sum(added.get(key, NOTHING), _difference(now, before))
        if one.is_resting or one.is_overrunning:
            resting[key] = one.reason
    _book.receivers = written


def note_receiver(receiver: Receiver, reason: str) -> None:
    """Keep what went wrong in a receiver of a plugin's; the dispatcher of signals tells of each failure."""
    if reason and isinstance(receiver.owner, Ref):
        guard.note(receiver.owner, _hook_of(receiver), reason)


def _hook_of(receiver: Receiver) -> str:
    return getattr(receiver.call, "__qualname__", "receiver").rpartition(".")[2]


@transactional
def _write(
    process: str,
    added: dict[tuple[Ref, str], Counts],
    resting: dict[tuple[Ref, str], str],
    over: set[tuple[Ref, str]],
    problems: list[guard.Problem],
) -> None:
    for (ref, hook), delta in added.items():
        values = {"kind": ref.kind, "name": ref.name, "hook": hook[:100]}
        counts = dict(zip(("calls", "errors", "overruns", "micros"), delta, strict=True))
        columns = {getattr(PluginFigure, name): getattr(PluginFigure, name) + count for name, count in counts.items()}
        PluginFigure.insert(**values, **counts).on_conflict(
            conflict_target=(PluginFigure.kind, PluginFigure.name, PluginFigure.hook), update=columns
        ).execute()
    for (ref, hook), reason in resting.items():
        trouble(ref, hook, reason, process)
    for ref, hook in over:
        PluginTrouble.delete().where(*_is(ref, hook, process)).execute()
    if problems:
        lines = [
            {"kind": one.ref.kind, "name": one.ref.name, "level": "error", "hook": one.hook[:100], "at": one.at,
             "message": one_line(one.reason, longest=500)}
            for one in problems
        ]  # fmt: skip
        PluginLog.insert_many(lines).execute()
        for ref in {one.ref for one in problems}:
            _trim(ref)


def trouble(ref: Ref, hook: str, reason: str, process: str) -> None:
    """Write that something is wrong, or that it still is."""
    at = clock.now()
    values = {"kind": ref.kind, "name": ref.name, "hook": hook[:100], "process": process}
    PluginTrouble.insert(**values, reason=reason, seen_at=at).on_conflict(
        conflict_target=(PluginTrouble.kind, PluginTrouble.name, PluginTrouble.hook, PluginTrouble.process),
        update={PluginTrouble.reason: reason, PluginTrouble.seen_at: at},
    ).execute()


def _is(ref: Ref, hook: str, process: str) -> tuple[object, ...]:
    return (
        PluginTrouble.kind == ref.kind,
        PluginTrouble.name == ref.name,
        PluginTrouble.hook == hook[:100],
        PluginTrouble.process == process,
    )


def _trim(ref: Ref) -> None:
    """Drop the oldest lines of a plugin's log beyond those that are kept."""
    ours = (PluginLog.kind == ref.kind) & (PluginLog.name == ref.name)
    kept = PluginLog.select(PluginLog.id).where(ours).order_by(PluginLog.id.desc()).offset(KEPT_LINES).limit(1)
    last = kept.tuples().first()
    if last is not None:
        PluginLog.delete().where(ours, PluginLog.id <= last[0]).execute()
