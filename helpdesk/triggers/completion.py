"""The core's own whole plugin: completes tickets that have stayed resolved. Source: SPEC OTH-02.

It is made of the SDK alone, like anybody's. It is on by itself and does nothing until a service says
after how long. What counts is the latest change of the ticket: whatever happens to one that is
resolved begins the time anew.
"""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from helpdesk.sdk.plugin import Denied, Host, Plugin, PluginSettings, periodic

EVERY_SECONDS = 300
PAGE = 100
MOST_PAGES = 5
"""Tickets that one turn completes at most: so many pages of so many; the next turn takes up the rest."""


class CompletionSettings(PluginSettings):
    """What each service tells it."""

    after_hours: int | None = Field(
        None, ge=1, le=24 * 3660, description="Complete a resolved ticket after so many hours without a change."
    )


class Completion(Plugin):
    """Completes what was resolved long ago."""

    title: ClassVar = {"en": "Automatic completion", "ko": "자동 완료"}
    rights = frozenset({"ticket.read", "ticket.set_status", "ticket.complete"})
    ServiceSettings = CompletionSettings
    locales = Path(__file__).parent / "locales"

    @periodic(every_seconds=EVERY_SECONDS)
    def complete(self, host: Host) -> None:
        """Complete what is due, page by page."""
        hours = host.service_settings.after_hours
        if hours is None:
            return
        since = (host.now() - timedelta(hours=hours)).isoformat()
        due = {
            "all": [
                {"field": "status", "op": "is", "value": "RESOLVED"},
                {"field": "updatedAt", "op": "before", "value": since},
            ]
        }
        count, after = 0, None
        for _ in range(MOST_PAGES):
            page = host.tickets(where=due, first=PAGE, after=after)
            for ticket in page.items:
                count += _complete(host, ticket.id)
            after = page.cursor
            if after is None:
                break
        if count:
            host.log(host.translate("completed", count=count))


def _complete(host: Host, ticket_id: int) -> bool:
    """Complete the ticket, and return whether it was; one that was reopened meanwhile is not."""
    try:
        host.set_status(ticket_id, "COMPLETED")
    except Denied:
        return False
    return True
