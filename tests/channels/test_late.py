"""Messages that are not out for hours: agents are told, the next ones go ahead, and trying lasts five days."""

from helpdesk import signals
from helpdesk.channels import outbox
from helpdesk.channels.models import Delivery
from helpdesk.channels.rules import LATE_TRIES_OUT, MOST_TRIES_OUT
from helpdesk.kernel import events
from helpdesk.kernel.events import Event
from helpdesk.kernel.leases import backoff
from helpdesk.kernel.paging import Window
from helpdesk.kernel.settings import Settings
from helpdesk.sdk.channel import AccountRefused, Retry
from helpdesk.sdk.events import DeliveryDelayed
from tests.channels.post import Post, fail, fail_for, fall_due
from tests.factories.echo import Echo

HOUR = 3600.0


def waited_seconds(tries: int) -> float:
    """Return how long after the first try so many tries are over, with the waits of a desk as it is delivered."""
    base: float = Settings.model_fields["retry_seconds"].default
    return sum(backoff(tried, base_seconds=base) for tried in range(1, tries))


def nearly_late() -> None:
    """Let every message have had all the tries but one after which it is late."""
    Delivery.update(attempts=LATE_TRIES_OUT - 1).execute()


def test_trying_lasts_five_days_and_the_news_of_it_comes_within_hours() -> None:
    assert 5 * 24 * HOUR < waited_seconds(MOST_TRIES_OUT) < 6 * 24 * HOUR
    assert 2 * HOUR < waited_seconds(LATE_TRIES_OUT) < 6 * HOUR


def test_message_that_is_late_is_told_of_once_and_tried_on(post: Post) -> None:
    told: list[Event] = []
    signals.delivery_delayed.connect(told.append)
    Echo.on_send = fail(Retry("The SMTP server is away."))
    message_id = post.reply(post.ticket())
    nearly_late()
    for _ in range(3):
        post.try_again()
    assert signals.flush()
    signals.delivery_delayed.disconnect(told.append)
    row = post.delivery(message_id)
    assert (row.state, row.attempts) == ("RETRYING", LATE_TRIES_OUT + 2)
    whose = {"service_id": post.desk.service_id, "delivery_id": row.id, "ticket_id": row.ticket_id}
    assert told == [DeliveryDelayed(**whose, message_id=message_id)]
    lines = events.history_of("ticket", [row.ticket_id], Window(first=50))[0].rows
    (line,) = (line for line in lines if line.name == "delivery.delayed")
    assert line.changes == {"delivery": ["QUEUED", "RETRYING"], "reason": [None, "The SMTP server is away."]}


def test_later_messages_of_the_ticket_go_ahead_of_one_that_is_late(post: Post) -> None:
    ticket_id = post.ticket()
    Echo.on_send = fail_for("first", Retry("451"))
    post.reply(ticket_id, "first")
    nearly_late()
    post.reply(ticket_id, "second")
    post.try_again()
    fall_due(Delivery)
    post.work()
    assert [sent.text for sent in Echo.sent] == ["second"]
    Echo.on_send = None
    post.try_again()
    assert [sent.text for sent in Echo.sent] == ["second", "first"]


def test_message_whose_account_is_refused_is_not_late_by_it(post: Post) -> None:
    Echo.on_send = fail(AccountRefused("535"))
    message_id = post.reply(post.ticket())
    nearly_late()
    outbox.drain(post.desk.settings)
    row = post.delivery(message_id)
    assert (row.state, row.attempts) == ("RETRYING", LATE_TRIES_OUT - 1)
    lines = events.history_of("ticket", [row.ticket_id], Window(first=50))[0].rows
    assert "delivery.delayed" not in {line.name for line in lines}
