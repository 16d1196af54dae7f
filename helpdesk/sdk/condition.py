"""What a condition author writes: one more thing that conditions may ask about a ticket.

There is one condition language, ``{field, op, value}`` under ``all``, ``any`` and ``not``. A plugin
adds a *field* to it, ``plugin.<name>``: the core works out its value with ``values`` and compares it
by the operators of its ``kind``, so that it reads like any field of the core. It has no column, so
lists cannot be filtered by it.

Name the class in the entry-point group ``helpdesk.conditions``. Be quick: ``values`` has two seconds.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from helpdesk.kernel.condition_syntax import FieldKind
from helpdesk.sdk.facts import TicketFacts

__all__ = ["Condition", "FieldKind"]


class Condition(ABC):
    """One thing that conditions may ask about a ticket."""

    api: ClassVar[int] = 1
    """The version of this page that the condition was written for; the core keeps the newest and the one before."""

    title: ClassVar[Mapping[str, str]]
    """The name that people see, by language; ``en`` is required."""

    kind: ClassVar[FieldKind]
    """What the values are: TEXT and KEYWORD a ``str``, NUMBER an ``int``, TIME an aware ``datetime``, BOOLEAN a
    ``bool``, REFERENCE an id. It decides which operators there are."""

    choices: ClassVar[tuple[str, ...]] = ()
    """The words of a KEYWORD."""

    @abstractmethod
    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[Any]:
        """Return the value of each ticket, aligned with them; None for one that has none."""
