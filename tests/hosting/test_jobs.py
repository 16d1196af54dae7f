"""Jobs that plugins leave for workers."""

from collections.abc import Mapping
from typing import Any

import pytest

from helpdesk.hosting import jobs, operations
from helpdesk.hosting.models import PluginJob
from helpdesk.hosting.rules import MOST_TRIES, JobState
from helpdesk.kernel import clock
from helpdesk.kernel.db import transaction
from helpdesk.plugins import guard
from helpdesk.plugins import operations as switching
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.errors import Denied, Refused, Retry
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import job
from tests.factories import tickets
from tests.factories.desk import Desk
from tests.hosting.plugins import Hands, host, install, make_due, remove, rows, work

seen: list[Any] = []
troubles: list[BaseException] = []


class Worker(Hands):
    """A plugin with one job, which raises what the test has left for it."""

    @job
    def fetch(self, host: Host, data: Mapping[str, Any]) -> None:
        seen.append((host.service.slug, data))
        if troubles:
            raise troubles.pop(0)


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    """Begin anew."""
    seen.clear()
    troubles.clear()


def test_job_is_done_once_by_a_worker(desk: Desk) -> None:
    assert host(desk, Worker).enqueue("fetch", {"page": 1})
    assert seen == []
    (row,) = work(desk)
    work(desk)
    assert seen == [("demo", {"page": 1})]
    assert (row.state, row.due_at, row.last_error) == (JobState.DONE, None, "")
    assert row.finished_at is not None


def test_each_key_is_done_once(desk: Desk) -> None:
    hands = host(desk, Worker)
    assert [hands.enqueue("fetch", key="k"), hands.enqueue("fetch", key="k")] == [True, False]
    work(desk)
    assert not hands.enqueue("fetch", key="k")
    assert len(work(desk)) == len(seen) == 1


def test_job_waits_as_long_as_it_is_told(desk: Desk) -> None:
    host(desk, Worker).enqueue("fetch", delay_seconds=60)
    (row,) = work(desk)
    assert (seen, row.state) == ([], JobState.QUEUED)
    make_due()
    work(desk)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "given",
    [{"data": {"a": object()}}, {"data": {"a": "x" * 70_000}}, {"key": ""}, {"key": "x" * 201}, {"delay_seconds": -1},
     {"delay_seconds": float("nan")}],
)  # fmt: skip
def test_what_cannot_be_left_is_denied(desk: Desk, given: dict[str, Any]) -> None:
    with pytest.raises(Denied) as refusal:
        host(desk, Worker).enqueue("fetch", **given)
    assert refusal.value.code == "INVALID"
    assert rows() == []


def test_job_of_a_change_that_is_taken_back_is_not_done(desk: Desk) -> None:
    hands = host(desk, Worker)

    def change() -> None:
        with transaction():
            hands.enqueue("fetch")
            raise ValueError("taken back")

    with pytest.raises(ValueError, match="taken back"):
        change()
    assert work(desk) == []


def test_retry_comes_again_when_the_provider_wishes(desk: Desk) -> None:
    troubles.append(Retry("busy", after_seconds=3000))
    host(desk, Worker).enqueue("fetch")
    (row,) = work(desk)
    assert (row.state, row.attempts, row.last_error) == (JobState.RETRYING, 1, "busy")
    wait = (row.due_at - clock.now()).total_seconds()
    assert 2900 < wait < 3100
    make_due()
    (row,) = work(desk)
    assert (row.state, len(seen)) == (JobState.DONE, 2)


@pytest.mark.parametrize(
    ("wish", "longest"), [("soon", 60), (float("nan"), 60), (-5, 60), (float("inf"), 86_460), (10**400, 86_460)]
)
def test_wish_that_makes_no_sense_does_not_stop_the_line(desk: Desk, wish: Any, longest: float) -> None:
    troubles.append(Retry("busy", after_seconds=wish))
    host(desk, Worker).enqueue("fetch")
    (row,) = work(desk)
    assert (row.state, row.attempts, row.lease, row.last_error) == (JobState.RETRYING, 1, None, "busy")
    assert longest / 10 < (row.due_at - clock.now()).total_seconds() < longest


