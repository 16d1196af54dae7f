"""Conditions over tickets, plugins' answers among them: asked once for all, checked, and never in lists."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any

import pytest

from helpdesk.kernel import clock
from helpdesk.kernel.condition_syntax import FieldKind
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.paging import Window
from helpdesk.plugins.guard import PluginFailed
from helpdesk.sdk.facts import TicketFacts
from helpdesk.tickets import operations, queries
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.rules import Asker, TicketPriority
from helpdesk.triggers import conditions
from tests.factories import tickets
from tests.factories.desk import Desk, make_desk
from tests.factories.statements import counted
from tests.triggers.plugins import asking


def meets(desk: Desk, ticket_ids: Sequence[int], field: str, op: str, *value: Any) -> list[bool]:
    """Return which of the tickets meet a comparison."""
    return conditions.meets(desk.service_id, ticket_ids, written(field, op, *value))


def written(field: str, op: str, *value: Any) -> dict[str, Any]:
    """Return a comparison as it is written."""
    return {"field": field, "op": op} | ({"value": value[0]} if value else {})


def test_fields_are_the_core_s_and_one_for_each_plugin(desk: Desk) -> None:
    found = conditions.fields(desk.service_id)
    assert [one.name for one in found] == [*queries.FIELDS, "plugin.age_hours", "plugin.is_returning"]
    assert set(conditions.TITLES) == set(queries.FIELDS)
    assert (found[2].title("ko"), found[-2].title("ko"), found[-2].title("ja")) == ("상태", "경과 시간", "Age in hours")


def test_core_s_own_facts_mean_what_lists_mean(desk: Desk) -> None:
    made = [
        tickets.make(desk),
        tickets.make(desk, subject="Refund", priority=TicketPriority.HIGH, external_ref="r-1"),
        tickets.make(desk, channel="kakao", language="en"),
    ]
    operations.assign(desk.agent, made[1], agent_id=desk.agent.id, group_id=None)
    now = clock.now()
    for asked in (
        written("status", "is", "NEW"),
        written("subject", "contains", "REF"),
        written("priority", "in", ["HIGH", "LOW"]),
        written("channel", "isNot", "kakao"),
        written("language", "is", "en"),
        written("externalRef", "isEmpty"),
        written("assignee", "is", desk.agent.id),
        written("group", "isEmpty"),
        written("customer", "isNotEmpty"),
        written("number", "greaterThan", 1),
        written("createdAt", "before", (now - timedelta(hours=1)).isoformat()),
        {"not": written("updatedAt", "after", now.isoformat())},
    ):
        listed = {row.id for row in queries.page_of(queries.matching(desk.service_id, where=asked), order=[],
                                                    window=Window()).rows}  # fmt: skip
        holds = conditions.meets(desk.service_id, made, asked)
        assert {one for one, yes in zip(made, holds, strict=True) if yes} == listed, asked


def test_age_is_counted_in_whole_hours(desk: Desk) -> None:
    ticket_id = tickets.make(desk)
    old = clock.now() - timedelta(hours=25, minutes=59)
    Ticket.update(created_at=old).where(Ticket.id == ticket_id).execute()
    assert meets(desk, [ticket_id], "plugin.age_hours", "is", 25) == [True]
    assert meets(desk, [ticket_id], "plugin.age_hours", "atLeast", 26) == [False]


def test_returning_is_whoever_had_a_ticket_before(desk: Desk) -> None:
    made = [
        tickets.make(desk),
        tickets.make(desk),
        tickets.make(desk, asker=Asker(name="Jun", email="jun@shop.example")),
        tickets.make(desk, asker=Asker()),
    ]
    assert meets(desk, made, "plugin.is_returning", "is", True) == [False, True, False, False]


def test_plugin_is_asked_once_for_all_tickets_and_only_if_it_is_named(desk: Desk) -> None:
    calls: list[Sequence[TicketFacts]] = []

    def values(found: Sequence[TicketFacts]) -> list[int]:
        calls.append(found)
        return [ticket.number for ticket in found]

    field = asking("numbers", values)
    made = [tickets.make(desk) for _ in range(4)]
    assert meets(desk, made, "number", "greaterThan", 2) == [False, False, True, True]
    assert calls == []
    twice = {"all": [written(field, "greaterThan", 1), {"not": written(field, "is", 4)}]}
    assert conditions.meets(desk.service_id, [*made, made[1]], twice) == [False, True, True, False, True]
    assert [len(found) for found in calls] == [4]


def test_statements_do_not_depend_on_how_many_tickets_there_are(desk: Desk) -> None:
    made = [tickets.make(desk) for _ in range(12)]
    both = {"any": [written("plugin.age_hours", "is", 0), written("plugin.is_returning", "is", True)]}
    with counted() as one:
        conditions.meets(desk.service_id, made[:1], both)
    with counted() as twelve:
        conditions.meets(desk.service_id, made, both)
    assert len(one) == len(twelve) == 3


def test_ticket_of_another_service_or_none_never_meets_anything(desk: Desk) -> None:
    other = tickets.make(make_desk(desk.settings, slug="other"))
    assert conditions.meets(desk.service_id, [other, 10**9], {"all": []}) == [False, False]
    assert meets(desk, [other], "plugin.age_hours", "is", 0) == [False]


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (FieldKind.NUMBER, None),
        (FieldKind.NUMBER, 5),
        (FieldKind.NUMBER, "1"),
        (FieldKind.NUMBER, []),
        (FieldKind.NUMBER, [1, 2]),
        (FieldKind.NUMBER, repeat(1)),
        (FieldKind.NUMBER, range(1_000_000)),
        (FieldKind.NUMBER, [True]),
        (FieldKind.NUMBER, [1.5]),
        (FieldKind.NUMBER, [2**64]),
        (FieldKind.BOOLEAN, [1]),
        (FieldKind.TEXT, [1]),
        (FieldKind.TEXT, ["x" * 1_000_000]),
        (FieldKind.KEYWORD, ["green"]),
        (FieldKind.TIME, ["2026-01-31T00:00:00+00:00"]),
        (FieldKind.TIME, [datetime(2026, 1, 31)]),  # noqa: DTZ001  # the fault
        (FieldKind.REFERENCE, [object()]),
        (FieldKind.NUMBER, KeyError("x")),
        (FieldKind.NUMBER, SystemExit(3)),
    ],
)
def test_answer_that_is_no_value_of_the_kind_is_the_plugin_s_fault(
    desk: Desk, kind: FieldKind, answer: Any, request: pytest.FixtureRequest
) -> None:
    def values(_found: Sequence[TicketFacts]) -> Any:
        if isinstance(answer, BaseException):
            raise answer
        return answer

    field = asking(request.node.name, values, kind, ("red",) if kind is FieldKind.KEYWORD else ())
    with pytest.raises(PluginFailed):
        meets(desk, [tickets.make(desk)], field, "isEmpty")


@pytest.mark.parametrize(
    ("kind", "answer", "op", "value"),
    [
        (FieldKind.TEXT, "환불 요청", "contains", "환불"),
        (FieldKind.KEYWORD, "red", "in", ["red"]),
        (FieldKind.BOOLEAN, False, "is", False),
        (FieldKind.TIME, datetime(2026, 1, 31, tzinfo=UTC), "before", "2026-02-01T00:00:00+09:00"),
        (FieldKind.REFERENCE, 7, "is", 7),
        (FieldKind.NUMBER, None, "is", None),
    ],
)
def test_value_of_the_kind_is_compared_like_any_other(
    desk: Desk, kind: FieldKind, answer: Any, op: str, value: Any, request: pytest.FixtureRequest
) -> None:
    choices = ("red",) if kind is FieldKind.KEYWORD else ()
    field = asking(request.node.name, lambda found: [answer for _ in found], kind, choices)
    assert meets(desk, [tickets.make(desk)], field, op, value) == [True]


def test_condition_that_sleeps_is_left_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()

    def values(_found: Sequence[TicketFacts]) -> Iterator[int]:
        is_over.wait()
        yield 1

    field = asking("sleepy", values)
    monkeypatch.setattr(conditions, "SECONDS", 0.2)
    with pytest.raises(PluginFailed) as caught:
        meets(desk, [tickets.make(desk)], field, "is", 1)
    is_over.set()
    assert caught.value.code == "PLUGIN_OVERRAN"


def test_list_says_that_a_plugin_s_field_has_no_column(desk: Desk) -> None:
    with pytest.raises(Invalid, match=r"“plugin\.age_hours” has no column, so lists cannot be filtered by it"):
        queries.matching(desk.service_id, where=written("plugin.age_hours", "is", 1))


@pytest.mark.parametrize(
    "asked",
    [written("plugin.nobody", "is", 1), written("plugin.age_hours", "contains", "x"), written("status", "changed"), 5],
)
def test_condition_that_cannot_be_asked_is_refused(desk: Desk, asked: Any) -> None:
    with pytest.raises(Invalid) as caught:
        conditions.meets(desk.service_id, [], asked)
    assert caught.value.path[0] == "condition"
