"""What a bounce or a complaint says is seen on the message and on the address, and changes no ticket."""

from dataclasses import replace
from typing import Any

import pytest

from helpdesk.channels import outbox, rules
from helpdesk.channels.models import Delivery
from helpdesk.customers import queries as customers
from helpdesk.customers.queries import IdentityRow
from helpdesk.sdk.channel import Identity, RecipientVerdict, Refused, Sent, Verdict
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.rules import TicketStatus
from tests.channels.post import MINA, Post, add_recipients, answered, fail, fall_due, tell
from tests.factories.echo import Echo
from tests.factories.tickets import ticket

JUN = "jun@shop.example"


def bounce(post: Post, message_id: int, **said: Any) -> None:
    """Let a report on the message come in."""
    plain = {"report": "failed", "to": MINA, "reason": "550 5.1.1 no such user", "is_permanent": True}
    row = post.feed(id=post.delivery(message_id).external_id, **(plain | said))
    assert row.outcome == "BOUNCE"


def mark_of(post: Post, value: str = MINA) -> IdentityRow | None:
    """Return the mark of an address."""
    return customers.undeliverable(post.desk.service_id, [("email", value)]).get(("email", value))


def verdicts(post: Post, message_id: int) -> list[str]:
    """Return the verdicts on a message's recipients."""
    return [one["verdict"] for one in post.delivery(message_id).recipients]


def test_address_that_failed_for_good_is_marked(post: Post) -> None:
    message_id = answered(post)
    bounce(post, message_id)
    assert post.delivery(message_id).state == "FAILED"
    assert post.delivery(message_id).recipients[0]["is_permanent"]
    found = mark_of(post)
    assert found is not None
    assert found.undeliverable_reason == "550 5.1.1 no such user"


def test_full_mailbox_fails_the_message_and_marks_nobody(post: Post) -> None:
    message_id = answered(post)
    bounce(post, message_id, reason="552 5.2.2 mailbox full", is_permanent=False)
    assert (post.delivery(message_id).state, mark_of(post)) == ("FAILED", None)
    assert not post.delivery(message_id).recipients[0]["is_permanent"]


def test_complaint_marks_the_address_and_leaves_the_message_sent(post: Post) -> None:
    message_id = answered(post)
    bounce(post, message_id, report="complained", reason="complaint: abuse")
    assert (post.delivery(message_id).state, verdicts(post, message_id)) == ("SENT", ["complained"])
    bounce(post, message_id, report="accepted")
    bounce(post, message_id, report="delayed")
    assert verdicts(post, message_id) == ["complained"]
    found = mark_of(post)
    assert found is not None
    assert found.undeliverable_reason == "complaint: abuse"


def test_delay_is_shown_and_changes_no_state(post: Post) -> None:
    message_id = answered(post)
    bounce(post, message_id, report="delayed", reason="4.4.1", is_permanent=False)
    assert (post.delivery(message_id).state, verdicts(post, message_id)) == ("SENT", ["delayed"])
    bounce(post, message_id)
    bounce(post, message_id, report="delayed", reason="late")
    assert (post.delivery(message_id).state, verdicts(post, message_id)) == ("FAILED", ["failed"])


def test_delay_sends_nothing_again_while_another_recipient_waits(post: Post) -> None:
    message_id = post.reply(post.ticket())
    add_recipients(JUN)
    Echo.on_send = tell((JUN, Verdict.DELAYED))
    post.work()
    bounce(post, message_id, report="delayed", reason="4.4.1")
    Echo.on_send = None
    post.try_again()
    assert [[one.value for one in sent.recipients] for sent in Echo.sent] == [[MINA, JUN], [JUN]]
    assert post.delivery(message_id).state == "SENT"


@pytest.mark.parametrize("report", ["failed", "delayed", "complained"])
def test_closed_ticket_stays_closed(post: Post, report: str) -> None:
    message_id = answered(post)
    ticket_id = post.delivery(message_id).ticket_id
    for status in (TicketStatus.RESOLVED, TicketStatus.COMPLETED):
        tickets.set_status(post.desk.administrator, ticket_id, status)
    before = ticket(ticket_id)
    bounce(post, message_id, report=report)
    assert ticket(ticket_id) == before


def test_report_that_names_nobody_is_of_the_only_recipient(post: Post) -> None:
    message_id = answered(post)
    bounce(post, message_id, to="")
    assert post.delivery(message_id).last_error == f"{MINA}: 550 5.1.1 no such user"
    assert mark_of(post) is not None


def test_mail_that_was_passed_on_fails_and_marks_nobody(post: Post) -> None:
    message_id = answered(post)
    bounce(post, message_id, to="elsewhere@else.example")
    delivery = post.delivery(message_id)
    assert (delivery.state, delivery.last_error) == (
        "FAILED", f"{MINA}: elsewhere@else.example: 550 5.1.1 no such user",
    )  # fmt: skip
    assert mark_of(post) is None


