"""Facts to try plugins with: tickets as they come, the plain and the odd ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from helpdesk.sdk.facts import AgentFacts, TicketFacts

LONG_AGO = datetime(2020, 2, 29, 23, 59, tzinfo=UTC)
ODD = "한라봉 🍊 환불!" + " long" * 100


def tickets(now: datetime) -> Sequence[TicketFacts]:
    """Return tickets of all sorts, each with another id."""
    plain = TicketFacts(
        id=1, number=1, subject="A question", status="NEW", priority="NORMAL", channel="email", language="en",
        customer_id=1, agent_id=None, group_id=None, external_ref=None, tags=(), version=1,
        created_at=now, updated_at=now,
    )  # fmt: skip
    return (
        plain,
        replace(plain, id=2, number=2, subject=ODD, language="ko", priority="URGENT", tags=("refund", "환불")),
        replace(plain, id=3, number=3, subject="", customer_id=None, channel="web", external_ref="A-1"),
        replace(plain, id=4, number=4, status="COMPLETED", agent_id=1, group_id=1, created_at=LONG_AGO),
        replace(plain, id=2**40, number=2**31, status="ON_HOLD", priority="LOW", updated_at=now + timedelta(days=1)),
    )


def agents(count: int) -> Sequence[AgentFacts]:
    """Return so many agents, the later the busier; nobody has ever been given a ticket but the last."""
    found = [AgentFacts(100 + at, f"Agent {at}", f"agent{at}@desk.example", True, at) for at in range(count)]
    return (*found[:-1], replace(found[-1], last_assigned_at=LONG_AGO))
