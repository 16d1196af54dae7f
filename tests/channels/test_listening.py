"""Fetching: one worker listens for an account, the place is stored with what was found, and faults wait their turn."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, ClassVar

import pytest

from helpdesk.channels import accounts, queries
from helpdesk.channels.listening import Inlet, Listeners
from helpdesk.channels.models import ChannelAccount, Listening
from helpdesk.kernel import clock, db
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.leases import claim
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Inlet as Fetching
from helpdesk.sdk.channel import Retry
from tests.channels.post import Post, make_post, switch_off
from tests.factories.echo import Echo, EchoSettings

SECONDS = 20.0
FAILED = "The channel “polling” failed in listen:"


class PollingSettings(EchoSettings):
    """What a fetching Echo needs."""

    host: str = "imap.example"


class Polling(Echo):
    """An Echo that fetches as the test tells it, and is counted."""

    Settings: ClassVar = PollingSettings
    listens = True
    lock: ClassVar = threading.Lock()
    running: ClassVar[int] = 0
    most: ClassVar[int] = 0
    started: ClassVar[list[str]] = []
    fetch: ClassVar[Callable[[Fetching], object] | None] = None

    @classmethod
    def begin_anew(cls) -> None:
        """Forget what was counted."""
        cls.running, cls.most, cls.fetch = 0, 0, None
        cls.started.clear()

    def is_enabled_for_listening(self) -> bool:
        if self.settings.host == "broken":
            raise SystemExit("the plugin is broken")
        return bool(self.settings.host)

    def listen(self, inlet: Fetching) -> None:
        kind = type(self)
        with kind.lock:
            kind.running += 1
            kind.most = max(kind.most, kind.running)
            kind.started.append(self.settings.host)
        try:
            if kind.fetch is not None:
                kind.fetch(inlet)
            while inlet.alive():
                PAUSE.wait(0.01)
        finally:
            with kind.lock:
                kind.running -= 1


PAUSE = threading.Event()  # never set: waiting for it lets the others run


def eventually(check: Callable[[], Any]) -> Any:
    """Wait until the check gives something, and return that."""
    deadline = clock.monotonic() + SECONDS
    while clock.monotonic() < deadline:
        if found := check():
            return found
        PAUSE.wait(0.01)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def polling(post: Post) -> Post:
    """A desk with one account that is fetched from."""
    Polling.begin_anew()
    registry.register(Kind.CHANNEL, "polling", Polling)
    return make_post(post.desk, driver="polling")


@pytest.fixture
def listeners(polling: Post) -> Iterator[Callable[[], Listeners]]:
    """Start workers that listen, and stop them all in the end."""
    started: list[Listeners] = []
    settings = polling.desk.settings.model_copy(update={"retry_seconds": 0.05})

    def start() -> Listeners:
        listeners = Listeners(settings, look_seconds=0.02)
        listeners.start()
        started.append(listeners)
        return listeners

    yield start
    for one in started:
        one.stop(seconds=SECONDS)


def inlet_of(post: Post) -> Inlet:
    """Take the lease and return the inlet, as a worker does."""
    Listening.insert(account=post.account_id, cursor={}, due_at=0).on_conflict_ignore().execute()
    row = claim(Listening, Listening.account == post.account_id, seconds=60)
    assert row is not None
    return Inlet(ChannelAccount.get_by_id(post.account_id), row, post.desk.settings, threading.Event())


def stored_cursor() -> Any:
    """Return the place reached as the database has it."""
    return Listening.get().cursor


def expire() -> None:
    """Let the lease run out, as if its worker had fallen silent."""
    Listening.update(due_at=0).execute()


def listening(post: Post) -> Any:
    """Return what people see of the listening."""
    return queries.listening_of_accounts([post.account_id])[0]


def test_what_is_found_is_stored_with_the_place_and_once(polling: Post) -> None:
    inlet = inlet_of(polling)
    assert inlet.cursor == {}
    assert inlet.store("1:7", b'{"id": "a"}', cursor={"uid": 7}) is True
    assert inlet.store("1:7", b'{"id": "a"}', cursor={"uid": 8}) is False
    assert inlet.store("2:1", b'{"id": "a"}', cursor={"uid": 9}) is False
    assert inlet.cursor == stored_cursor() == {"uid": 9}
    inlet.reached({"uid": 12})
    assert inlet.cursor == stored_cursor() == {"uid": 12}
    assert [row.outcome for row in polling.inbox()] == [None, "DUPLICATE"]


def test_mail_that_is_not_kept_moves_no_place(polling: Post) -> None:
    inlet = inlet_of(polling)
    with suppress(InterruptedError), db.transaction():
        inlet.store("1:7", b"{}", cursor={"uid": 7})
        raise InterruptedError
    assert (polling.inbox(), stored_cursor()) == ([], {})


def test_place_of_a_worker_that_was_replaced_is_not_written(polling: Post) -> None:
    old = inlet_of(polling)
    old.reached({"uid": 5})
    expire()
    new = inlet_of(polling)
    assert new.cursor == {"uid": 5}
    new.reached({"uid": 9})
    for attempt in (lambda: old.reached({"uid": 6}), lambda: old.store("1:6", b"{}", cursor={"uid": 6})):
        with pytest.raises(Conflict, match="Another worker"):
            attempt()
    assert (polling.inbox(), stored_cursor(), old.cursor) == ([], {"uid": 9}, {"uid": 5})
    assert (old.alive(), new.alive()) == (False, True)


def test_sign_of_life_is_seen_and_forgets_the_last_error(polling: Post) -> None:
    inlet = inlet_of(polling)
    Listening.update(last_error="login refused", attempts=7).execute()
    assert inlet.alive()
    assert listening(polling).last_error == ""
    assert clock.now() >= listening(polling).last_alive_at > clock.now().replace(year=2000)


def test_listening_ends_when_the_worker_stops_or_the_account_changes(polling: Post) -> None:
    stopping = inlet_of(polling)
    stopping._stopping.set()
    assert not stopping.alive()
    changes: list[Callable[[], None]] = [
        lambda: accounts.update(polling.desk.administrator, polling.account_id, settings={"host": "new.example"}),
        lambda: accounts.update(polling.desk.administrator, polling.account_id, is_enabled=False),
        lambda: accounts.delete(polling.desk.administrator, polling.account_id),
    ]
    for change in changes:
        expire()
        inlet = inlet_of(polling)
        change()
        assert not inlet.alive()


def test_listening_ends_when_the_plugin_is_no_longer_in_use_or_is_another(
    polling: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    inlet = inlet_of(polling)
    monkeypatch.setattr(registry, "is_isolated", lambda _name: True)
    assert not inlet.alive()
    monkeypatch.undo()
    assert inlet.alive()
    registry.register(Kind.CHANNEL, "polling", Echo)
    assert not inlet.alive()
    registry.register(Kind.CHANNEL, "polling", Polling)
    switch_off(polling.desk, "polling")
    assert not inlet.alive()


def test_of_two_workers_one_listens_and_the_other_takes_over(polling: Post, listeners: Callable[[], Listeners]) -> None:
    first = listeners()
    eventually(lambda: Polling.running)
    listeners()
    accounts.update(polling.desk.administrator, polling.account_id, name="same")  # lets both look again
    eventually(lambda: len(Polling.started) > 1 and Polling.running)
    first.stop(seconds=SECONDS)
    eventually(lambda: Polling.running)
    assert Polling.most == 1


def test_mail_that_is_fetched_becomes_a_ticket(polling: Post, listeners: Callable[[], Listeners]) -> None:
    Polling.fetch = lambda inlet: inlet.store("1:1", b'{"id": "a", "from": "mina@shop.example"}', cursor={"uid": 1})
    listeners()
    eventually(polling.inbox)
    polling.work()
    assert polling.inbox()[0].outcome == "TICKET"


def test_account_that_changes_is_listened_for_anew(polling: Post, listeners: Callable[[], Listeners]) -> None:
    listeners()
    eventually(lambda: Polling.running)
    accounts.update(polling.desk.administrator, polling.account_id, settings={"host": "new.example"})
    eventually(lambda: Polling.started == ["imap.example", "new.example"])
    accounts.update(polling.desk.administrator, polling.account_id, is_enabled=False)
    eventually(lambda: not Polling.running)
    accounts.update(polling.desk.administrator, polling.account_id, is_enabled=True, settings={"host": ""})
    other = make_post(polling.desk, driver="polling", host="other.example")
    eventually(lambda: Polling.started[2:] == ["other.example"])
    accounts.delete(polling.desk.administrator, other.account_id)
    eventually(lambda: not Polling.running)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("login with s3cret refused"), f"{FAILED} OSError: login with *** refused."),
        (SystemExit(1), f"{FAILED} SystemExit: 1."),
        (Retry("421 s3cret is busy"), "421 *** is busy"),
    ],
)
def test_listener_that_fails_is_reported_and_tried_again_later(
    polling: Post, listeners: Callable[[], Listeners], error: BaseException, words: str
) -> None:
    def fail(_inlet: Fetching) -> None:
        if len(Polling.started) < 3:
            raise error

    Polling.fetch = fail
    listeners()
    eventually(lambda: listening(polling) and listening(polling).last_error == words)
    eventually(lambda: len(Polling.started) == 3 and Polling.running)
    eventually(lambda: listening(polling).last_error == "")


def test_failing_listener_waits_longer_each_time(polling: Post) -> None:
    Polling.fetch = lambda _inlet: (_ for _ in ()).throw(OSError("down"))
    workers, waits = Listeners(polling.desk.settings), []
    for _ in range(4):
        expire()
        Listening.insert(account=polling.account_id, cursor={}, due_at=0).on_conflict_ignore().execute()
        row: Any = claim(Listening, Listening.account == polling.account_id, seconds=60)
        workers._listen(ChannelAccount.get_by_id(polling.account_id), row)
        now = clock.now()
        waits.append((Listening.get().due_at - now).total_seconds())
    assert waits[0] < waits[2]
    assert waits[1] < waits[3]


def test_broken_account_holds_up_no_other(polling: Post, listeners: Callable[[], Listeners]) -> None:
    accounts.update(polling.desk.administrator, polling.account_id, settings={"host": "broken"})
    make_post(polling.desk, driver="polling", host="good.example")
    listeners()
    eventually(lambda: Polling.started == ["good.example"])


def test_database_that_is_away_for_a_while_stops_nobody(polling: Post, listeners: Callable[[], Listeners]) -> None:
    hidden = f"ALTER TABLE {Listening._meta.table_name} RENAME TO hidden"
    db.database.execute_sql(hidden)
    listeners()
    PAUSE.wait(0.2)
    db.database.execute_sql("ALTER TABLE hidden RENAME TO " + Listening._meta.table_name)
    eventually(lambda: Polling.running)


def test_stopping_ends_every_listener_at_once(polling: Post, listeners: Callable[[], Listeners]) -> None:
    make_post(polling.desk, driver="polling", host="other.example")
    workers = listeners()
    eventually(lambda: Polling.running == 2)
    began = clock.monotonic()
    workers.stop(seconds=SECONDS)
    assert Polling.running == 0
    assert clock.monotonic() - began < SECONDS / 2
    assert Listening.select().where(Listening.lease.is_null(False)).count() == 0


def test_account_whose_plugin_is_off_is_told_of_once(
    polling: Post, listeners: Callable[[], Listeners], caplog: pytest.LogCaptureFixture
) -> None:
    registry.load(safe_mode=True, looks=False)
    listeners()
    time.sleep(0.3)  # some ten looks
    told = [record for record in caplog.records if record.message == "an account has no working driver"]
    accounts_told_of = [record.__dict__["account_id"] for record in told]
    assert polling.account_id in accounts_told_of
    assert len(accounts_told_of) == len(set(accounts_told_of))
