"""Reads the stories of the demo: what its customers ask and what its agents answer. The words are in stories.toml."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpdesk.tickets.rules import TicketPriority, TicketStatus

FILE = Path(__file__).with_name("stories.toml")


@dataclass(frozen=True, slots=True)
class Story:
    """One ticket. ``agent`` and ``group`` are names; ``steps`` say ``reply``, ``note`` or ``again``, and the words."""

    language: str
    name: str
    subject: str
    text: str
    email: str | None = None
    phone: str | None = None
    channel: str = "email"
    priority: TicketPriority = TicketPriority.NORMAL
    status: TicketStatus = TicketStatus.NEW
    agent: str | None = None
    group: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    steps: tuple[tuple[str, str], ...] = ()


def stories() -> list[Story]:
    """Return the stories in their order."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return [_story(entry, read["files"]) for entry in read["story"]]


def _story(entry: dict[str, Any], files: dict[str, str]) -> Story:
    return Story(
        **entry
        | {
            "priority": TicketPriority(entry.get("priority", TicketPriority.NORMAL)),
            "status": TicketStatus(entry.get("status", TicketStatus.NEW)),
            "files": {name: files[name].encode() for name in entry.get("files", ())},
            "steps": tuple(next(iter(step.items())) for step in entry.get("steps", ())),
        }
    )
