"""Many callers at the same moment, each with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from helpdesk.kernel import db

T = TypeVar("T")

SECONDS = 60


def at_once(count: int, call: Callable[[int], T]) -> list[T]:
    """Call with 0, 1, … in as many threads that start together, and return the answers in that order."""
    starting = threading.Barrier(count)

    def work(place: int) -> T:
        starting.wait(SECONDS)
        with db.connection():
            return call(place)

    with ThreadPoolExecutor(count) as pool:
        return [future.result(SECONDS) for future in [pool.submit(work, place) for place in range(count)]]
