"""Hooks that are called now and then."""

from typing import Any

import pytest

from helpdesk.hosting import jobs
from helpdesk.hosting.models import PluginPeriod
from helpdesk.kernel import clock
from helpdesk.plugins import operations as switching
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.errors import Retry
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import periodic
from tests.factories.desk import Desk, make_desk
from tests.hosting.plugins import Hands, install, remove

seen: list[str] = []


class Ticking(Hands):
    """A plugin with one hook that is due every hour."""

    @periodic(every_seconds=3600)
    def tick(self, host: Host) -> None:
        seen.append(host.service.slug)


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    """Begin anew."""
    seen.clear()


def turn(desk: Desk) -> list[Any]:
    """Do what is due and return the rows."""
    jobs.drain(desk.settings)
    return list(PluginPeriod.select().order_by(PluginPeriod.id))


def make_due() -> None:
    """Let the hour be over."""
    PluginPeriod.update(due_at=0).execute()


def test_hook_is_called_at_once_and_then_when_its_time_has_come(desk: Desk) -> None:
    install(Ticking)
    turn(desk)
    (row,) = turn(desk)
    assert seen == ["demo"]
    assert 3500 < (row.due_at - clock.now()).total_seconds() < 3700
    make_due()
    turn(desk)
    assert seen == ["demo", "demo"]


def test_hook_is_called_for_each_service_that_the_plugin_is_on_in(desk: Desk) -> None:
    other = make_desk(desk.settings, slug="other")
    install(Ticking)
    switching.switch(other.administrator, Ref(Kind.PLUGIN, "hands"), is_on=False)
    turn(desk)
    assert seen == ["demo"]
    switching.switch(other.administrator, Ref(Kind.PLUGIN, "hands"), is_on=True)
    turn(desk)
    assert seen == ["demo", "other"]


def test_failing_hook_has_its_next_turn_all_the_same(desk: Desk) -> None:
    class Failing(Ticking):
        @periodic(every_seconds=10)
        def tick(self, host: Host) -> None:
            seen.append("tried")
            raise Retry("not now") if len(seen) > 1 else RuntimeError("broken")

    install(Failing)
    (row,) = turn(desk)
    assert "RuntimeError: broken" in row.last_error
    assert (row.due_at - clock.now()).total_seconds() > 8
    make_due()
    (row,) = turn(desk)
    assert (row.last_error, len(seen)) == ("Retry: not now", 2)


def test_hook_of_a_plugin_that_is_gone_is_not_called(desk: Desk) -> None:
    install(Ticking)
    turn(desk)
    remove()
    make_due()
    turn(desk)
    assert seen == ["demo"]


def test_one_worker_at_a_time_calls_it(desk: Desk) -> None:
    class Nested(Hands):
        @periodic(every_seconds=60)
        def tick(self, host: Host) -> None:
            seen.append("called")
            jobs.drain(desk.settings)

    install(Nested)
    turn(desk)
    assert seen == ["called"]
