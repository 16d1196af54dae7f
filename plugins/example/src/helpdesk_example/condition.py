"""A condition: how many hours ago a ticket was made, so that ``{"op": "atLeast", "value": 48}`` finds old ones."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from helpdesk.sdk.condition import Condition, FieldKind
from helpdesk.sdk.facts import TicketFacts


class HoursOpen(Condition):
    """Whole hours since the ticket was made; nothing once it is resolved."""

    title: ClassVar = {"en": "Hours open", "ko": "경과 시간"}
    kind = FieldKind.NUMBER

    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[int | None]:
        """Return the hours of each ticket."""
        now = datetime.now(UTC)
        return [None if one.status in ("RESOLVED", "COMPLETED") else _hours(now - one.created_at) for one in tickets]


def _hours(passed: timedelta) -> int:
    return passed // timedelta(hours=1)
