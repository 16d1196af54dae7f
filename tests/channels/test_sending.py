"""Accounts that their provider lets in no more: they rest, their messages wait, and one knock a rest is all."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import peewee
import pytest

from helpdesk.channels import accounts, outbox, queries
from helpdesk.channels.listening import Listeners
from helpdesk.channels.models import Delivery, Listening, Sending
from helpdesk.channels.queries import SendingRow
from helpdesk.channels.rules import MOST_TRIES_OUT
from helpdesk.kernel.db import database_now
from helpdesk.kernel.leases import SECOND
from helpdesk.sdk.channel import AccountRefused, Outbound, Refused, Retry
from tests.channels.post import Post, answered, fail, fall_due, make_post
from tests.channels.test_listening import Polling, eventually, listeners, polling
from tests.factories.crowds import at_once
from tests.factories.echo import Echo

__all__ = ["listeners", "polling"]

NO = AccountRefused("535 wrong password")
SECONDS = 20.0


def health(post: Post) -> SendingRow:
    """Return what people see of the sending."""
    (row,) = queries.sending_of_accounts([post.account_id])
    assert row is not None
    return row


def state(post: Post) -> str:
    """Return how the account stands."""
    return str(queries.states_of_accounts([row for row in queries.accounts_by_ids([post.account_id]) if row])[0])


def rest_seconds() -> float:
    """Return how long the account rests still, by the database's clock."""
    left = peewee.NodeList((Sending.rests_until, peewee.SQL("-"), database_now()))
    row: Any = Sending.select(left)
    (microseconds,) = row.tuples().get()
    return float(microseconds) / SECOND


def end_rest() -> None:
    """Let the rest be over, instead of waiting for its end."""
    Sending.update(rests_until=1).where(Sending.rests_until.is_null(False)).execute()
    fall_due(Delivery)


def tickets(post: Post, count: int) -> list[int]:
    """Answer so many tickets, and return the answers."""
    return [post.reply(post.ticket(id=f"m{number}")) for number in range(count)]


@pytest.fixture
def knocks() -> Iterator[list[str]]:
    """A provider that lets nobody in, and everybody who has knocked."""
    keys: list[str] = []

    def refuse(message: Outbound) -> None:
        keys.append(message.key)
        raise NO

    Echo.on_send = refuse
    yield keys
    Echo.on_send = None


def test_refused_account_knocks_once_and_its_messages_wait(post: Post, knocks: list[str]) -> None:
    waiting = tickets(post, 5)
    post.work()
    post.try_again()
    assert len(knocks) == 1
    assert 20 <= rest_seconds() <= 61  # at least thirty, of which a busy machine has used up some
    assert (state(post), health(post).last_error) == ("REFUSED", "535 wrong password")
    assert {post.delivery(message).state for message in waiting} <= {"QUEUED", "RETRYING"}


def test_rest_grows_and_uses_up_no_try(post: Post, knocks: list[str]) -> None:
    (message,) = tickets(post, 1)
    Delivery.update(attempts=MOST_TRIES_OUT - 1).execute()
    for _ in range(10):
        post.work()
        end_rest()
    assert len(knocks) == 10
    post.work()
    assert 1_800 <= rest_seconds() <= 3_601
    assert (post.delivery(message).state, post.delivery(message).attempts) == ("RETRYING", MOST_TRIES_OUT - 1)


def test_one_message_is_tried_at_the_end_of_a_rest_and_the_others_follow(post: Post, knocks: list[str]) -> None:
    waiting = tickets(post, 4)
    post.work()
    end_rest()
    post.work()
    assert len(knocks) == 2
    Echo.on_send = None
    end_rest()
    post.work()
    assert [post.delivery(message).state for message in waiting] == ["SENT"] * 4
    assert (state(post), health(post).last_error, health(post).rests_until) == ("WORKING", "", None)
    assert health(post).last_sent_at is not None


def test_workers_side_by_side_make_one_try_at_the_end_of_a_rest(post: Post, knocks: list[str]) -> None:
    tickets(post, 8)
    post.work()
    end_rest()
    knocks.clear()
    at_once(4, lambda _place: outbox.drain(post.desk.settings))
    assert len(knocks) == 1


def test_new_settings_end_the_rest_at_once(post: Post, knocks: list[str]) -> None:
    waiting = tickets(post, 3)
    post.work()
    Echo.on_send = None
    accounts.update(post.desk.administrator, post.account_id, settings={"token": "right"})
    assert state(post) == "WORKING"
    post.work()
    assert [post.delivery(message).state for message in waiting] == ["SENT"] * 3


def test_account_that_is_refused_holds_up_no_other(post: Post, knocks: list[str]) -> None:
    tickets(post, 2)
    post.work()
    Echo.on_send = None
    other = make_post(post.desk, driver="echo")
    message = answered(other, id="other")
    assert other.delivery(message).state == "SENT"


def test_refused_message_shows_that_the_account_is_let_in(post: Post, knocks: list[str]) -> None:
    tickets(post, 2)
    post.work()
    Echo.on_send = fail(Refused("550 no such user"))
    end_rest()
    post.work()
    assert (state(post), health(post).last_error) == ("WORKING", "")


def test_trouble_of_a_provider_is_told_until_the_next_success(post: Post) -> None:
    Echo.on_send = fail(Retry("The SMTP server is away."))
    answered(post)
    assert (state(post), health(post).last_error) == ("FAILING", "The SMTP server is away.")
    assert health(post).failed_at is not None
    Echo.on_send = None
    post.try_again()
    assert (state(post), health(post).last_error) == ("WORKING", "")


def test_trouble_in_the_midst_of_a_rest_does_not_end_it(post: Post, knocks: list[str]) -> None:
    tickets(post, 3)
    post.work()
    Echo.on_send = fail(Retry("away"))
    end_rest()
    post.work()
    assert (state(post), health(post).last_error) == ("REFUSED", "away")
    assert rest_seconds() > 0


def test_listening_that_is_refused_rests_longer_and_new_settings_end_the_rest(
    polling: Post, listeners: Callable[[], Listeners]
) -> None:
    def refuse(_inlet: Any) -> None:
        raise AccountRefused("invalid_grant", must_reconnect=True)

    Polling.fetch = refuse
    accounts.update(polling.desk.administrator, polling.account_id, name="same")
    slow = polling.desk.settings.model_copy(update={"retry_seconds": 30})
    listener = Listeners(slow, look_seconds=0.02)
    listener.start()
    try:
        eventually(lambda: Listening.select().where(Listening.lease.is_null(), Listening.last_error != "").exists())
        assert state(polling) == "RECONNECT"
        threading.Event().wait(0.5)
        assert len(Polling.started) == 1
        Polling.fetch = None
        accounts.update(polling.desk.administrator, polling.account_id, settings={"token": "new"})
        eventually(lambda: Polling.running and state(polling) == "WORKING")
    finally:
        listener.stop(seconds=SECONDS)
