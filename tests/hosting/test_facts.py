"""Rows become facts, in as many statements for one as for many."""

from helpdesk.agents import queries as agents
from helpdesk.customers import queries as customers
from helpdesk.hosting import facts
from helpdesk.organization import queries as organization
from helpdesk.tickets import queries, tagging
from tests.factories import tickets
from tests.factories.desk import Desk
from tests.factories.statements import counted


def test_tags_of_all_tickets_cost_one_statement(desk: Desk) -> None:
    ids = [tickets.make(desk) for _ in range(3)]
    tagging.tag(desk.agent, ids[2], ["late"])
    rows = queries.tickets_by_ids(ids)
    with counted() as sent:
        told = facts.of_rows(rows)
    assert [one.tags for one in told] == [(), (), ("late",)]
    assert len(sent) == 1


def test_rows_of_every_kind_become_facts(desk: Desk) -> None:
    ticket = tickets.ticket(tickets.make(desk))
    rows = [
        ticket,
        tickets.messages(ticket.id)[0],
        customers.customers_by_ids([ticket.customer_id])[0],
        agents.agents_of_service(desk.service_id)[0],
        organization.service_by_id(desk.service_id),
    ]
    names = [type(facts.of_rows([row])[0]).__name__ for row in rows]
    assert names == ["TicketFacts", "MessageFacts", "CustomerFacts", "AgentFacts", "ServiceFacts"]
    assert facts.of_rows([]) == []
