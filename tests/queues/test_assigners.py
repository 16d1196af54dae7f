"""The core's own assigners, over facts alone."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from helpdesk.kernel import clock
from helpdesk.queues.assigners import FewestOpen, FewestOpenSettings, Random, RoundRobin
from helpdesk.sdk.assigner import AssignerSettings
from helpdesk.sdk.facts import AgentFacts, TicketFacts

NOW = clock.now()
TICKET = TicketFacts(
    id=1, number=1, subject="환불", status="NEW", priority="NORMAL", channel="api", language="ko", customer_id=None,
    agent_id=None, group_id=None, external_ref=None, tags=(), version=1, created_at=NOW, updated_at=NOW,
)  # fmt: skip


def agent(agent_id: int, *, ago: int | None = None, open_tickets: int = 0) -> AgentFacts:
    """Return an agent who was given a ticket so many minutes ago, or never."""
    at = None if ago is None else NOW - timedelta(minutes=ago)
    return AgentFacts(agent_id, f"agent {agent_id}", f"{agent_id}@demo.example", True, open_tickets, at)


def test_turn_is_with_whoever_waited_longest_and_new_ones_come_in_the_order_of_adding() -> None:
    choose = RoundRobin(AssignerSettings()).choose
    assert choose(TICKET, [agent(3, ago=1), agent(1, ago=9), agent(2, ago=5)]) == 1
    assert choose(TICKET, [agent(3, ago=1), agent(2), agent(1)]) == 2
    assert choose(TICKET, [agent(3, ago=1), agent(2, ago=1)]) == 3


def test_fewest_open_tickets_come_before_turns() -> None:
    choose = FewestOpen(FewestOpenSettings()).choose
    assert choose(TICKET, [agent(1, open_tickets=3), agent(2, open_tickets=1, ago=1)]) == 2
    assert choose(TICKET, [agent(1, ago=1), agent(2, ago=2)]) == 2


def test_ticket_waits_while_everybody_has_as_many_as_the_limit() -> None:
    choose = FewestOpen(FewestOpenSettings(most=2)).choose
    assert choose(TICKET, [agent(1, open_tickets=2), agent(2, open_tickets=5)]) is None
    assert choose(TICKET, [agent(1, open_tickets=2), agent(2, open_tickets=1)]) == 2


def test_chance_reaches_everybody() -> None:
    choose = Random(AssignerSettings()).choose
    assert {choose(TICKET, [agent(1), agent(2), agent(3)]) for _ in range(200)} == {1, 2, 3}


def test_limit_below_nothing_is_refused() -> None:
    with pytest.raises(ValidationError):
        FewestOpenSettings(most=-1)
