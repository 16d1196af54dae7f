"""An assigner: the agent with the fewest open tickets gets the next one, up to a limit."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from helpdesk.sdk.assigner import AgentFacts, Assigner, AssignerSettings, TicketFacts


class LeastBusySettings(AssignerSettings):
    """What one queue's use of the assigner needs to know."""

    most: int = Field(20, ge=1, description="Open tickets that an agent holds at most; nobody free leaves it waiting.")


class LeastBusy(Assigner):
    """Fewest open tickets first; of equals, who has waited longest."""

    title: ClassVar = {"en": "Least busy", "ko": "최소 담당"}
    Settings = LeastBusySettings
    settings: LeastBusySettings

    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        """Return the agent."""
        free = [one for one in candidates if one.is_active and one.open_tickets < self.settings.most]
        return min(free, key=_turn).id if free else None


def _turn(agent: AgentFacts) -> tuple[int, float]:
    return agent.open_tickets, agent.last_assigned_at.timestamp() if agent.last_assigned_at else 0
