"""What goes out goes back the way it came: at least once, in order, under one id, to whoever does not have it yet."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from helpdesk.channels import accounts, outbox, queries
from helpdesk.channels.models import Delivery
from helpdesk.channels.queries import DeliveryRow
from helpdesk.kernel import clock, events, failpoints
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.leases import claim
from helpdesk.kernel.paging import Window
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Outbound, Refused, Retry, Sent
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.rules import Asker, Body
from tests.channels.post import MINA, Post, answered, fail, fail_for, make_post
from tests.factories.crowds import at_once
from tests.factories.echo import Echo
from tests.factories.tickets import INQUIRY, messages, ticket


def deliveries(post: Post) -> list[DeliveryRow]:
    """Return the outbox, oldest first."""
    return queries.deliveries_page(post.desk.service_id, None, Window(first=100)).rows[::-1]


def test_answer_goes_back_the_way_the_ticket_came(post: Post) -> None:
    ticket_id = post.ticket(subject="환불 요청")
    message_id = post.reply(ticket_id, "처리했습니다")
    assert (post.delivery(message_id).state, Echo.sent) == ("QUEUED", [])
    post.work()
    (sent,) = Echo.sent
    assert (sent.ticket_number, sent.subject, sent.text) == (ticket(ticket_id).number, "환불 요청", "처리했습니다")
    assert [(one.kind, one.value, one.name) for one in sent.recipients] == [("email", MINA, "Mina")]
    assert (sent.agent_name, sent.language, sent.is_automatic, sent.answers) == ("agent", "ko", False, ("m1",))
    done = post.delivery(message_id)
    assert (done.state, done.attempts, done.last_error, done.due_at) == ("SENT", 1, "", None)
    assert done.finished_at is not None
    assert [one["verdict"] for one in done.recipients] == ["accepted"]


def test_answer_carries_its_files_and_the_conversation_nearest_first(post: Post) -> None:
    ticket_id = post.ticket()
    post.feed(id="m2", answers=["m1"])
    first = post.reply(ticket_id)
    post.work()
    tickets.receive(post.desk.administrator, ticket_id, Body("파일"), asker=Asker(email=MINA))
    new = replace(INQUIRY, account_id=post.account_id, files=[NewFile("a.txt", "text/plain", b"bytes", "cid")])
    with_file = tickets.create(post.desk.agent, new)
    outbox.queue(post.desk.agent, with_file.ticket_id, with_file.message_id)
    post.reply(ticket_id)
    post.work()
    (file,) = next(one for one in Echo.sent if one.files).files
    assert (file.filename, file.content_type, file.data, file.content_id) == ("a.txt", "text/plain", b"bytes", "cid")
    assert Echo.sent[-1].answers == (post.delivery(first).external_id, "m2", "m1")


def test_token_that_went_out_brings_the_answer_back(post: Post) -> None:
    ticket_id = post.ticket()
    post.reply(ticket_id)
    post.work()
    row = post.feed(id="m9", reply_token=Echo.sent[0].reply_token, subject="다른 제목")
    assert (row.outcome, row.ticket_id) == ("REPLY", ticket_id)


def test_answer_to_what_went_out_is_known_by_its_id(post: Post) -> None:
    message_id = answered(post)
    known_as = post.delivery(message_id).external_id
    assert Echo.sent[0].external_id == known_as == f"<{Echo.sent[0].key}@echo.example>"
    assert post.feed(id="m2", answers=[known_as]).ticket_id == post.delivery(message_id).ticket_id
    assert post.feed(id=known_as).outcome == "DUPLICATE"


def test_nothing_is_written_when_the_answer_is_taken_back(post: Post) -> None:
    ticket_id = post.ticket()
    with pytest.raises(Conflict):
        tickets.reply(post.desk.agent, ticket_id, Body("x"), expected_version=99)
    assert deliveries(post) == []


def test_notes_and_inquiries_go_nowhere(post: Post) -> None:
    ticket_id = post.ticket()
    tickets.add_note(post.desk.agent, ticket_id, Body("안에서만"))
    post.feed(id="m2", answers=["m1"])
    assert deliveries(post) == []


def mail_post(post: Post) -> Post:
    """Give the desk's service a primary mail account."""
    registry.register(Kind.CHANNEL, "email", Echo)
    return make_post(post.desk, driver="email")


