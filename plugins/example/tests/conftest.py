"""Owns what the tests of the examples share: a ticket, an agent, and an outside that answers as it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from helpdesk.sdk.channel import HttpResponse
from helpdesk.sdk.facts import AgentFacts, TicketFacts

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


@dataclass
class Outside:
    """Keeps what it is called with, and answers with a status."""

    status: int = 200
    calls: list[Any] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        max_bytes: int = 0,
    ) -> HttpResponse:
        """Take a call."""
        self.calls.append(json)
        return HttpResponse(self.status, {}, b"")


@pytest.fixture
def outside() -> Outside:
    """Give an outside that takes everything."""
    return Outside()


def make_ticket(number: int = 7, **changes: Any) -> TicketFacts:
    """Return a ticket."""
    usual = {
        "id": number, "number": number, "subject": "환불", "status": "RESOLVED", "priority": "NORMAL",
        "channel": "email", "language": "ko", "customer_id": 3, "agent_id": None, "group_id": None,
        "external_ref": None, "tags": (), "version": 1, "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return TicketFacts(**{**usual, **changes})


def make_agent(agent_id: int, **changes: Any) -> AgentFacts:
    """Return an agent."""
    return AgentFacts(agent_id, f"Agent {agent_id}", f"{agent_id}@desk.example", **{"is_active": True, **changes})


@pytest.fixture(name="ticket")
def a_ticket() -> TicketFacts:
    """Give a ticket."""
    return make_ticket()


@pytest.fixture(name="make_ticket")
def ticket_maker() -> Any:
    """Give what makes tickets."""
    return make_ticket


@pytest.fixture(name="make_agent")
def agent_maker() -> Any:
    """Give what makes agents."""
    return make_agent
