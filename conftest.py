"""Gives every test folder, the plugins' too, the real servers as fixtures; says how many tests run at once."""

import gc
import os

pytest_plugins = ["tests.servers.fixtures"]


def pytest_xdist_auto_num_workers() -> int:
    """Return two workers more than there are cores: tests with real processes wait for them half of their time."""
    return len(os.sched_getaffinity(0)) + 2


def pytest_collection_finish() -> None:
    """Look for garbage no more in what was imported and collected, which is most of what there is."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
