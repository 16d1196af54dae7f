"""The peers whose packages are in a folder: a virtual environment's for Python, with ``node_modules`` for Node.

They read the same tables by plain SQL in batches by data loaders, are asked the same query, and know nobody: no key,
no rights, no limits. The Python ones are served as the desk is, the Node ones by their own server, one process each.
"""

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.asking import same
from tests.bench.desks import Place, Say
from tests.bench.measuring import Row, Timed, Variant, clock_of, row_of
from tests.house.programs import fresh_environment
from tests.house.tree import ROOT

IN_PYTHON = ("graphene", "ariadne")
IN_NODE: Mapping[str, tuple[str, ...]] = {
    "yoga": ("graphql-yoga",),
    "mercurius": ("mercurius", "graphql-jit", "fastify"),
}
DRIVERS = {"SQLite": "better-sqlite3", "PostgreSQL": "pg"}
GTHREAD = ("--workers", "1", "--worker-class", "gthread", "--threads", "8", "--keep-alive", "65", "--no-control-socket")


@dataclass(frozen=True, slots=True)
class Peer:
    """Another server of the page: name, folder of its packages, what is special, and the command it starts by."""

    name: str
    folder: Path
    note: str
    start: tuple[str, ...]

    def command(self, port: int) -> list[str]:
        """Return the command that starts it on a port."""
        return [part.replace("{port}", str(port)) for part in self.start]


def peers(folder: Path, database: str, say: Say) -> list[Peer]:
    """Return the peers that can be had, and tell of those that cannot."""
    found = []
    for name in IN_PYTHON:
        if has_module(folder, name):
            found.append(_python(folder, f"tests.bench.peers.{name}_app:app", name))
        else:
            say(f"Without {name}: {folder} has no virtual environment with it")
    for name, packages in IN_NODE.items():
        wanted = ("graphql", "dataloader", DRIVERS[database], *packages)
        missing = [one for one in wanted if not (folder / "node_modules" / one).is_dir()]
        if missing or not shutil.which("node"):
            say(f"Without {name}: {folder} has no {', '.join(missing) or 'node'}")
        else:
            jit = ", graphql-jit" if name == "mercurius" else ""
            found.append(Peer(name, folder, f"Node, one process{jit}", ("node", f"tests/bench/peers/{name}.mjs")))
    return found


def has_module(folder: Path, name: str) -> bool:
    """Return whether the folder's Python can import a module."""
    python = folder / "bin" / "python"
    if not python.exists():
        return False
    looked = subprocess.run([python, "-c", f"import {name}"], cwd=folder, capture_output=True, check=False)
    return looked.returncode == 0


def _python(folder: Path, application: str, name: str) -> Peer:
    command = (str(folder / "bin" / "python"), "-m", "gunicorn", application, *GTHREAD, "--bind", "127.0.0.1:{port}")
    return Peer(name, folder, "asyncio.run and aiodataloader", command)


def in_process(place: Place, folder: Path, body: bytes, limit: bytes, size: int, *, rounds: int) -> list[Row]:
    """Return how the peers in Python compare with the raw limit, each with it in one process of its own.

    ``limit`` is the answer that theirs must equal.
    """
    rows, clock = [], clock_of(place.database)
    environment = {"BENCH_DATABASE": place.address, "BENCH_SERVICE": str(place.service_id)}
    for name in IN_PYTHON:
        if not has_module(folder, name):
            continue
        words = [f"{name}_app", str(rounds), clock, str(size)]
        command = [str(folder / "bin" / "python"), "-m", "tests.bench.peers.in_process", *words]
        done = subprocess.run(
            command, input=body, cwd=ROOT, env=fresh_environment() | environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        told = json.loads(done.stdout)
        answer = same(json.dumps(told["data"]).encode(), limit)
        base = Timed(Variant("raw", bytes), told["limit"])
        way = Variant(name, bytes, bytes=len(answer), note="its ratio is to the raw limit in its own process")
        rows.append(row_of("inproc", place.database, Timed(way, told["seconds"]), base, clock=clock))
    return rows
