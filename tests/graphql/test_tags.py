"""Tags of tickets, as partners and agents put them on."""

from tests.factories.client import Caller, ticket
from tests.factories.statements import counted


def test_agent_puts_tags_on_and_takes_them_off(partner: Caller, agent: Caller) -> None:
    made = ticket(partner)
    tagged = agent.done("TicketTag", ticketId=made["id"], tags=["VIP", "배송", "vip"])["ticket"]
    assert (tagged["tags"], tagged["version"]) == (["VIP", "배송"], 2)
    untagged = agent.done("TicketUntag", ticketId=made["id"], tags=["Vip"], expectedVersion=2)["ticket"]
    assert untagged["tags"] == ["배송"]
    read = partner.ask("Ticket", number=1)["ticket"]
    assert read["tags"] == ["배송"]
    assert read["history"]["nodes"][-1]["changes"] == {"tags": [["VIP", "배송"], ["배송"]]}


def test_wrong_tags_are_refused_as_data(partner: Caller) -> None:
    made = ticket(partner)
    assert partner.refused("TicketTag", ticketId=made["id"], tags=[]) == ("BAD_TAG", ["tags"])
    assert partner.refused("TicketUntag", ticketId=made["id"], tags=["x" * 51]) == ("BAD_TAG", ["tags"])
    assert partner.refused("TicketTag", ticketId="nonsense", tags=["a"]) == ("NOT_FOUND", ["ticketId"])


def test_tags_of_a_page_cost_one_statement(partner: Caller) -> None:
    document = "query Q($n: Int!) { tickets(first: $n) { nodes { tags } } }"
    for _ in range(4):
        ticket(partner)
    counts = []
    for size in (1, 4):
        with counted() as sent:
            assert "errors" not in partner.post(document, {"n": size}).get_json()
        counts.append(len(sent))
    assert counts[0] == counts[1]
