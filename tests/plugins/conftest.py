"""A folder of installed distributions, seen by this process and by those that it starts, and a registry to itself."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.plugins import guard, loading, registry
from helpdesk.plugins.kinds import GROUPS, Kind

GOOD = """
from helpdesk.sdk.channel import Channel, Sent
class Good(Channel):
    title = {"en": "Good"}
    def receive(self, request): return []
    def send(self, message): return Sent()
"""


class Site:
    """The folder, and how something gets into it and out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(
        self, name: str, code: str = GOOD, *, value: str = "Good", kind: Kind = Kind.CHANNEL, module: str = ""
    ) -> None:
        """Write a distribution of one module with one entry point."""
        module = module or f"plug_{name}"
        (self.folder / f"{module}.py").write_text(code)
        about = self.folder / f"{module}-1.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
        (about / "entry_points.txt").write_text(f"[{GROUPS[kind]}]\n{name} = {module}:{value}\n")

    def remove(self, name: str) -> None:
        """Take the distribution away."""
        about = self.folder / f"plug_{name}-1.dist-info"
        for file in about.iterdir():
            file.unlink()
        about.rmdir()
        (self.folder / f"plug_{name}.py").unlink()


def forget_modules() -> None:
    """Let the modules of a folder be imported anew."""
    loading._read.cache_clear()
    for name in [name for name in sys.modules if name.startswith("plug_")]:
        del sys.modules[name]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder on the path; what the registry knows of it is forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    forget_modules()
    yield Site(folder)
    forget_modules()
    registry.load(safe_mode=True, looks=False)


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    """Begin and end with gauges at nought."""
    guard.reset()
    yield
    guard.reset()
