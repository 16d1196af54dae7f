"""Messages that do not get through: tried again, given up, told of, and never sent to whoever has them."""

import threading
from dataclasses import replace
from typing import Any

import peewee
import pytest

from helpdesk import signals
from helpdesk.channels import accounts, outbox, queries
from helpdesk.channels.models import Delivery
from helpdesk.channels.queries import DeliveryRow
from helpdesk.channels.rules import MOST_TRIES_OUT, SECONDS
from helpdesk.kernel import events, failpoints, jobs
from helpdesk.kernel.db import database_now
from helpdesk.kernel.dispatching import FAILURES_IN_A_ROW
from helpdesk.kernel.errors import Conflict, Forbidden, NotFound
from helpdesk.kernel.events import Event
from helpdesk.kernel.leases import SECOND, claim
from helpdesk.kernel.paging import Window
from helpdesk.kernel.storage import storage
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Outbound, Refused, Retry, Sent, Verdict, WindowClosed
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets.attachments import NewFile
from tests.channels.post import MINA, Post, add_recipients, answered, fail, fall_due, tell
from tests.factories.desk import make_desk
from tests.factories.echo import Echo
from tests.factories.tickets import INQUIRY


def deliveries(post: Post) -> list[DeliveryRow]:
    """Return the outbox, oldest first."""
    return queries.deliveries_page(post.desk.service_id, None, Window(first=100)).rows[::-1]


def wait_seconds(message_id: int) -> float:
    """Return how long the delivery waits for its next try, by the database's clock."""
    waits = peewee.NodeList((Delivery.due_at, peewee.SQL("-"), database_now()))
    row: Any = Delivery.select(waits).where(Delivery.message == message_id)
    (microseconds,) = row.tuples().get()
    return float(microseconds) / SECOND


def test_provider_that_asks_to_wait_is_asked_again_later(post: Post) -> None:
    Echo.on_send = fail(Retry("451 try later"))
    message_id = answered(post)
    row = post.delivery(message_id)
    assert (row.state, row.attempts, row.last_error) == ("RETRYING", 1, "451 try later")
    assert 10 < wait_seconds(message_id) <= 31
    for _ in range(3):
        post.try_again()
    assert 100 < wait_seconds(message_id) <= 241
    Echo.on_send = None
    post.try_again()
    assert (post.delivery(message_id).state, post.delivery(message_id).attempts) == ("SENT", 5)
    assert post.delivery(message_id).last_error == ""


@pytest.mark.parametrize(
    ("wish", "shortest", "longest"), [(600.0, 590, 601), (1e15, 86_390, 86_401), (float("nan"), 10, 31)]
)
def test_providers_own_wish_is_followed_within_reason(post: Post, wish: float, shortest: float, longest: float) -> None:
    Echo.on_send = fail(Retry("429", after_seconds=wish))
    message_id = answered(post)
    assert shortest < wait_seconds(message_id) <= longest


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused("550 no such\r\nuser\x00\ud800"), "550 no such user"),
        (WindowClosed(), "WindowClosed"),
        (WindowClosed("the session is closed"), "the session is closed"),
    ],
)
def test_what_is_refused_for_good_is_a_dead_letter_at_once(post: Post, error: Exception, reason: str) -> None:
    Echo.on_send = fail(error)
    row = post.delivery(answered(post))
    assert (row.state, row.attempts, row.due_at) == ("FAILED", 1, None)
    assert row.last_error == reason
    assert [(one["verdict"], one["reason"]) for one in row.recipients] == [("failed", reason)]


@pytest.mark.parametrize("error", [ValueError("odd"), SystemExit(1), KeyError("x")])
def test_fault_of_a_channel_is_contained_and_tried_again(post: Post, error: BaseException) -> None:
    Echo.on_send = fail(error)
    message_id, other = answered(post), post.reply(post.ticket(id="other"))
    assert (post.delivery(message_id).state, post.delivery(message_id).attempts) == ("RETRYING", 1)
    Echo.on_send = None
    post.work()
    assert post.delivery(other).state == "SENT"


