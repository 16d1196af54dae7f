"""The numbers beside views, as a front end asks for them."""

from helpdesk.tickets import operations
from tests.factories.client import Caller
from tests.factories.desk import Desk
from tests.factories.statements import counted
from tests.factories.tickets import make


def test_service_and_agents_tell_their_numbers(desk: Desk, agent: Caller) -> None:
    held, _free = make(desk), make(desk)
    operations.assign(desk.administrator, held, agent_id=desk.agent.id, group_id=None)
    me = agent.ask("Viewer")["viewer"]["id"]
    with counted() as sent:
        told = agent.ask("TicketCounts", ids=[me])
    assert told["all"] == {"new": 1, "open": 1, "onHold": 0, "resolved": 0, "completed": 0, "total": 2}
    assert (told["unassigned"], told["nodes"][0]["ticketCounts"]) == ({"total": 1}, {"open": 1, "total": 1})
    assert sum("ticket_count" in statement for statement in sent) == 3


def test_numbers_are_for_those_who_may_read_tickets(partner: Caller) -> None:
    assert partner.but(token=None).failed("TicketCounts") == "UNAUTHENTICATED"
