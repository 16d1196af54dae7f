"""How many statements an answer takes: the same for five rows as for fifty."""

import pytest

from helpdesk.agents import operations as agents
from helpdesk.graphql.ids import required_row_id
from helpdesk.kernel.actors import system
from helpdesk.tickets import operations
from helpdesk.tickets.rules import Asker, body_of
from tests.factories.client import Caller, ticket
from tests.factories.desk import Desk

AUTHENTICATION = 3  # the service, the key with its switch, the allowed addresses; or service, session, agent
TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@pytest.fixture
def full_desk(desk: Desk, partner: Caller, agent: Caller, administrator: Caller) -> None:
    """Fifty tickets of different people, with agents and groups, half of them answered and on their way out."""
    account = {"address": "support@demo.example", "smtp_host": "127.0.0.1", "smtp_security": "none"}
    administrator.done("ChannelAccountCreate", driver="email", name="Support", settings=account)
    for name in ("Orders", "Returns"):
        agents.create_group(desk.service_id, name)
    people = [caller.ask("Viewer")["viewer"]["id"] for caller in (agent, administrator)]
    groups = [group["id"] for group in partner.ask("Service")["agentGroups"]]
    for place in range(50):
        made = ticket(partner, customer={"email": f"c{place}@customer.example", "name": f"Customer {place}"})
        partner.done("TicketAssign", ticketId=made["id"], assigneeId=people[place % 2], groupId=groups[place % 2])
        if place % 4:
            (agent, administrator)[place % 3 % 2].done("TicketReply", ticketId=made["id"], body="Done.")


def reads(statements: list[str]) -> list[str]:
    """Return the statements beside those of a transaction's brackets."""
    return [sql for sql in statements if not sql.upper().startswith(TRANSACTION)]


@pytest.mark.usefixtures("full_desk")
def test_page_of_tickets_takes_seven_statements_however_long_it_is(partner: Caller, statements: list[str]) -> None:
    counts = []
    for size in (5, 50):
        statements.clear()
        nodes = partner.ask("Tickets", first=size)["tickets"]["nodes"]
        counts.append(len(statements) - AUTHENTICATION)
        assert len(nodes) == size
        assert all(node["customer"] and node["assignee"] and node["group"] for node in nodes)
        last = [node["messages"]["nodes"][0] for node in nodes]
        assert {message["author"]["__typename"] for message in last} == {"Agent", "Customer"}
        assert {message["delivery"] and message["delivery"]["state"] for message in last} == {"QUEUED", None}
    assert counts[0] == counts[1] <= 7


@pytest.mark.usefixtures("full_desk")
def test_last_words_by_people_who_are_in_no_other_column_take_one_statement_more(
    desk: Desk, partner: Caller, agent: Caller, statements: list[str]
) -> None:
    nodes = partner.ask("Tickets", first=50)["tickets"]["nodes"]
    for node in nodes:
        partner.done("TicketAssign", ticketId=node["id"], assigneeId=nodes[0]["assignee"]["id"], groupId=None)
    agent.done("TicketAddNote", ticketId=nodes[0]["id"], body="A note by somebody who may have no ticket.")
    somebody = Asker(name="Colleague", email="colleague@customer.example")
    second = required_row_id(nodes[1]["id"], "Ticket", path="id")
    operations.receive(system(desk.service_id), second, body_of("Me too."), asker=somebody)
    statements.clear()
    found = partner.ask("Tickets", first=50)["tickets"]["nodes"]
    assert "Colleague" in {node["messages"]["nodes"][0]["author"]["name"] for node in found}
    assert len(statements) - AUTHENTICATION <= 8


@pytest.mark.usefixtures("full_desk")
def test_other_lists_do_not_grow_either(partner: Caller, statements: list[str]) -> None:
    for operation, most in {"Customers": 4, "Deliveries": 5, "TicketCount": 2}.items():
        counts = []
        for size in (5, 30):
            statements.clear()
            partner.ask(operation, first=size)
            counts.append(len(statements) - AUTHENTICATION)
        assert counts[0] == counts[1] <= most, operation


@pytest.mark.usefixtures("full_desk")
def test_one_ticket_with_everything_takes_fourteen_statements(partner: Caller, statements: list[str]) -> None:
    partner.ask("Ticket", number=2)
    assert len(statements) - AUTHENTICATION <= 14  # the messages' HTML is one of them


@pytest.mark.parametrize("who", ["stranger", "partner", "agent"])
def test_finding_out_who_asks_takes_three_statements(
    request: pytest.FixtureRequest, statements: list[str], who: str
) -> None:
    caller: Caller = request.getfixturevalue(who)
    statements.clear()
    caller.post("{__typename}")
    assert len(statements) == (1 if who == "stranger" else AUTHENTICATION)


def writes(caller: Caller, statements: list[str], **given: object) -> int:
    """Return how many statements the transaction of ticketCreate takes; the last one of all reads the ticket back."""
    statements.clear()
    document = "mutation ($input: TicketCreateInput!) {ticketCreate(input: $input) {errors {code}}}"
    answer = caller.post(document, {"input": {"subject": "Refund", "body": "Please"} | given})
    assert answer.get_json()["data"]["ticketCreate"]["errors"] == []
    return len(reads(statements)) - AUTHENTICATION - 1


def test_ticket_is_made_in_fifteen_statements(partner: Caller, statements: list[str]) -> None:
    new = {"name": "Hong", "email": "new@customer.example", "phone": "010-1234-5678"}
    assert writes(partner, statements, customer=new, idempotencyKey="k1") <= 15
    assert writes(partner, statements, customer=new, idempotencyKey="k2") <= 10
    assert writes(partner, statements) <= 8


def test_mutation_sees_what_an_earlier_one_of_the_request_has_changed(partner: Caller) -> None:
    made = ticket(partner, customer={"email": "hong@customer.example"})
    assert made["customer"]["name"] == ""
    document = """mutation ($first: TicketReplyInput!, $second: TicketCreateInput!) {
      ticketReply(input: $first) {ticket {customer {name}}}
      ticketCreate(input: $second) {ticket {customer {name}}}
    }"""
    customer = {"email": "hong@customer.example", "name": "Hong"}
    given = {
        "first": {"ticketId": made["id"], "body": "Done."},
        "second": {"subject": "Again", "body": "Once more", "customer": customer},
    }
    data = partner.post(document, given).get_json()["data"]
    assert data["ticketReply"]["ticket"]["customer"]["name"] == ""
    assert data["ticketCreate"]["ticket"]["customer"]["name"] == "Hong"
