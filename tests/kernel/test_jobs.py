"""Wake-ups are quick, signed and only that: work is found without them, and never lost with them."""

import pickle
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from huey.registry import Message

from helpdesk.kernel import db, jobs
from helpdesk.kernel.db import transaction
from helpdesk.kernel.errors import Unavailable
from helpdesk.kernel.jobs import SignedJson, Worker
from helpdesk.kernel.settings import Settings, load
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer

SECRET = b"a secret of this test"
NEVER_SECONDS = 3600.0


@dataclass
class Line:
    """A line of work that notes when it was drained."""

    drained: threading.Event = field(default_factory=threading.Event)
    count: int = 0

    def drain(self) -> None:
        self.count += 1
        self.drained.set()


@pytest.fixture(autouse=True)
def _clean_desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget lines and queue afterwards."""
    monkeypatch.setattr(jobs, "_desk", jobs._Desk())
    yield
    jobs._desk.huey = None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Settings]:
    """A desk on SQLite that polls a file for wake-ups and practically never sweeps."""
    yield from _set_up(load({}, data_dir=tmp_path, sweep_seconds=NEVER_SECONDS, worker_threads=2))


@pytest.fixture
def redis_desk(tmp_path: Path, redis_server: RedisServer) -> Iterator[Settings]:
    """The same with wake-ups by Redis."""
    url = redis_server.url
    yield from _set_up(load({}, data_dir=tmp_path, redis_url=url, sweep_seconds=NEVER_SECONDS, worker_threads=2))
    redis_server.flush()


def _set_up(settings: Settings) -> Iterator[Settings]:
    db.use(settings)
    jobs.use(settings, secret=SECRET)
    yield settings
    db.database.close_all()


@pytest.fixture
def start() -> Iterator[Callable[[Settings], Worker]]:
    """Start workers that are stopped afterwards."""
    workers: list[Worker] = []

    def started(settings: Settings) -> Worker:
        workers.append(Worker(settings))
        workers[-1].start()
        return workers[-1]

    yield started
    for worker in workers:
        worker.stop()


def first_sweep_is_over(settings: Settings, start: Callable[[Settings], Worker]) -> tuple[Line, Worker]:
    """Start a worker and let its first sweep pass, so that only a wake-up can drain the line again."""
    line = Line()
    jobs.line("mail", line.drain)
    worker = start(settings)
    assert line.drained.wait(10)
    line.drained.clear()
    return line, worker


@pytest.mark.parametrize("kind", ["desk", "redis_desk"])
def test_a_wake_up_drains_the_line(
    kind: str, request: pytest.FixtureRequest, start: Callable[[Settings], Worker]
) -> None:
    line, _ = first_sweep_is_over(request.getfixturevalue(kind), start)
    jobs.wake("mail")
    assert line.drained.wait(10)


def test_a_wake_up_waits_for_the_commit(desk: Settings, start: Callable[[Settings], Worker]) -> None:
    line, _ = first_sweep_is_over(desk, start)
    with db.connection(), transaction():
        jobs.wake("mail")
        assert not line.drained.wait(0.5)
    assert line.drained.wait(10)


def test_a_rolled_back_change_wakes_nobody(desk: Settings) -> None:
    def change() -> None:
        with transaction():
            jobs.wake("mail")
            raise InterruptedError

    with db.connection(), pytest.raises(InterruptedError):
        change()
    assert jobs._desk.huey is not None
    assert jobs._desk.huey.pending_count() == 0


def test_the_sweeper_finds_work_that_nobody_woke_for(tmp_path: Path, start: Callable[[Settings], Worker]) -> None:
    settings = load({}, data_dir=tmp_path, sweep_seconds=0.05)
    for _ in _set_up(settings):
        line, _worker = first_sweep_is_over(settings, start)
        assert line.drained.wait(10)


def test_a_line_that_rests_is_not_swept_each_time(tmp_path: Path, start: Callable[[Settings], Worker]) -> None:
    sweeps: list[None] = []
    for _ in _set_up(load({}, data_dir=tmp_path, sweep_seconds=0.02)):
        jobs.line("rare", lambda: sweeps.append(None), every_seconds=NEVER_SECONDS)
        line, _worker = first_sweep_is_over(load({}, data_dir=tmp_path, sweep_seconds=0.02), start)
        for _round in range(3):
            line.drained.clear()
            assert line.drained.wait(10)
        assert len(sweeps) == 1


def test_a_failing_line_is_reported_and_the_others_go_on(
    desk: Settings, start: Callable[[Settings], Worker], caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ConnectionError("away")

    jobs.line("broken", fail)
    line, _ = first_sweep_is_over(desk, start)
    jobs.wake("broken")
    jobs.wake("mail")
    assert line.drained.wait(10)
    assert "a line of work failed" in caplog.text


def test_stopping_lets_running_work_end(desk: Settings, start: Callable[[Settings], Worker]) -> None:
    running, go_on, ended = threading.Event(), threading.Event(), threading.Event()
    _, worker = first_sweep_is_over(desk, start)

    def work() -> None:
        running.set()
        assert go_on.wait(10)
        ended.set()

    jobs.line("long", work)
    jobs.wake("long")
    assert running.wait(10)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    stopping.join(0.3)
    assert stopping.is_alive()
    go_on.set()
    stopping.join(10)
    assert (stopping.is_alive(), ended.is_set()) == (False, True)


def test_a_stopped_worker_drains_no_more_and_another_takes_over(
    desk: Settings, start: Callable[[Settings], Worker]
) -> None:
    line, worker = first_sweep_is_over(desk, start)
    worker.stop()
    jobs.wake("mail")
    assert not line.drained.wait(0.5)
    start(desk)
    assert line.drained.wait(10)


def test_a_dead_redis_costs_a_moment_and_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = load({}, data_dir=tmp_path, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    for _ in _set_up(settings):
        began = time.monotonic()
        with db.connection(), transaction():
            jobs.wake("mail")
        assert time.monotonic() - began < 2
        assert jobs.flush(seconds=10)
    assert "the sweeper will" in caplog.text


def test_a_redis_that_does_not_answer_costs_nobody_time_and_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = load({}, data_dir=tmp_path, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        for _ in _set_up(settings):
            began = time.monotonic()
            for _wake in range(5):
                jobs.wake("mail")
            assert time.monotonic() - began < 1
            assert jobs.flush(seconds=30)
    assert "the sweeper will" in caplog.text


def test_a_worker_without_its_redis_sweeps_all_the_same(tmp_path: Path, start: Callable[[Settings], Worker]) -> None:
    settings = load({}, data_dir=tmp_path, redis_url=f"redis://127.0.0.1:{free_port()}/0", sweep_seconds=0.05)
    for _ in _set_up(settings):
        line, worker = first_sweep_is_over(settings, start)
        assert line.drained.wait(10)
        began = time.monotonic()
        worker.stop()
        assert time.monotonic() - began < 20


class Bomb:
    """What would run if anything were unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (print, ("unpickled",))


