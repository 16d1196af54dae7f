"""Tags on tickets."""

import pytest

from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.kernel.events import EventRow
from helpdesk.tickets import queries, tagging
from tests.factories import tickets
from tests.factories.desk import Desk, make_desk
from tests.factories.statements import counted


def tags(ticket_id: int) -> tuple[str, ...]:
    """Return the ticket's tags."""
    return queries.tags_of_tickets([ticket_id])[0]


def test_tags_are_kept_as_written_and_sorted(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    tagging.tag(desk.agent, ticket_id, ["VIP", " late\ndelivery ", "배송"])
    assert tags(ticket_id) == ("late delivery", "VIP", "배송")


def test_upper_and_lower_case_count_the_same(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    tagging.tag(desk.agent, ticket_id, ["VIP"])
    tagging.tag(desk.agent, ticket_id, ["vip", "Straße", "STRASSE"])
    assert tags(ticket_id) == ("Straße", "VIP")
    tagging.untag(desk.agent, ticket_id, ["Vip"])
    assert tags(ticket_id) == ("Straße",)


def test_change_is_recorded_with_what_was_and_is(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    tagging.tag(desk.agent, ticket_id, ["b", "a"])
    tagging.untag(desk.agent, ticket_id, ["b"])
    lines = [line for line in tickets.history(ticket_id) if line.name == "ticket.tagged"]
    assert [line.changes for line in lines] == [{"tags": [[], ["a", "b"]]}, {"tags": [["a", "b"], ["a"]]}]
    event = EventRow.select().where(EventRow.name == "ticket.tagged").order_by(EventRow.id).first()
    assert event.payload == {"service_id": desk.service_id, "ticket_id": ticket_id, "tags": ["a", "b"]}
    assert tickets.ticket(ticket_id).version == 3


def test_nothing_is_recorded_when_nothing_changes(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    tagging.tag(desk.agent, ticket_id, ["a"])
    tagging.tag(desk.agent, ticket_id, ["A"])
    tagging.untag(desk.agent, ticket_id, ["z"])
    assert tickets.ticket(ticket_id).version == 2
    assert [line.name for line in tickets.history(ticket_id)].count("ticket.tagged") == 1


@pytest.mark.parametrize("given", [[], [" "], ["x" * 51], [f"t{n}" for n in range(31)]])
def test_tags_that_cannot_be_kept_are_refused(desk: Desk, given: list[str]) -> None:
    ticket_id = tickets.make(desk)
    with pytest.raises(Invalid) as refusal:
        tagging.tag(desk.agent, ticket_id, given)
    assert (refusal.value.code, refusal.value.path) == ("BAD_TAG", ("tags",))


def test_ticket_has_at_most_thirty(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    tagging.tag(desk.agent, ticket_id, [f"t{n}" for n in range(30)])
    with pytest.raises(Invalid) as refusal:
        tagging.tag(desk.agent, ticket_id, ["one more"])
    assert refusal.value.code == "TOO_MANY_TAGS"
    assert len(tags(ticket_id)) == 30


def test_right_is_needed(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    reader = Actor(ActorKind.AGENT, desk.service_id, 1, "reader", frozenset({"ticket.read"}))
    for change in (tagging.tag, tagging.untag):
        with pytest.raises(Forbidden):
            change(reader, ticket_id, ["a"])


def test_ticket_of_another_service_is_not_found(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    other = make_desk(desk.settings, slug="other")
    with pytest.raises(NotFound):
        tagging.tag(other.agent, ticket_id, ["a"])


def test_version_that_is_not_the_expected_one_is_refused(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    with pytest.raises(Conflict):
        tagging.tag(desk.agent, ticket_id, ["a"], expected_version=9)
    assert tags(ticket_id) == ()


def test_tags_of_many_tickets_cost_one_statement(desk: Desk) -> None:
    ids = [tickets.make(desk) for _ in range(3)]
    tagging.tag(desk.agent, ids[1], ["a"])
    with counted() as sent:
        assert queries.tags_of_tickets(ids) == [(), ("a",), ()]
    assert len(sent) == 1
    assert queries.tags_of_tickets([]) == []


def test_open_tickets_are_counted_by_agent(desk: Desk) -> None:
    assert desk.agent.id is not None
    assert queries.open_counts([desk.agent.id]) == [0]
    assert queries.open_counts([]) == []
