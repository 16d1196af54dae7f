"""The desk's own assigners: in turn, to whoever has the fewest, and at random. Source: SPEC TRG-13, DIS-04."""

import random
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from helpdesk.sdk.assigner import AgentFacts, Assigner, AssignerSettings, TicketFacts


class FewestOpenSettings(AssignerSettings):
    """What the sharing out by load needs to know."""

    most: int = Field(0, ge=0, le=10_000, description="Who has so many open tickets is given none; 0 for no limit.")


class RoundRobin(Assigner):
    """In turn: who was given a ticket longest ago, and of those never given any, who was added first."""

    title: ClassVar = {"en": "In turn", "ko": "순차 배정"}

    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        return min(candidates, key=_last_turn).id


class FewestOpen(Assigner):
    """To whoever has the fewest open tickets; in turn among those who have as few."""

    title: ClassVar = {"en": "Fewest open tickets", "ko": "최소 문의 우선"}
    Settings: ClassVar = FewestOpenSettings

    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        most = self.settings.most
        free = [agent for agent in candidates if not most or agent.open_tickets < most]
        return min(free, key=lambda agent: (agent.open_tickets, _last_turn(agent))).id if free else None


class Random(Assigner):
    """To any of them by chance."""

    title: ClassVar = {"en": "Random", "ko": "무작위 배정"}

    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        return random.choice(candidates).id  # noqa: S311  # sharing out, no secret


def _last_turn(agent: AgentFacts) -> float:
    return agent.last_assigned_at.timestamp() if agent.last_assigned_at else 0.0
