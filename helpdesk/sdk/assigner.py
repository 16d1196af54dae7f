"""What an assigner author writes: how a queue picks the agent for a ticket.

The core hands in who may have it, in the order in which they were added to their group, and gives
the ticket to whom the assigner names, in one transaction; it refuses anybody else.

Name the class in the entry-point group ``helpdesk.assigners``. One instance serves one queue, with
its settings, in many threads and processes at once: what it must remember belongs into the facts.
``choose`` is quick: it has two seconds.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from helpdesk.sdk.facts import AgentFacts, TicketFacts
from helpdesk.sdk.settings import PluginSettings

__all__ = ["AgentFacts", "Assigner", "AssignerSettings", "TicketFacts"]


class AssignerSettings(PluginSettings):
    """What one queue's use of the assigner needs to know."""


class Assigner(ABC):
    """One way of picking an agent."""

    api: ClassVar[int] = 1
    """The version of this page that the assigner was written for; the core keeps the newest and the one before."""

    title: ClassVar[Mapping[str, str]]
    """The name that people see, by language; ``en`` is required."""

    Settings: ClassVar[type[AssignerSettings]] = AssignerSettings
    """What one queue tells it; an instance is here as ``self.settings``."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @abstractmethod
    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        """Return the id of one of the candidates (there is at least one), or None to leave the ticket waiting."""
