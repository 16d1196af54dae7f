"""Sharing out tickets by an assigner, as a partner does it."""

from typing import Any

import pytest

from helpdesk.agents import operations as agents
from helpdesk.graphql.ids import encode
from tests.factories.client import Caller, ticket
from tests.factories.desk import Desk


@pytest.fixture
def group(desk: Desk) -> str:
    """The id of a group of the desk's agent and its administrator."""
    group_id = agents.create_group(desk.service_id, "환불")
    for actor in (desk.agent, desk.administrator):
        assert actor.id is not None
        agents.add_to_group(group_id, actor.id)
    return encode("AgentGroup", group_id)


def test_assigners_are_told_with_titles_and_forms(agent: Caller) -> None:
    found = {one["code"]: one for one in agent.ask("Assigners", language="ko")["assigners"]}
    assert [found[code]["title"] for code in ("fewest_open", "random", "round_robin")] == [
        "최소 문의 우선", "무작위 배정", "순차 배정",
    ]  # fmt: skip
    assert "most" in found["fewest_open"]["settingsSchema"]["properties"]


def test_tickets_go_round(partner: Caller, group: str) -> None:
    given = [
        partner.done("TicketAssign", ticketId=ticket(partner)["id"], groupId=group, assigner="round_robin")["ticket"]
        for _ in range(3)
    ]
    assert [one["assignee"]["name"] for one in given] == ["agent", "admin", "agent"]
    assert {one["group"]["id"] for one in given} == {group}


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"assigner": "nobody"}, ("PLUGIN_NOT_ENABLED", [])),
        ({"assigner": "random", "groupId": None}, ("INVALID", ["assigner"])),
        ({"assigner": "random", "assigneeId": "x"}, ("INVALID", ["assigner"])),
        ({"assigner": "random", "expectedVersion": 7}, ("VERSION_CONFLICT", ["expectedVersion"])),
        (
            {"assigner": "fewest_open", "assignerSettings": {"most": "all"}},
            ("BAD_SETTINGS", ["assignerSettings", "most"]),
        ),
        ({"assigner": "fewest_open", "assignerSettings": 5}, ("BAD_SETTINGS", ["assignerSettings"])),
    ],
)
def test_what_cannot_be_shared_out_says_why(
    partner: Caller, group: str, given: dict[str, Any], refusal: tuple[str, list[str]]
) -> None:
    assert partner.refused("TicketAssign", ticketId=ticket(partner)["id"], **({"groupId": group} | given)) == refusal
