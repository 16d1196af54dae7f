"""Finds what is installed, and imports it one by one, surviving everything but KeyboardInterrupt.

Stevedore alone lets AssertionError and SystemExit stop the start and silently takes the last of two
entry points with one name, hence the override and the count.
This is the only file that imports stevedore.
"""

import functools
import hashlib
import importlib
import site
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stevedore.extension import ExtensionManager

from helpdesk.plugins.kinds import GROUPS, Kind
from helpdesk.plugins.threads import Call, hire, rehire

SECONDS = 10.0
BUNDLED = frozenset({"helpdesk", "helpdesk-email", "helpdesk-webhook", "helpdesk-theme-default"})
"""The distributions that come with the desk. What others bring is not imported until somebody enables it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry point that was found; ``fault`` says why it must not be imported."""

    kind: Kind
    name: str
    path: str
    distribution: str
    version: str
    fault: str = ""

    @property
    def is_trusted(self) -> bool:
        """Whether it comes with the desk."""
        return self.distribution in BUNDLED


@dataclass(frozen=True, slots=True)
class Imported:
    """What importing gave: what the entry point leads to, or why there is nothing."""

    value: Any = None
    fault: str = ""


class _Broken(Exception):
    """Carries whatever a plugin raised at import past stevedore."""


class _Loader(ExtensionManager[Any]):
    """Stevedore's manager for the wanted entry points of one kind."""

    def __init__(self, kind: Kind, is_wanted: Callable[[str], bool]) -> None:
        self.faults: dict[str, str] = {}
        self._wanted = [
            (candidate, one) for candidate, one in _present() if candidate.kind is kind and is_wanted(candidate.name)
        ]
        super().__init__(GROUPS[kind], on_load_failure_callback=_note_fault)

    def list_entry_points(self) -> list[EntryPoint]:
        """Return what is installed now; stevedore's own list is that of the process's beginning."""
        return [one for _candidate, one in self._wanted]

    def _load_one_plugin(self, ep: EntryPoint, *args: Any, **kwargs: Any) -> Any:
        load = partial(super()._load_one_plugin, ep, *args, **kwargs)
        is_trusted = all(candidate.is_trusted for candidate, one in self._wanted if one == ep)
        try:
            return load() if is_trusted else _in_time(load)
        except (KeyboardInterrupt, _Broken):
            raise
        except BaseException as error:
            raise _Broken(f"{type(error).__name__}: {error}") from error


def _in_time(load: Callable[[], Any]) -> Any:
    """Import in a thread with a deadline: what was quick when it was tried may hang where it counts."""
    call, runner = Call(load), hire()
    runner.start(call)
    if not call.ended.wait(SECONDS):
        runner.interrupt()
        raise _Broken(f"its import does not end within {SECONDS:g} seconds")
    rehire(runner)
    if call.error is not None:
        raise call.error
    return call.answer


def _note_fault(loader: ExtensionManager[Any], entry_point: EntryPoint, error: BaseException) -> None:
    if isinstance(loader, _Loader):
        loader.faults[entry_point.name] = str(error)


def is_imported(candidate: Candidate) -> bool:
    """Return whether this process has imported the candidate's module before."""
    return candidate.path.partition(":")[0] in sys.modules


def find() -> list[Candidate]:
    """Return every entry point of every kind. Of two with one name both have a fault; nothing is imported."""
    return [candidate for candidate, _entry_point in _present()]


def _present() -> Sequence[tuple[Candidate, EntryPoint]]:
    return _read(installed())


@functools.lru_cache(maxsize=1)
def _read(_folders: tuple[tuple[str, int], ...]) -> Sequence[tuple[Candidate, EntryPoint]]:
    """Read what every distribution says of itself, once for each state of the folders."""
    found = []
    every, about = entry_points(), functools.cache(lambda distribution: (distribution.name, distribution.version))
    for kind, group in GROUPS.items():
        ours = every.select(group=group)
        counts = Counter(one.name for one in ours)
        for one in ours:
            count = counts[one.name]
            clash = f"{count} installed distributions bring a {kind} of this name; remove all but one"
            distribution, version = about(one.dist) if one.dist else ("", "")
            fault = clash if count > 1 else ""
            found.append((Candidate(kind, one.name, one.value, distribution, version, fault), one))
    return found


def import_all(kind: Kind, names: set[str]) -> dict[str, Imported]:
    """Import the named entry points of a kind, one after the other, and return what became of each."""
    if not names:
        return {}
    loader = _Loader(kind, names.__contains__)
    found = {item.name: Imported(item.plugin) for item in loader.extensions}
    return found | {name: Imported(fault=fault) for name, fault in loader.faults.items()}


def look_again() -> None:
    """Let this process see what was installed after it had started, as ``pip install -e`` does, too."""
    importlib.invalidate_caches()
    for folder in [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]:
        site.addsitedir(folder)


def installed() -> tuple[tuple[str, int], ...]:
    """Return what changes whenever something is installed or removed: the folders of modules, and their times."""
    folders = (Path(path or ".") for path in sys.path)
    return tuple((str(folder), folder.stat().st_mtime_ns) for folder in folders if folder.is_dir())


def fingerprint(candidate: Candidate) -> str:
    """Return what changes whenever the candidate's files do; nothing of it is imported."""
    digest = hashlib.sha256(f"{sys.version} {candidate}".encode())
    for file in sorted(_files(candidate.path.partition(":")[0].partition(".")[0])):
        about = file.stat()
        digest.update(f"{file} {about.st_size} {about.st_mtime_ns}".encode())
    return digest.hexdigest()


def _files(package: str) -> Iterator[Path]:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return
    if spec is None:
        return
    for folder in spec.submodule_search_locations or ():
        yield from (file for file in Path(folder).rglob("*.py") if file.is_file())
    if spec.origin and Path(spec.origin).is_file():
        yield Path(spec.origin)
