"""A ticket's life as a partner and an agent lead it, and what they are told when something cannot be done."""

from typing import Any

import pytest

from helpdesk.agents import operations as agents
from helpdesk.agents.rules import Role
from helpdesk.graphql.ids import encode
from tests.factories.client import Caller, ticket
from tests.factories.desk import Desk, hire, make_desk


def me(caller: Caller) -> str:
    """Return the id of the agent who calls."""
    found: str = caller.ask("Viewer")["viewer"]["id"]
    return found


def messages(caller: Caller, number: int = 1) -> list[tuple[str, str, str]]:
    """Return kind, text and author of each message of a ticket."""
    nodes = caller.ask("Ticket", number=number)["ticket"]["messages"]["nodes"]
    return [(node["kind"], node["bodyText"], node["author"]["name"]) for node in nodes]


def test_partner_makes_a_ticket_and_reads_it_back(partner: Caller) -> None:
    customer = {"name": "홍길동", "email": "Hong@Customer.example", "phone": "010-1234-5678", "userKey": "m-1"}
    made = ticket(partner, customer=customer, priority="HIGH", channel="kakao", language="en", subject=" 환불\n요청 ")
    assert (made["number"], made["status"], made["priority"], made["channel"]) == (1, "NEW", "HIGH", "kakao")
    assert (made["subject"], made["language"], made["version"]) == ("환불 요청", "en", 1)
    known = {
        "name": "홍길동",
        "email": "Hong@customer.example",
        "phone": "+821012345678",
        "userKey": "m-1",
        "number": 1,
    }
    assert {name: made["customer"][name] for name in known} == known | {"email": made["customer"]["email"]}
    assert made["customer"]["email"].lower() == "hong@customer.example"
    assert messages(partner) == [("INQUIRY", "환불해 주세요", "홍길동")]
    history = partner.ask("Ticket", number=1)["ticket"]["history"]
    assert [line["name"] for line in history["nodes"]] == ["ticket.created", "message.added"]
    assert (history["nodes"][0]["actorKind"], history["nodes"][0]["changes"]) == (
        "service_key",
        {"status": [None, "NEW"]},
    )


def test_ticket_of_nobody_has_no_customer(partner: Caller) -> None:
    assert ticket(partner, customer=None)["customer"] is None
    assert messages(partner) == [("INQUIRY", "환불해 주세요", "Open API")]


def test_ticket_that_is_not_there_is_null(partner: Caller) -> None:
    assert [partner.ask("Ticket", number=number)["ticket"] for number in (1, 0, -1, 2**31 - 1)] == [None] * 4


def test_agent_answers_takes_the_ticket_and_resolves_it(partner: Caller, agent: Caller) -> None:
    made = ticket(partner)
    answered = agent.done("TicketReply", ticketId=made["id"], body="처리했습니다", status="RESOLVED")
    assert (answered["ticket"]["status"], answered["ticket"]["assignee"]["name"]) == ("RESOLVED", "agent")
    assert answered["message"]["author"] == {"__typename": "Agent", "name": "agent"}
    assert answered["message"]["delivery"] is None  # the desk has no account to send by
    assert messages(partner)[1:] == [("REPLY", "처리했습니다", "agent")]


def test_partner_s_answer_says_which_program_wrote_it(partner: Caller) -> None:
    answered = partner.done("TicketReply", ticketId=ticket(partner)["id"], body="Done.")
    assert answered["message"]["author"] == {"__typename": "SystemAuthor", "name": "Open API"}
    assert answered["ticket"]["assignee"] is None


def test_html_is_sanitised_and_read_as_text_too(partner: Caller) -> None:
    html = '<p onclick="x()">안녕 <b>하세요</b></p><script>alert(1)</script><img src=x onerror=alert(1)>'
    answered = partner.done("TicketReply", ticketId=ticket(partner)["id"], body=html, bodyFormat="HTML")
    message = answered["message"]
    assert message["bodyText"].split() == ["안녕", "하세요"]
    assert "<b>하세요</b>" in message["bodyHtml"]
    assert not any(word in message["bodyHtml"] for word in ("script", "onclick", "onerror", "alert"))


def test_note_changes_neither_status_nor_holder(partner: Caller, agent: Caller) -> None:
    made = ticket(partner)
    noted = agent.done("TicketAddNote", ticketId=made["id"], body="내부 메모")
    assert (noted["ticket"]["status"], noted["message"]["kind"], noted["ticket"]["version"]) == ("NEW", "NOTE", 2)
    assert partner.ask("Ticket", number=1)["ticket"]["assignee"] is None


