"""What a whole plugin adds to the GraphQL API: fields of its own under Query and Mutation, and on core types.

Types are frozen dataclasses; a field's description is given by ``described``. Every name is prefixed by
the core with the plugin's: in the plugin ``visits`` the dataclass ``Page`` is the type ``VisitsPage`` and
the method ``last_page`` the field ``visitsLastPage``, so that no plugin can shadow another's name.
Annotations are ``str``, ``int``, ``float``, ``bool``, ``datetime``, enums, dataclasses, ``list`` and
``| None`` of them; arguments may be all of these. Everything is described: a type by its docstring, an
argument by ``Annotated[int, "What it is."]``, an enum's values by ``choices``. What has no description,
or cannot be built, leaves the schema without the plugin, which is quarantined with the reason.

A field on a core type is *batched*: it is handed all rows of the page at once, so it costs the same
number of statements for five rows and for fifty.

Each field names the right that whoever asks must hold. Fields may be null whatever their annotation
says, so that a plugin that fails costs no more than its own answer. What is answered is checked against
the annotation: numbers of 32 bits, aware times, at most 1000 items in a list. ``Denied`` and ``Refused``
reach whoever asked, with their text; every other failure is told without it.

Beside the plugin's pyproject.toml lies its ``schema.graphql``, which its contract compares with what it adds:
``helpdesk plugin check PATH --write-schema`` writes it.
"""

import dataclasses
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, TypeVar

from helpdesk.sdk.plugin import HookKind, Method, mark

__all__ = ["CORE_TYPES", "batched", "choices", "described", "mutation", "query"]

Choices = TypeVar("Choices", bound=type[Enum])

CORE_TYPES = ("Ticket", "Customer", "Message", "Agent", "Service")
"""The types that may be given fields; their rows come as the facts of ``sdk.facts``."""


def described(description: str, *, default: Any = dataclasses.MISSING) -> Any:
    """Declare a field of a dataclass with the description that the schema shows."""
    return dataclasses.field(default=default, metadata={"description": description})


def choices(**descriptions: str) -> Callable[[Choices], Choices]:
    """Describe the values of an enum: ``@choices(GOOD="They were pleased.", BAD="They were not.")``."""

    def decorate(kind: Choices) -> Choices:
        kind.__choices__ = descriptions  # type: ignore[attr-defined]
        return kind

    return decorate


def choices_of(kind: type[Enum]) -> Mapping[str, str]:
    """Return the descriptions that ``choices`` was told."""
    found: Mapping[str, str] = vars(kind).get("__choices__", {})
    return found


def query(*, right: str, description: str) -> Callable[[Method], Method]:
    """Add a field to Query: ``method(host, **arguments) -> result``, in five seconds."""
    return mark(HookKind.QUERY, right=right, description=description)


def mutation(*, right: str, description: str) -> Callable[[Method], Method]:
    """Add a field to Mutation: ``method(host, **arguments) -> result``, in five seconds."""
    return mark(HookKind.MUTATION, right=right, description=description)


def batched(on: str, *, right: str, description: str) -> Callable[[Method], Method]:
    """Add a field to a core type: ``method(host, rows, **arguments) -> results aligned with the rows``."""
    return mark(HookKind.FIELD, on=on, right=right, description=description)
