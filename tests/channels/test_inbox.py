"""What comes in is stored before it is understood, filed once, and never lost, whoever fails."""

import hashlib
import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import pytest

from helpdesk.channels import accounts, inbox, queries
from helpdesk.channels.models import InboxRow
from helpdesk.channels.queries import InboxItemRow
from helpdesk.channels.rules import MOST_TRIES_IN, SECONDS, InboxState
from helpdesk.kernel import clock, db, failpoints, storage
from helpdesk.kernel.dispatching import FAILURES_IN_A_ROW
from helpdesk.kernel.errors import Conflict, Forbidden, LimitExceeded, NotFound, Unavailable
from helpdesk.kernel.leases import claim
from helpdesk.plugins import guard, registry
from helpdesk.plugins.guard import MOST_LEFT_BEHIND, Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Inbound, InboundRequest, Refused
from tests.channels.post import LARGEST, MINA, Post, make_post, switch_off
from tests.factories.crowds import at_once
from tests.factories.desk import make_desk
from tests.factories.echo import Echo
from tests.factories.tickets import all_tickets, found, messages


class Reader(Echo):
    """An Echo whose reader does what the message says."""

    def receive(self, request: InboundRequest) -> Any:
        data = json.loads(request.body)
        if data.get("exit"):
            raise SystemExit(data["exit"])
        if data.get("sleep"):
            threading.Event().wait(data["sleep"])
        if data.get("refuse"):
            raise Refused(f"built to break its reader; token {self.settings.token.get_secret_value()}\x00")
        if data.get("endless"):
            return iter(lambda: 1, 0)
        read = super().receive
        if data.get("several"):
            return [one for external_id in data["several"] for one in read(with_id(request, external_id))]
        if data.get("headers"):
            return read(with_id(request, request.headers["x-id"] + request.query["q"] + str(request.received_at)))
        return read(request)


def with_id(request: InboundRequest, external_id: str) -> InboundRequest:
    """Return the request as if it had the id."""
    return replace(request, body=json.dumps(json.loads(request.body) | {"id": external_id}).encode())


@pytest.fixture
def reader(post: Post) -> Post:
    """A desk whose Echo reads as it is told to."""
    registry.register(Kind.CHANNEL, "reader", Reader)
    return make_post(post.desk, driver="reader")


def raw_of(row: InboxItemRow) -> bytes:
    """Return the bytes as they came."""
    return storage.storage().read(row.storage_key)


def test_message_is_stored_then_filed_as_a_ticket(post: Post) -> None:
    row_id = post.put(subject="환불")
    waiting = post.item(row_id)
    assert (waiting.state, waiting.attempts, waiting.outcome) == ("RECEIVED", 0, None)
    assert (waiting.sender, waiting.subject) == (None, None)
    post.desk.run_jobs()
    done = post.item(row_id)
    assert (done.state, done.outcome, done.due_at) == ("PROCESSED", "TICKET", None)
    (message,) = messages(done.ticket_id or 0)
    assert (message.id, message.body_text) == (done.message_id, "환불해 주세요")
    assert (done.sender, done.subject) == (f"Mina <{MINA}>", "환불")
    assert json.loads(raw_of(done))["from"] == MINA
    assert (done.size, done.digest) == (len(raw_of(done)), hashlib.sha256(raw_of(done)).hexdigest())


def test_bytes_may_come_as_a_stream_and_only_so_many(post: Post) -> None:
    given = (post.account_id, post.desk.service_id)
    kept = inbox.store(*given, io.BytesIO(b'{"id": "1"}'), largest=11)
    assert raw_of(post.item(kept.row_id)) == b'{"id": "1"}'
    with pytest.raises(LimitExceeded):
        inbox.store(*given, b'{"id": "12"}', largest=11)
    assert len(post.inbox()) == 1


def test_what_the_request_carried_reaches_the_reader(reader: Post) -> None:
    given = {"headers": {"x-id": "h"}, "query": {"q": "?"}}
    raw = json.dumps({"headers": True, "from": MINA}).encode()
    inbox.store(reader.account_id, reader.desk.service_id, raw, largest=LARGEST, request=given)
    reader.desk.run_jobs()
    assert reader.inbox()[-1].outcome == "TICKET"