GARBAGE: list[Any] = ["yes", True, ("verdicts", (1,)), ("verdicts", 5), ("external_id", 7)]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_answer_that_says_nothing_is_not_sent_again_by_itself(post: Post, garbage: Any) -> None:
    wrong: Any = Sent(**dict([garbage])) if isinstance(garbage, tuple) else garbage
    Echo.on_send = lambda _message: wrong
    row = post.delivery(answered(post))
    post.try_again()
    assert (row.state, row.attempts, len(Echo.sent)) == ("FAILED", 1, 1)
    assert "nobody knows whether the message is out" in row.last_error


def test_provider_that_does_not_answer_in_time_is_not_asked_again_by_itself(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECONDS, "send", 0.05)
    is_over = threading.Event()
    Echo.on_send = lambda _message: Sent() if is_over.wait(10) else None
    row = post.delivery(answered(post))
    post.try_again()
    is_over.set()
    assert (row.state, row.attempts) == ("FAILED", 1)
    assert "did not end within 0.05 seconds" in row.last_error
    assert "nobody knows whether the message is out" in row.last_error


def test_channel_that_rests_after_failing_uses_up_no_try(post: Post) -> None:
    Echo.on_send = fail(ValueError("odd"))
    for place in range(FAILURES_IN_A_ROW):
        answered(post, id=f"m{place}")
    row = post.delivery(answered(post, id="late"))
    assert (row.state, row.attempts) == ("RETRYING", 0)
    assert "rests" in row.last_error


@pytest.mark.parametrize("wish", ["soon", None, float("inf"), 10**400])
def test_wish_that_makes_no_sense_is_no_wish(post: Post, wish: Any) -> None:
    Echo.on_send = fail(Retry("429", after_seconds=wish))
    assert 0 < wait_seconds(answered(post)) <= 86_401


def test_error_that_cannot_be_put_in_words_is_contained(post: Post) -> None:
    class Mute(Refused):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    class Dumb(Exception):
        __str__ = Mute.__str__

    Echo.on_send = fail(Mute())
    assert post.delivery(answered(post)).last_error == "Refused"
    Echo.on_send = fail(Dumb())
    assert post.delivery(answered(post, id="m2")).last_error == "The channel “echo” failed in send: Dumb."


