"""Every change of a ticket: once, whole, by whom it may be made, and told of afterwards."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from helpdesk import signals
from helpdesk.access.rules import SERVICE_KEY_RIGHTS
from helpdesk.agents import operations as agents
from helpdesk.agents.models import Member
from helpdesk.agents.rules import Role
from helpdesk.customers import queries as customers
from helpdesk.kernel import clock, db
from helpdesk.kernel.actors import Actor, ActorKind, system
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.kernel.events import Event
from helpdesk.sdk.events import TicketAssigned
from helpdesk.tickets import operations, queries
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.operations import Added
from helpdesk.tickets.rules import COMPLETED, NEW, ON_HOLD, OPEN, RESOLVED, Asker, Body, TicketPriority, TicketStatus
from tests.factories.desk import Desk, hire, make_desk
from tests.factories.tickets import ANSWER, INQUIRY, MINA, all_tickets, found, history, make, messages, ticket

Told = Callable[[], list[Event]]


def receive(desk: Desk, ticket_id: int, text: str = "감사합니다", **given: Any) -> Added:
    """Let Mina write again, as a channel does."""
    return operations.receive(system(desk.service_id), ticket_id, Body(text), asker=MINA, **given)


def bring_to(desk: Desk, status: TicketStatus) -> int:
    """Make a ticket and bring it to the status by allowed moves."""
    ticket_id = make(desk)
    moves = {NEW: [], OPEN: [OPEN], ON_HOLD: [ON_HOLD], RESOLVED: [RESOLVED], COMPLETED: [RESOLVED, COMPLETED]}
    for step in moves[status]:
        operations.set_status(desk.administrator, ticket_id, step)
    return ticket_id


@pytest.fixture
def told() -> Iterator[Told]:
    """Gives what the signals have told since it was last asked."""
    heard: list[Event] = []

    def take() -> list[Event]:
        assert signals.flush()
        taken = heard[:]
        heard.clear()
        return taken

    for signal in signals.ALL.values():
        signal.connect(heard.append)
    yield take
    for signal in signals.ALL.values():
        signal.disconnect(heard.append)


def test_new_ticket_has_a_number_its_first_message_and_its_customer(desk: Desk) -> None:
    made, other = ticket(make(desk, priority=TicketPriority.HIGH)), ticket(make(desk))
    assert (made.number, other.number) == (1, 2)
    assert (made.status, made.priority, made.version, made.assignee_id) == (NEW, TicketPriority.HIGH, 1, None)
    (message,) = messages(made.id)
    assert (message.kind, message.body_text, message.author_name) == ("INQUIRY", "환불해 주세요", "Mina")
    assert (message.author_kind, message.author_id) == (ActorKind.CUSTOMER, made.customer_id)
    assert made.customer_id == other.customer_id


def test_customer_who_gives_no_name_is_shown_by_the_known_one(desk: Desk) -> None:
    make(desk)
    again = make(desk, asker=Asker(email=MINA.email))
    assert messages(again)[0].author_name == "Mina"


def test_ticket_of_nobody_is_its_makers(desk: Desk) -> None:
    made = make(desk, asker=Asker(name="Someone"))
    assert ticket(made).customer_id is None
    assert messages(made)[0].author_kind is ActorKind.SERVICE_KEY
    assert messages(made)[0].author_name == "Someone"


def test_agent_who_opens_a_ticket_for_a_customer_does_not_speak_under_their_name(desk: Desk) -> None:
    made = make(desk, desk.agent)
    assert customers.customers_by_ids([ticket(made).customer_id])[0].name == "Mina"  # type: ignore[union-attr]
    assert (messages(made)[0].author_id, messages(made)[0].author_name) == (desk.agent.id, "agent")


def test_name_of_an_author_is_one_storable_line(desk: Desk) -> None:
    made = make(desk, asker=Asker(name="Mi\x00na\r\nBcc: x@y.example\u202e" + "x" * 300, email="a@shop.example"))
    name = messages(made)[0].author_name
    assert name.startswith("Mina Bcc: x@y.example")
    assert len(name) == 200


def test_new_ticket_is_told_after_the_commit_and_written_down(desk: Desk, told: Told) -> None:
    with suppress(InterruptedError), db.transaction():
        make(desk)
        raise InterruptedError
    assert told() == []
    made = make(desk)
    assert [event.name for event in told()] == ["customer.created", "ticket.created", "message.added"]
    first, second = history(made)
    assert (first.actor_kind, first.actor_name, first.changes) == (
        ActorKind.SERVICE_KEY, "partner", {"status": [None, "NEW"]},
    )  # fmt: skip
    assert clock.now() - first.at < timedelta(minutes=1)
    assert second.name == "message.added"


def test_refused_ticket_leaves_nothing(desk: Desk, told: Told) -> None:
    with pytest.raises(Invalid):
        make(desk, uploads=[999])
    with pytest.raises(Invalid):
        make(desk, asker=Asker(email="no address"))
    assert all_tickets(desk.service_id) == 0
    assert told() == []
    assert ticket(make(desk)).number == 1


@pytest.mark.parametrize(
    ("right", "change"),
    [
        ("ticket.create", lambda actor, _ticket_id: operations.create(actor, INQUIRY)),
        ("ticket.reply", lambda actor, ticket_id: operations.reply(actor, ticket_id, ANSWER)),
        ("ticket.note", lambda actor, ticket_id: operations.add_note(actor, ticket_id, ANSWER)),
        ("ticket.assign", lambda actor, ticket_id: operations.assign(actor, ticket_id, agent_id=None, group_id=None)),
        ("ticket.set_status", lambda actor, ticket_id: operations.set_status(actor, ticket_id, OPEN)),
        ("ticket.complete", lambda actor, ticket_id: operations.set_status(actor, ticket_id, COMPLETED)),
        ("ticket.complete", lambda actor, ticket_id: operations.reply(actor, ticket_id, ANSWER, status=COMPLETED)),
    ],
)
def test_each_change_needs_its_right(desk: Desk, right: str, change: Callable[[Actor, int], object]) -> None:
    ticket_id = bring_to(desk, RESOLVED)
    before = ticket(ticket_id)
    powerless = replace(desk.partner, rights=SERVICE_KEY_RIGHTS - {right})
    with pytest.raises(Forbidden, match=right):
        change(powerless, ticket_id)
    assert ticket(ticket_id) == before
    change(desk.partner, ticket_id)


def test_tickets_of_another_service_are_not_found(desk: Desk) -> None:
    stranger = make_desk(desk.settings, slug="other").administrator
    ticket_id = make(desk)
    refused: list[Callable[[], object]] = [
        lambda: operations.reply(stranger, ticket_id, ANSWER),
        lambda: operations.add_note(stranger, ticket_id, ANSWER),
        lambda: operations.assign(stranger, ticket_id, agent_id=None, group_id=None),
        lambda: operations.set_status(stranger, ticket_id, OPEN),
        lambda: operations.receive(system(stranger.service_id), ticket_id, ANSWER, asker=MINA),
    ]
    for change in refused:
        with pytest.raises(NotFound) as answer:
            change()
        assert answer.value.path == ("ticketId",)
    assert ticket(ticket_id).version == 1


def test_answering_agent_takes_the_ticket_and_keeps_it(desk: Desk) -> None:
    ticket_id = make(desk)
    operations.reply(desk.agent, ticket_id, ANSWER)
    assert (ticket(ticket_id).status, ticket(ticket_id).assignee_id) == (OPEN, desk.agent.id)
    operations.reply(desk.administrator, ticket_id, ANSWER, status=RESOLVED)
    assert (ticket(ticket_id).status, ticket(ticket_id).assignee_id) == (RESOLVED, desk.agent.id)
    assert [line.name for line in history(ticket_id)][2:] == [
        "message.added", "ticket.assigned", "ticket.status_changed", "message.added", "ticket.status_changed",
    ]  # fmt: skip
    assert history(ticket_id)[3].changes == {"assignee": [None, desk.agent.id]}
    assert history(ticket_id)[4].changes == {"status": ["NEW", "OPEN"]}


def test_partner_who_answers_takes_nothing(desk: Desk) -> None:
    ticket_id = make(desk)
    added = operations.reply(desk.partner, ticket_id, ANSWER)
    assert (ticket(ticket_id).status, ticket(ticket_id).assignee_id) == (OPEN, None)
    assert messages(ticket_id)[-1].id == added.message_id
    assert messages(ticket_id)[-1].author_name == "partner"


def test_note_changes_neither_status_nor_holder(desk: Desk, told: Told) -> None:
    ticket_id = bring_to(desk, COMPLETED)
    told()
    operations.add_note(desk.agent, ticket_id, Body("전화로 확인"))
    assert (ticket(ticket_id).status, ticket(ticket_id).assignee_id) == (COMPLETED, None)
    assert [(event.name, event.kind) for event in told()] == [("message.added", "NOTE")]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "change",
    [
        lambda desk, ticket_id: operations.reply(desk.agent, ticket_id, ANSWER),
        lambda desk, ticket_id: operations.reply(desk.administrator, ticket_id, ANSWER, status=COMPLETED),
        lambda desk, ticket_id: operations.assign(desk.agent, ticket_id, agent_id=desk.agent.id, group_id=None),
        lambda desk, ticket_id: operations.set_status(desk.administrator, ticket_id, OPEN),
    ],
)
def test_completed_ticket_cannot_be_worked_on(desk: Desk, change: Callable[[Desk, int], object]) -> None:
    ticket_id = bring_to(desk, COMPLETED)
    with pytest.raises(Conflict) as refused:
        change(desk, ticket_id)
    assert refused.value.code == "TICKET_COMPLETED"
    assert len(messages(ticket_id)) == 1


def test_move_that_no_rule_allows_is_refused_and_undone(desk: Desk) -> None:
    ticket_id = make(desk)
    with pytest.raises(Conflict, match="from here it can go to"):
        operations.reply(desk.administrator, ticket_id, ANSWER, status=COMPLETED)
    assert len(messages(ticket_id)) == 1
    assert ticket(ticket_id).version == 1


def test_opening_agent_takes_what_nobody_holds_and_new_gives_it_back(desk: Desk, told: Told) -> None:
    ticket_id = make(desk)
    operations.set_status(desk.agent, ticket_id, OPEN)
    assert ticket(ticket_id).assignee_id == desk.agent.id
    told()
    operations.set_status(desk.agent, ticket_id, NEW)
    assert (ticket(ticket_id).status, ticket(ticket_id).assignee_id) == (NEW, None)
    assert {event.name for event in told()} == {"ticket.assigned", "ticket.status_changed"}


def test_assigning_opens_and_taking_back_makes_new(desk: Desk, told: Told) -> None:
    ticket_id, group_id = make(desk), agents.create_group(desk.service_id, "환불")
    told()
    operations.assign(desk.partner, ticket_id, agent_id=desk.agent.id, group_id=group_id)
    now = ticket(ticket_id)
    assert (now.status, now.assignee_id, now.group_id, now.version) == (OPEN, desk.agent.id, group_id, 2)
    assert told()[0] == TicketAssigned(
        service_id=desk.service_id, ticket_id=ticket_id, agent_id=desk.agent.id, group_id=group_id
    )
    operations.assign(desk.partner, ticket_id, agent_id=None, group_id=group_id)
    assert (ticket(ticket_id).status, ticket(ticket_id).group_id) == (NEW, group_id)
    assert history(ticket_id)[-2].changes == {"assignee": [desk.agent.id, None]}


def test_assigning_the_same_again_changes_nothing(desk: Desk) -> None:
    ticket_id = make(desk)
    for _ in range(2):
        operations.assign(desk.partner, ticket_id, agent_id=desk.agent.id, group_id=None)
    assert ticket(ticket_id).version == 2
    assert len(history(ticket_id)) == 4


def test_only_agents_and_groups_of_the_service_can_hold_a_ticket(desk: Desk) -> None:
    ticket_id, other = make(desk), make_desk(desk.settings, slug="other")
    group_id = agents.create_group(other.service_id, "theirs")
    gone = hire(desk.organization_id, desk.service_id, "gone@demo.example", Role.AGENT)
    Member.update(deactivated_at=clock.now()).where(Member.email == "gone@demo.example").execute()
    for agent_id in (other.agent.id, gone.id, 999):
        with pytest.raises(Invalid) as refused:
            operations.assign(desk.partner, ticket_id, agent_id=agent_id, group_id=None)
        assert (refused.value.code, refused.value.path) == ("AGENT_NOT_ASSIGNABLE", ("assigneeId",))
    for unknown in (group_id, 999):
        with pytest.raises(Invalid) as refused:
            operations.assign(desk.partner, ticket_id, agent_id=None, group_id=unknown)
        assert refused.value.path == ("groupId",)


@pytest.mark.parametrize("before", [ON_HOLD, RESOLVED])
def test_customer_who_writes_again_reopens_with_the_same_agent(desk: Desk, before: TicketStatus) -> None:
    ticket_id = make(desk)
    operations.reply(desk.agent, ticket_id, ANSWER, status=before)
    receive(desk, ticket_id)
    assert (ticket(ticket_id).status, ticket(ticket_id).assignee_id) == (OPEN, desk.agent.id)
    assert [message.kind for message in messages(ticket_id)] == ["INQUIRY", "REPLY", "INQUIRY"]


def test_machine_that_writes_again_reopens_nothing(desk: Desk) -> None:
    for before in (RESOLVED, COMPLETED):
        ticket_id = bring_to(desk, before)
        added = receive(desk, ticket_id, is_automatic=True)
        assert added.ticket_id == ticket_id
        assert ticket(ticket_id).status is before
        assert messages(ticket_id)[-1].is_automatic


def test_answer_to_a_completed_ticket_becomes_one_that_follows_it_up(desk: Desk) -> None:
    ticket_id = bring_to(desk, COMPLETED)
    added = receive(desk, ticket_id, "또 문의합니다", files=[NewFile("a.txt", "text/plain", b"bytes")])
    follow_up = ticket(added.ticket_id)
    assert (follow_up.follow_up_of_id, follow_up.subject, follow_up.status) == (ticket_id, "환불 요청", NEW)
    assert follow_up.customer_id == ticket(ticket_id).customer_id
    assert ticket(ticket_id).status is COMPLETED
    assert queries.attachments_of_messages([added.message_id])[0][0].filename == "a.txt"


def test_every_message_makes_the_ticket_findable(desk: Desk) -> None:
    ticket_id = make(desk)
    operations.reply(desk.agent, ticket_id, Body("송장번호 안내"))
    operations.add_note(desk.agent, ticket_id, Body("vip customer"))
    receive(desk, ticket_id, "반품 택배")
    for words in ("환불 요청", "환불해", "송장번호", "vip", "반품", "1"):
        assert [row.id for row in found(desk, words)] == [ticket_id], words


def test_version_grows_and_an_older_one_is_refused(desk: Desk) -> None:
    ticket_id = make(desk)
    operations.set_status(desk.agent, ticket_id, OPEN, expected_version=1)
    late: list[Callable[[], object]] = [
        lambda: operations.set_status(desk.agent, ticket_id, RESOLVED, expected_version=1),
        lambda: operations.reply(desk.agent, ticket_id, ANSWER, expected_version=1),
        lambda: operations.assign(desk.agent, ticket_id, agent_id=None, group_id=None, expected_version=1),
    ]
    for change in late:
        with pytest.raises(Conflict, match="at version 2, you had 1") as refused:
            change()
        assert refused.value.code == "VERSION_CONFLICT"
    assert (ticket(ticket_id).status, ticket(ticket_id).version) == (OPEN, 2)


def test_partners_reference_names_one_ticket_of_a_service_alone(desk: Desk) -> None:
    first = make(desk, external_ref="shop-7")
    with pytest.raises(Conflict) as refusal:
        make(desk, external_ref="shop-7")
    assert (refusal.value.code, refusal.value.path) == ("EXTERNAL_REF_TAKEN", ("externalRef",))
    assert ticket(first).external_ref == "shop-7"
    assert make(desk) != make(desk), "Tickets without a reference stand side by side."
    elsewhere = make_desk(desk.settings, slug="elsewhere")
    assert ticket(make(elsewhere, external_ref="shop-7")).service_id == elsewhere.service_id
