"""What actions do outside: kept with the change, done at least once, given up in the end."""

from collections.abc import Mapping
from typing import Any

import pytest

from helpdesk.kernel.errors import Conflict, Forbidden, NotFound
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.outgoing import Outgoing
from helpdesk.sdk.action import AddNote, Later, Refused, Retry
from helpdesk.triggers import actions, later, rules
from helpdesk.triggers.models import ActionJob
from tests.channels.post import fall_due
from tests.factories import tickets
from tests.factories.desk import Desk
from tests.triggers.plugins import acting

SECRET = "s3cret-token"


def left(desk: Desk, name: str, perform: Any, data: Mapping[str, Any] | None = None) -> int:
    """Run an action that leaves something to be done outside, and return the id of the row."""
    acting(name, lambda _ticket: [AddNote("noted"), Later(data or {"word": "안녕"})], perform)
    guard.forget(Ref(Kind.ACTION, name))
    actions.run(desk.agent, tickets.make(desk), name, {"token": SECRET})
    row_id = ActionJob.select(ActionJob.id).order_by(ActionJob.id.desc()).scalar()
    assert isinstance(row_id, int)
    return row_id


def job(row_id: int) -> Any:
    """Return the row as it is now."""
    return ActionJob.get_by_id(row_id)


def again(desk: Desk) -> None:
    """Try what waits."""
    fall_due(ActionJob)
    desk.run_jobs()


def raising(error: BaseException) -> Any:
    """Return a ``perform`` that raises."""

    def perform(_action: Any, _data: Mapping[str, Any]) -> None:
        raise error

    return perform


def test_work_outside_is_done_by_a_worker_with_settings_data_and_a_way_out(desk: Desk) -> None:
    seen: list[Any] = []

    def perform(action: Any, data: Mapping[str, Any]) -> None:
        seen.append((action.settings.token.get_secret_value(), data, type(action.http)))

    row_id = left(desk, "calling", perform)
    assert seen == []
    desk.run_jobs()
    assert seen == [(SECRET, {"word": "안녕"}, Outgoing)]
    assert (job(row_id).state, job(row_id).due_at) == ("DONE", None)


def test_secrets_are_sealed_in_the_row(desk: Desk) -> None:
    row = job(left(desk, "sealed", raising(Refused("no"))))
    assert SECRET not in str(row.__data__)


def test_retry_waits_as_the_outside_wishes(desk: Desk) -> None:
    row_id = left(desk, "waiting", raising(Retry(f"busy {SECRET}", after_seconds=3600)))
    before = job(row_id).created_at
    desk.run_jobs()
    row = job(row_id)
    assert (row.state, row.attempts, row.last_error) == ("RETRYING", 1, "busy ***")
    assert (row.due_at - before).total_seconds() > 3000


def test_refused_is_final_and_can_be_tried_anew(desk: Desk) -> None:
    row_id = left(desk, "refusing", raising(Refused(f"no such room, {SECRET}")))
    desk.run_jobs()
    assert (job(row_id).state, job(row_id).last_error) == ("FAILED", "no such room, ***")
    with pytest.raises(Conflict):
        later.retry(desk.agent, left(desk, "queued", raising(Retry("x"))))
    with pytest.raises(NotFound):
        later.retry(desk.agent, 10**9)
    acting("refusing", lambda _ticket: [])
    later.retry(desk.agent, row_id)
    desk.run_jobs()
    assert job(row_id).state == "DONE"


def test_retrying_needs_the_right(desk: Desk) -> None:
    row_id = left(desk, "guarded", raising(Refused("no")))
    desk.run_jobs()
    with pytest.raises(Forbidden):
        later.retry(type(desk.agent)(desk.agent.kind, desk.service_id, 1, "x", frozenset()), row_id)


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(1), MemoryError()])
def test_fault_uses_up_tries_until_it_is_given_up(
    desk: Desk, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_TRIES", 2)
    row_id = left(desk, "faulty", raising(error))
    desk.run_jobs()
    assert (job(row_id).state, job(row_id).attempts) == ("RETRYING", 1)
    again(desk)
    assert (job(row_id).state, job(row_id).attempts) == ("FAILED", 2)


def test_resting_action_uses_up_no_try(desk: Desk) -> None:
    rows = [left(desk, "resting", raising(KeyError("x"))) for _ in range(7)]
    desk.run_jobs()
    assert sorted(job(row_id).attempts for row_id in rows)[:2] == [0, 0]
    assert {job(row_id).state for row_id in rows} == {"RETRYING"}


def test_action_that_is_not_in_use_waits_without_using_up_a_try(desk: Desk) -> None:
    row_id = left(desk, "gone", lambda _action, _data: None)
    registry.quarantine(Kind.ACTION, "gone", "for the test")
    for _ in range(3):
        again(desk)
    assert (job(row_id).state, job(row_id).attempts) == ("RETRYING", 0)
    assert "gone" in job(row_id).last_error
    acting("gone", lambda _ticket: [])
    again(desk)
    assert job(row_id).state == "DONE"


def test_settings_that_a_new_release_refuses_end_the_work(desk: Desk) -> None:
    row_id = left(desk, "stricter", lambda _action, _data: None)
    registry.register(Kind.ACTION, "stricter", registry.get(Kind.ACTION, "add_note"))
    again(desk)
    assert (job(row_id).state, "text" in job(row_id).last_error) == ("FAILED", True)
