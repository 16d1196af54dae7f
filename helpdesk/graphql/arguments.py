"""The one argument of every mutation."""

from typing import Annotated, TypeVar

import strawberry

T = TypeVar("T")

Input = Annotated[T, strawberry.argument(name="input", description="What to do.")]
"""``Input[TicketCreateInput]`` is the argument ``input: TicketCreateInput!``."""