def test_secret_that_a_channel_quotes_is_shown_nowhere(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    for error in (Refused("token s3cret is wrong"), Retry("https://api.example/s3cret/send"), OSError("s3cret")):
        Echo.on_send = fail(error)
        message_id = answered(post, id=type(error).__name__)
        assert "***" in post.delivery(message_id).last_error
    logged = " ".join(str(vars(record)) for record in caplog.records)
    history = events.history_of("ticket", [1, 2, 3], Window())
    assert "s3cret" not in f"{logged} {deliveries(post)} {[line.changes for one in history for line in one.rows]}"


def test_one_of_three_refused_is_told_and_the_two_are_not_written_to_again(post: Post) -> None:
    Echo.on_send = tell(("jun@shop.example", Verdict.FAILED))
    message_id = post.reply(post.ticket())
    add_recipients("jun@shop.example", "ara@shop.example")
    post.work()
    post.try_again()
    row = post.delivery(message_id)
    assert (row.state, row.last_error) == ("SENT", "jun@shop.example: 550 no")
    assert [one["verdict"] for one in row.recipients] == ["accepted", "failed", "accepted"]
    assert len(Echo.sent) == 1


def test_whoever_must_wait_is_tried_again_alone(post: Post) -> None:
    Echo.on_send = tell(("jun@shop.example", Verdict.DELAYED))
    message_id = post.reply(post.ticket())
    add_recipients("jun@shop.example")
    post.work()
    assert (post.delivery(message_id).state, post.delivery(message_id).last_error) == ("RETRYING", "550 no")
    Echo.on_send = None
    post.try_again()
    assert [len(sent.recipients) for sent in Echo.sent] == [2, 1]
    assert Echo.sent[1].recipients[0].value == "jun@shop.example"
    assert len({sent.key for sent in Echo.sent}) == 1
    assert [one["verdict"] for one in post.delivery(message_id).recipients] == ["accepted", "accepted"]


def test_all_refused_by_verdict_is_a_dead_letter(post: Post) -> None:
    Echo.on_send = tell((MINA.upper(), Verdict.FAILED))
    row = post.delivery(answered(post))
    assert (row.state, row.last_error) == ("FAILED", f"{MINA}: 550 no")


def test_too_many_tries_end_in_a_dead_letter_that_is_told_of(post: Post) -> None:
    told: list[Event] = []
    signals.delivery_finished.connect(told.append)
    Echo.on_send = tell((MINA, Verdict.DELAYED))
    message_id = answered(post)
    Delivery.update(attempts=MOST_TRIES_OUT - 2).execute()
    post.try_again()
    assert signals.flush()
    assert (post.delivery(message_id).state, told) == ("RETRYING", [])
    Echo.on_send = fail(Retry("451 still no"))
    post.try_again()
    assert signals.flush()
    signals.delivery_finished.disconnect(told.append)
    row = post.delivery(message_id)
    assert (row.state, row.attempts, row.due_at, row.last_error) == ("FAILED", MOST_TRIES_OUT, None, "451 still no")
    assert [(event.name, event.state, event.message_id) for event in told] == [  # type: ignore[attr-defined]
        ("delivery.finished", "FAILED", message_id)
    ]
    line = events.history_of("ticket", [row.ticket_id], Window(last=1))[0].rows[0]
    assert line.changes == {"delivery": ["RETRYING", "FAILED"], "reason": [None, "451 still no"]}


def test_dead_letter_is_sent_again_on_request_under_the_same_id(post: Post) -> None:
    Echo.on_send = fail(Refused("550 full"))
    message_id = answered(post)
    before, Echo.on_send = post.delivery(message_id), None
    outbox.retry(post.desk.agent, before.id)
    waiting = post.delivery(message_id)
    assert (waiting.state, waiting.attempts, waiting.finished_at) == ("RETRYING", 0, None)
    post.work()
    done = post.delivery(message_id)
    assert (done.state, done.last_error, done.external_id) == ("SENT", "", before.external_id)
    with pytest.raises(Conflict, match="write a new answer") as refused:
        outbox.retry(post.desk.agent, before.id)
    assert refused.value.code == "NOT_RETRIABLE"


def test_second_round_goes_only_to_those_who_lack_the_message(post: Post) -> None:
    message_id = post.reply(post.ticket())
    add_recipients("jun@shop.example")
    Echo.on_send = tell(("jun@shop.example", Verdict.DELAYED))
    post.work()
    Echo.on_send = fail(Refused("552 too large"))
    post.try_again()
    row = post.delivery(message_id)
    assert (row.state, [one["verdict"] for one in row.recipients]) == ("FAILED", ["accepted", "failed"])
    Echo.on_send = None
    outbox.retry(post.desk.agent, row.id)
    post.work()
    assert [one.value for one in Echo.sent[-1].recipients] == ["jun@shop.example"]


def test_message_that_is_being_sent_is_not_given_to_a_second_worker(post: Post) -> None:
    message_id = post.reply(post.ticket())
    assert claim(Delivery, seconds=60) is not None
    with pytest.raises(Conflict, match="being sent right now"):
        outbox.retry(post.desk.agent, post.delivery(message_id).id)
    post.work()
    assert Echo.sent == []


def test_sending_again_is_for_those_who_may_and_of_their_service(post: Post) -> None:
    row_id = post.delivery(answered(post)).id
    with pytest.raises(Forbidden):
        outbox.retry(replace(post.desk.partner, rights=frozenset()), row_id)
    for actor, wanted in ((make_desk(post.desk.settings, slug="other").agent, row_id), (post.desk.agent, 999)):
        with pytest.raises(NotFound):
            outbox.retry(actor, wanted)


def test_account_that_is_switched_off_sends_later_and_uses_up_no_try(post: Post) -> None:
    message_id = post.reply(post.ticket())
    accounts.update(post.desk.administrator, post.account_id, is_enabled=False)
    for _ in range(3):
        post.try_again()
    row = post.delivery(message_id)
    assert (row.state, row.attempts, Echo.sent) == ("RETRYING", 0, [])
    assert "switched off" in row.last_error
    accounts.update(post.desk.administrator, post.account_id, is_enabled=True)
    post.try_again()
    assert post.delivery(message_id).state == "SENT"


def test_plugin_that_is_not_loaded_uses_up_no_try(post: Post) -> None:
    message_id = post.reply(post.ticket())
    registry.register(Kind.CHANNEL, "echo", object)
    Delivery.update(attempts=MOST_TRIES_OUT - 1).execute()
    for _ in range(3):
        post.try_again()
    assert (post.delivery(message_id).state, post.delivery(message_id).attempts) == ("RETRYING", MOST_TRIES_OUT - 1)


def test_message_of_a_deleted_account_is_a_dead_letter(post: Post) -> None:
    message_id = post.reply(post.ticket())
    accounts.delete(post.desk.administrator, post.account_id)
    post.work()
    assert post.delivery(message_id).state == "FAILED"
    assert "deleted" in post.delivery(message_id).last_error


def test_message_whose_file_is_gone_is_a_dead_letter(post: Post) -> None:
    new = replace(INQUIRY, account_id=post.account_id, files=[NewFile("a.txt", "text/plain", b"bytes")])
    added = tickets.create(post.desk.agent, new)
    outbox.queue(post.desk.agent, added.ticket_id, added.message_id)
    storage().delete(ticket_queries.attachments_of_messages([added.message_id])[0][0].storage_key)
    post.work()
    assert (post.delivery(added.message_id).state, Echo.sent) == ("FAILED", [])


def test_bounce_fails_the_message_and_is_written_down(post: Post) -> None:
    message_id = answered(post)
    known_as = post.delivery(message_id).external_id
    row = post.feed(id=known_as, report="failed", to=MINA.upper(), reason="550 no\r\nsuch user")
    assert (row.outcome, row.ticket_id, row.message_id) == ("BOUNCE", post.delivery(message_id).ticket_id, message_id)
    bounced = post.delivery(message_id)
    assert (bounced.state, bounced.last_error) == ("FAILED", f"{MINA}: 550 no such user")
    lines = events.history_of("ticket", [bounced.ticket_id], Window(first=50))[0].rows
    assert lines[-1].changes["delivery"] == ["SENT", "FAILED"]
    post.feed(id=known_as, report="failed", to=MINA, reason="again")
    assert len(events.history_of("ticket", [bounced.ticket_id], Window(first=50))[0].rows) == len(lines)


def test_bounce_of_one_of_two_is_noted_and_a_receipt_too(post: Post) -> None:
    message_id = post.reply(post.ticket())
    add_recipients("jun@shop.example")
    post.work()
    known_as = post.delivery(message_id).external_id
    post.feed(id=known_as, report="failed", to=MINA, reason="550")
    post.feed(id=known_as, report="accepted", to="jun@shop.example")
    post.feed(id=known_as, report="delayed", to="somebody@else.example")
    assert post.delivery(message_id).state == "SENT"
    assert [one["verdict"] for one in post.delivery(message_id).recipients] == ["failed", "accepted"]


def test_bounce_that_comes_before_our_mark_is_not_overwritten(post: Post) -> None:
    message_id = post.reply(post.ticket())

    def bounce_at_once(message: Outbound) -> Sent:
        post.put(id=message.external_id, report="failed", to=MINA, reason="550")
        jobs.drain("inbox")
        return Sent()

    Echo.on_send = bounce_at_once
    post.work()
    assert post.delivery(message_id).state == "FAILED"


def test_message_that_everybody_has_by_a_report_is_not_sent_again(post: Post, failpoint: None) -> None:
    failpoints.arm("outbox.sent:raise:1")
    message_id = answered(post)
    post.feed(id=post.delivery(message_id).external_id, report="accepted", to=MINA)
    fall_due(Delivery)
    post.work()
    assert (post.delivery(message_id).state, len(Echo.sent)) == ("SENT", 1)
