"""A desk whose files a plugin keeps: how it behaves is written into a file, which it reads at each call."""

from dataclasses import dataclass
from pathlib import Path

from tests.chaos.storm import Storm


@dataclass(frozen=True)
class Vault:
    """The desk, and where its storage keeps what it is given."""

    storm: Storm
    folder: Path

    def behave(self, behaviour: str) -> None:
        """Have the storage behave so from now on; well, without a behaviour."""
        (self.folder / "behaviour").write_text(behaviour)
