"""What this process holds, and when that is too much."""

import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from helpdesk.kernel import resources, settings
from helpdesk.kernel.settings import Settings
from tests.house.tree import ROOT

FULL = """
import os, resource
from contextlib import suppress
from helpdesk.kernel import resources, settings

limits = settings.load({})
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
assert resources.excess(limits) == ""
with suppress(OSError):
    while True:
        os.open("/dev/null", os.O_RDONLY)
print(resources.excess(limits))
"""


@pytest.fixture
def ample(tmp_path: Path) -> Settings:
    """Limits that no test comes near."""
    return settings.load({}, data_dir=tmp_path, process_max_mb=1_000_000, process_max_threads=100_000)


@pytest.fixture
def many_threads() -> Iterator[int]:
    """So many threads beside those of the tests."""
    ends = threading.Event()
    threads = [threading.Thread(target=ends.wait) for _ in range(70)]
    for thread in threads:
        thread.start()
    yield len(threads)
    ends.set()
    for thread in threads:
        thread.join()


def test_memory_that_is_taken_is_counted() -> None:
    before = resources.held().resident_bytes
    taken = b"x" * 60_000_000
    after = resources.held().resident_bytes
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(len(taken), rel=0.2)


def test_threads_and_open_files_are_counted(many_threads: int, tmp_path: Path) -> None:
    before = resources.held()
    assert (before.threads or 0) >= many_threads + 1
    with ExitStack() as opened:
        for number in range(10):
            opened.enter_context((tmp_path / str(number)).open("w"))
        assert (resources.held().open_files or 0) - (before.open_files or 0) == 10


def test_nothing_is_too_much_within_the_limits(ample: Settings) -> None:
    assert resources.excess(ample) == ""


def test_each_excess_is_named_with_the_setting_that_limits_it(ample: Settings, many_threads: int) -> None:
    taken = b"x" * 300_000_000
    small = ample.model_copy(update={"process_max_mb": 256, "process_max_threads": 64})
    assert len(taken) > 256 * resources.MEGABYTE
    told = resources.excess(small)
    assert told.startswith("this process holds ")
    assert " MB of memory, more than HELPDESK_PROCESS_MAX_MB (256) and " in told
    assert told.endswith(" threads, more than HELPDESK_PROCESS_MAX_THREADS (64)")


def test_process_that_cannot_even_open_a_file_to_look_has_too_many_open() -> None:
    done = subprocess.run([sys.executable, "-c", FULL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "this process holds 100 open files, more than 80% of the 100 that the system allows it\n", (
        done.stderr
    )


def test_system_without_proc_tells_nothing_and_nothing_is_too_much(
    ample: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("_STATM", "_THREADS", "_FILES"):
        monkeypatch.setattr(resources, name, tmp_path / "absent")
    assert resources.held() == resources.Holding(None, None, None)
    assert resources.excess(ample.model_copy(update={"process_max_threads": 0, "process_max_mb": 0})) == ""


def test_limit_on_files_is_the_systems_own() -> None:
    assert resources.most_files() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
