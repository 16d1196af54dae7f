"""Administrators look after agents, groups, allocation and menus; everybody else is refused."""

from typing import Any

import pytest

from helpdesk.agents import operations as agents
from helpdesk.graphql import ids
from tests.factories.client import Caller, log_in, ticket
from tests.factories.desk import PASSWORD, Desk, appoint, make_desk

AGENT, BOSS, JUN = "agent@demo.example", "boss@demo.example", "jun@demo.example"


@pytest.fixture
def boss(stranger: Caller, desk: Desk) -> Caller:
    """Somebody who looks after the organization and is no agent of the service, logged in there."""
    appoint(desk, BOSS)
    return log_in(stranger, BOSS)


@pytest.fixture
def jun(desk: Desk) -> str:
    """The id of a member who is no agent yet."""
    member_id = agents.add_member(desk.organization_id, email=JUN, name="Jun", password=PASSWORD)
    return ids.encode("Member", member_id)


def known(administrator: Caller) -> dict[str, Any]:
    """Return the service's agents by name."""
    return {one["name"]: one for one in administrator.ask("Agents")["agents"]}


def member_id(administrator: Caller, email: str) -> str:
    """Return the id of the member of the address."""
    (found,) = administrator.ask("MemberSearch", email=email)["memberSearch"]
    identity: str = found["id"]
    return identity


@pytest.mark.parametrize("who", ["administrator", "boss"])
def test_member_is_found_and_made_an_agent_with_a_group_of_their_own(
    who: str, jun: str, stranger: Caller, request: pytest.FixtureRequest
) -> None:
    caller: Caller = request.getfixturevalue(who)
    (found,) = caller.ask("MemberSearch", name="ju")["memberSearch"]
    assert (found["id"], found["email"], found["agent"]) == (jun, JUN, None)
    given = {"memberId": jun, "newGroup": "환불", "channels": ["PHONE", "CHAT"], "rights": ["EXTRACT"], "ctiId": "j-1"}
    made = caller.done("AgentAdd", **given)["agent"]
    assert (made["name"], made["role"], made["rights"]) == ("Jun", "AGENT", ["EXTRACT"])
    assert (made["channels"], made["ctiId"], made["ctiNumber"]) == (["TICKET", "CHAT", "PHONE"], "j-1", None)
    assert [group["name"] for group in made["groups"]] == ["환불"]
    assert caller.ask("MemberSearch", account="jun@")["memberSearch"][0]["agent"] == {"id": made["id"], "role": "AGENT"}
    assert log_in(stranger, JUN).ask("Viewer")["viewer"]["id"] == made["id"]
    assert caller.refused("AgentAdd", **given) == ("AGENT_EXISTS", ["memberId"])


def test_what_cannot_be_of_an_agent_says_why(administrator: Caller, jun: str) -> None:
    for given, refusal in (
        ({}, ("GROUP_NEEDED", ["groupIds"])),
        ({"newGroup": " "}, ("INVALID", ["newGroup"])),
        ({"groupIds": ["x"]}, ("NOT_FOUND", ["groupIds"])),
        ({"newGroup": "g", "channels": []}, ("INVALID", ["channels"])),
        ({"newGroup": "g", "rights": ["CONNECTION_LOG"]}, ("RIGHT_NOT_ALLOWED", ["rights"])),
        ({"newGroup": "g", "ctiNumber": "7" * 65}, ("INVALID", ["ctiNumber"])),
        ({"newGroup": "g", "memberId": ids.encode("Member", 999)}, ("NOT_FOUND", ["memberId"])),
    ):
        assert administrator.refused("AgentAdd", **({"memberId": jun} | given)) == refusal
    assert administrator.failed("MemberSearch") == "INVALID"
    assert set(known(administrator)) == {"admin", "agent"}
    assert administrator.ask("Agents")["agentGroups"] == []