def test_ticket_without_an_account_is_answered_by_the_primary_mail_account(post: Post) -> None:
    mail, second = mail_post(post), mail_post(post)
    ticket_id = tickets.create(post.desk.partner, INQUIRY).ticket_id
    message_id = post.reply(ticket_id)
    assert post.delivery(message_id).account_id == mail.account_id
    accounts.update(post.desk.administrator, second.account_id, is_primary=True)
    assert post.delivery(post.reply(ticket_id)).account_id == second.account_id


def test_ticket_of_a_deleted_account_is_answered_by_mail(post: Post) -> None:
    ticket_id, mail = post.ticket(), mail_post(post)
    accounts.delete(post.desk.administrator, post.account_id)
    assert post.delivery(post.reply(ticket_id)).account_id == mail.account_id


NOBODY = Asker(name="Nobody")
BY_PHONE = Asker(phone="010-1234-5678")


@pytest.mark.parametrize(
    ("asker", "why"),
    [(NOBODY, "nobody is known who asked"), (BY_PHONE, "“Email” knows the customer by email, and this one has none")],
)
def test_answer_that_would_reach_nobody_is_refused_and_not_written(post: Post, asker: Asker, why: str) -> None:
    mail_post(post)
    ticket_id = tickets.create(post.desk.partner, replace(INQUIRY, asker=asker)).ticket_id
    with pytest.raises(Conflict, match=why) as refused:
        post.reply(ticket_id)
    assert refused.value.code == "CUSTOMER_NOT_REACHABLE"
    assert [message.kind for message in messages(ticket_id)] == ["INQUIRY"]


def test_answer_by_a_deleted_account_is_refused_where_no_mail_account_is_left(post: Post) -> None:
    ticket_id = post.ticket()
    accounts.delete(post.desk.administrator, post.account_id)
    with pytest.raises(Conflict, match="was deleted"):
        post.reply(ticket_id)


def test_answer_that_is_kept_on_purpose_goes_nowhere(post: Post) -> None:
    ids = [post.ticket()]
    unsendable = tickets.create(post.desk.partner, INQUIRY).ticket_id  # no mail account
    mail = mail_post(post)
    ids.append(tickets.create(post.desk.partner, replace(INQUIRY, asker=BY_PHONE)).ticket_id)
    kept = [tickets.reply(post.desk.agent, one, Body("여기서 읽으세요"), is_kept=True).message_id for one in ids]
    kept.append(post.machine_reply(ids[1]))
    accounts.delete(post.desk.administrator, mail.account_id)
    kept.append(post.reply(unsendable))
    assert queries.deliveries_of_messages(kept) == [None, None, None, None]


def test_answer_waits_while_the_primary_mail_account_is_switched_off(post: Post) -> None:
    mail = mail_post(post)
    accounts.update(post.desk.administrator, mail.account_id, is_enabled=False)
    message_id = post.reply(tickets.create(post.desk.partner, INQUIRY).ticket_id, "나중에")
    post.try_again()
    waiting = post.delivery(message_id)
    assert (waiting.state, waiting.attempts, waiting.account_id, Echo.sent) == ("RETRYING", 0, mail.account_id, [])
    accounts.update(post.desk.administrator, mail.account_id, is_enabled=True)
    post.try_again()
    assert (post.delivery(message_id).state, [sent.text for sent in Echo.sent]) == ("SENT", ["나중에"])


def test_messages_of_a_ticket_keep_their_order_and_hold_up_no_other_ticket(post: Post) -> None:
    ticket_id, other = post.ticket(), post.ticket(id="other")
    Echo.on_send = fail_for("first", Retry("451"))
    post.reply(ticket_id, "first")
    post.reply(ticket_id, "second")
    post.reply(other, "elsewhere")
    post.work()
    assert [sent.text for sent in Echo.sent] == ["elsewhere"]
    Echo.on_send = None
    post.try_again()
    assert [sent.text for sent in Echo.sent] == ["elsewhere", "first", "second"]


