"""What takes strangers' messages apart does so in a process of its own: a killer costs itself, and nothing else."""

import binascii
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk.channels import inbox, processes
from helpdesk.channels.models import InboxRow
from helpdesk.channels.rules import MOST_TRIES_IN
from helpdesk.kernel import clock
from helpdesk.kernel.actors import system
from helpdesk.plugins import operations, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from tests.channels.post import LARGEST, MINA, Post, answered, fall_due, make_post
from tests.factories.crowds import at_once
from tests.factories.isolated import end_channels
from tests.factories.processes import eventually
from tests.faults.distributions import install

READING = """
import ctypes, json, os, re, time
from helpdesk.sdk.channel import *

def act(how):
    if how == "exit": os._exit(3)
    if how == "fault": ctypes.string_at(0)
    if how == "regex": re.match("(a+)+$", "a" * 60 + "b")
    if how == "memory": return str(len([bytearray(b"x" * 2**20) for _time in range(2**11)]))
    return str(os.getpid())

class Reading(Channel):
    title = {"en": "Reading"}
    reads_apart = True

    def receive(self, request):
        data = json.loads(request.body)
        yield Inbound(data["id"], Identity("email", data["from"]), act(data.get("act")))

    def send(self, message):
        return Sent(str(os.getpid()))
"""
LARGEST_MAIL = 52_428_800
NEXT_SECONDS = 5.0  # Source: SECURITY B11
MOST_RESIDENT = 300_000_000  # Source: SECURITY U3
MAIL = b"From: mina@shop.example\r\nTo: support@desk.example\r\nMessage-ID: <a@shop.example>\r\n\r\nHello\r\n"
pytestmark = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)  # the database has no part in it


@pytest.fixture(autouse=True)
def _none_is_left() -> Iterator[None]:
    yield
    end_channels()


@pytest.fixture
def reading(post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
    """A desk with an account of an installed channel that reads apart."""
    site = tmp_path / "site"
    install(site, "reading", READING, names="Reading")
    monkeypatch.syspath_prepend(str(site))
    registry.load()
    operations.switch(system(0), Ref(Kind.CHANNEL, "reading"), is_on=True, everywhere=True)
    return make_post(post.desk, driver="reading")


def most_resident(pid: int) -> int:
    """Return how many bytes the process has had in memory at most; 0 where no system tells."""
    status = Path(f"/proc/{pid}/status")
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024 if status.exists() else 0


def test_messages_are_read_in_one_other_process_and_sent_in_this(reading: Post) -> None:
    assert reading.delivery(answered(reading, id="m1")).state == "SENT"
    assert reading.feed(id="m2").outcome == "TICKET"
    (child,) = processes.running()
    assert child.is_reader
    assert child.pid != os.getpid()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("exit", "its process ended with status 3"),
        ("fault", "its process ended by signal SIGSEGV"),
        ("regex", "its process ended because it took too much processor time"),
        ("memory", "MemoryError"),
    ],
)
def test_killer_is_set_aside_after_its_tries_and_the_next_message_gets_through(
    reading: Post, act: str, said: str
) -> None:
    killer = reading.put(id="killer", act=act)
    next_one = reading.put(id="next")
    reading.work()
    assert reading.item(next_one).outcome == "TICKET"
    row = reading.item(killer)
    assert (row.state, row.attempts) == ("RETRYING", 1)
    assert said in row.last_error
    if act == "memory":
        (child,) = processes.running()
        assert most_resident(child.pid) < MOST_RESIDENT
    if act == "exit":
        for _try in range(MOST_TRIES_IN - 1):
            reading.try_again()
        assert reading.item(killer).state == "QUARANTINED"


@pytest.mark.parametrize("act", ["exit", "fault"])
def test_next_message_is_filed_within_seconds_while_a_killer_is_tried_again(reading: Post, act: str) -> None:
    killer = reading.put(id="killer", act=act)
    reading.work()  # a machine that is busy with something else has as many tries as the killer
    assert any(seconds_beside(reading, killer, tried=tried) < NEXT_SECONDS for tried in range(2, MOST_TRIES_IN))


def test_next_message_is_filed_within_seconds_while_a_killer_takes_all_the_time_that_the_largest_has(
    reading: Post,
) -> None:
    reading.feed(id="first")
    raw = json.dumps({"id": "killer", "from": MINA, "act": "regex", "rest": "x" * (LARGEST_MAIL - 1_000)}).encode()
    killer = inbox.store(reading.account_id, reading.desk.service_id, raw, largest=LARGEST_MAIL).row_id
    before = sum(os.times()[:4])
    seconds_beside(reading, killer, tried=1)
    processes.end_all()
    eventually(lambda: not processes.running(), seconds=20, what="The end of the processes")
    passed = sum(os.times()[:4]) - before  # of this process and its children: what other tests take does not count
    assert passed < NEXT_SECONDS


def seconds_beside(reading: Post, killer: int, *, tried: int) -> float:
    """Try the killer again, store a message while it is read, and return in how many seconds that one is filed."""

    def is_over() -> bool:
        row: Any = InboxRow.get_by_id(killer)
        return row.lease is None

    def work(place: int) -> float:
        if place == 0:
            fall_due(InboxRow)
            inbox.drain(reading.desk.settings)
            return 0.0
        eventually(lambda: reading.item(killer).attempts == tried, seconds=20, what="Another try")
        eventually(lambda: processes.running() or is_over(), seconds=20, what="The reader")
        begun = clock.monotonic()
        row_id = reading.put(id=f"next{tried}")
        inbox.drain(reading.desk.settings)
        assert reading.item(row_id).outcome == "TICKET"
        return clock.monotonic() - begun

    (_, passed) = at_once(2, work)
    assert (reading.item(killer).state, reading.item(killer).attempts) == ("RETRYING", tried)
    return passed


def test_mail_is_read_apart(post: Post) -> None:
    registry.load()
    mailbox = make_post(post.desk, driver="email", address="support@desk.example")
    kept = inbox.store(mailbox.account_id, post.desk.service_id, MAIL, largest=LARGEST)
    mailbox.work()
    assert mailbox.item(kept.row_id).outcome == "TICKET"
    assert {(child.name, child.is_reader) for child in processes.running()} == {("email", True)}


@pytest.mark.parametrize(
    ("encoding", "line", "text"),
    [
        ("base64", b"QUJD" * 19 + b"\r\n", "안녕하세요 " * 500_000),
        ("base64", b"QUJD" * 18 + b"QUI=\r\n", "Hello"),
        ("x-uuencode", binascii.b2a_uu(b"ABC" * 15), "Hello"),
        ("quoted-printable", b"ABC" * 24 + b"=\r\n", "Hello"),
    ],
)
def test_largest_mail_that_is_taken_is_read(post: Post, encoding: str, line: bytes, text: str) -> None:
    registry.load()
    mail = make_post(post.desk, driver="email", address="support@desk.example")
    head = MAIL.partition(b"\r\n\r\n")[0] + b"\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    first = b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n" % text.encode()
    part = b"--b\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: %s\r\n\r\n"
    room = LARGEST_MAIL - len(first) - 1_000
    raw = head + first + part % encoding.encode() + line * (room // len(line)) + b"--b--\r\n"
    kept = inbox.store(mail.account_id, post.desk.service_id, raw, largest=LARGEST_MAIL)
    post.work()
    row = InboxRow.get_by_id(kept.row_id)
    assert (row.outcome, row.attempts, row.last_error) == ("TICKET", 1, "")
    (child,) = processes.running()
    assert most_resident(child.pid) < MOST_RESIDENT
