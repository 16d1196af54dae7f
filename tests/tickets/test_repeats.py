"""Changes that come twice, all at once, or late: nothing is doubled and nothing is lost; and what they cost."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from helpdesk.kernel.errors import Conflict, HelpdeskError
from helpdesk.tickets import operations
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.operations import Added
from helpdesk.tickets.rules import RESOLVED, Asker, Body, TicketPriority
from tests.factories.crowds import at_once
from tests.factories.desk import Desk
from tests.factories.statements import counted
from tests.factories.tickets import ANSWER, INQUIRY, MINA, all_tickets, history, make, messages, ticket


def test_of_two_edits_from_one_version_one_wins(desk: Desk) -> None:
    ticket_id = make(desk)

    def edit(place: int) -> bool:
        with suppress(Conflict):
            operations.reply(desk.agent, ticket_id, Body(f"answer {place}"), expected_version=1)
            return True
        return False

    assert sorted(at_once(4, edit)) == [False, False, False, True]
    assert len(messages(ticket_id)) == 2


def test_answers_given_at_the_same_time_are_all_kept(desk: Desk) -> None:
    ticket_id = make(desk)
    at_once(10, lambda place: operations.reply(desk.agent, ticket_id, Body(f"answer {place}")))
    assert {message.body_text for message in messages(ticket_id)[1:]} == {f"answer {place}" for place in range(10)}
    assert ticket(ticket_id).version == 11
    assert [line.name for line in history(ticket_id)].count("message.added") == 11


def test_tickets_made_at_the_same_time_are_numbered_without_gaps(desk: Desk) -> None:
    made = at_once(10, lambda place: make(desk, asker=Asker(email=f"c{place % 3}@shop.example")))
    assert sorted(ticket(ticket_id).number for ticket_id in made) == list(range(1, 11))
    assert len({ticket(ticket_id).customer_id for ticket_id in made}) == 3


def keyed(desk: Desk, ticket_id: int) -> list[Callable[[str], Added]]:
    """Return every change that takes an idempotency key."""
    return [
        lambda key: operations.create(desk.partner, INQUIRY, idempotency_key=key),
        lambda key: operations.reply(desk.partner, ticket_id, ANSWER, idempotency_key=key),
        lambda key: operations.add_note(desk.partner, ticket_id, ANSWER, idempotency_key=key),
    ]


def test_repeated_key_gives_what_was_made_the_first_time(desk: Desk) -> None:
    ticket_id = make(desk)
    for place, change in enumerate(keyed(desk, ticket_id)):
        assert change(f"k{place}") == change(f"k{place}")
    assert all_tickets(desk.service_id) == 2
    assert len(messages(ticket_id)) == 3


def test_repeated_key_makes_one_ticket_of_twenty_callers(desk: Desk) -> None:
    made = at_once(20, lambda _place: operations.create(desk.partner, INQUIRY, idempotency_key="same"))
    assert len(set(made)) == 1
    assert all_tickets(desk.service_id) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "other"},
        {"body": Body("other")},
        {"priority": TicketPriority.LOW},
        {"language": "en"},
        {"channel": "web"},
        {"asker": replace(MINA, phone="010-1234-5678")},
        {"files": [NewFile("a.txt", "text/plain", b"b")]},
    ],
)
def test_key_with_another_input_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    first = replace(INQUIRY, files=[NewFile("a.txt", "text/plain", b"a")])
    operations.create(desk.partner, first, idempotency_key="k")
    with pytest.raises(Conflict) as refused:
        operations.create(desk.partner, replace(first, **changes), idempotency_key="k")
    assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"
    assert operations.create(desk.partner, replace(first), idempotency_key="k").ticket_id == 1


def test_key_of_one_change_is_none_for_another(desk: Desk) -> None:
    first, second, third = keyed(desk, make(desk))
    first("k")
    for change in (second, third):
        with pytest.raises(Conflict) as refused:
            change("k")
        assert refused.value.code == "IDEMPOTENCY_KEY_REUSED"


def test_key_of_one_actor_is_not_anothers(desk: Desk) -> None:
    other = replace(desk.partner, id=2)
    made = {operations.create(actor, INQUIRY, idempotency_key="k").ticket_id for actor in (desk.partner, other)}
    assert len(made) == 2


def test_refused_change_does_not_use_up_its_key(desk: Desk) -> None:
    with suppress(HelpdeskError):
        operations.create(desk.partner, replace(INQUIRY, uploads=[999]), idempotency_key="k")
    assert operations.create(desk.partner, INQUIRY, idempotency_key="k").ticket_id


def test_new_ticket_takes_few_statements(desk: Desk) -> None:
    make(desk)
    with counted() as known:
        make(desk)
    with counted() as unknown:
        operations.create(
            desk.partner, replace(INQUIRY, asker=Asker(name="Jun", email="jun@shop.example")), idempotency_key="k"
        )
    assert len(known) <= 9, known
    assert len(unknown) <= 15, unknown


def test_answer_takes_few_statements(desk: Desk) -> None:
    ticket_id = make(desk)
    with counted() as sent:
        operations.reply(desk.agent, ticket_id, ANSWER, status=RESOLVED, idempotency_key="k")
    assert len(sent) <= 15, sent