def test_same_key_is_kept_once_whatever_it_is_made_of(post: Post) -> None:
    for key in ("imap:1:7", "x" * 400, "\x00\ud800"):
        first, second = post.put(key=key), post.put(key=key, text="other bytes")
        assert first == second
    assert post.put(key="x" * 399) != post.put(key="x" * 400)
    assert len(post.inbox()) == 4


def test_same_bytes_under_another_key_are_a_duplicate_of_the_first(post: Post) -> None:
    waiting = [post.put(key=key, once=True) for key in ("1:1", "1:2")]
    assert post.item(waiting[1]).outcome == "DUPLICATE"
    post.desk.run_jobs()
    late = post.put(key="2:1", once=True)
    rows = [post.item(row_id) for row_id in [*waiting, late]]
    assert [row.outcome for row in rows] == ["TICKET", "DUPLICATE", "DUPLICATE"]
    came = f"which came at {rows[0].received_at:%Y-%m-%d %H:%M} UTC: the same bytes."
    copies = [f"It is a copy of inbox row {waiting[0]}, {came}"] * 2
    assert [row.last_error for row in rows] == ["", *copies]
    assert len({(row.ticket_id, row.message_id) for row in rows}) == 1
    assert rows[0].ticket_id is not None
    assert len(messages(rows[0].ticket_id)) == 1


def test_same_bytes_are_no_duplicate_unless_asked(post: Post) -> None:
    post.feed(id="m1")
    again = post.feed(id="m1")
    assert (again.outcome, post.inbox()[0].outcome) == ("DUPLICATE", "TICKET")
    assert again.last_error == "It is a copy of a message that is here already, by its id m1."
    assert again.ticket_id == post.inbox()[0].ticket_id


@pytest.mark.parametrize("known_by", ["bytes", "id"])
def test_same_mail_fed_many_times_at_once_makes_one_message(post: Post, known_by: str) -> None:
    by_bytes = known_by == "bytes"

    def feed(place: int) -> str:
        row_id = post.put(key=f"{place}", once=by_bytes, id="" if by_bytes else "m1")
        return str(inbox.settle(row_id, post.desk.settings).outcome)

    assert sorted(at_once(6, feed)) == ["DUPLICATE"] * 5 + ["TICKET"]
    assert all_tickets(post.desk.service_id) == 1
    post.work()
    assert {row.ticket_id for row in post.inbox()} == {found(post.desk, "환불")[0].id}


def test_different_mails_with_one_id_are_all_filed_once_when_they_come_at_once_and_twice(post: Post) -> None:
    def feed(place: int) -> str:
        row_id = post.put(key=f"{place}", fingerprint=f"f{place % 3}", text=f"{place % 3}")
        return str(inbox.settle(row_id, post.desk.settings).outcome)

    assert sorted(at_once(6, feed)) == ["DUPLICATE"] * 3 + ["TICKET"] * 3
    assert all_tickets(post.desk.service_id) == 3
    assert sorted(row.attempts for row in post.inbox()) == [1] * 6


def test_same_bytes_wait_for_those_that_are_being_stored(post: Post) -> None:
    def second() -> str:
        with db.connection():
            return str(post.item(post.put(key="2", id="", once=True)).outcome)

    with ThreadPoolExecutor(1) as pool:
        with db.transaction():
            post.put(key="1", id="", once=True)
            later = pool.submit(second)
            wait([later], timeout=0.5)
        assert later.result(30) == "DUPLICATE"


def test_many_answers_at_once_are_all_filed(post: Post) -> None:
    ticket_id = post.ticket()
    at_once(6, lambda place: inbox.settle(post.put(id=f"a{place}", answers=["m1"]), post.desk.settings))
    assert len(messages(ticket_id)) == 7
    assert all_tickets(post.desk.service_id) == 1


