"""What a process finds of its predecessor, and when it is to begin anew. That it does: tests/faults/test_leaks.py."""

import os
import socket
import tempfile
from pathlib import Path

import orjson
import pytest

from helpdesk.commands import recycling
from helpdesk.commands.recycling import HANDOVER, Recycling
from helpdesk.kernel import clock, settings
from helpdesk.kernel.settings import Settings


@pytest.fixture
def full(tmp_path: Path) -> Settings:
    """Settings by which this process holds too much."""
    return settings.load({}, data_dir=tmp_path).model_copy(update={"process_max_threads": 0})


def leave(monkeypatch: pytest.MonkeyPatch, **left: object) -> None:
    """Leave this process what a predecessor would have left."""
    monkeypatch.setenv(HANDOVER, orjson.dumps({"pid": os.getpid(), "at": clock.monotonic()} | left).decode())


def test_first_process_has_no_predecessor() -> None:
    first = Recycling()
    assert not first.is_successor
    assert first.bound is None


def test_successor_takes_the_socket_and_leaves_no_trace_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    left = socket.create_server(("127.0.0.1", 0))
    address = left.getsockname()
    left.set_inheritable(True)
    leave(monkeypatch, fd=left.detach())
    settings.load()  # refuses unknown names of its own
    successor = Recycling()
    assert successor.is_successor
    assert successor.bound is not None
    with successor.bound as bound:
        assert bound.getsockname() == address
        assert not bound.get_inheritable()
    assert HANDOVER not in os.environ


def test_number_that_is_no_listening_socket_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryFile() as file, socket.socket() as idle:
        for number in (file.fileno(), idle.fileno(), 999_999, -1, "x", None):
            leave(monkeypatch, fd=number)
            assert Recycling().bound is None
        assert os.fstat(idle.fileno())


@pytest.mark.parametrize(
    "left", ["", "{", "[]", "7", "{}", '{"pid": 1, "at": 1.0, "fd": 0}', '{"pid": PID}', '{"pid": PID, "at": "x"}']
)
def test_what_was_left_to_another_process_or_by_another_release_is_ignored(
    monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    monkeypatch.setenv(HANDOVER, left.replace("PID", str(os.getpid())))
    assert not Recycling().is_successor
    assert HANDOVER not in os.environ


def test_reason_is_looked_for_once_a_second(monkeypatch: pytest.MonkeyPatch, full: Settings) -> None:
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    process = Recycling()
    assert "threads" in process.reason(full)
    assert process.reason(full) == ""
    now += recycling.LOOK_SECONDS
    assert "threads" in process.reason(full)


def test_successor_waits_a_minute_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, full: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    now = began_at = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    leave(monkeypatch)
    process = Recycling()
    while now < began_at + recycling.REST_SECONDS:
        assert process.reason(full) == ""
        now += recycling.LOOK_SECONDS
    assert len(caplog.records) == 1
    assert "less than a minute ago" in caplog.text
    assert "threads" in process.reason(full)
