"""Actions on tickets: the core's own, with the rights of whoever asks, whole or not at all."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any, cast

import pytest

from helpdesk.agents import operations as agents
from helpdesk.kernel import actors
from helpdesk.kernel.errors import Conflict, Forbidden, HelpdeskError, Invalid, NotFound, Unavailable
from helpdesk.plugins.guard import PluginFailed
from helpdesk.sdk.action import AddNote, AddTags, Assign, Later, RemoveTags, Reply, SetStatus
from helpdesk.sdk.facts import TicketFacts
from helpdesk.tickets import queries
from helpdesk.triggers import actions
from helpdesk.triggers.models import ActionJob
from tests.factories import tickets
from tests.factories.desk import Desk, make_desk
from tests.factories.statements import counted
from tests.triggers.plugins import acting


def run(desk: Desk, ticket_id: int, action: str, settings: Mapping[str, Any] | None = None, **more: Any) -> None:
    """Run an action as the agent of the desk."""
    actions.run(desk.agent, ticket_id, action, settings, **more)


def tags(ticket_id: int) -> tuple[str, ...]:
    """Return the ticket's tags."""
    return queries.tags_of_tickets([ticket_id])[0]


def happened(ticket_id: int) -> list[str]:
    """Return what has happened to the ticket since it was made."""
    return [line.name for line in tickets.history(ticket_id)][2:]


def test_core_brings_its_actions_by_entry_points(desk: Desk) -> None:
    found = [one.code for one in actions.actions(desk.service_id)]
    assert found == ["add_note", "add_tags", "assign", "reply", "set_status"]


