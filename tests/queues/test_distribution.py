"""Tickets are shared out in a group by an assigner: in turn, never twice, and whatever the assigner does."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import pytest

from helpdesk.agents import operations as agents
from helpdesk.agents import queries as agent_queries
from helpdesk.agents.rules import Role
from helpdesk.kernel import db
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from helpdesk.plugins import registry
from helpdesk.plugins.guard import PluginFailed
from helpdesk.plugins.kinds import Kind
from helpdesk.queues import distribution
from helpdesk.sdk.assigner import AgentFacts, Assigner, TicketFacts
from helpdesk.tickets import operations
from helpdesk.tickets.rules import TicketStatus
from tests.factories import tickets
from tests.factories.core_plugins import core
from tests.factories.desk import Desk, hire, make_desk
from tests.factories.statements import counted


@pytest.fixture(autouse=True)
def own_plugins(desk: Desk) -> Iterator[None]:
    """The core's own assigners."""
    with core(Kind.ASSIGNER):
        yield


@pytest.fixture
def group(desk: Desk) -> int:
    """A group of three agents, the last hired first."""
    group_id = agents.create_group(desk.service_id, "환불")
    hired = [hire(desk.organization_id, desk.service_id, f"{name}@demo.example", Role.AGENT) for name in "abc"]
    for actor in reversed(hired):
        assert actor.id is not None
        agents.add_to_group(group_id, actor.id)
    return group_id


def members(group_id: int) -> list[int]:
    """Return the ids of the group's agents in the order of adding."""
    return agent_queries.agent_ids_of_group(group_id)


def give(desk: Desk, ticket_id: int, group_id: int, assigner: str = "round_robin", **more: Any) -> int | None:
    """Share out a ticket as the agent of the desk."""
    return distribution.assign(desk.agent, ticket_id, group_id=group_id, assigner=assigner, **more)


def choosing(name: str, choose: Callable[[TicketFacts, Sequence[AgentFacts]], Any]) -> str:
    """Register an assigner that does as it is told, and return its name."""

    class Told(Assigner):
        title: ClassVar = {"en": "Told"}

        def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
            answer: int | None = choose(ticket, candidates)
            return answer

    registry.register(Kind.ASSIGNER, name, Told)
    return name


def assignments(ticket_id: int) -> int:
    """Return how often the ticket was given to somebody."""
    return sum(line.name == "ticket.assigned" for line in tickets.history(ticket_id))


def test_turns_go_round_in_the_order_of_adding(desk: Desk, group: int) -> None:
    given = [give(desk, tickets.make(desk), group) for _ in range(5)]
    assert given == [*members(group), *members(group)[:2]]
    row = tickets.ticket(tickets.make(desk) - 1)
    assert (row.group_id, row.status) == (group, "OPEN")


def test_turn_counts_whoever_gave_the_ticket(desk: Desk, group: int) -> None:
    first, second, _ = members(group)
    operations.assign(desk.agent, tickets.make(desk), agent_id=first, group_id=None)
    assert give(desk, tickets.make(desk), group) == second


def test_fewest_open_sees_what_everybody_holds(desk: Desk, group: int) -> None:
    first, second, third = members(group)
    held = [tickets.make(desk) for _ in range(3)]
    for ticket_id, agent_id in zip(held, (second, third, third), strict=True):
        operations.assign(desk.agent, ticket_id, agent_id=agent_id, group_id=None)
    assert give(desk, tickets.make(desk), group, "fewest_open") == first
    for ticket_id in held:
        operations.set_status(desk.agent, ticket_id, TicketStatus.RESOLVED)
    assert give(desk, tickets.make(desk), group, "fewest_open") == second
    assert give(desk, tickets.make(desk), group, "fewest_open", settings={"most": 1}) == third
    assert give(desk, tickets.make(desk), group, "fewest_open", settings={"most": 1}) is None


def test_whoever_has_left_is_given_nothing_and_an_empty_group_lets_it_wait(desk: Desk, group: int) -> None:
    for agent_id in members(group)[:2]:
        row = agent_queries.agents_by_ids([agent_id])[0]
        assert row is not None
        agents.deactivate_member(row.member_id)
    ticket_id = tickets.make(desk)
    assert give(desk, ticket_id, group, "random") == members(group)[2]
    empty = agents.create_group(desk.service_id, "empty")
    assert give(desk, ticket_id, empty) is None
    assert (tickets.ticket(ticket_id).group_id, tickets.ticket(ticket_id).status) == (empty, "NEW")


def test_assigner_is_told_facts_and_may_let_the_ticket_wait(desk: Desk, group: int) -> None:
    seen: list[Any] = []
    name = choosing("watching", lambda ticket, candidates: seen.append((ticket, candidates)))
    ticket_id = tickets.make(desk)
    assert give(desk, ticket_id, group, name) is None
    ((ticket, candidates),) = seen
    assert (ticket.id, ticket.subject, ticket.tags) == (ticket_id, "환불 요청", ())
    assert [(one.id, one.open_tickets, one.last_assigned_at) for one in candidates] == [
        (agent_id, 0, None) for agent_id in members(group)
    ]