def test_agent_s_rights_are_changed_and_it_counts_with_the_next_request(administrator: Caller, agent: Caller) -> None:
    mine = known(administrator)["agent"]
    assert mine["rights"] == ["TICKET_FORWARDING"]
    boss_id, made = known(administrator)["admin"]["id"], ticket(agent)
    assert administrator.done("AgentUpdate", id=mine["id"], rights=[])["agent"]["rights"] == []
    assert agent.refused("TicketAssign", ticketId=made["id"], assigneeId=boss_id) == ("FORBIDDEN", [])
    assert (
        agent.done("TicketAssign", ticketId=made["id"], assigneeId=mine["id"])["ticket"]["assignee"]["name"] == "agent"
    )
    assert agent.failed("MenuAccess") == "FORBIDDEN"
    administrator.done("AgentUpdate", id=mine["id"], role="ADMINISTRATOR", ctiNumber="701")
    assert [one["menu"] for one in agent.ask("MenuAccess")["menuAccess"]] == [
        "TICKET_MANAGEMENT", "CUSTOMER_INFORMATION", "SERVICE_MANAGEMENT",
    ]  # fmt: skip
    lines = known(administrator)["agent"]["history"]["nodes"]
    assert [(line["actorName"], sorted(line["changes"])) for line in lines] == [
        ("admin", ["rights"]), ("admin", ["cti_number", "role"]),
    ]  # fmt: skip


def test_removed_agent_is_out_at_once_and_the_tickets_are_the_heir_s(administrator: Caller, agent: Caller) -> None:
    people, made = known(administrator), ticket(administrator)
    agent.done("TicketAssign", ticketId=made["id"], assigneeId=people["agent"]["id"])
    given = {"id": people["agent"]["id"], "handOverTo": people["agent"]["id"]}
    assert administrator.refused("AgentRemove", **given) == ("ASSIGNEE_NOT_AVAILABLE", ["handOverTo"])
    given["handOverTo"] = people["admin"]["id"]
    assert administrator.done("AgentRemove", **given)["removedId"] == people["agent"]["id"]
    assert agent.failed("Viewer") == "UNAUTHENTICATED"
    assert administrator.ask("Ticket", number=made["number"])["ticket"]["assignee"]["name"] == "admin"
    assert list(known(administrator)) == ["admin"]
    assert administrator.refused("AgentRemove", id=people["agent"]["id"]) == ("NOT_FOUND", ["id"])


def test_member_is_shut_out_and_let_in_again_by_the_organization(
    boss: Caller, administrator: Caller, agent: Caller, stranger: Caller
) -> None:
    people, made = known(administrator), ticket(administrator)
    agent.done("TicketAssign", ticketId=made["id"], assigneeId=people["agent"]["id"])
    person = member_id(administrator, AGENT)
    assert administrator.refused("MemberDeactivate", id=person) == ("FORBIDDEN", [])
    assert not boss.done("MemberDeactivate", id=person)["member"]["isActive"]
    assert agent.failed("Viewer") == "UNAUTHENTICATED"
    assert administrator.ask("Ticket", number=made["number"])["ticket"]["assignee"] is None
    assert stranger.refused("SessionCreate", email=AGENT, password=PASSWORD) == ("BAD_CREDENTIALS", [])
    assert administrator.refused("MemberActivate", id=person) == ("FORBIDDEN", [])
    assert boss.done("MemberActivate", id=person)["member"]["isActive"]
    assert log_in(stranger, AGENT).ask("Viewer")["viewer"]["id"] == people["agent"]["id"]
    own = {one["name"]: one["id"] for one in boss.ask("Organization")["organization"]["administrators"]}
    assert boss.refused("MemberDeactivate", id=own["boss"]) == ("LAST_ADMINISTRATOR", ["id"])


def test_groups_are_made_changed_and_deleted(administrator: Caller) -> None:
    people = {name: one["id"] for name, one in known(administrator).items()}
    made = administrator.done("AgentGroupCreate", name="환불", agentIds=[people["agent"], people["admin"]])[
        "agentGroup"
    ]
    assert [one["name"] for one in made["agents"]] == ["agent", "admin"]
    assert administrator.refused("AgentGroupCreate", name="환불") == ("GROUP_EXISTS", ["name"])
    refused = administrator.refused("AgentGroupUpdate", id=made["id"], agentIds=[people["agent"]])
    assert refused == ("LAST_GROUP", ["agentIds"])
    other = administrator.done("AgentGroupCreate", name="배송", agentIds=[people["admin"]])["agentGroup"]
    changed = administrator.done("AgentGroupUpdate", id=made["id"], name="반품", agentIds=[people["agent"]])[
        "agentGroup"
    ]
    assert (changed["name"], [one["name"] for one in changed["agents"]]) == ("반품", ["agent"])
    opened = ticket(administrator)
    administrator.done("TicketAssign", ticketId=opened["id"], groupId=made["id"])
    assert administrator.refused("AgentGroupDelete", id=made["id"]) == ("GROUP_IN_USE", ["moveTo"])
    assert administrator.done("AgentGroupDelete", id=made["id"], moveTo=other["id"])["deletedId"] == made["id"]
    assert administrator.ask("Ticket", number=opened["number"])["ticket"]["group"]["name"] == "배송"
    (left,) = administrator.ask("Agents")["agentGroups"]
    assert [one["name"] for one in left["agents"]] == ["admin", "agent"]


