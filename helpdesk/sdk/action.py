"""What an action author writes: what is done to a ticket when somebody, or a trigger, says so.

``run`` decides and returns effects; the core carries them out in one transaction, with the rights of
whoever asked, and writes them into the history. What must reach the outside is a ``Later``: its data
is stored with the change, and a worker hands it to ``perform``, at least once, until that succeeds.

Name the class in the entry-point group ``helpdesk.actions``. One instance serves one use, with its
settings, in many threads at once. ``run`` is quick: it has two seconds.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.facts import TicketFacts
from helpdesk.sdk.http import Http
from helpdesk.sdk.settings import PluginSettings

__all__ = [
    "Action",
    "ActionSettings",
    "AddNote",
    "AddTags",
    "Assign",
    "Effect",
    "Later",
    "Refused",
    "RemoveTags",
    "Reply",
    "Retry",
    "SetStatus",
]


class ActionSettings(PluginSettings):
    """What one use of the action needs to know."""


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Move the ticket to a status, such as ``RESOLVED``."""

    status: str


@dataclass(frozen=True, slots=True)
class Assign:
    """Give the ticket to an agent, a group, both, or nobody."""

    agent_id: int | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer the customer, by the way the ticket came."""

    text: str


@dataclass(frozen=True, slots=True)
class AddNote:
    """Leave a note that customers never see."""

    text: str


@dataclass(frozen=True, slots=True)
class AddTags:
    """Put tags on the ticket; those it has stay."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoveTags:
    """Take tags off the ticket; one it has not is fine."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """Have a worker call ``perform`` with the data (JSON values) once the change is committed."""

    data: Mapping[str, Any] = field(default_factory=dict)


Effect: TypeAlias = SetStatus | Assign | Reply | AddNote | AddTags | RemoveTags | Later


class Action(ABC):
    """One thing that can be done to a ticket."""

    api: ClassVar[int] = 1
    """The version of this page that the action was written for; the core keeps the newest and the one before."""

    title: ClassVar[Mapping[str, str]]
    """The name that people see, by language; ``en`` is required."""

    Settings: ClassVar[type[ActionSettings]] = ActionSettings
    """What one use tells it; an instance is here as ``self.settings``."""

    http: Http
    """For ``perform``. The core sets it right after ``__init__``; a plugin's own tests set their own."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @abstractmethod
    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        """Return what is to be done to the ticket, in order; nothing is fine. At most 20 effects."""

    def perform(self, data: Mapping[str, Any]) -> None:
        """Do outside what a ``Later`` asked for. Raises Retry or Refused; may be called twice with the same data."""
        raise Refused("This action does nothing outside.")

    def check(self) -> None:
        """Try the settings; raise with a sentence that says what is wrong."""
