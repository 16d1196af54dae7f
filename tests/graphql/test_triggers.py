"""Actions and conditions as partners and agents use them."""

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.condition import Condition, FieldKind
from helpdesk.sdk.facts import TicketFacts
from tests.factories.client import Caller, ticket

OLD = {"field": "plugin.age_hours", "op": "AT_LEAST", "value": 1}


def test_actions_are_told_with_titles_and_forms(agent: Caller) -> None:
    found = {one["code"]: one for one in agent.ask("Actions", language="ko")["actions"]}
    assert found["set_status"]["title"] == "상태 변경"
    setting = found["assign"]["settingsSchema"]["properties"]["agent_id"]
    assert (setting["type"], setting["reference"]) == ("string", "Agent")


def test_action_is_run_with_ids_as_the_api_has_them(partner: Caller, agent: Caller) -> None:
    made = ticket(partner)
    me = agent.ask("Viewer")["viewer"]["id"]
    done = partner.done("TicketRunAction", ticketId=made["id"], action="assign", settings={"agent_id": me})["ticket"]
    assert (done["assignee"]["id"], done["status"], done["version"]) == (me, "OPEN", 2)
    done = agent.done("TicketRunAction", ticketId=made["id"], action="add_note", settings={"text": "확인"})["ticket"]
    assert done["version"] == 3


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"action": "explode"}, ("PLUGIN_NOT_ENABLED", [])),
        ({"action": "reply"}, ("BAD_SETTINGS", ["settings", "text"])),
        ({"action": "assign", "settings": {"agent_id": 1}}, ("BAD_SETTINGS", ["settings", "agent_id"])),
        ({"action": "assign", "settings": {"agent_id": "x"}}, ("BAD_SETTINGS", ["settings", "agent_id"])),
        ({"action": "add_tags", "settings": "x"}, ("BAD_SETTINGS", ["settings"])),
        ({"action": "set_status", "settings": {"status": "COMPLETED"}}, ("STATUS_NOT_ALLOWED", ["status"])),
        (
            {"action": "add_note", "settings": {"text": "x"}, "expectedVersion": 9},
            ("VERSION_CONFLICT", ["expectedVersion"]),
        ),
        ({"action": "add_note", "settings": {"text": "x"}, "ticketId": "x"}, ("NOT_FOUND", ["ticketId"])),
    ],
)
def test_what_cannot_be_done_says_why(partner: Caller, given: dict[str, Any], refusal: tuple[str, list[str]]) -> None:
    assert partner.refused("TicketRunAction", **({"ticketId": ticket(partner)["id"]} | given)) == refusal


def test_agent_s_action_is_held_to_the_agent_s_rights(partner: Caller, agent: Caller) -> None:
    made = ticket(partner)
    partner.done("TicketSetStatus", ticketId=made["id"], status="RESOLVED")
    done = {"ticketId": made["id"], "action": "set_status", "settings": {"status": "COMPLETED"}}
    assert agent.refused("TicketRunAction", **done)[0] == "FORBIDDEN"
    assert partner.done("TicketRunAction", **done)["ticket"]["status"] == "COMPLETED"


def test_fields_of_conditions_are_told(agent: Caller) -> None:
    found = {one["name"]: one for one in agent.ask("ConditionFields", language="ko")["conditionFields"]}
    assert (found["status"]["title"], found["status"]["isFilter"]) == ("상태", True)
    assert "RESOLVED" in found["status"]["choices"]
    told = found["plugin.age_hours"]
    assert (told["title"], told["kind"], told["isFilter"], told["choices"]) == ("경과 시간", "NUMBER", False, [])
    assert "AT_LEAST" in told["operators"]


def test_tickets_say_whether_they_meet_a_condition(partner: Caller) -> None:
    for _ in range(3):
        ticket(partner)
    both = {"all": [{"not": OLD}, {"field": "plugin.is_returning", "value": True}]}
    nodes = partner.ask("TicketsMeeting", condition=both)["tickets"]["nodes"]
    assert [(one["number"], one["meets"]) for one in nodes] == [(3, True), (2, True), (1, False)]


def test_list_cannot_be_filtered_by_what_a_plugin_answers(partner: Caller) -> None:
    (error,) = partner.answer("Tickets", first=5, where=OLD).get_json()["errors"]
    assert "has no column, so lists cannot be filtered by it" in error["message"]


def test_statements_of_a_page_do_not_depend_on_its_length(partner: Caller, statements: list[str]) -> None:
    lengths = []
    for wanted in (1, 8):
        while len(partner.ask("TicketsMeeting", condition=OLD, first=50)["tickets"]["nodes"]) < wanted:
            ticket(partner)
        statements.clear()
        partner.ask("TicketsMeeting", condition=OLD, first=50)
        lengths.append(len(statements))
    assert lengths[0] == lengths[1]


def test_failing_plugin_is_asked_once_for_a_page_and_told(partner: Caller) -> None:
    calls: list[int] = []

    class Failing(Condition):
        title: ClassVar = {"en": "Failing"}
        kind: ClassVar = FieldKind.NUMBER

        def values(self, tickets: Sequence[TicketFacts]) -> Any:
            calls.append(len(tickets))
            raise SystemExit(1)

    guard.forget(Ref(Kind.CONDITION, "failing"))
    registry.register(Kind.CONDITION, "failing", Failing)
    for _ in range(3):
        ticket(partner)
    body = partner.answer("TicketsMeeting", condition={"field": "plugin.failing", "value": 1}).get_json()
    assert {error["extensions"]["code"] for error in body["errors"]} == {"PLUGIN_FAILED"}
    assert calls == [3]


def test_strangers_learn_nothing(stranger: Caller) -> None:
    assert {stranger.failed(name) for name in ("Actions", "ConditionFields", "Assigners")} == {"UNAUTHENTICATED"}