def test_unreadable_message_is_tried_then_quarantined_and_the_next_goes_through(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    bad = inbox.store(post.account_id, post.desk.service_id, b"\xff no json", largest=LARGEST).row_id
    assert post.feed().outcome == "TICKET"
    row = post.item(bad)
    assert (row.state, row.attempts) == ("RETRYING", 1)
    assert row.due_at is not None
    for _ in range(MOST_TRIES_IN):
        post.try_again()
    row = post.item(bad)
    assert (row.state, row.attempts, row.due_at) == ("QUARANTINED", MOST_TRIES_IN, None)
    assert row.last_error.startswith("The channel “echo” failed in receive: UnicodeDecodeError:")
    (line,) = (one for one in caplog.records if one.getMessage() == "inbox row quarantined")
    assert line.__dict__["reason"] == row.last_error
    assert raw_of(row) == b"\xff no json"


def test_garbage_that_a_channel_answers_is_contained(post: Post) -> None:
    row = post.feed(garbage=True)
    assert (row.state, row.outcome) == ("RETRYING", None)
    assert row.last_error.endswith("it answered a str, not Inbound or DeliveryReport.")


@pytest.mark.parametrize(
    "message", [{"text": 5}, {"id": 5}, {"from": None}, {"ticket_number": "1"}, {"answers": [None]}]
)
def test_message_of_wrong_types_is_contained(post: Post, message: dict[str, Any]) -> None:
    row = post.feed(**message)
    assert row.state == "RETRYING"
    assert all_tickets(post.desk.service_id) == 0


def test_reader_that_ends_the_process_ends_nothing(reader: Post) -> None:
    row = reader.feed(exit=3)
    assert (row.state, row.last_error) == ("RETRYING", "The channel “reader” failed in receive: SystemExit: 3.")


def test_reader_that_reads_without_end_is_stopped(reader: Post) -> None:
    row = reader.feed(endless=True)
    assert (row.state, row.attempts) == ("RETRYING", 1)
    assert "it answered more than 1000 things" in row.last_error


def test_reader_that_fails_again_and_again_keeps_no_later_message_from_being_read(reader: Post) -> None:
    rows = [reader.put(id=f"{place}", exit=3) for place in range(FAILURES_IN_A_ROW)]
    reader.work()
    assert reader.feed(id="late").outcome == "TICKET"
    assert [reader.item(row_id).attempts for row_id in rows] == [1] * FAILURES_IN_A_ROW
    registry.register(Kind.CHANNEL, "reader", Echo)
    reader.try_again()
    assert {row.outcome for row in reader.inbox()} == {"TICKET"}


def test_reader_with_too_many_calls_left_behind_rests_and_no_message_pays_for_it(
    reader: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECONDS, "receive", 0.25)  # on a busy machine, too, each call is asleep by then
    rows = [reader.put(id=f"{place}", sleep=20) for place in range(MOST_LEFT_BEHIND)]
    reader.work()
    monkeypatch.undo()
    late = reader.feed(id="late")
    assert (late.state, late.attempts) == ("RETRYING", 0)
    assert "rests" in late.last_error
    assert [reader.item(row_id).attempts for row_id in rows] == [1] * MOST_LEFT_BEHIND
    registry.register(Kind.CHANNEL, "reader", Echo)
    guard.forget(Ref(Kind.CHANNEL, "reader"))
    reader.try_again()
    assert {row.outcome for row in reader.inbox()} == {"TICKET"}


def test_reader_that_takes_too_long_uses_up_a_try(reader: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SECONDS, "receive", 0.05)
    row = reader.feed(sleep=0.5)
    assert (row.state, row.attempts) == ("RETRYING", 1)
    assert "did not end within 0.05 seconds" in row.last_error


def test_channel_that_is_not_in_use_in_the_service_lets_its_messages_wait(post: Post) -> None:
    row_id = post.put()
    switch_off(post.desk, "echo")
    post.try_again()
    assert (post.item(row_id).state, post.item(row_id).attempts) == ("RETRYING", 0)
    assert "not in use here" in post.item(row_id).last_error


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"refuse": True}, "built to break its reader; token ***"),
        ({"from": "x" * 300 + "@y.example"}, "at most 254 characters"),
    ],
)
def test_what_would_be_refused_again_is_quarantined_at_once(reader: Post, message: dict[str, Any], reason: str) -> None:
    row = reader.feed(**message)
    assert (row.state, row.attempts) == ("QUARANTINED", 1)
    assert reason in row.last_error


