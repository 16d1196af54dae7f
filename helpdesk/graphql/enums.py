"""Choices in the schema: the rooms' enums, with a word on each value.

The words stand here because rooms know no GraphQL. A value without one stops the import, so that no
choice reaches a client unexplained.
"""

from collections.abc import Mapping
from enum import Enum
from typing import cast

import strawberry
from strawberry.types.base import WithStrawberryDefinition
from strawberry.types.enum import StrawberryEnumDefinition


def declare(kind: type[Enum], *, description: str, values: Mapping[str, str], name: str | None = None) -> None:
    """Let the schema name the enum. Raises KeyError for a value that ``values`` does not describe."""
    strawberry.enum(kind, name=name, description=description)
    declared = cast("type[WithStrawberryDefinition[StrawberryEnumDefinition]]", kind)
    for value in declared.__strawberry_definition__.values:
        value.description = values[value.name]
