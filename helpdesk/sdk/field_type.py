"""What a field type author writes: one more kind of input for forms, such as a business number.

A field type reads what somebody typed, says what is wrong with it in their language, and shows a
stored value. What is stored is a JSON value of its ``kind``, so that filters, conditions and
encryption work without knowing the type.

Name the class in the entry-point group ``helpdesk.field_types``. One instance serves one field, with
its settings, in many threads at once. Every method is quick and calls nothing outside.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from helpdesk.kernel.condition_syntax import FieldKind
from helpdesk.sdk.settings import PluginSettings

__all__ = ["FieldKind", "FieldSettings", "FieldType", "NotAValue", "Widget"]


class FieldSettings(PluginSettings):
    """What one field of the type needs to know, such as its options."""


class NotAValue(ValueError):
    """What was typed is no value of this field. The text, in the language that was asked for, says what is."""


@dataclass(frozen=True, slots=True)
class Widget:
    """How a form shows the field. ``attributes`` are those of the HTML element.

    ``element`` is ``input``, ``textarea`` or ``select``; ``options`` are (value, label) pairs of a select.
    """

    element: str = "input"
    attributes: Mapping[str, str] = field(default_factory=dict)
    options: tuple[tuple[str, str], ...] = ()


class FieldType(ABC):
    """One kind of input for forms."""

    api: ClassVar[int] = 1
    """The version of this page that the type was written for; the core keeps the newest and the one before."""

    title: ClassVar[Mapping[str, str]]
    """The name that people see, by language; ``en`` is required."""

    kind: ClassVar[FieldKind] = FieldKind.TEXT
    """What is stored, and by which operators it is compared."""

    Settings: ClassVar[type[FieldSettings]] = FieldSettings
    """What one field tells it; an instance is here as ``self.settings``."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @abstractmethod
    def parse(self, given: Any, *, language: str) -> Any:
        """Return the value to store for what was typed or sent (a JSON value, never empty). Raises NotAValue."""

    def format(self, value: Any, *, language: str) -> str:
        """Return a stored value as people read it."""
        return str(value)

    def widget(self, *, language: str) -> Widget:
        """Return how a form shows the field."""
        return Widget()
