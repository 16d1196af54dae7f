"""Calling a plugin's code: whatever it does, the caller gets an answer in time, and knows whose fault it was."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from helpdesk.kernel import clock, db
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import guard, threads
from helpdesk.plugins.guard import PluginFailed, Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.errors import Denied, Refused, Retry, Unverified, WindowClosed

ECHO = Ref(Kind.CHANNEL, "echo")


def call(function: Callable[[], Any], *, seconds: float = 5.0, hook: str = "send", **more: Any) -> Any:
    """Call as the desk does."""
    return guard.call(ECHO, hook, function, seconds=seconds, **more)


def wait_for_nobody() -> None:
    """Wait until no thread is left behind."""
    ends_at = time.monotonic() + 10
    while guard.left_behind(ECHO):
        assert time.monotonic() < ends_at, f"{guard.left_behind(ECHO)} threads are left behind."
        time.sleep(0.01)


def fail(error: BaseException) -> Callable[[], Any]:
    """Return plugin code that raises."""

    def function() -> Any:
        raise error

    return function


@pytest.fixture
def held_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A monotonic clock that stands still until the test moves it."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def test_answer_is_returned() -> None:
    assert call(lambda: 7) == 7
    gauge = guard.gauge_of(ECHO, "send")
    assert (gauge.calls, gauge.errors, gauge.overruns) == (1, 0, 0)


@pytest.mark.parametrize(
    "error", [RuntimeError("no"), SystemExit(3), KeyboardInterrupt(), MemoryError(), RecursionError(), GeneratorExit()]
)
def test_whatever_is_raised_becomes_one_error_that_names_plugin_hook_and_reason(error: BaseException) -> None:
    with pytest.raises(PluginFailed, match=f"^The channel “echo” failed in send: {type(error).__name__}") as caught:
        call(fail(error))
    assert caught.value.code == "PLUGIN_FAILED"
    assert guard.gauge_of(ECHO, "send").errors == 1


@pytest.mark.parametrize(
    "error",
    [Retry("later"), Refused("no"), WindowClosed("shut"), Unverified("who"), Denied("FORBIDDEN", "no"), NotFound("no")],
)
def test_what_a_plugin_may_say_passes_and_is_no_failure(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        call(fail(error))
    assert caught.value is error
    assert guard.gauge_of(ECHO, "send").errors == 0


def test_call_that_does_not_end_is_left_behind_and_counted() -> None:
    hold = threading.Event()
    with pytest.raises(PluginFailed, match=r"it did not end within 0\.05 seconds") as caught:
        call(lambda: hold.wait(10), seconds=0.05)
    assert caught.value.code == "PLUGIN_OVERRAN"
    assert guard.left_behind(ECHO) == 1
    assert call(lambda: 7) == 7
    hold.set()
    wait_for_nobody()


def test_endless_loop_is_ended() -> None:
    def spin() -> None:
        while True:
            pass

    with pytest.raises(PluginFailed, match="did not end"):
        call(spin, seconds=0.05)
    wait_for_nobody()
    assert call(lambda: 7) == 7


def test_plugin_that_holds_too_many_threads_is_not_called_until_they_end() -> None:
    hold = threading.Event()
    for place in range(guard.MOST_LEFT_BEHIND):
        with pytest.raises(PluginFailed):
            call(lambda: hold.wait(10), seconds=0.01, hook=f"hook{place}")
    with pytest.raises(PluginFailed, match="have not ended") as caught:
        call(lambda: 7)
    assert caught.value.code == "PLUGIN_RESTING"
    hold.set()
    wait_for_nobody()
    assert call(lambda: 7) == 7


def test_call_that_is_given_up_before_its_thread_has_begun_it_is_over() -> None:
    runner, late = threads.Runner(), threads.Call(lambda: 7)
    before = sys.getswitchinterval()
    sys.setswitchinterval(5)  # the other thread gets its turn when both are done
    try:
        runner.start(late)
        runner.interrupt()
    finally:
        sys.setswitchinterval(before)
    assert late.ended.wait(5)


def test_hook_that_fails_five_times_in_a_row_rests_and_other_hooks_do_not() -> None:
    tries = count()

    def fails() -> None:
        next(tries)
        raise RuntimeError("no")

    for _time in range(8):
        with pytest.raises(PluginFailed):
            call(fails)
    assert next(tries) == 5
    with pytest.raises(PluginFailed, match=r"rests: it failed 5 times in a row \(RuntimeError: no\)") as caught:
        call(lambda: 7)
    assert caught.value.code == "PLUGIN_RESTING"
    assert call(lambda: 7, hook="receive") == 7


def test_success_between_failures_keeps_a_hook_awake() -> None:
    for _time in range(3):
        for _failure in range(4):
            with pytest.raises(PluginFailed):
                call(fail(RuntimeError("no")))
        assert call(lambda: 7) == 7


def test_rest_ends_with_a_call_that_succeeds_and_doubles_with_one_that_fails(held_clock: list[float]) -> None:
    for _time in range(5):
        with pytest.raises(PluginFailed):
            call(fail(RuntimeError("no")))
    held_clock[0] += 29
    with pytest.raises(PluginFailed, match="rests"):
        call(lambda: 7)
    held_clock[0] += 2
    with pytest.raises(PluginFailed, match="failed in send"):
        call(fail(RuntimeError("still")))
    held_clock[0] += 45
    with pytest.raises(PluginFailed, match="rests"):
        call(lambda: 7)
    held_clock[0] += 20
    assert call(lambda: 7) == 7
    assert not guard.gauge_of(ECHO, "send").is_resting


def test_only_one_call_tries_whether_the_rest_is_over(held_clock: list[float]) -> None:
    for _time in range(5):
        with pytest.raises(PluginFailed):
            call(fail(RuntimeError("no")))
    held_clock[0] += 31
    entered, hold = threading.Event(), threading.Event()

    def slow() -> int:
        entered.set()
        hold.wait(10)
        return 7

    answers: list[int] = []
    trying = threading.Thread(target=lambda: answers.append(call(slow)))
    trying.start()
    entered.wait(5)
    with pytest.raises(PluginFailed, match="rests"):
        call(lambda: 8)
    hold.set()
    trying.join()
    assert answers == [7]
    assert call(lambda: 8) == 8


def test_forgotten_plugin_begins_anew() -> None:
    for _time in range(5):
        with pytest.raises(PluginFailed):
            call(fail(RuntimeError("no")))
    guard.forget(ECHO)
    assert call(lambda: 7) == 7


def test_secrets_are_blotted_out_of_reason_log_and_problem(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PluginFailed) as caught:
        call(fail(RuntimeError("the key hunter22 is wrong")), secrets=["hunter22"])
    assert "the key *** is wrong" in caught.value.message
    (problem,) = guard.take_problems()
    assert problem.reason == "RuntimeError: the key *** is wrong"
    assert "hunter22" not in caplog.text + str([record.__dict__ for record in caplog.records])
    assert guard.take_problems() == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [(None, "nothing"), ("text", "a str"), ({"a": 1}, "a str"), ([1, "two"], "a str"), (range(99), "more than 3")],
)
def test_wrong_answer_is_a_failure_that_says_what_was_answered(answer: Any, words: str) -> None:
    with pytest.raises(PluginFailed, match=f"WrongAnswer: it answered.*{words}"):
        call(lambda: guard.listed(answer, int, most=3))


def test_million_things_are_not_read() -> None:
    read = count()
    endless = (next(read) for _ in iter(int, 1))
    with pytest.raises(PluginFailed, match="more than 3 things"):
        call(lambda: guard.listed(endless, int, most=3))
    assert next(read) == 4


def test_generator_is_read_where_the_deadline_holds() -> None:
    def slow() -> Iterator[int]:
        yield 1
        time.sleep(5)
        yield 2

    with pytest.raises(PluginFailed, match="did not end"):
        call(lambda: guard.listed(slow(), int, most=3), seconds=0.05)


def test_expected_answers_pass() -> None:
    assert guard.expect(None, int, type(None)) is None
    assert guard.listed((one for one in (1, 2)), int, most=2) == [1, 2]
    with pytest.raises(guard.WrongAnswer, match="it answered a str, not int or None"):
        guard.expect("7", int, type(None))


def test_connection_that_a_call_opened_is_closed_with_it(database: Settings) -> None:
    def uses() -> int:
        db.database.connect(reuse_if_open=True)
        return int(db.database.execute_sql("SELECT 7").fetchone()[0])

    assert call(uses) == 7
    assert call(db.database.is_closed) is True
    assert not db.database.is_closed()


def test_calls_use_threads_again() -> None:
    names = {call(lambda: threading.current_thread().ident) for _time in range(20)}
    assert len(names) == 1


def test_what_listens_is_contained_and_counted() -> None:
    with pytest.raises(PluginFailed, match="failed in listen: SystemExit"), guard.watched(ECHO, "listen"):
        sys.exit(3)
    with pytest.raises(Refused), guard.watched(ECHO, "listen"):
        raise Refused("no")
    with guard.watched(ECHO, "listen"):
        pass
    assert (guard.gauge_of(ECHO, "listen").calls, guard.gauge_of(ECHO, "listen").errors) == (2, 1)