def test_desks_own_trouble_waits_as_long_as_it_takes(post: Post) -> None:
    row_id = post.put()
    registry.register(Kind.CHANNEL, "echo", object)
    for _ in range(MOST_TRIES_IN + 3):
        post.try_again()
        row = post.item(row_id)
        assert (row.state, row.attempts) == ("RETRYING", 0)
    assert "not in use" in row.last_error
    registry.register(Kind.CHANNEL, "echo", Echo)
    post.try_again()
    assert post.item(row_id).outcome == "TICKET"


def test_storage_that_is_down_quarantines_nothing(post: Post) -> None:
    class Down:
        """A storage that is away."""

        def __getattr__(self, name: str) -> Any:
            raise Unavailable("Files cannot be read or written now.")

    row_id, kept = post.put(files={"a.txt": "text"}), storage.storage()
    storage.use(Down())
    for _ in range(MOST_TRIES_IN + 1):
        post.try_again()
    assert (post.item(row_id).state, post.item(row_id).attempts) == ("RETRYING", 0)
    with pytest.raises(Unavailable):
        post.put(id="m2")
    storage.use(kept)
    post.try_again()
    assert post.item(row_id).outcome == "TICKET"
    assert len(post.inbox()) == 1


def test_message_of_a_deleted_account_is_set_aside(post: Post) -> None:
    row_id = post.put()
    accounts.delete(post.desk.administrator, post.account_id)
    post.desk.run_jobs()
    assert (post.item(row_id).state, post.item(row_id).attempts) == ("QUARANTINED", 1)
    assert "deleted" in post.item(row_id).last_error


def test_message_that_kills_its_reader_again_and_again_is_quarantined(post: Post) -> None:
    row_id = post.put()
    for _ in range(MOST_TRIES_IN):  # a worker that is killed leaves a lease, which runs out
        assert claim(InboxRow, seconds=0) is not None
    post.desk.run_jobs()
    assert post.item(row_id).state == "QUARANTINED"
    assert post.item(row_id).last_error == "The message stopped its reader again and again."


def test_lost_lease_files_nothing_twice(post: Post) -> None:
    row_id = post.put(id="")
    slow = claim(InboxRow, seconds=0)
    assert slow is not None
    post.desk.run_jobs()
    inbox.process(slow, post.desk.settings)
    assert (post.item(row_id).state, post.item(row_id).attempts) == ("PROCESSED", 2)
    assert all_tickets(post.desk.service_id) == 1
    assert len(messages(post.item(row_id).ticket_id or 0)) == 1


@pytest.mark.parametrize("place", ["inbox.understood", "inbox.files", "inbox.committed"])
def test_failure_between_two_steps_loses_and_doubles_nothing(post: Post, failpoint: None, place: str) -> None:
    failpoints.arm(f"{place}:raise:1")
    try:
        row_id = post.put(key="1")
    except RuntimeError:
        row_id = post.put(key="1")
    post.try_again()
    post.try_again()
    assert post.item(row_id).outcome == "TICKET"
    assert (len(post.inbox()), all_tickets(post.desk.service_id)) == (1, 1)


def test_failure_before_the_commit_keeps_no_row(post: Post, failpoint: None) -> None:
    failpoints.arm("inbox.stored:raise:1")
    with pytest.raises(RuntimeError):
        post.put()
    assert post.inbox() == []


def test_request_with_several_messages_files_them_all_or_none(reader: Post) -> None:
    row = reader.feed(several=["a", "b", "a"])
    assert (row.state, row.outcome) == ("PROCESSED", "DUPLICATE")
    assert all_tickets(reader.desk.service_id) == 2
    failed = reader.feed(several=["c", 5])
    assert failed.state == "RETRYING"
    assert all_tickets(reader.desk.service_id) == 2


def test_request_without_a_message_is_ignored(reader: Post) -> None:
    assert reader.feed(several=["a"], id="x").outcome == "TICKET"
    registry.register(Kind.CHANNEL, "reader", Silent)
    assert reader.feed(id="y").outcome == "IGNORED"


class Silent(Echo):
    """A channel that is called for many things, none of them a message."""

    def receive(self, request: InboundRequest) -> list[Inbound]:
        return []


