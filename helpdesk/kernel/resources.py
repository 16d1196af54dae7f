"""What this process holds: memory, threads and open files, and when that is too much; and when room gets short.

Plugins run inside the desk's processes, and what one of them leaks is nobody's to give back; so it is
measured, told (health), and ended by beginning anew (commands/recycling.py). Linux tells by ``/proc``;
where there is none, nothing is known and nothing is too much. Memory is what is resident, as the kernel
counts it when it looks for somebody to kill; what Python counts itself (the lost alternative) leaves out
whatever a library in C has leaked.
"""

import errno
import os
import resource
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from helpdesk.kernel.settings import Settings

MEGABYTE = 1_048_576
LEAST_FREE_MB = 200
SHARE_OF_FILES = 0.8  # the rest is for what has to be opened to end in order

_STATM = Path("/proc/self/statm")
_THREADS = "/proc/self/task"
_FILES = "/proc/self/fd"


@dataclass(frozen=True, slots=True)
class Holding:
    """What the process holds; None is what the system does not tell."""

    resident_bytes: int | None
    threads: int | None
    open_files: int | None


def held() -> Holding:
    """Return what this process holds now."""
    return Holding(_resident_bytes(), _count(_THREADS), _open_files())


def most_files() -> int:
    """Return how many files the system lets this process open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def shortage(folder: Path) -> str:
    """Return what the desk's disk lacks, as a sentence without its full stop; nothing when there is room."""
    free = shutil.disk_usage(folder).free // MEGABYTE if folder.is_dir() else LEAST_FREE_MB
    return f"only {free:,} MB are free on the disk of HELPDESK_DATA_DIR" if free < LEAST_FREE_MB else ""


def excess(limits: Settings) -> str:
    """Return what is too much by the settings, as a sentence without its full stop; nothing when all is well."""
    found = list(_excesses(held(), limits))
    return f"this process holds {' and '.join(found)}" if found else ""


def _excesses(now: Holding, limits: Settings) -> Iterator[str]:
    megabytes = (now.resident_bytes or 0) // MEGABYTE
    if megabytes > limits.process_max_mb:
        yield f"{megabytes:,} MB of memory, more than HELPDESK_PROCESS_MAX_MB ({limits.process_max_mb})"
    if (threads := now.threads or 0) > limits.process_max_threads:
        yield f"{threads:,} threads, more than HELPDESK_PROCESS_MAX_THREADS ({limits.process_max_threads})"
    most = most_files()
    if most != resource.RLIM_INFINITY and (files := now.open_files or 0) > most * SHARE_OF_FILES:
        yield f"{files:,} open files, more than {SHARE_OF_FILES:.0%} of the {most:,} that the system allows it"


def _resident_bytes() -> int | None:
    try:
        pages = int(_STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * resource.getpagesize()


def _open_files() -> int | None:
    count = _count(_FILES)
    return None if count is None else count - 1  # it takes one to look


def _count(folder: str) -> int | None:
    try:
        return len(os.listdir(folder))
    except OSError as error:
        is_full = error.errno == errno.EMFILE and folder == _FILES
        return most_files() + 1 if is_full else None