def test_allocation_is_switched_by_administrators_and_by_those_who_are_let(
    administrator: Caller, agent: Caller, partner: Caller
) -> None:
    mine, made = known(administrator)["agent"]["id"], ticket(administrator)
    given = {"id": mine, "takesTickets": False, "mostChats": 3}
    told = administrator.done("AgentAllocationUpdate", **given)["agent"]
    assert (told["takesTickets"], told["takesChats"], told["mostChats"], told["isAssignable"]) == (
        False,
        True,
        3,
        False,
    )
    refusal = administrator.refused("TicketAssign", ticketId=made["id"], assigneeId=mine)
    assert refusal == ("ASSIGNEE_NOT_AVAILABLE", ["assigneeId"])
    assert administrator.refused("AgentAllocationUpdate", id=mine, mostChats=-1) == ("INVALID", ["mostChats"])
    assert agent.refused("AgentAllocationUpdate", id=mine, takesTickets=True) == ("FORBIDDEN", [])
    assert agent.refused("ViewerAllocationUpdate", takesTickets=True) == ("FORBIDDEN", [])
    administrator.done("AgentUpdate", id=mine, rights=["ALLOCATION_CONTROL"])
    assert agent.done("ViewerAllocationUpdate", takesTickets=True)["agent"]["isAssignable"]
    assert partner.refused("ViewerAllocationUpdate", takesTickets=True) == ("NO_AGENT", [])


def test_presence_is_of_those_who_are_logged_in(administrator: Caller, agent: Caller) -> None:
    assert agent.done("ViewerChatStateUpdate", state="ONLINE")["agent"]["chatState"] == "ONLINE"
    mine = known(administrator)["agent"]
    assert (mine["isLoggedIn"], mine["chatState"]) == (True, "ONLINE")
    agent.ask("SessionDelete")
    mine = known(administrator)["agent"]
    assert (mine["isLoggedIn"], mine["chatState"]) == (False, "OFFLINE")


def test_closed_menu_is_closed_everywhere_at_once(administrator: Caller, agent: Caller, boss: Caller) -> None:
    people, made = known(administrator), ticket(agent)
    mine, admin = people["agent"]["id"], people["admin"]["id"]
    agent.done("TicketAssign", ticketId=made["id"], assigneeId=mine)
    given = {"menu": "TICKET_MANAGEMENT", "agentIds": [mine]}
    assert administrator.refused("MenuAccessUpdate", **given) == ("UNRESOLVED_TICKETS", ["agentIds"])
    agent.done("TicketSetStatus", ticketId=made["id"], status="RESOLVED")
    menus = administrator.done("MenuAccessUpdate", **given)["menuAccess"]
    assert [[one["name"] for one in menu["restrictedAgents"]] for menu in menus] == [["agent"], [], []]
    assert agent.failed("Tickets") == "FORBIDDEN"
    assert agent.ask("Nodes", ids=[made["id"]])["nodes"] == [None]
    assert agent.refused("TicketAddNote", ticketId=made["id"], body="x") == ("FORBIDDEN", [])
    assert agent.refused("UploadCreate", filename="a.txt", contentType="text/plain", size=1) == ("FORBIDDEN", [])
    assert len(agent.ask("Service")["agents"]) == 2
    administrator.done("MenuAccessUpdate", menu="SERVICE_MANAGEMENT", agentIds=[admin])
    assert administrator.refused("ServiceUpdate", timeZone="UTC") == ("FORBIDDEN", [])
    assert administrator.refused("AgentUpdate", id=mine, role="ADMINISTRATOR") == ("FORBIDDEN", [])
    boss.done("MenuAccessUpdate", menu="SERVICE_MANAGEMENT", agentIds=[])
    administrator.done("ServiceUpdate", timeZone="UTC")