def test_ticket_is_given_to_an_agent_and_a_group_and_taken_back(desk: Desk, partner: Caller, agent: Caller) -> None:
    agents.create_group(desk.service_id, "Orders")
    made, group = ticket(partner), partner.ask("Service")["agentGroups"][0]
    given = partner.done("TicketAssign", ticketId=made["id"], assigneeId=me(agent), groupId=group["id"])["ticket"]
    assert (given["assignee"]["name"], given["group"]["name"], given["status"]) == ("agent", "Orders", "OPEN")
    taken = partner.done("TicketAssign", ticketId=made["id"])["ticket"]
    assert (taken["assignee"], taken["group"], taken["status"]) == (None, None, "NEW")


def test_ticket_goes_only_to_who_works_here(desk: Desk, partner: Caller) -> None:
    made = ticket(partner)
    other = make_desk(desk.settings, slug="second")
    agents.create_group(other.service_id, "Elsewhere")
    gone = hire(desk.organization_id, desk.service_id, "gone@demo.example", Role.AGENT)
    agents.deactivate_member(5)  # the member of the one hired last
    for actor in (other.agent, gone):
        given = {"ticketId": made["id"], "assigneeId": encode("Agent", actor.id or 0)}
        assert partner.refused("TicketAssign", **given) == ("AGENT_NOT_ASSIGNABLE", ["assigneeId"])
    given = {"ticketId": made["id"], "groupId": encode("AgentGroup", 1)}
    assert partner.refused("TicketAssign", **given) == ("GROUP_NOT_FOUND", ["groupId"])
    given = {"ticketId": made["id"], "groupId": encode("Agent", 1)}
    assert partner.refused("TicketAssign", **given) == ("NOT_FOUND", ["groupId"])


def test_only_an_administrator_completes_and_that_is_final(
    partner: Caller, agent: Caller, administrator: Caller
) -> None:
    made = ticket(partner)
    step = {"ticketId": made["id"], "status": "RESOLVED"}
    assert agent.done("TicketSetStatus", **step)["ticket"]["status"] == "RESOLVED"
    step["status"] = "COMPLETED"
    assert agent.refused("TicketSetStatus", **step) == ("FORBIDDEN", [])
    assert administrator.done("TicketSetStatus", **step)["ticket"]["status"] == "COMPLETED"
    assert agent.refused("TicketReply", ticketId=made["id"], body="x")[0] == "TICKET_COMPLETED"
    assert agent.refused("TicketAssign", ticketId=made["id"], assigneeId=me(agent))[0] == "TICKET_COMPLETED"
    step["status"] = "OPEN"
    assert administrator.refused("TicketSetStatus", **step)[0] == "TICKET_COMPLETED"


def test_status_that_cannot_follow_is_refused(partner: Caller) -> None:
    given = {"ticketId": ticket(partner)["id"], "status": "COMPLETED"}
    assert partner.refused("TicketSetStatus", **given) == ("STATUS_NOT_ALLOWED", ["status"])


def test_change_from_an_old_version_is_refused(partner: Caller, agent: Caller) -> None:
    made = ticket(partner)
    agent.done("TicketAddNote", ticketId=made["id"], body="First.")
    old: dict[str, Any] = {"ticketId": made["id"], "expectedVersion": 1}
    expected = ("VERSION_CONFLICT", ["expectedVersion"])
    assert partner.refused("TicketReply", **old, body="x") == expected
    assert partner.refused("TicketAssign", **old, assigneeId=me(agent)) == expected
    assert partner.refused("TicketSetStatus", **old, status="OPEN") == expected
    assert partner.done("TicketReply", **(old | {"expectedVersion": 2}), body="x")["ticket"]["version"] == 3
    assert len(messages(partner)) == 3


def test_same_key_makes_one_ticket_one_answer_and_one_note(partner: Caller) -> None:
    made = [ticket(partner, idempotencyKey="order-1")["id"] for _ in range(2)]
    assert made[0] == made[1]
    for mutation in ("TicketReply", "TicketAddNote"):
        given = {"ticketId": made[0], "body": "x", "idempotencyKey": mutation}
        assert len({partner.done(mutation, **given)["message"]["id"] for _ in range(2)}) == 1
    assert len(messages(partner)) == 3
    assert partner.ask("TicketCount")["tickets"]["totalCount"] == 1