def test_each_core_action_does_what_an_agent_could_do(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    group_id = agents.create_group(desk.service_id, "환불")
    run(desk, ticket_id, "assign", {"agent_id": desk.agent.id, "group_id": group_id})
    run(desk, ticket_id, "add_note", {"text": "확인함"})
    run(desk, ticket_id, "reply", {"text": "처리했습니다"})
    run(desk, ticket_id, "add_tags", {"tags": ["환불", "VIP"]})
    run(desk, ticket_id, "set_status", {"status": "RESOLVED"})
    row = tickets.ticket(ticket_id)
    assert (row.assignee_id, row.group_id, row.status) == (desk.agent.id, group_id, "RESOLVED")
    assert [(one.kind, one.body_text) for one in tickets.messages(ticket_id)][1:] == [
        ("NOTE", "확인함"),
        ("REPLY", "처리했습니다"),
    ]
    assert tags(ticket_id) == ("VIP", "환불")
    assert {line.actor_name for line in tickets.history(ticket_id)[2:]} == {"agent"}


def test_answer_is_a_machine_s_when_the_desk_itself_has_it_sent(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    actions.run(actors.system(desk.service_id), ticket_id, "reply", {"text": "접수되었습니다"})
    run(desk, ticket_id, "reply", {"text": "처리했습니다"})
    assert [(one.body_text, one.is_automatic) for one in tickets.messages(ticket_id)][1:] == [
        ("접수되었습니다", True),
        ("처리했습니다", False),
    ]


def test_action_that_finds_nothing_to_do_changes_nothing(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    run(desk, ticket_id, "set_status", {"status": "NEW"})
    assert tickets.ticket(ticket_id).version == 1


@pytest.mark.parametrize(
    ("action", "settings", "path"),
    [
        ("set_status", {}, ("status",)),
        ("set_status", {"status": "CLOSED"}, ("status",)),
        ("assign", {}, ()),
        ("reply", {"text": "  "}, ("text",)),
        ("add_tags", {"tags": []}, ("tags",)),
        ("add_tags", {"tags": ["a", "b\nc"]}, ("tags",)),
        ("add_tags", {"tags": ["ok", "x" * 51]}, ("tags", "1")),
        ("add_note", {"text": "x", "colour": "red"}, ("colour",)),
    ],
)
def test_wrong_setting_is_refused_with_its_path(
    desk: Desk, action: str, settings: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as caught:
        run(desk, tickets.make(desk), action, settings)
    assert (caught.value.code, caught.value.path) == ("BAD_SETTINGS", ("settings", *path))


def test_everything_is_done_or_nothing(desk: Desk) -> None:
    effects = [AddNote("first"), AddTags(("x",)), Later({"a": 1}), Assign(agent_id=10**9)]
    ticket_id = tickets.make(desk)
    with pytest.raises(Invalid) as caught:
        run(desk, ticket_id, acting("half", lambda _ticket: effects))
    assert caught.value.code == "AGENT_NOT_ASSIGNABLE"
    assert (happened(ticket_id), tags(ticket_id), ActionJob.select().count()) == ([], (), 0)


def test_effects_are_done_in_their_order_and_told_facts(desk: Desk) -> None:
    seen: list[TicketFacts] = []

    def decide(ticket: TicketFacts) -> Any:
        seen.append(ticket)
        yield AddTags(("one", "two"))
        yield RemoveTags(("ONE", "three"))
        yield SetStatus("ON_HOLD")
        yield Reply("곧 연락드리겠습니다")

    ticket_id = tickets.make(desk)
    run(desk, ticket_id, acting("several", decide))
    assert (seen[0].id, seen[0].status, seen[0].tags) == (ticket_id, "NEW", ())
    assert tags(ticket_id) == ("two",)
    assert happened(ticket_id) == [
        "ticket.tagged", "ticket.tagged", "ticket.status_changed", "message.added", "ticket.assigned",
    ]  # fmt: skip


def test_effect_needs_the_right_of_whoever_asks(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    weak = replace(desk.agent, rights=desk.agent.rights - {"ticket.reply"})
    with pytest.raises(Forbidden):
        actions.run(weak, ticket_id, "reply", {"text": "x"})
    run(desk, ticket_id, "set_status", {"status": "RESOLVED"})
    with pytest.raises(Forbidden):
        run(desk, ticket_id, "set_status", {"status": "COMPLETED"})
    with pytest.raises(Forbidden):
        actions.run(replace(desk.agent, rights=frozenset()), ticket_id, "add_note", {"text": "x"})


FAULT: Any = None
GARBAGE: list[Any] = [
    None,
    5,
    "SetStatus",
    b"x",
    object(),
    [None],
    ["RESOLVED"],
    [SetStatus],
    [SetStatus("CLOSED")],
    [SetStatus(FAULT)],
    [Assign(cast("Any", "1"))],
    [Assign(True)],
    [Assign(-1)],
    [Assign(agent_id=2**70)],
    [Reply("")],
    [Reply(cast("Any", b"x"))],
    [AddNote(FAULT)],
    [Reply("x" * 1_000_000)],
    [AddTags(())],
    [AddTags(("",))],
    [AddTags(cast("Any", (1,)))],
    [AddTags(cast("Any", "tags"))],
    [AddTags(tuple(map(str, range(31))))],
    [Later(FAULT)],
    [Later({"at": object()})],
    [Later({"x": "y" * 70_000})],
    [Later(cast("Any", {1: 2}))],
    repeat(AddNote("again")),
    [AddNote("x")] * 21,
    KeyError("x"),
    SystemExit(3),
    MemoryError(),
]


@pytest.mark.parametrize("number", range(len(GARBAGE)))
def test_answer_that_is_no_effect_does_nothing(desk: Desk, number: int, request: pytest.FixtureRequest) -> None:
    def decide(_ticket: TicketFacts) -> Any:
        answer = GARBAGE[number]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    ticket_id = tickets.make(desk)
    with pytest.raises(PluginFailed) as caught:
        run(desk, ticket_id, acting(request.node.name, decide))
    assert caught.value.code == "PLUGIN_FAILED"
    assert happened(ticket_id) == []


def test_action_that_sleeps_is_left_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(actions, "SECONDS", 0.2)
    with pytest.raises(PluginFailed) as caught:
        run(desk, tickets.make(desk), acting("sleepy", lambda _ticket: is_over.wait()))
    is_over.set()
    assert caught.value.code == "PLUGIN_OVERRAN"


def test_secret_in_what_an_action_raises_is_blotted_out(desk: Desk) -> None:
    def decide(_ticket: TicketFacts) -> Any:
        raise ValueError("bad token s3cret-token")

    with pytest.raises(PluginFailed) as caught:
        run(desk, tickets.make(desk), acting("leaky", decide), {"token": "s3cret-token"})
    assert "s3cret" not in caught.value.message


def test_version_is_looked_at_before_anything_is_done(desk: Desk) -> None:
    ticket_id = tickets.make(desk)

    def decide(_ticket: TicketFacts) -> Any:
        run(desk, ticket_id, "add_note", {"text": "meanwhile"})
        return [AddNote("x")]

    name = acting("changing", decide)
    with pytest.raises(Conflict):
        run(desk, ticket_id, name, expected_version=1)
    with pytest.raises(Conflict):
        run(desk, ticket_id, "add_note", {"text": "late"}, expected_version=1)
    assert happened(ticket_id) == ["message.added"]


def test_what_is_not_there_is_named(desk: Desk) -> None:
    other = tickets.make(make_desk(desk.settings, slug="other"))
    with pytest.raises(NotFound):
        run(desk, other, "add_note", {"text": "x"})
    with pytest.raises(Unavailable, match="add_note, add_tags") as caught:
        run(desk, tickets.make(desk), "explode")
    assert isinstance(caught.value, HelpdeskError)
    assert caught.value.code == "PLUGIN_NOT_ENABLED"


def test_statements_of_an_action_are_those_of_the_operation_and_four_more(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    with counted() as sent:
        run(desk, ticket_id, "add_note", {"text": "x"})
    assert len(sent) <= 12
