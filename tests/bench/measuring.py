"""Runs two ways of doing the same in turns, and says how they compare; a busy machine slows both."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from helpdesk.kernel import db

BRACKETS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
WARM_UP = 3

Sent = list[tuple[str, tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians in milliseconds, the ratio that is the goal, and the desk's statements, where it sends any."""

    name: str
    desk_ms: float
    raw_ms: float
    statements: int | None
    budget: float
    against: str = "raw"

    @property
    def ratio(self) -> float:
        """How many times the raw work the desk's takes."""
        return self.desk_ms / self.raw_ms

    def __str__(self) -> str:
        line = (
            f"{self.name:<28} desk {self.desk_ms:7.2f} ms   {self.against} {self.raw_ms:7.2f} ms"
            f"   {self.ratio:5.1f} × {self.against}   (goal {self.budget:g} ×)"
        )
        return line if self.statements is None else f"{line}   {self.statements} statements"


def compare(
    name: str,
    desk: Callable[[], object],
    raw: Callable[[], object],
    *,
    rounds: int,
    budget: float,
    statements: int | None = None,
    against: str = "raw",
) -> Comparison:
    """Time both in turns and return the medians."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + WARM_UP):
        for work, kept in zip((desk, raw), times, strict=True):
            started = time.perf_counter()
            work()
            if turn >= WARM_UP:
                kept.append((time.perf_counter() - started) * 1000)
    medians = [statistics.median(kept) for kept in times]
    return Comparison(name, medians[0], medians[1], statements, budget, against)


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
