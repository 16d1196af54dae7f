"""A machine whose clock is set a day ahead or an hour back, or changes to summer time: leases and retries stay theirs.

They are kept by the database's time. Source: SECURITY 4.3 row 33.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from helpdesk.channels import outbox
from helpdesk.channels.models import Delivery, InboxRow, Listening
from helpdesk.kernel import clock
from helpdesk.kernel.leases import claim, held, in_seconds, renew
from helpdesk.sdk.channel import Retry
from tests.channels.post import Post, fail
from tests.factories.echo import Echo

STEPS = {"a day ahead": timedelta(days=1), "an hour back": timedelta(hours=-1)}
SUMMER_TIME = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)  # a second before, in Berlin


@pytest.fixture(params=[*STEPS, "summer time"])
def step(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Set this machine's clock when it is called, and not the database's."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    ahead = STEPS.get(request.param)
    with ExitStack() as ending:

        def set_clock() -> None:
            to = SUMMER_TIME if ahead is None else datetime.now(UTC) + ahead
            ending.enter_context(time_machine.travel(to, tick=True))

        yield set_clock
    monkeypatch.undo()
    time.tzset()


def test_what_waits_for_another_try_goes_on_waiting_and_is_tried_in_time(post: Post, step: Callable[[], None]) -> None:
    Echo.on_send = fail(Retry("later"))
    for number in range(5):
        post.reply(post.ticket(id=f"m{number}"))
    post.put(id="bad", garbage=True)
    post.work()
    waiting = (Delivery.select().count(), len(Echo.sent))
    Echo.on_send = None
    step()
    post.work()
    assert (Delivery.select().count(), len(Echo.sent)) == waiting, "The step alone made nothing due."
    Delivery.update(due_at=in_seconds(0)).execute()
    post.work()
    assert len(Echo.sent) == waiting[1] + 5


def test_lease_stays_with_its_worker(post: Post, step: Callable[[], None]) -> None:
    message = post.reply(post.ticket())
    Listening.insert(account=post.account_id, cursor={}, due_at=0).execute()
    ours = claim(Delivery, seconds=60)
    listening = claim(Listening, seconds=60)
    assert ours is not None
    assert listening is not None
    step()
    assert (claim(Delivery, seconds=60), claim(Listening, seconds=60)) == (None, None)
    assert renew(listening, seconds=60)
    with held(ours, seconds=60):
        outbox.drain(post.desk.settings)
    assert Echo.sent == []
    outbox.carry(ours, post.desk.settings)
    assert (len(Echo.sent), post.delivery(message).state) == (1, "SENT")


def test_what_comes_after_the_step_is_carried_at_once(post: Post, step: Callable[[], None]) -> None:
    step()
    message = post.reply(post.ticket())
    post.work()
    assert post.delivery(message).state == "SENT"
    assert InboxRow.select().where(InboxRow.due_at.is_null(False)).count() == 0


def test_lease_that_ran_out_is_taken_by_another_whatever_the_clock_says(post: Post, step: Callable[[], None]) -> None:
    step()
    post.reply(post.ticket())
    assert claim(Delivery, seconds=0) is not None
    post.work()
    assert len(Echo.sent) == 1
    assert clock.now().tzinfo is UTC
