"""Channels in a process of their own: what they do ends no other, and they carry what any channel carries."""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from helpdesk.channels import accounts, isolation, processes
from helpdesk.channels.drivers import Driver, FateUnknown
from helpdesk.channels.listening import Listeners
from helpdesk.channels.models import ChannelAccount, Listening
from helpdesk.channels.processes import Child
from helpdesk.channels.rules import SECONDS
from helpdesk.kernel import clock
from helpdesk.kernel.actors import system
from helpdesk.kernel.errors import Conflict, LimitExceeded
from helpdesk.plugins import guard, operations, registry
from helpdesk.plugins.guard import PluginFailed, Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import File, Identity, InboundRequest, Outbound, Refused, Retry, Unverified, WindowClosed
from tests.channels.post import Post, answered, make_post
from tests.factories.crowds import at_once
from tests.faults.distributions import install

WILD = """
import ctypes, json, logging, os, re, sys, threading, time
from pydantic import SecretStr
from helpdesk.sdk.channel import *

class Settings(ChannelSettings):
    folder: str
    mood: str = ""
    token: SecretStr = SecretStr("s3cret")

MEETING = threading.Barrier(2)

def act(how, channel):
    if how == "exit": os._exit(3)
    if how == "fault": ctypes.string_at(0)
    if how == "loop":
        while True: pass
    if how == "regex": re.match("(a+)+$", "a" * 60 + "b")
    if how == "close": os.closerange(0, 64)
    if how == "huge": return "x" * (200 * 2**20)
    if how == "meet": MEETING.wait(20)
    if how == "sleep": time.sleep(0.3)
    if how == "print":
        print("printed", channel.settings.token.get_secret_value()); sys.stdout.flush()
        os.write(1, b"\\x00\\x00\\x00\\x05written\\n")
        logging.getLogger("wild").warning("logged")
    if how == "retry": raise Retry("429 s3cret", after_seconds=7)
    if how == "refused": raise Refused("550", is_permanent=True)
    if how == "window": raise WindowClosed("closed")
    if how == "odd": raise KeyError("odd s3cret")
    if how == "leave": raise SystemExit(4)
    if how == "thread": threading.Thread(target=time.sleep, args=(600,)).start()
    return None

class Wild(Channel):
    title = {"en": "Wild"}
    listens = True
    Settings = Settings

    def __init__(self, settings):
        super().__init__(settings)
        act(settings.mood, self)

    def verify(self, request):
        if request.headers.get("x-proof") != "good": raise Unverified("no s3cret proof")

    def receive(self, request):
        data = json.loads(request.body)
        text = act(data.get("act"), self)
        named = data.get("files", {}).items()
        files = tuple(File(name, "application/x", bytes.fromhex(hexed)) for name, hexed in named)
        yield Inbound(data["id"], Identity("email", data["from"], "미나"), text or data.get("text", ""), files=files)

    def identify(self, message):
        return f"<{message.key}@wild>"

    def send(self, message):
        answer = act(message.text, self)
        if message.text == "garbage": return ["garbage"]
        if message.text == "pid": return Sent(str(os.getpid()))
        if message.text == "mood": return Sent(self.settings.mood)
        if message.text == "environ": return Sent(" ".join(sorted(os.environ)) + " ".join(sys.argv))
        if message.text == "http": self.http.request("GET", "http://127.0.0.1:8080/")
        echoed = json.dumps([message.text, message.subject, [f.data.hex() for f in message.files]])
        return Sent(answer or echoed)

    def check(self):
        act(self.settings.mood, self)
        if self.settings.mood == "wrong": raise ValueError("the s3cret is wrong")

    def is_enabled_for_listening(self):
        return self.settings.mood == "listen"

    def listen(self, inlet):
        place = inlet.cursor.get("place", 0) + 1
        raw = json.dumps({"id": f"m{place}", "from": "mina@shop.example", "text": "환불"}).encode()
        inlet.store(f"{place}", raw, cursor={"place": place})
        with open(self.settings.folder + "/pid", "w") as file: file.write(str(os.getpid()))
        while inlet.alive(): time.sleep(0.02)
"""
pytestmark = pytest.mark.parametrize("database_settings", ["sqlite"], indirect=True)  # the database has no part in it
PAUSE = threading.Event()  # never set: waiting for it lets the others run


