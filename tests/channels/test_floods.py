"""Of automatic mail an address gets so much in a time, and less of the same; people write as they like."""

from datetime import timedelta

import pytest

from helpdesk.channels import accounts, floods, outbox
from helpdesk.channels.models import AutomaticSending, Delivery
from helpdesk.channels.queries import DeliveryRow
from helpdesk.kernel import clock, settings
from helpdesk.kernel.errors import Conflict
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.rules import Body
from tests.channels.post import MINA, Post, fall_due
from tests.factories.crowds import at_once
from tests.factories.echo import Echo


def acknowledged(post: Post, number: int, *, subject: str = "", sender: str = MINA) -> DeliveryRow:
    """Let somebody's message make a ticket, let a machine answer, and return what became of the answer."""
    ticket_id = post.ticket(id=f"m{number}", subject=subject or f"No. {number}", **{"from": sender})
    message_id = post.machine_reply(ticket_id)
    post.work()
    return post.delivery(message_id)


def test_eleventh_automatic_mail_to_an_address_is_not_sent_and_says_why(post: Post) -> None:
    made = [acknowledged(post, number) for number in range(11)]
    assert [one.state for one in made] == ["SENT"] * 10 + ["FAILED"]
    assert made[-1].last_error == (
        "Not sent: this address got automatic mail 10 times within 180 minutes; try it again to send it all the same."
    )
    assert (len(Echo.sent), made[-1].attempts, made[-1].recipients[0]["verdict"]) == (10, 0, "failed")


def test_third_with_the_same_subject_is_not_sent_whatever_stands_before_it(post: Post) -> None:
    subjects = ["Order", "Re: [Case 1001] order [#7]", "RE: Re: (접수 12) ORDER [#8]", "답장: order #3", "Orders"]
    made = [acknowledged(post, number, subject=subject) for number, subject in enumerate(subjects)]
    assert [one.state for one in made] == ["SENT", "SENT", "FAILED", "FAILED", "SENT"]
    assert "automatic mail with this subject 2 times" in made[2].last_error


def test_each_address_has_its_own_measure(post: Post) -> None:
    for number in range(3):
        acknowledged(post, number, subject="same")
    assert acknowledged(post, 3, subject="same", sender="jun@shop.example").state == "SENT"


def test_same_address_in_other_letters_is_the_same(post: Post) -> None:
    senders = [MINA, MINA.upper(), MINA.title()]
    made = [acknowledged(post, number, subject="same", sender=one) for number, one in enumerate(senders)]
    assert [one.state for one in made] == ["SENT", "SENT", "FAILED"]


def test_machine_does_not_answer_a_machine_and_says_why(post: Post) -> None:
    ticket_id = post.ticket()
    post.feed(id="m2", answers=["m1"], nature="automatic")
    for message_id in (post.machine_reply(ticket_id), post.machine_reply(ticket_id, "또 받았습니다")):
        row = post.delivery(message_id)
        assert (row.state, row.due_at, row.last_error) == (
            "FAILED", None, "Not sent: a machine wrote what this answers; try it again to send it all the same.",
        )  # fmt: skip
        assert row.recipients[0]["verdict"] == "failed"
    post.work()
    assert (Echo.sent, AutomaticSending.select().count()) == ([], 0)
    outbox.retry(post.desk.agent, row.id)
    post.work()
    assert [one.text for one in Echo.sent] == ["또 받았습니다"]


def test_agent_answers_a_machine_and_a_machine_a_person_who_writes_again(post: Post) -> None:
    ticket_id = post.ticket()
    post.feed(id="m2", answers=["m1"], nature="automatic")
    by_agent = post.reply(ticket_id)
    tickets.add_note(post.desk.agent, ticket_id, Body("Hm."))
    still = post.machine_reply(ticket_id)
    post.feed(id="m3", answers=["m1"])
    later = post.machine_reply(ticket_id)
    post.work()
    assert [post.delivery(one).state for one in (by_agent, still, later)] == ["SENT", "FAILED", "SENT"]


def test_agents_are_not_counted(post: Post) -> None:
    ticket_id = post.ticket()
    for _ in range(12):
        post.reply(ticket_id)
    post.work()
    assert (len(Echo.sent), AutomaticSending.select().count()) == (12, 0)


def test_measure_is_full_again_after_the_window(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        acknowledged(post, number, subject="same")
    later = clock.now() + timedelta(minutes=181)
    monkeypatch.setattr(clock, "now", lambda: later)
    floods.forget()
    assert AutomaticSending.select().count() == 0
    assert acknowledged(post, 3, subject="same").state == "SENT"


def test_agent_may_send_what_was_over(post: Post) -> None:
    over = [acknowledged(post, number, subject="same") for number in range(3)][-1]
    outbox.retry(post.desk.agent, over.id)
    fall_due(Delivery)
    post.work()
    assert (post.delivery(over.message_id).state, len(Echo.sent)) == ("SENT", 3)
    with pytest.raises(Conflict):
        outbox.retry(post.desk.agent, over.id)


def test_answer_that_is_taken_back_is_not_counted(post: Post) -> None:
    ticket_id = post.ticket()
    with pytest.raises(Conflict):
        post.machine_reply(ticket_id, expected_version=99)
    assert AutomaticSending.select().count() == 0


def test_many_at_once_are_never_more_than_allowed(post: Post) -> None:
    made = [post.ticket(id=f"m{number}", subject="same") for number in range(6)]
    at_once(6, lambda place: post.machine_reply(made[place]))
    post.work()
    assert len(Echo.sent) == 2


def test_limits_are_settings_of_the_desk(post: Post) -> None:
    chosen = settings.load({"HELPDESK_AUTOMATIC_MOST": "1", "HELPDESK_AUTOMATIC_WINDOW_MINUTES": "60"})
    floods.use(chosen)
    assert [acknowledged(post, number).state for number in range(2)] == ["SENT", "FAILED"]
    assert "automatic mail 1 times within 60 minutes" in acknowledged(post, 3).last_error


def test_what_is_no_mail_is_not_counted(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Echo, "identity_kind", "user_key")
    other = Post(post.desk, accounts.create(post.desk.administrator, driver="echo", name="Chat", settings={}))
    ticket_id = other.ticket(id="c1", kind="user_key", **{"from": "u-1"})
    for _ in range(4):
        other.machine_reply(ticket_id)
    other.work()
    assert len(Echo.sent) == 4