def test_report_on_a_stranger_among_several_changes_nothing(post: Post) -> None:
    message_id = post.reply(post.ticket())
    add_recipients(JUN)
    post.work()
    post.ticket(id="k1", **{"from": "kim@shop.example"})
    bounce(post, message_id, to="kim@shop.example")
    bounce(post, message_id, to="")
    assert verdicts(post, message_id) == ["accepted", "accepted"]
    assert mark_of(post, "kim@shop.example") is None


def test_address_that_the_provider_refuses_at_once_is_marked(post: Post) -> None:
    Echo.on_send = fail(Refused("550 5.1.1 unknown", is_permanent=True))
    message_id = answered(post)
    found = mark_of(post)
    assert found is not None
    assert (post.delivery(message_id).state, found.undeliverable_reason) == ("FAILED", "550 5.1.1 unknown")
    assert post.delivery(message_id).recipients[0]["is_permanent"]


def test_message_that_is_refused_for_another_reason_marks_nobody(post: Post) -> None:
    Echo.on_send = fail(Refused("554 5.7.1 spam"))
    assert (post.delivery(answered(post)).state, mark_of(post)) == ("FAILED", None)


def test_recipient_who_is_refused_beside_others_is_marked(post: Post) -> None:
    post.ticket(id="j1", **{"from": JUN})
    message_id = post.reply(post.ticket())
    add_recipients(JUN)
    verdict = RecipientVerdict(JUN, Verdict.FAILED, "550 5.1.1", is_permanent=True)
    Echo.on_send = lambda _message: Sent(verdicts=(verdict,))
    post.work()
    assert post.delivery(message_id).state == "SENT"
    assert (mark_of(post), mark_of(post, JUN) is None) == (None, False)


def test_person_who_writes_from_the_address_takes_the_mark_away_and_a_machine_does_not(post: Post) -> None:
    bounce(post, answered(post))
    post.feed(id="m8", answers=["m1"], nature="automatic")
    assert mark_of(post) is not None
    post.feed(id="m9", answers=["m1"])
    assert mark_of(post) is None


def test_new_address_that_may_be_wrong_is_marked_before_a_machine_of_ours_answers_there(post: Post) -> None:
    words = "It was not written as an address is, so it may be wrong."
    ticket_id = post.ticket(undeliverable=words)
    found = mark_of(post)
    assert found is not None
    assert found.undeliverable_reason == words
    post.feed(id="m2", answers=["m1"], undeliverable=words)
    assert mark_of(post) is not None
    message_id = post.machine_reply(ticket_id)
    assert post.delivery(message_id).last_error.endswith(words)
    post.feed(id="m3", answers=["m1"])
    assert mark_of(post) is None
    post.feed(id="m4", answers=["m1"], undeliverable=words)
    assert mark_of(post) is None  # a stranger's spelling must not mark an address that is known to be good


def test_agent_writes_to_a_marked_address_all_the_same(post: Post) -> None:
    first = answered(post)
    bounce(post, first)
    message_id = post.reply(post.delivery(first).ticket_id, "noch einmal")
    post.work()
    assert (post.delivery(message_id).state, Echo.sent[-1].text) == ("SENT", "noch einmal")


def test_who_has_complained_has_the_message() -> None:
    to = rules.recipients_of([Identity("email", MINA)])
    complained = rules.with_verdicts(to, [RecipientVerdict(MINA, Verdict.COMPLAINED)])
    assert rules.is_reached(complained)
    assert not rules.is_lost(complained)
    assert rules.anew(complained) == complained
    assert rules.still_to_reach(complained) == ()
    unnamed = RecipientVerdict("", Verdict.FAILED, "x", is_permanent=True)
    assert rules.addressed(to, [unnamed]) == (replace(unnamed, recipient=MINA),)


def test_refused_message_of_a_machine_can_be_sent_by_an_agent(post: Post) -> None:
    first = answered(post)
    bounce(post, first)
    ticket_id = post.delivery(first).ticket_id
    message_id = post.machine_reply(ticket_id)
    post.work()
    refused = post.delivery(message_id)
    assert (refused.state, len(Echo.sent), refused.attempts) == ("FAILED", 1, 0)
    assert refused.last_error.startswith("Not sent: this address takes no messages since ")
    assert refused.last_error.endswith("550 5.1.1 no such user")
    outbox.retry(post.desk.agent, refused.id)
    fall_due(Delivery)
    post.work()
    assert (post.delivery(message_id).state, Echo.sent[-1].is_automatic) == ("SENT", True)