def eventually(check: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """Wait until the check gives something, and return that."""
    deadline = clock.monotonic() + seconds
    while clock.monotonic() < deadline:
        if found := check():
            return found
        PAUSE.wait(0.01)
    raise AssertionError("it did not happen in time")


def test_call_that_comes_as_the_plugins_change_is_taken_by_another_process(
    wild: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, taken = isolation.Isolated.open, []

    def open_and_change(self: isolation.Isolated) -> Child:
        child = opened(self)
        taken.append(child)
        if len(taken) == 1:
            processes.renew()
        return child

    monkeypatch.setattr(isolation.Isolated, "open", open_and_change)
    assert accounts.driver_by_id(wild.account_id).is_enabled_for_listening() is False
    assert taken[0] is not taken[-1]
    assert not processes.is_current(taken[0])
    assert guard.gauge_of(Ref(Kind.CHANNEL, "wild"), "is_enabled_for_listening").errors == 0


@pytest.fixture
def wild(post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A desk with one account of an installed channel that is isolated."""
    site = tmp_path / "site"
    install(site, "wild", WILD, names="Wild")
    monkeypatch.syspath_prepend(str(site))
    registry.load()
    operations.switch(system(0), Ref(Kind.CHANNEL, "wild"), is_on=True, everywhere=True)
    operations.isolate(system(0), "wild", is_isolated=True)
    assert registry.get(Kind.CHANNEL, "wild"), registry.find(Kind.CHANNEL, "wild")
    yield make_post(post.desk, driver="wild", folder=str(tmp_path))
    accounts.forget_drivers()
    processes.end_all()
    eventually(lambda: not processes.running())
    gc.collect()  # a pipe that was left open is told of in this test and no other


def driver(post: Post) -> Driver:
    """Return what serves the account."""
    return accounts.driver_by_id(post.account_id)


def outbound(text: str, **more: Any) -> Outbound:
    """Return a message to carry."""
    return Outbound("key", 7, "제목", text, (Identity("email", "mina@shop.example"),), **more)


def sent(post: Post, text: str, **more: Any) -> str:
    """Send the text and return what the channel said to it."""
    return driver(post).send(outbound(text, **more)).external_id or ""


def request(**data: Any) -> InboundRequest:
    """Return what comes in."""
    return InboundRequest(json.dumps({"id": "m1", "from": "mina@shop.example"} | data).encode())


def forgive() -> None:
    """Begin anew with the guard."""
    guard.forget(Ref(Kind.CHANNEL, "wild"))


def test_message_is_carried_in_and_out_by_another_process(wild: Post) -> None:
    assert int(sent(wild, "pid")) == processes.pids()["wild"] != os.getpid()
    row = wild.feed(text="환불해 주세요")
    assert row.outcome == "TICKET"
    assert wild.delivery(answered(wild, id="m2")).state == "SENT"


def test_korean_text_and_files_come_through_byte_by_byte(wild: Post) -> None:
    every = bytes(range(256)) * 5000
    files = (File("계약서 🙏.pdf", "application/x", every),)
    text, subject, hexed = json.loads(sent(wild, "환불 🙏 \ud800", files=files))
    assert (text, subject, hexed) == ("환불 🙏 \ud800", "제목", [every.hex()])
    (item,) = driver(wild).receive(request(text="환불 🙏 \ud800", files={"계약서.pdf": every.hex()}))
    assert (item.text, item.sender.name) == ("환불 🙏 \ud800", "미나")  # type: ignore[union-attr]
    assert item.files == (File("계약서.pdf", "application/x", every),)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [("retry", Retry, "429 ***"), ("refused", Refused, "550"), ("window", WindowClosed, "closed")],
)
def test_verdicts_of_the_channel_cross(wild: Post, text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as raised:
        sent(wild, text)
    assert str(raised.value) == words
    assert getattr(raised.value, "after_seconds", 7) == 7
    assert getattr(raised.value, "is_permanent", error is Refused) is (error is Refused)


def test_request_that_is_not_verified_is_turned_away(wild: Post) -> None:
    with pytest.raises(Unverified, match=r"no \*\*\* proof"):
        driver(wild).verify(request())
    driver(wild).verify(InboundRequest(b"", {"x-proof": "good"}))


@pytest.mark.parametrize(
    ("text", "words"),
    [("odd", r"failed in send: KeyError: 'odd \*\*\*'\."), ("leave", r"failed in send: SystemExit: 4\.")],
)
def test_other_faults_cross_by_name_without_secrets(
    wild: Post, text: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(PluginFailed, match=words):
        sent(wild, text)
    said = "".join(str(vars(record)) for record in caplog.records)
    assert "wild_plugin.py" in said
    assert "s3cret" not in said
    assert int(sent(wild, "pid")) == processes.pids()["wild"]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("exit", "its process ended with status 3"),
        ("fault", "its process ended by signal SIGSEGV"),
        ("close", "its process ended|it answered no more"),
    ],
)
def test_end_of_the_process_fails_the_call_and_nothing_else(wild: Post, how: str, words: str) -> None:
    before = sent(wild, "pid")
    with pytest.raises(PluginFailed, match=words) as raised:
        driver(wild).receive(request(act=how))
    assert raised.value.code == "PLUGIN_FAILED"
    assert sent(wild, "pid") != before
    assert wild.feed(text="환불").outcome == "TICKET"


def test_message_that_kills_its_reader_uses_up_its_tries_and_the_next_goes_through(wild: Post) -> None:
    bad = wild.put(act="exit")
    assert wild.feed(id="m2").outcome == "TICKET"
    for _ in range(4):
        forgive()
        wild.try_again()
    row = wild.item(bad)
    assert (row.state, row.attempts) == ("QUARANTINED", 5)
    assert "its process ended with status 3" in row.last_error


def test_crash_that_repeats_is_not_repeated_without_end(wild: Post) -> None:
    for _ in range(5):
        with pytest.raises(PluginFailed, match="status 3"):
            sent(wild, "exit")
    with pytest.raises(PluginFailed) as raised:
        sent(wild, "exit")
    assert raised.value.code == "PLUGIN_RESTING"
    assert len(driver(wild).receive(request())) == 1


def test_channel_that_ends_its_process_when_it_is_made_is_told_of(wild: Post) -> None:
    with pytest.raises(PluginFailed, match="its process ended with status 3"):
        driver(make_post(wild.desk, driver="wild", folder="", mood="exit"))
    assert sent(wild, "pid")


def test_endless_loop_is_ended_and_the_message_may_be_out(wild: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = int(sent(wild, "pid"))
    monkeypatch.setitem(SECONDS, "send", 0.2)
    with pytest.raises(FateUnknown) as raised:
        sent(wild, "loop")
    assert raised.value.code == "PLUGIN_OVERRAN"
    eventually(lambda: not is_alive(pid), seconds=5)
    assert guard.left_behind(Ref(Kind.CHANNEL, "wild")) == 0
    monkeypatch.setitem(SECONDS, "send", 20.0)
    assert int(sent(wild, "pid")) != pid


def test_call_that_hangs_lets_the_others_end_first(wild: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = sent(wild, "pid")
    monkeypatch.setattr("helpdesk.channels.isolation.GRACE_SECONDS", 0.05)
    monkeypatch.setitem(SECONDS, "receive", 0.1)

    def work(place: int) -> str:
        try:
            return sent(wild, "sleep") if place else str(driver(wild).receive(request(act="loop")))
        except PluginFailed as error:
            return error.code

    assert [answer[:14] for answer in at_once(2, work)] == ["PLUGIN_OVERRAN", '["sleep", "\\uc']
    eventually(lambda: not is_alive(int(pid)), seconds=5)


def is_alive(pid: int) -> bool:
    """Return whether the process lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_channel_prints_is_logged_and_breaks_nothing(wild: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert json.loads(sent(wild, "print"))[0] == "print"

    def said() -> list[str]:
        return [record.text for record in caplog.records if record.getMessage() == "a channel said"]  # type: ignore[attr-defined]

    eventually(lambda: len(said()) >= 3)
    assert {"printed ***", "written", "WARNING wild: logged"} <= {line.strip("\x05") for line in said()}


def test_huge_answer_is_a_wrong_one(wild: Post) -> None:
    with pytest.raises(FateUnknown, match="more than 128 MiB"):
        sent(wild, "huge")
    assert sent(wild, "pid")


def test_garbage_is_a_wrong_answer(wild: Post) -> None:
    with pytest.raises(FateUnknown, match="it answered a list, not Sent"):
        sent(wild, "garbage")


def test_message_that_is_too_large_for_the_pipe_is_refused(wild: Post) -> None:
    with pytest.raises(Refused, match="too large"):
        sent(wild, "x" * (129 * 2**20))


@pytest.mark.parametrize(("mood", "words"), [("", "The settings work."), ("wrong", "the *** is wrong")])
def test_settings_are_tried_there(wild: Post, mood: str, words: str) -> None:
    accounts.update(wild.desk.administrator, wild.account_id, settings={"mood": mood})
    assert accounts.test(wild.desk.administrator, wild.account_id).message == words


def test_settings_go_neither_by_the_environment_nor_by_the_command_line(
    wild: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPDESK_DATABASE_URL", "postgresql://nobody")
    accounts.update(wild.desk.administrator, wild.account_id, settings={"token": "pa55-of-nobody"})
    assert "HELPDESK" not in sent(wild, "environ")
    command = Path(f"/proc/{processes.pids()['wild']}/cmdline").read_bytes()
    environment = Path(f"/proc/{processes.pids()['wild']}/environ").read_bytes()
    assert b"pa55-of-nobody" not in command + environment


def test_calls_to_the_outside_are_guarded_there_too(wild: Post) -> None:
    with pytest.raises(Refused, match="open internet"):
        sent(wild, "http")


def test_two_accounts_are_served_at_once_by_one_process(wild: Post) -> None:
    other = make_post(wild.desk, driver="wild", folder="", mood="other")
    answers = at_once(2, lambda place: json.loads(sent(wild if place else other, "meet"))[0])
    assert answers == ["meet", "meet"]
    assert sent(wild, "pid") == sent(other, "pid")
    assert (sent(other, "mood"), sent(wild, "mood")) == ("other", "")


def test_changed_account_is_served_with_its_new_settings(wild: Post) -> None:
    old, pid = driver(wild), sent(wild, "pid")
    accounts.update(wild.desk.administrator, wild.account_id, settings={"mood": "new"})
    assert (sent(wild, "mood"), sent(wild, "pid")) == ("new", pid)
    assert old.send(outbound("mood")).external_id in ("", None)


def test_change_of_the_plugins_starts_the_process_anew(wild: Post) -> None:
    pid = sent(wild, "pid")
    accounts.forget_drivers()
    eventually(lambda: not is_alive(int(pid)), seconds=5)
    assert sent(wild, "pid") != pid


def test_channel_is_brought_back_into_the_desk_by_the_switch(wild: Post) -> None:
    assert int(sent(wild, "pid")) != os.getpid()
    operations.isolate(system(0), "wild", is_isolated=False)
    assert int(sent(wild, "pid")) == os.getpid()


@pytest.fixture
def listeners(wild: Post) -> Iterator[Listeners]:
    """A worker that listens."""
    accounts.update(wild.desk.administrator, wild.account_id, settings={"mood": "listen"})
    settings = wild.desk.settings.model_copy(update={"retry_seconds": 0.05})
    started = Listeners(settings, look_seconds=0.05)
    started.start()
    yield started
    started.stop(seconds=20)


def listening_pid(tmp_path: Path) -> int:
    """Return the process that listens, once it does."""
    return int(eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text()))


def test_what_is_fetched_is_stored_and_a_killed_listener_is_begun_anew(
    wild: Post, listeners: Listeners, tmp_path: Path
) -> None:
    pid = listening_pid(tmp_path)
    eventually(lambda: Listening.get().last_alive_at)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(wild.inbox()) == 2)
    wild.work()
    assert [row.outcome for row in wild.inbox()] == ["TICKET", "TICKET"]
    assert Listening.get().cursor == {"place": 2}
    assert listening_pid(tmp_path) != pid or eventually(lambda: listening_pid(tmp_path) != pid)


def test_listener_that_is_killed_says_so(wild: Post) -> None:
    class Killed:
        """An inlet that loses its channel."""

        cursor: ClassVar[dict[str, Any]] = {}

        def store(self, *_: Any, **__: Any) -> bool:
            os.kill(processes.pids()["wild"], signal.SIGKILL)
            return True

    with pytest.raises(PluginFailed, match="failed in listen: ProcessEnded: its process ended by signal SIGKILL"):
        driver(wild).listen(Killed())  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [Conflict("Another worker listens."), LimitExceeded("too large")])
def test_what_the_desk_says_to_a_listener_is_no_fault_of_the_channel(wild: Post, error: Exception) -> None:
    class Full:
        """An inlet that takes nothing."""

        cursor: ClassVar[dict[str, Any]] = {}

        def store(self, *_: Any, **__: Any) -> bool:
            raise error

    with pytest.raises(type(error)) as raised:
        driver(wild).listen(Full())  # type: ignore[arg-type]
    assert raised.value is error
    assert guard.gauge_of(Ref(Kind.CHANNEL, "wild"), "listen").errors == 0


def test_process_goes_with_the_desk_and_by_no_signal_of_the_terminal(wild: Post) -> None:
    pid = int(sent(wild, "pid"))
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    assert int(sent(wild, "pid")) == pid
    (child,) = processes.running()
    sent(wild, "thread")
    child.abandon()  # as the end of this process would: its ends of the pipes are closed
    eventually(lambda: has_ended(pid), seconds=5)
    with suppress(ChildProcessError):  # somebody has asked for its end already
        os.waitpid(pid, 0)
    processes.forget(child)


def has_ended(pid: int) -> bool:
    """Return whether the process runs no more, whether or not anybody has asked for its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


DESK = """
import os, sys, threading
from helpdesk.channels.isolation import Isolated
from helpdesk.channels.safes import Safe
from helpdesk.kernel import http
from helpdesk.sdk.channel import InboundRequest
sys.path.insert(0, sys.argv[1])
http.use(http.OutgoingClient())
wild = Isolated("wild", {"folder": ""}, [], Safe(0))
wild.open()
request = InboundRequest(sys.argv[2].encode())
threading.Thread(target=wild.receive, args=(request,), daemon=True).start()
from helpdesk.channels import processes
print(processes.pids()["wild"], flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["loop", "regex"])
def test_process_goes_with_a_killed_desk_whatever_it_does(wild: Post, tmp_path: Path, how: str) -> None:
    body = json.dumps({"id": "m1", "from": "x@y.example", "act": how})
    arguments = [sys.executable, "-c", DESK, str(tmp_path / "site"), body]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as desk:
        assert desk.stdout is not None
        pid = int(desk.stdout.readline())
        PAUSE.wait(0.3)
        assert is_alive(pid)
        desk.kill()
    eventually(lambda: not is_alive(pid), seconds=10)


def test_forked_process_has_its_own(wild: Post) -> None:
    pid = sent(wild, "pid")
    reading, writing = os.pipe()
    forked = os.fork()
    if forked == 0:
        try:
            os.write(writing, f"{len(processes.running())} {len(processes.pids())}".encode())
        finally:
            os._exit(0)
    os.waitpid(forked, 0)
    os.close(writing)
    assert os.read(reading, 100) == b"0 0"
    os.close(reading)
    assert sent(wild, "pid") == pid


def test_nothing_is_left_open(wild: Post) -> None:
    sent(wild, "pid")
    processes.end_all()
    eventually(lambda: not processes.running())
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        sent(wild, "pid")
        processes.end_all()
        eventually(lambda: not processes.running())
    eventually(lambda: len(os.listdir("/proc/self/fd")) <= before, seconds=5)
    assert ChannelAccount.select().count() == 2