def test_refused_job_is_given_up_at_once_with_its_reason(desk: Desk) -> None:
    troubles.append(Refused("no such page"))
    host(desk, Worker).enqueue("fetch")
    (row,) = work(desk)
    assert (row.state, row.due_at, row.last_error) == (JobState.FAILED, None, "no such page")


def test_failing_job_ends_as_a_dead_letter(desk: Desk) -> None:
    host(desk, Worker).enqueue("fetch")
    for _ in range(MOST_TRIES):
        troubles.append(RuntimeError("broken"))
        guard.reset()  # or its hook would rest
        make_due()
        work(desk)
    (row,) = rows()
    assert (row.state, row.attempts, len(seen)) == (JobState.FAILED, MOST_TRIES, MOST_TRIES)
    assert "RuntimeError: broken" in row.last_error


def test_job_of_a_resting_hook_uses_up_no_try(desk: Desk) -> None:
    host(desk, Worker).enqueue("fetch")
    for _ in range(8):
        troubles.append(RuntimeError("broken"))
        make_due()
        work(desk)
    (row,) = rows()
    assert (row.state, row.attempts, len(seen)) == (JobState.RETRYING, 5, 5)
    assert "rests" in row.last_error


def test_jobs_of_a_plugin_that_is_gone_wait_for_it(desk: Desk) -> None:
    host(desk, Worker).enqueue("fetch")
    remove()
    (row,) = work(desk)
    assert (row.state, row.attempts) == (JobState.QUEUED, 0)
    install(Worker)
    work(desk)
    assert len(seen) == 1


def test_jobs_of_a_service_that_has_switched_it_off_wait_and_use_up_no_try(desk: Desk) -> None:
    host(desk, Worker).enqueue("fetch")
    ref = guard.Ref(Kind.PLUGIN, "hands")
    switching.switch(desk.administrator, ref, is_on=False)
    switching.switch(desk.administrator, ref, is_on=True, everywhere=True)
    switching.switch(desk.administrator, ref, is_on=False)
    (row,) = work(desk)
    assert (seen, row.attempts) == ([], 0)
    switching.switch(desk.administrator, ref, is_on=True)
    make_due()
    work(desk)
    assert len(seen) == 1


def test_job_that_the_plugin_has_no_more_is_given_up(desk: Desk) -> None:
    host(desk, Worker).enqueue("fetch")
    install(Hands)
    (row,) = work(desk)
    assert row.state is JobState.FAILED
    assert "no job or webhook “fetch”" in row.last_error


def test_job_writes_as_the_plugin(desk: Desk) -> None:
    class Noting(Hands):
        @job
        def note(self, host: Host, data: Mapping[str, Any]) -> None:
            host.add_note(data["ticket"], "from a job")

    ticket_id = tickets.make(desk)
    host(desk, Noting).enqueue("note", {"ticket": ticket_id})
    work(desk)
    assert tickets.messages(ticket_id)[-1].author_name == "Hands"


def test_done_jobs_are_forgotten_after_a_week_and_failed_ones_stay(desk: Desk) -> None:
    hands = host(desk, Worker)
    hands.enqueue("fetch")
    work(desk)
    assert operations.forget_done() == 0
    troubles.append(Refused("no"))
    hands.enqueue("fetch")
    work(desk)
    PluginJob.update(finished_at=clock.now() - operations.KEPT * 2).execute()
    assert operations.forget_done() == 1
    assert [row.state for row in rows()] == [JobState.FAILED]


def test_plugins_have_two_threads_of_a_process_at_most(desk: Desk) -> None:
    host(desk, Worker).enqueue("fetch")
    with jobs._threads, jobs._threads:
        work(desk)
        assert seen == []
    work(desk)
    assert len(seen) == 1
