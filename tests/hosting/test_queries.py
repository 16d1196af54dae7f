"""What plugins have left undone: told with the hook and the reason, until it is done."""

from collections.abc import Mapping
from typing import Any

from helpdesk.hosting import jobs, queries
from helpdesk.kernel import events
from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.events import TicketCreated
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import job, periodic, subscriber
from tests.factories import tickets
from tests.factories.desk import Desk
from tests.hosting.plugins import NAME, Hands, host, install


class Failing(Hands):
    """A plugin that does nothing of what is due."""

    @subscriber(TicketCreated)
    def follow(self, host: Host, event: TicketCreated) -> None:
        raise Refused("I will not follow.")

    @job
    def work(self, host: Host, data: Mapping[str, Any]) -> None:
        raise Retry("Not now.")

    @periodic(every_seconds=60)
    def tick(self, host: Host) -> None:
        raise Refused("I will not tick.")


class Doing(Hands):
    """A plugin that does what is due."""

    @job
    def work(self, host: Host, data: Mapping[str, Any]) -> None: ...


def undone(desk: Desk, plugin: type[Hands]) -> dict[str, str]:
    """Leave a job, make a ticket, do what is due, and return what was not done."""
    install(plugin, is_connected=True)
    events.feed_all()
    host(desk, plugin).enqueue("work")
    tickets.make(desk)
    events.feed_all()
    jobs.drain(desk.settings)
    return {one.hook: one.reason for one in queries.undone(desk.service_id, NAME, plugin)}


def test_hooks_that_failed_are_told_with_their_reasons(desk: Desk) -> None:
    assert undone(desk, Failing) == {
        "work": "Not now.",
        "tick": "Refused: I will not tick.",
        "follow": "Refused: I will not follow.",
    }


def test_hooks_that_did_what_was_due_are_not_told(desk: Desk) -> None:
    assert undone(desk, Doing) == {}
