"""Wake-ups reach the queue, and nobody waits for it."""

import threading

import pytest

from helpdesk.kernel import waking
from helpdesk.kernel.waking import Waker


def test_names_reach_the_queue_in_turns_as_often_as_they_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "MOST", 3)
    put: list[str] = []
    goes_on, began = threading.Event(), threading.Event()

    def slowly(name: str) -> None:
        began.set()
        assert goes_on.wait(10)
        put.append(name)

    waker = Waker(slowly)
    waker.wake("first")
    assert began.wait(10)
    for name in ("inbox", "outbox", "inbox", "inbox", "inbox"):
        waker.wake(name)
    assert not waker.flush(seconds=0), "The queue is slow, and whoever wakes has gone on."
    goes_on.set()
    assert waker.flush(seconds=10)
    assert put == ["first", "inbox", "outbox", "inbox", "inbox"]


def test_queue_that_failed_is_left_alone_for_a_while(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[str] = []

    def fail(name: str) -> None:
        tried.append(name)
        raise ConnectionError("away")

    waker = Waker(fail)
    waker.wake("inbox")
    assert waker.flush(seconds=10)
    waker.wake("outbox")
    assert waker.flush(seconds=10)
    assert tried == ["inbox"]
    assert "could not wake a worker; the sweeper will" in caplog.text
    monkeypatch.setattr(waker, "_quiet_until", 0.0)
    waker.wake("outbox")
    assert waker.flush(seconds=10)
    assert tried == ["inbox", "outbox"]


def test_thread_ends_when_nothing_comes_and_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waking, "IDLE_SECONDS", 0.01)
    put: list[str] = []
    waker = Waker(put.append)
    for name in ("first", "second"):
        waker.wake(name)
        assert waker.flush(seconds=10)
        assert waker.thread is not None
        waker.thread.join(10)
    assert put == ["first", "second"]
