"""Distributions as pip would have unpacked them, for plugins that no one would publish."""

from pathlib import Path

CHANNEL = """
from helpdesk.sdk.channel import Channel, Sent

class Quiet(Channel):
    title = {"en": "Quiet"}

    def receive(self, request):
        return ()

    def send(self, message):
        return Sent()
"""


def install(folder: Path, name: str, source: str, *, names: str, group: str = "helpdesk.channels") -> None:
    """Write a distribution of one module, whose entry point ``name`` in the group leads to ``names`` in the module."""
    about = folder / f"{name}_plugin-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{group}]\n{name} = {name}_plugin:{names}\n")
    (folder / f"{name}_plugin.py").write_text(source)
