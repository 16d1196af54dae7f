"""Whoever a mail copies in takes no part until an agent lets them in. Source: SECURITY B1."""

import pytest

from helpdesk.channels.models import Delivery
from helpdesk.kernel.actors import Actor, ActorKind, system
from helpdesk.kernel.errors import Forbidden, Invalid, NotFound
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import participants
from helpdesk.tickets.queries import participants_of_tickets
from helpdesk.tickets.rules import Body
from tests.channels.post import MINA, FullEcho, Post, make_post
from tests.factories.tickets import history

JUN, MALLORY = "jun@shop.example", "mallory@else.example"


@pytest.fixture
def copying(post: Post) -> Post:
    """An account of a channel that tells who is copied in."""
    registry.register(Kind.CHANNEL, "copying", FullEcho)
    return make_post(post.desk, driver="copying")


def states(ticket_id: int) -> dict[str, str]:
    """Return who is in the ticket beside the customer, and how far."""
    return {one.email: str(one.state) for one in participants_of_tickets([ticket_id])[0]}


def recipients(message_id: int) -> list[str]:
    """Return to whom an answer goes."""
    return [one["value"] for one in Delivery.get(Delivery.message == message_id).recipients]


def test_copied_stranger_is_proposed_and_gets_and_adds_nothing(copying: Post) -> None:
    ticket_id = copying.ticket(copied=[JUN, MINA, "no address"])
    assert states(ticket_id) == {JUN: "PROPOSED"}
    assert recipients(copying.reply(ticket_id)) == [MINA]
    row = copying.feed(id="m2", answers=["m1"], **{"from": JUN})
    assert row.ticket_id != ticket_id


@pytest.mark.parametrize("proof", ["none", "failed"])
def test_stranger_whom_a_forged_customer_copies_in_learns_nothing(copying: Post, proof: str) -> None:
    ticket_id = copying.ticket()
    forged = copying.feed(id="forged", ticket_number=1, proof=proof, copied=[MALLORY], **{"from": MINA})
    assert forged.ticket_id in (None, ticket_id)
    assert "ADDED" not in states(ticket_id).values()
    assert recipients(copying.reply(ticket_id)) == [MINA]
    asked = copying.feed(id="m2", answers=["forged", "m1"], ticket_number=1, **{"from": MALLORY})
    assert asked.ticket_id != ticket_id


def test_whom_an_agent_lets_in_gets_the_answers_and_writes_into_the_ticket(copying: Post) -> None:
    ticket_id = copying.ticket(copied=[JUN])
    participants.add(copying.desk.agent, ticket_id, JUN.upper())
    participants.add(copying.desk.agent, ticket_id, JUN)
    assert states(ticket_id) == {JUN: "ADDED"}
    assert recipients(copying.reply(ticket_id)) == [MINA, JUN]
    assert copying.feed(id="m2", answers=["m1"], **{"from": JUN}).ticket_id == ticket_id
    assert [line.changes for line in history(ticket_id) if line.name == "ticket.participants_changed"] == [
        {"participants": [[], [JUN]]}
    ]


def test_who_was_sent_out_writes_into_the_ticket_no_more(copying: Post) -> None:
    ticket_id = copying.ticket(copied=[JUN])
    participants.add(copying.desk.agent, ticket_id, JUN)
    assert recipients(copying.reply(ticket_id)) == [MINA, JUN]
    copying.work()
    participants.remove(copying.desk.agent, ticket_id, JUN)
    late = copying.feed(id="m3", answers=["m1"], ticket_number=1, **{"from": JUN})
    assert late.ticket_id not in (None, ticket_id)


def test_participants_get_nothing_that_a_machine_wrote(copying: Post) -> None:
    ticket_id = copying.ticket()
    participants.add(copying.desk.agent, ticket_id, JUN)
    written = tickets.reply(system(copying.desk.service_id), ticket_id, Body("접수했습니다."))
    assert recipients(written.message_id) == [MINA]


def test_who_was_sent_out_is_not_proposed_again(copying: Post) -> None:
    ticket_id = copying.ticket(copied=[JUN, MALLORY])
    participants.add(copying.desk.agent, ticket_id, JUN)
    participants.remove(copying.desk.agent, ticket_id, JUN)
    participants.remove(copying.desk.agent, ticket_id, MALLORY)
    copying.feed(id="m2", answers=["m1"], copied=[JUN, MALLORY])
    assert states(ticket_id) == {}
    assert copying.feed(id="m3", answers=["m1"], **{"from": JUN}).ticket_id != ticket_id
    participants.add(copying.desk.agent, ticket_id, JUN)
    assert states(ticket_id) == {JUN: "ADDED"}


def test_machine_proposes_nobody_and_nobody_proposes_more_than_forty(copying: Post) -> None:
    ticket_id = copying.ticket(copied=[f"u{number}@else.example" for number in range(60)])
    assert len(states(ticket_id)) == 40
    quiet = copying.ticket(id="m2", **{"from": JUN})
    copying.feed(id="m3", answers=["m2"], nature="automatic", copied=[MALLORY], **{"from": JUN})
    assert states(quiet) == {}


def test_bad_input_is_refused_in_words(copying: Post) -> None:
    ticket_id = copying.ticket()
    with pytest.raises(Invalid) as refusal:
        participants.add(copying.desk.agent, ticket_id, "nobody")
    assert refusal.value.code == "BAD_EMAIL"
    with pytest.raises(NotFound):
        participants.remove(copying.desk.agent, ticket_id, JUN)
    with pytest.raises(NotFound):
        participants.add(copying.desk.agent, 0, JUN)
    for number in range(40):
        participants.add(copying.desk.agent, ticket_id, f"u{number}@else.example")
    with pytest.raises(Invalid) as refusal:
        participants.add(copying.desk.agent, ticket_id, JUN)
    assert refusal.value.code == "TOO_MANY_PARTICIPANTS"
    with pytest.raises(Forbidden):
        participants.add(Actor(ActorKind.AGENT, copying.desk.service_id), ticket_id, JUN)
