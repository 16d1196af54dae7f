"""Times one peer in Python and the raw limit in turns, in its own process: ``python -m tests.bench.peers.in_process``.

Arguments: the peer's module, the rounds, the clock (cpu or cpu+pg), the page's size. The request's body comes on stdin.
Prints one line of JSON: the seconds of both, and the data of the answer.
"""

import asyncio
import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from tests.bench import raw
from tests.bench.bare_app import SERVICE, connected
from tests.bench.raw import Bare

WARM_UP = 3


def clock_of(name: str) -> Callable[[], float]:
    """Return what reads the clock: this process's CPU time, on PostgreSQL with its backend's. See measuring.py."""
    if name == "cpu":
        return time.process_time
    stat = Path(f"/proc/{connected().info.backend_pid}/schedstat")
    return lambda: time.process_time() + int(stat.read_text().split()[0]) / 1e9


def main() -> None:
    """Print the line."""
    name, rounds, clock, size = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    now = clock_of(clock)
    peer, asked = importlib.import_module(f"tests.bench.peers.{name}"), orjson.loads(sys.stdin.buffer.read())
    loop = asyncio.new_event_loop()

    def answer() -> bytes:
        found: bytes = loop.run_until_complete(peer.answer(asked))
        return found

    def limit() -> bytes:
        return raw.page(Bare(connected()), SERVICE, size)

    def spent(work: Callable[[], bytes]) -> float:
        started = now()
        work()
        return now() - started

    pairs = [(spent(answer), spent(limit)) for _ in range(rounds + WARM_UP)][WARM_UP:]
    ours, theirs = zip(*pairs, strict=True)
    print(orjson.dumps({"seconds": ours, "limit": theirs, "data": orjson.loads(answer())["data"]}).decode())


if __name__ == "__main__":
    main()