def test_dead_letter_holds_nobody_up(post: Post) -> None:
    ticket_id = post.ticket()
    Echo.on_send = fail_for("first", Refused("550"))
    post.reply(ticket_id, "first")
    post.reply(ticket_id, "second")
    post.work()
    assert [sent.text for sent in Echo.sent] == ["second"]


def test_many_workers_send_each_message_once_and_in_order(post: Post) -> None:
    ids = [post.ticket(id=f"t{place}") for place in range(3)]
    for place in range(12):
        post.reply(ids[place % 3], f"{place:02}")
    at_once(4, lambda _place: outbox.drain(post.desk.settings))
    post.work()
    by_ticket = {number: [sent.text for sent in Echo.sent if sent.ticket_number == number] for number in (1, 2, 3)}
    assert by_ticket == {number: [f"{place:02}" for place in range(number - 1, 12, 3)] for number in (1, 2, 3)}


def test_slow_message_is_sent_once_though_its_lease_would_have_run_out(post: Post) -> None:
    message_id = post.reply(post.ticket())
    sending, is_over = threading.Event(), threading.Event()
    short = post.desk.settings.model_copy(update={"lease_seconds": 1})

    def take_long(_message: Outbound) -> None:
        if not sending.is_set():
            sending.set()
            assert is_over.wait(30)

    def work(place: int) -> None:
        if place == 0:
            outbox.drain(short)
            return
        assert sending.wait(30)
        deadline = clock.monotonic() + 3
        while clock.monotonic() < deadline:
            outbox.drain(short)
            is_over.wait(0.1)
        is_over.set()

    Echo.on_send = take_long
    at_once(2, work)
    assert (len(Echo.sent), post.delivery(message_id).state, post.delivery(message_id).attempts) == (1, "SENT", 1)


def test_worker_that_fails_between_yes_and_mark_sends_again_under_the_same_id(post: Post, failpoint: None) -> None:
    failpoints.arm("outbox.sent:raise:1")
    message_id = answered(post)
    assert post.delivery(message_id).state == "RETRYING"
    post.try_again()
    first, second = Echo.sent
    assert (first.key, first.external_id) == (second.key, second.external_id)
    assert post.delivery(message_id).state == "SENT"


def test_worker_that_lost_its_lease_marks_nothing(post: Post) -> None:
    message_id = post.reply(post.ticket())
    slow = claim(Delivery, seconds=0)
    post.work()
    assert len(Echo.sent) == 1
    Echo.on_send = fail(Refused("550 too late"))
    outbox.carry(slow, post.desk.settings)
    assert post.delivery(message_id).state == "SENT"
    history = events.history_of("ticket", [post.delivery(message_id).ticket_id], Window(first=50))[0].rows
    assert [line.name for line in history].count("delivery.finished") == 1


def test_id_is_stored_before_the_first_try_and_stays(post: Post) -> None:
    seen: list[Any] = []
    message_id = post.reply(post.ticket())

    def look(message: Outbound) -> Sent:
        seen.append((message.external_id, post.delivery(message_id).external_id))
        raise Retry("later")

    Echo.on_send = look
    post.work()
    post.try_again()
    assert len(set(seen)) == 1
    assert seen[0][0] == seen[0][1] is not None


class Anonymous(Echo):
    """A channel that learns its ids from the provider."""

    def identify(self, message: Outbound) -> str | None:
        return None


def test_id_that_the_provider_gives_is_kept(post: Post) -> None:
    registry.register(Kind.CHANNEL, "anonymous", Anonymous)
    other = make_post(post.desk, driver="anonymous")
    Echo.on_send = lambda _message: Sent(external_id="  provider-7 ")
    message_id = answered(other, id="in-1")
    assert other.delivery(message_id).external_id == "provider-7"
    assert other.feed(id="in-2", answers=["provider-7"]).ticket_id == other.delivery(message_id).ticket_id
    Echo.on_send = None
    assert other.delivery(answered(other, id="in-3", text="x")).external_id is None


def test_unsent_message_is_seen_by_its_age(post: Post) -> None:
    message_id = post.reply(post.ticket())
    assert queries.oldest_waiting()["outbox"] == post.delivery(message_id).created_at
