"""An action: marks a ticket as escalated, and tells a chat room of it."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field, HttpUrl

from helpdesk.sdk.action import Action, ActionSettings, AddNote, AddTags, Effect, Later, Refused, Retry
from helpdesk.sdk.facts import TicketFacts


class EscalateSettings(ActionSettings):
    """What one use of the action needs to know."""

    tag: str = Field("escalated", min_length=1, max_length=32, description="Tag that the ticket gets.")
    url: HttpUrl | None = Field(None, description="Incoming webhook of the chat room that is told; empty tells nobody.")


class Escalate(Action):
    """Tags the ticket, leaves a note, and posts a line to a chat room."""

    title: ClassVar = {"en": "Escalate", "ko": "에스컬레이션"}
    Settings = EscalateSettings
    settings: EscalateSettings

    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        """Return what is to be done; nothing for a ticket that has been escalated before."""
        if self.settings.tag in ticket.tags:
            return
        yield AddTags((self.settings.tag,))
        yield AddNote("This ticket was escalated.")
        if self.settings.url:
            yield Later({"text": f"#{ticket.number} {ticket.subject}"})

    def perform(self, data: Mapping[str, Any]) -> None:
        """Post the line. A room that is told twice is no harm; one that is never told would be."""
        answer = self.http.request("POST", str(self.settings.url), json={"text": data["text"]})
        if answer.status == 429 or answer.status >= 500:
            raise Retry(f"The chat answered {answer.status}.")
        if answer.status >= 300:
            raise Refused(f"The chat answered {answer.status}.")