def test_same_key_for_something_else_is_refused(partner: Caller, agent: Caller) -> None:
    made = ticket(partner, idempotencyKey="order-1")
    other = {"subject": "Another", "body": "thing", "idempotencyKey": "order-1"}
    assert partner.refused("TicketCreate", **other) == ("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])
    given = {"ticketId": made["id"], "body": "x", "idempotencyKey": "order-1"}
    assert partner.refused("TicketReply", **given)[0] == "IDEMPOTENCY_KEY_REUSED"
    assert agent.done("TicketCreate", **other)["ticket"]["number"] == 2  # the key of somebody else


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"subject": " \n"}, "INVALID", ["subject"]),
        ({"subject": "x" * 256}, "INVALID", ["subject"]),
        ({"body": " "}, "INVALID", ["body"]),
        ({"body": "<p></p>", "bodyFormat": "HTML"}, "INVALID", ["body"]),
        ({"body": "x" * 500_001}, "INVALID", ["body"]),
        ({"channel": "a b"}, "INVALID", ["channel"]),
        ({"channel": ""}, "INVALID", ["channel"]),
        ({"language": "fr"}, "INVALID", ["language"]),
        ({"customer": {"email": "nobody"}}, "BAD_EMAIL", ["customer", "email"]),
        ({"customer": {"userKey": "k" * 201}}, "INVALID", ["customer", "userKey"]),
        ({"idempotencyKey": ""}, "INVALID", ["idempotencyKey"]),
        ({"idempotencyKey": "a\nb"}, "INVALID", ["idempotencyKey"]),
        ({"attachments": ["x"]}, "NOT_FOUND", ["attachments"]),
    ],
)
def test_ticket_that_cannot_be_made_names_the_field(partner: Caller, given: Any, code: str, path: list[str]) -> None:
    plain = {"subject": "Refund", "body": "Please"}
    assert partner.refused("TicketCreate", **(plain | given)) == (code, path)
    assert partner.ask("TicketCount")["tickets"]["totalCount"] == 0


def test_stranger_may_neither_read_nor_write(stranger: Caller, partner: Caller) -> None:
    made = ticket(partner)
    attempts: dict[str, dict[str, Any]] = {
        "Tickets": {},
        "Ticket": {"number": 1},
        "TicketCreate": {"input": {"subject": "x", "body": "x"}},
        "TicketReply": {"input": {"ticketId": made["id"], "body": "x"}},
        "UploadCreate": {"input": {"filename": "a.txt", "size": 1}},
    }
    for operation, variables in attempts.items():
        assert stranger.failed(operation, **variables) == "UNAUTHENTICATED"
    assert len(messages(partner)) == 1


def test_history_tells_who_did_what(partner: Caller, agent: Caller) -> None:
    made = ticket(partner)
    agent.done("TicketReply", ticketId=made["id"], body="x", status="ON_HOLD")
    lines = partner.ask("Ticket", number=1)["ticket"]["history"]["nodes"][2:]
    assert [(line["name"], line["actorName"]) for line in lines] == [
        ("message.added", "agent"),
        ("ticket.assigned", "agent"),
        ("ticket.status_changed", "agent"),
    ]
    assert lines[2]["changes"] == {"status": ["NEW", "ON_HOLD"]}


def test_messages_and_history_come_in_pages(partner: Caller) -> None:
    made = ticket(partner)
    for place in range(51):
        partner.done("TicketAddNote", ticketId=made["id"], body=str(place))
    found = partner.ask("Ticket", number=1)["ticket"]
    assert (found["messages"]["totalCount"], len(found["messages"]["nodes"])) == (52, 50)
    assert (found["history"]["totalCount"], len(found["history"]["nodes"])) == (53, 50)
    cursors = {"messagesAfter": found["messages"]["pageInfo"]["endCursor"]}
    cursors["historyAfter"] = found["history"]["pageInfo"]["endCursor"]
    rest = partner.ask("Ticket", number=1, **cursors)["ticket"]
    assert [node["bodyText"] for node in rest["messages"]["nodes"]] == ["49", "50"]
    assert len(rest["history"]["nodes"]) == 3


def test_partners_own_reference_names_one_ticket(partner: Caller) -> None:
    made = ticket(partner, externalRef="shop-7")
    found = partner.ask("Tickets", first=5, where={"field": "externalRef", "op": "IS", "value": "shop-7"})
    assert [edge["number"] for edge in found["tickets"]["nodes"]] == [made["number"]]
    plain = {"subject": "환불", "body": "또"}
    assert partner.refused("TicketCreate", **plain, externalRef="shop-7") == ("EXTERNAL_REF_TAKEN", ["externalRef"])
    assert partner.refused("TicketCreate", **plain, externalRef="a\nb") == ("INVALID", ["externalRef"])


def test_agent_lets_somebody_take_part_and_sends_them_out(agent: Caller) -> None:
    made = ticket(agent)
    added = agent.done("TicketParticipantAdd", ticketId=made["id"], email="Jun@shop.example", name="준")["ticket"]
    assert added["participants"] == [{"email": "jun@shop.example", "name": "준", "state": "ADDED"}]
    assert agent.ask("Ticket", number=1)["ticket"]["participants"] == added["participants"]
    gone = agent.done("TicketParticipantRemove", ticketId=made["id"], email="jun@shop.example")["ticket"]
    assert gone["participants"] == []
    assert agent.refused("TicketParticipantAdd", ticketId=made["id"], email="x") == ("BAD_EMAIL", ["email"])
    refused = agent.refused("TicketParticipantRemove", ticketId=made["id"], email="mina@shop.example")
    assert refused == ("NOT_FOUND", ["email"])
