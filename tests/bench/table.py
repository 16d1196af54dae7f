"""Makes the README's table of runs: ``python -m tests.bench.table RUN…`` prints it, of files that ``--json`` wrote."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

START, END = "<!-- bench -->", "<!-- /bench -->"
DATABASES = ("SQLite", "PostgreSQL")
HEADING = "| Work | | SQLite, ms | compared | PostgreSQL, ms | compared |\n|---|---|---:|---:|---:|---:|"

Told = dict[str, Any]
Rows = Sequence[Told]


def table(runs: Sequence[Rows]) -> str:
    """Return the table as Markdown: medians and ratios of the runs side by side, works without a database first."""
    found: dict[tuple[str, str], dict[str, list[Told]]] = {}
    for row in (row for run in runs for row in run):
        places = found.setdefault((row["name"], row["variant"]), {})
        places.setdefault(row["database"].replace("none", DATABASES[0]), []).append(row)
    lines = []
    last = ""
    for (name, variant), places in found.items():
        cells = [cell for database in DATABASES for cell in _cells(places.get(database, []))]
        lines.append(f"| {'' if name == last else f'`{name}`'} | {variant} | {' | '.join(cells)} |")
        last = name
    return "\n".join([HEADING, *lines])


def _cells(rows: Rows) -> tuple[str, str]:
    return ", ".join(map(_time, rows)), ", ".join(f"{row['ratio']:.2f}" for row in rows)


def _time(row: Told) -> str:
    """Return how long it took, and how long of it the server's processes ran."""
    return _short(row["p50_ms"]) + (f" ({_short(row['cpu_ms'])})" if row.get("cpu_ms") is not None else "")


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:#.2g}"


def read(file: Path) -> Rows:
    """Return the rows of a run."""
    return [json.loads(line) for line in file.read_text().splitlines()]


if __name__ == "__main__":
    print(START, table([read(Path(name)) for name in sys.argv[1:]]), END, sep="\n")