def test_whom_customers_are_closed_to_sees_no_more_of_them_than_the_name_in_tickets(
    administrator: Caller, agent: Caller, partner: Caller
) -> None:
    made = ticket(partner, customer={"email": "hong@customer.example", "name": "홍길동"})
    document = (
        "query Who($number: Int!) { ticket(number: $number) { messages { nodes { author { __typename name"
        " ... on Customer { email } } } } } }"
    )

    def author() -> Any:
        answer = agent.post(document, {"number": made["number"]}).get_json()
        return answer["data"]["ticket"]["messages"]["nodes"][0]["author"]

    assert author() == {"__typename": "Customer", "name": "홍길동", "email": "hong@customer.example"}
    closed = {"menu": "CUSTOMER_INFORMATION", "agentIds": [known(administrator)["agent"]["id"]]}
    administrator.done("MenuAccessUpdate", **closed)
    assert author() == {"__typename": "SystemAuthor", "name": "홍길동"}
    assert agent.failed("Customers") == "FORBIDDEN"
    document = "query Whose($number: Int!) { ticket(number: $number) { customer { email } } }"
    answer = agent.post(document, {"number": made["number"]}).get_json()
    assert answer["data"]["ticket"] == {"customer": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


def test_staff_is_nothing_of_an_agent_s(agent: Caller, administrator: Caller, jun: str) -> None:
    mine = known(administrator)["agent"]["id"]
    for mutation, given in (
        ("AgentAdd", {"memberId": jun, "newGroup": "g"}),
        ("AgentUpdate", {"id": mine, "role": "ADMINISTRATOR"}),
        ("AgentRemove", {"id": mine}),
        ("AgentGroupCreate", {"name": "g"}),
        ("MenuAccessUpdate", {"menu": "SERVICE_MANAGEMENT", "agentIds": []}),
        ("MemberDeactivate", {"id": jun}),
    ):
        assert agent.refused(mutation, **given) == ("FORBIDDEN", [])
    assert agent.failed("MemberSearch", name="Jun") == "FORBIDDEN"
    assert agent.answer("Agents").get_json()["data"] is None
    assert [one["name"] for one in agent.ask("Service")["agents"]] == ["admin", "agent"]


def test_another_service_s_people_are_like_those_that_there_are_not(administrator: Caller, desk: Desk) -> None:
    foreign = make_desk(desk.settings, slug="foreign")
    theirs = ids.encode("Agent", foreign.agent.id or 0)
    group = ids.encode("AgentGroup", agents.create_group(foreign.service_id, "theirs"))
    mine = known(administrator)["agent"]["id"]
    for agent_id in (theirs, ids.encode("Agent", 999), group, "x"):
        assert administrator.refused("AgentUpdate", id=agent_id) == ("NOT_FOUND", ["id"])
        assert administrator.refused("AgentRemove", id=agent_id) == ("NOT_FOUND", ["id"])
        assert administrator.refused("AgentAllocationUpdate", id=agent_id) == ("NOT_FOUND", ["id"])
        assert administrator.refused("AgentGroupCreate", name="g", agentIds=[agent_id]) == ("NOT_FOUND", ["agentIds"])
        refused = administrator.refused("MenuAccessUpdate", menu="SERVICE_MANAGEMENT", agentIds=[agent_id])
        assert refused == ("NOT_FOUND", ["agentIds"])
    for group_id in (group, ids.encode("AgentGroup", 999), theirs):
        assert administrator.refused("AgentGroupUpdate", id=group_id, name="g") == ("NOT_FOUND", ["id"])
        assert administrator.refused("AgentGroupDelete", id=group_id) == ("NOT_FOUND", ["id"])
        assert administrator.refused("AgentUpdate", id=mine, groupIds=[group_id]) == ("NOT_FOUND", ["groupIds"])
    assert administrator.ask("MemberSearch", email="agent@foreign.example")["memberSearch"] == []


def test_list_of_agents_takes_as_many_statements_however_many_there_are(
    administrator: Caller, desk: Desk, statements: list[str]
) -> None:
    counts = []
    for round_ in range(2):
        for number in range(1 if round_ == 0 else 12):
            given = {"email": f"p{round_}{number}@demo.example", "name": "p", "password": None}
            person = ids.encode("Member", agents.add_member(desk.organization_id, **given))
            administrator.done("AgentAdd", memberId=person, newGroup=f"g{round_}{number}")
        statements.clear()
        assert len(administrator.ask("Agents", historyFirst=5)["agents"]) == (3 if round_ == 0 else 15)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_who_asks_takes_no_statement_more_where_menus_are_closed(
    administrator: Caller, agent: Caller, statements: list[str]
) -> None:
    counts = []
    for closed in ([], [known(administrator)["agent"]["id"]]):
        administrator.done("MenuAccessUpdate", menu="CUSTOMER_INFORMATION", agentIds=closed)
        statements.clear()
        agent.ask("Viewer")
        counts.append(len(statements))
    assert counts[0] == counts[1]
