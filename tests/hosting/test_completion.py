"""The core's own plugin completes what has stayed resolved, in services that say after how long."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from helpdesk.hosting import calls, jobs
from helpdesk.hosting.models import PluginPeriod
from helpdesk.kernel import clock
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.paging import Window
from helpdesk.plugins import loading, operations, registry
from helpdesk.plugins import queries as plugins
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.testing.sources import strangers
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations import receive, set_status
from helpdesk.tickets.rules import Body, TicketStatus
from helpdesk.triggers import completion
from helpdesk.triggers.completion import Completion
from tests.factories import tickets
from tests.factories.desk import Desk, make_desk
from tests.factories.statements import counted
from tests.hosting.plugins import install

NAME = "completion"
REF = Ref(Kind.PLUGIN, NAME)
DAY = timedelta(hours=24)


@pytest.fixture(autouse=True)
def installed(desk: Desk) -> None:
    """The plugin as it is on in every desk."""
    install(Completion, NAME)


def resolved(desk: Desk, *, ago: timedelta = 2 * DAY) -> int:
    """Return a ticket that was resolved so long ago."""
    ticket_id = tickets.make(desk)
    set_status(desk.agent, ticket_id, TicketStatus.RESOLVED)
    Ticket.update(updated_at=clock.now() - ago).where(Ticket.id == ticket_id).execute()
    return ticket_id


def after_a_day(desk: Desk, **settings: Any) -> None:
    """Have the service complete after a day."""
    operations.configure(desk.administrator, REF, {"after_hours": 24} | settings)


def turn(desk: Desk) -> None:
    """Let the next five minutes be over."""
    PluginPeriod.update(due_at=0).execute()
    jobs.drain(desk.settings)


def status(ticket_id: int) -> str:
    """Return the ticket's status."""
    return str(tickets.ticket(ticket_id).status)


def test_it_comes_with_the_desk() -> None:
    (found,) = [one for one in loading.find() if (one.kind, one.name) == (Kind.PLUGIN, NAME)]
    assert found.is_trusted
    value: Any = loading.import_all(Kind.PLUGIN, {NAME})[NAME].value
    assert value is Completion


def test_it_is_made_of_the_sdk_alone() -> None:
    assert strangers(Path(completion.__file__)) == []


def test_resolved_ticket_is_completed_after_the_interval_by_the_plugin(desk: Desk) -> None:
    old, fresh = resolved(desk), resolved(desk, ago=DAY / 2)
    after_a_day(desk)
    turn(desk)
    assert (status(old), status(fresh)) == ("COMPLETED", "RESOLVED")
    last = tickets.history(old)[-1]
    assert (last.actor_name, last.changes["status"]) == ("Automatic completion", ["RESOLVED", "COMPLETED"])


def test_clock_of_the_machine_that_leaps_a_day_completes_nothing_at_once(desk: Desk) -> None:
    old, fresh = resolved(desk), resolved(desk, ago=DAY / 2)
    after_a_day(desk)
    with time_machine.travel(datetime.now(UTC) + DAY, tick=True):
        turn(desk)
    assert (status(old), status(fresh)) == ("COMPLETED", "RESOLVED")


def test_what_a_machine_whose_clock_is_a_day_back_resolves_is_not_completed_at_once(desk: Desk) -> None:
    after_a_day(desk)
    ticket_id = tickets.make(desk)
    with time_machine.travel(datetime.now(UTC) - DAY, tick=True):
        set_status(desk.agent, ticket_id, TicketStatus.RESOLVED)
    turn(desk)
    assert status(ticket_id) == "RESOLVED"


def test_service_that_says_nothing_completes_nothing(desk: Desk) -> None:
    ticket_id = resolved(desk, ago=400 * DAY)
    turn(desk)
    assert status(ticket_id) == "RESOLVED"
    after_a_day(desk)
    after_a_day(desk, after_hours=None)
    turn(desk)
    assert status(ticket_id) == "RESOLVED"


def test_each_service_has_its_own_interval(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    ours, theirs = resolved(desk), resolved(other)
    after_a_day(other)
    turn(desk)
    assert (status(ours), status(theirs)) == ("RESOLVED", "COMPLETED")


def test_ticket_that_the_customer_reopened_is_not_completed(desk: Desk) -> None:
    ticket_id = resolved(desk)
    after_a_day(desk)
    receive(desk.partner, ticket_id, Body("아직 안 됩니다"), asker=tickets.MINA)
    Ticket.update(updated_at=clock.now() - 2 * DAY).execute()
    turn(desk)
    assert status(ticket_id) in {"NEW", "OPEN"}


def test_ticket_that_is_reopened_while_it_works_is_passed_over(desk: Desk) -> None:
    ticket_id = resolved(desk)
    host = calls.host_for(NAME, desk.service_id)
    receive(desk.partner, ticket_id, Body("아직 안 됩니다"), asker=tickets.MINA)
    assert completion._complete(host, ticket_id) is False
    assert status(ticket_id) in {"NEW", "OPEN"}


def test_a_turn_is_bounded_and_the_next_one_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "PAGE", 2)
    monkeypatch.setattr(completion, "MOST_PAGES", 2)
    made = [resolved(desk) for _ in range(5)]
    after_a_day(desk)
    turn(desk)
    assert sorted(map(status, made)) == ["COMPLETED"] * 4 + ["RESOLVED"]
    turn(desk)
    assert set(map(status, made)) == {"COMPLETED"}
    lines = [row.message for row in plugins.log_of(REF, Window()).rows]
    assert lines == ["해결된 티켓 1건을 완료했습니다.", "해결된 티켓 4건을 완료했습니다."]


def test_each_ticket_costs_the_same_however_many_there_are(desk: Desk) -> None:
    after_a_day(desk)
    turn(desk)
    costs = []
    for count in (1, 5, 9):
        for _ in range(count):
            resolved(desk)
        with counted() as sent:
            turn(desk)
        costs.append(len(sent))
    assert costs[2] - costs[1] == costs[1] - costs[0]


@pytest.mark.parametrize("hours", [0, -1, "soon", 10**9])
def test_interval_that_is_none_is_refused(desk: Desk, hours: Any) -> None:
    with pytest.raises(Invalid, match="after_hours"):
        after_a_day(desk, after_hours=hours)


def test_service_that_switches_it_off_completes_nothing(desk: Desk) -> None:
    ticket_id = resolved(desk)
    after_a_day(desk)
    operations.switch(desk.administrator, REF, is_on=False)
    turn(desk)
    assert status(ticket_id) == "RESOLVED"
    assert registry.find(*REF) is not None
