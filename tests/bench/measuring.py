"""Does the same in several ways in turns, and says how they compare; a busy machine slows all of them.

In process the clock is CPU time, which other programs do not lengthen: that of this process (cpu), and on PostgreSQL
with it that of the backend that serves it (cpu+pg). Over HTTP, and for a start, it is the wall's. The ratio is the
median of the ratios of neighbouring turns.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from helpdesk.kernel import db

BRACKETS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
WARM_UP = 3
HEADINGS = ("name", "database", "variant", "p50 ms", "p99 ms", "per s", "ratio", "goal", "SQL", "bytes", "clock")
LAYOUT = "{:<15}{:<11}{:<34}{:>10}{:>10}{:>9}{:>8}  {:<8}{:>4}{:>8}  {:<7}{}"

Sent = list[tuple[str, tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one variant: milliseconds, how many a second, and the ratio to the first variant."""

    name: str
    database: str
    variant: str
    clock: str
    p50_ms: float
    p99_ms: float | None
    rps: float | None
    ratio: float | None = None
    goal: str = ""
    statements: int | None = None
    bytes: int | None = None
    note: str = ""
    cpu_ms: float | None = None

    def of_bytes(self, size: int) -> "Row":
        """Return the row with the size of the answer."""
        return replace(self, bytes=size)

    def __str__(self) -> str:
        return LAYOUT.format(
            self.name, self.database, self.variant, _short(self.p50_ms), _short(self.p99_ms), _short(self.rps),
            "" if self.ratio is None else f"{self.ratio:.2f}", self.goal,
            "" if self.statements is None else self.statements, "" if self.bytes is None else self.bytes, self.clock,
            ", ".join(filter(None, [self.note, "" if self.cpu_ms is None else f"{self.cpu_ms:.2f} ms CPU an answer"])),
        ).rstrip()  # fmt: skip


def heading() -> str:
    """Return the line above the rows."""
    return LAYOUT.format(*HEADINGS, "")


def _short(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 1000 else f"{number:.3g}"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of doing a work; its answer, where it has one, is bytes."""

    name: str
    work: Callable[[], object]
    statements: int | None = None
    bytes: int | None = None
    goal: str = ""
    note: str = ""


@dataclass(slots=True)
class Timed:
    """How long a variant took each time, in seconds."""

    variant: Variant
    seconds: list[float] = field(default_factory=list)


def compare(
    name: str, database: str, variants: Sequence[Variant], *, rounds: int, clock: str | None = None
) -> list[Row]:
    """Do all variants in turns and return a row of each; the first is what the others are compared with."""
    chosen = clock or clock_of(database)
    timed, now = [Timed(variant) for variant in variants], clock_named(chosen)
    for turn in range(rounds + WARM_UP):
        for one in timed[turn % len(timed) :] + timed[: turn % len(timed)]:
            seconds = spent(one.variant.work, now)
            if turn >= WARM_UP:
                one.seconds.append(seconds)
    return [row_of(name, database, one, timed[0], clock=chosen) for one in timed]


def clock_of(database: str) -> str:
    """Return the clock that is honest for work of this process on a database."""
    return "cpu" if database == "SQLite" else "cpu+pg"


def clock_named(name: str) -> Callable[[], float]:
    """Return what reads the clock, in seconds; ``cpu+pg`` is that of the connection that this thread has now."""
    if name == "cpu+pg":
        backend = db.database.connection().info.backend_pid
        return lambda: time.process_time() + cpu_of(backend)
    return time.process_time if name == "cpu" else time.perf_counter


def cpu_of(pid: int) -> float:
    """Return the CPU time that another process has had; exact while it waits. Source: Linux, sched-stats.rst."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def spent(work: Callable[[], object], now: Callable[[], float]) -> float:
    """Return the seconds that the work takes by the clock."""
    started = now()
    work()
    return now() - started


def row_of(name: str, database: str, one: Timed, base: Timed, *, clock: str) -> Row:
    """Return the row of a variant that was done in turns with the one that it is compared with."""
    seconds, variant = sorted(one.seconds), one.variant
    ratio = statistics.median(mine / theirs for mine, theirs in zip(one.seconds, base.seconds, strict=True))
    return Row(
        name, database, variant.name, clock, statistics.median(seconds) * 1000, percentile(seconds, 99) * 1000,
        1 / statistics.fmean(seconds), ratio, variant.goal, variant.statements, variant.bytes, variant.note,
    )  # fmt: skip


def percentile(ordered: Sequence[float], hundredths: int) -> float:
    """Return the value below which so many hundredths of the ordered values lie."""
    return ordered[min(len(ordered) - 1, len(ordered) * hundredths // 100)]


def counted(work: Callable[[], object]) -> int:
    """Return how many statements the desk sends for the work, a transaction's brackets left out."""
    with sent_statements() as sent:
        work()
    return len(sent)


@contextmanager
def sent_statements() -> Iterator[Sent]:
    """Give the statements, with their values, that the desk sends meanwhile; a transaction's brackets are left out."""
    sent: Sent = []
    pool = db.database.obj
    execute = pool.execute_sql

    def note(sql: str, values: Any = None, *rest: Any) -> Any:
        if not sql.upper().startswith(BRACKETS):
            sent.append((sql, tuple(values or ())))
        return execute(sql, values, *rest)

    pool.execute_sql = note
    try:
        yield sent
    finally:
        del pool.execute_sql