MESSAGE = Message("1", "drain", args=("mail",), kwargs={}, retries=0, retry_delay=0)


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"x" * 10,
        pickle.dumps(Bomb()),
        bytes(32) + b'{"id":"1","name":"drain","args":["mail"]}',
        SignedJson(b"another secret").serialize(MESSAGE),
        SignedJson(SECRET).serialize(MESSAGE)[:-1] + b" ",
    ],
    ids=["empty", "short", "pickle", "unsigned", "another key", "changed"],
)
def test_a_forged_wake_up_is_refused_and_the_worker_goes_on(
    forged: bytes, desk: Settings, start: Callable[[Settings], Worker], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="signature"):
        SignedJson(SECRET).deserialize(forged)
    line, _ = first_sweep_is_over(desk, start)
    assert jobs._desk.huey is not None
    jobs._desk.huey.storage.enqueue(forged)
    jobs.wake("mail")
    assert line.drained.wait(10)
    assert "unpickled" not in capsys.readouterr().out


def test_a_wake_up_is_signed_json_in_the_queue(desk: Settings) -> None:
    jobs.wake("mail")
    assert jobs.flush(seconds=10)
    with sqlite3.connect(desk.data_dir / "wakeups.db") as queue:
        (data,) = queue.execute("SELECT data FROM task").fetchone()
    queue.close()
    assert SignedJson(SECRET).deserialize(data).args == ("mail",)
    assert data[32:].startswith(b'{"id":')


def test_everything_due_is_done_at_once_on_command(desk: Settings) -> None:
    done: list[str] = []

    def first() -> None:
        if not done:
            done.append("first")
            jobs.wake("second")

    jobs.line("second", lambda: done.append("second") if done else None)
    jobs.line("first", first)
    jobs.drain_all()
    assert done == ["first", "second"]


def test_before_it_is_set_up_the_desk_says_so() -> None:
    with pytest.raises(Unavailable, match="create_app"):
        Worker(load({}))