@pytest.mark.parametrize("answer", [0, 10**30, "1", True, [1], object(), ValueError("x"), SystemExit(2)])
def test_assigner_that_answers_garbage_gives_nothing_away(
    desk: Desk, group: int, answer: Any, request: pytest.FixtureRequest
) -> None:
    def choose(_ticket: TicketFacts, _candidates: Sequence[AgentFacts]) -> Any:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    ticket_id = tickets.make(desk)
    with pytest.raises(PluginFailed):
        give(desk, ticket_id, group, choosing(request.node.name, choose))
    assert (tickets.ticket(ticket_id).assignee_id, tickets.ticket(ticket_id).version) == (None, 1)


def test_assigner_that_sleeps_holds_no_lock(desk: Desk, group: int, monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    name = choosing("sleeping", lambda _ticket, _candidates: is_over.wait())
    monkeypatch.setattr(distribution, "SECONDS", 0.2)
    ticket_id = tickets.make(desk)
    with pytest.raises(PluginFailed, match=r"did not end within 0\.2 seconds"):
        give(desk, ticket_id, group, name)
    is_over.set()
    monkeypatch.undo()
    assert give(desk, ticket_id, group) == members(group)[0]


def give_all(desk: Desk, ticket_ids: Sequence[int], group_id: int) -> None:
    """Share out tickets, one after the other."""
    for ticket_id in ticket_ids:
        give(desk, ticket_id, group_id)


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Make the calls in threads of their own and return what each gave."""

    def connected(call: Callable[[], Any]) -> Any:
        with db.connection():
            return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(connected, calls))


def test_four_workers_give_one_ticket_away_once(desk: Desk, group: int) -> None:
    together = threading.Barrier(4)

    def choose(_ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int:
        with suppress(threading.BrokenBarrierError):  # whoever has to choose again is alone
            together.wait(timeout=1)
        return candidates[threading.get_ident() % len(candidates)].id

    name = choosing("together", choose)
    ticket_id = tickets.make(desk)
    given = at_once([lambda: give(desk, ticket_id, group, name)] * 4)
    assert set(given) == {tickets.ticket(ticket_id).assignee_id}
    assert assignments(ticket_id) == 1


def test_four_workers_keep_the_turns(desk: Desk, group: int) -> None:
    made = [tickets.make(desk) for _ in range(12)]
    shares = [made[start::4] for start in range(4)]
    at_once([partial(give_all, desk, share, group) for share in shares])
    held = [tickets.ticket(ticket_id).assignee_id for ticket_id in made]
    assert [held.count(agent_id) for agent_id in members(group)] == [4, 4, 4]


def test_ticket_that_changed_is_refused_to_whoever_saw_an_older_one(desk: Desk, group: int) -> None:
    ticket_id = tickets.make(desk)
    operations.add_note(desk.agent, ticket_id, tickets.ANSWER)
    with pytest.raises(Conflict) as caught:
        give(desk, ticket_id, group, expected_version=1)
    assert caught.value.code == "VERSION_CONFLICT"
    assert give(desk, ticket_id, group, expected_version=2) == members(group)[0]


def test_what_is_not_there_is_named(desk: Desk, group: int) -> None:
    other = make_desk(desk.settings, slug="other")
    foreign = agents.create_group(other.service_id, "foreign")
    ticket_id = tickets.make(desk)
    for group_id in (foreign, 10**9):
        with pytest.raises(Invalid) as caught:
            give(desk, ticket_id, group_id)
        assert caught.value.code == "GROUP_NOT_FOUND"
    with pytest.raises(NotFound):
        give(desk, tickets.make(other), group)
    with pytest.raises(Unavailable, match="fewest_open, random, round_robin"):
        give(desk, ticket_id, group, "nobody")
    with pytest.raises(Invalid) as refused:
        give(desk, ticket_id, group, "fewest_open", settings={"most": "all"})
    assert refused.value.path == ("assignerSettings", "most")
    nobody = replace(desk.agent, rights=frozenset())
    with pytest.raises(Forbidden):
        distribution.assign(nobody, ticket_id, group_id=group, assigner="random")


def test_statements_do_not_depend_on_how_many_there_are(desk: Desk, group: int) -> None:
    made = [tickets.make(desk) for _ in range(2)]
    with counted() as few:
        give(desk, made[0], group)
    for number in range(7):
        actor = hire(desk.organization_id, desk.service_id, f"more{number}@demo.example", Role.AGENT)
        assert actor.id is not None
        agents.add_to_group(group, actor.id)
    with counted() as many:
        give(desk, made[1], group)
    assert len(many) == len(few) <= 22
