"""The core's own plugins for tests of one room: registered as their entry points name them, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points

from helpdesk.plugins import registry
from helpdesk.plugins.kinds import GROUPS, Kind

CORE = "helpdesk"


@contextmanager
def core(*kinds: Kind) -> Iterator[None]:
    """Load the core's own plugins of the kinds; end with none."""
    registry.load(safe_mode=True, looks=False)
    for kind in kinds:
        for entry_point in entry_points(group=GROUPS[kind]):
            if entry_point.dist is not None and entry_point.dist.name == CORE:
                registry.register(kind, entry_point.name, entry_point.load(), distribution=CORE)
    yield
    registry.load(safe_mode=True, looks=False)