def test_settling_waits_for_the_outcome_with_all_tries_at_once(post: Post) -> None:
    assert inbox.settle(post.put(), post.desk.settings).outcome == "TICKET"
    bad = post.put(garbage=True)
    assert inbox.settle(bad, post.desk.settings).state is InboxState.QUARANTINED
    assert post.item(bad).attempts == MOST_TRIES_IN
    assert inbox.settle(bad, post.desk.settings).state is InboxState.QUARANTINED


def test_settling_tells_of_the_desks_own_trouble_at_once(post: Post) -> None:
    row_id = post.put()
    registry.register(Kind.CHANNEL, "echo", object)
    with pytest.raises(Unavailable, match="waits for a worker: The channel “echo” is not in use"):
        inbox.settle(row_id, post.desk.settings)
    assert post.item(row_id).state == "RETRYING"


def test_settling_gives_up_on_a_row_that_another_worker_holds(post: Post) -> None:
    row_id = post.put()
    assert claim(InboxRow, seconds=60) is not None
    quick = post.desk.settings.model_copy(update={"lease_seconds": 0.05})
    with pytest.raises(Unavailable, match="not processed in time"):
        inbox.settle(row_id, quick)


def test_quarantined_row_is_read_again_on_request(post: Post) -> None:
    row_id = post.put()
    registry.register(Kind.CHANNEL, "echo", Reader)
    InboxRow.update(state=InboxState.QUARANTINED, due_at=None, attempts=MOST_TRIES_IN).execute()
    inbox.retry(post.desk.administrator, row_id)
    post.desk.run_jobs()
    assert (post.item(row_id).outcome, post.item(row_id).attempts) == ("TICKET", 1)
    with pytest.raises(Conflict) as refused:
        inbox.retry(post.desk.administrator, row_id)
    assert refused.value.code == "NOT_RETRIABLE"


def test_reading_again_is_for_those_who_may_and_of_their_service(post: Post) -> None:
    other = make_desk(post.desk.settings, slug="other")
    row_id = post.put()
    for actor in (post.desk.agent, replace(post.desk.partner, rights=frozenset())):
        with pytest.raises(Forbidden):
            inbox.retry(actor, row_id)
    with pytest.raises(NotFound):
        inbox.retry(other.administrator, row_id)
    with pytest.raises(NotFound):
        inbox.retry(post.desk.administrator, 999)


def test_row_that_is_read_again_while_a_worker_has_it_is_filed_once(post: Post) -> None:
    row_id = post.put(id="")
    held = claim(InboxRow, seconds=60)
    inbox.retry(post.desk.administrator, row_id)
    post.desk.run_jobs()
    inbox.process(held, post.desk.settings)
    assert all_tickets(post.desk.service_id) == 1
    assert len(messages(post.item(row_id).ticket_id or 0)) == 1


def test_waiting_mail_is_seen_by_its_age(post: Post) -> None:
    assert queries.oldest_waiting() == {"inbox": None, "outbox": None}
    row_id = post.put()
    assert queries.oldest_waiting()["inbox"] == post.item(row_id).received_at


def test_slow_reader_keeps_its_message_though_the_lease_would_have_run_out(post: Post) -> None:
    reading, is_over, readings = threading.Event(), threading.Event(), []
    short = post.desk.settings.model_copy(update={"lease_seconds": 1})

    def take_long(_request: InboundRequest) -> list[Inbound]:
        readings.append(1)
        if not reading.is_set():
            reading.set()
            assert is_over.wait(30)
        return []

    def work(place: int) -> None:
        if place == 0:
            inbox.drain(short)
            return
        assert reading.wait(30)
        deadline = clock.monotonic() + 3
        while clock.monotonic() < deadline:
            inbox.drain(short)
            is_over.wait(0.1)
        is_over.set()

    class Slow(Echo):
        def receive(self, request: InboundRequest) -> list[Inbound]:
            return take_long(request)

    registry.register(Kind.CHANNEL, "slow", Slow)
    slow = make_post(post.desk, driver="slow")
    row_id = slow.put()
    at_once(2, work)
    assert (len(readings), slow.item(row_id).state, slow.item(row_id).attempts) == (1, "PROCESSED", 1)
