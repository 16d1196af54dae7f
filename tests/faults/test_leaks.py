"""A plugin that leaks memory, threads and open files: the process begins anew, and nothing is lost or done twice.

Source: SECURITY 4.3 row 28.
"""

import resource
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import ClassVar

import httpx2
import pytest

from helpdesk.channels import accounts
from helpdesk.kernel.db import transactional
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Channel, Outbound, Sent
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, body_of
from tests.factories import plain
from tests.factories.processes import Program, eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.distributions import install
from tests.faults.invariant import wait_until_calm

LEAKY = """
import os, threading, time
from helpdesk.sdk.channel import Channel, Sent

kept = []

def leak():
    kept.append(b"x" * (int(os.environ.get("LEAK_MB", "0")) * 1_000_000))
    for _ in range(int(os.environ.get("LEAK_THREADS", "0"))):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    for _ in range(int(os.environ.get("LEAK_FILES", "0"))):
        kept.append(os.dup(2))
        os.set_inheritable(kept[-1], True)

class Leaky(Channel):
    title = {"en": "Leaky"}

    def receive(self, request):
        return ()

    def send(self, message):
        leak()
        time.sleep(float(os.environ["SEND_SECONDS"]))
        with open(os.environ["NOTES"], "a") as notes:
            notes.write(message.key + "\\n")
        return Sent()
"""
BEGINS, BEGAN = "what runs is finished, then it begins anew", "this process has begun anew and is at work"
RESTS = "it began anew less than a minute ago"
TWO_SENDERS = {"HELPDESK_WORKER_THREADS": "3"}  # one channel gets all but one of them
SMALL = {"HELPDESK_PROCESS_MAX_MB": "256", "HELPDESK_PROCESS_MAX_THREADS": "64"}


class Leaky(Channel):
    """The channel as this process needs to know it, which never sends."""

    title: ClassVar = {"en": "Leaky"}

    def receive(self, request: object) -> tuple[()]:
        return ()

    def send(self, message: Outbound) -> Sent:
        raise AssertionError(message)


@pytest.fixture
def leaking_victim(victim_on: MakeVictim, tmp_path: Path) -> Victim:
    """A desk with the leaky channel, which notes every message that it sends."""
    install(tmp_path / "plugins", "leaky", LEAKY, names="Leaky")
    (tmp_path / "notes").touch()
    places = {"PYTHONPATH": str(tmp_path / "plugins"), "NOTES": str(tmp_path / "notes")}
    victim = victim_on("sqlite", SEND_SECONDS="0.2", **places, **SMALL, **TWO_SENDERS)
    victim.site.command("plugin", "enable", "leaky")
    registry.register(Kind.CHANNEL, "leaky", Leaky)
    return victim


@transactional
def queue_answers(victim: Victim, count: int) -> None:
    """Make so many tickets of the leaky account, with an answer each."""
    desk = victim.desk
    account_id = accounts.create(desk.administrator, driver="leaky", name="Leaky", settings={})
    for number in range(count):
        asker = Asker(f"Customer {number}", f"customer{number}@shop.example")
        new = NewTicket("Inquiry", body_of("Where is it?"), "leaky", "en", asker, account_id=account_id)
        tickets.reply(desk.agent, tickets.create(desk.partner, new).ticket_id, body_of("On its way."))


def assert_each_was_sent_once(victim: Victim, count: int) -> None:
    """Wait until all is sent, and check that nothing was sent twice."""
    wait_until_calm(seconds=45)
    times = Counter(Path(victim.site.environment["NOTES"]).read_text().split())
    assert (len(times), set(times.values())) == (count, {1})


def assert_began_anew(program: Program, *, times: int = 1) -> None:
    """Check that the program is the same process, has begun anew so often, and still ends in order."""
    assert program.is_running
    assert (program.said.count(BEGINS), program.said.count(BEGAN)) == (times, times), program.said
    program.send(signal.SIGTERM)
    assert program.wait() == 0
    assert "Traceback" not in program.said


def blocks_signals(program: Program) -> bool:
    """Return whether the program has just become its successor, which takes no signal yet."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    blocked = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk")), 16)
    return bool(blocked >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize(
    ("leak", "too_much"),
    [
        ({"LEAK_MB": "10", "LEAK_THREADS": "1", "LEAK_FILES": "1"}, "MB of memory, more than HELPDESK_PROCESS_MAX_MB"),
        ({"LEAK_THREADS": "6"}, "threads, more than HELPDESK_PROCESS_MAX_THREADS"),
    ],
    ids=["memory", "threads"],
)
def test_worker_begins_anew_and_sends_everything_once(
    leaking_victim: Victim, leak: dict[str, str], too_much: str
) -> None:
    queue_answers(leaking_victim, 50)
    worker = leaking_victim.site.worker(leak)
    assert_each_was_sent_once(leaking_victim, 50)
    assert too_much in worker.said
    assert_began_anew(worker)


def test_files_that_a_plugin_leaks_are_closed_by_the_new_beginning_even_if_a_child_would_get_them(
    leaking_victim: Victim,
) -> None:
    queue_answers(leaking_victim, 1)
    worker = leaking_victim.site.worker({"LEAK_FILES": "150"})
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (180, 180))
    eventually(lambda: BEGAN in worker.said, seconds=30, what="A new beginning")
    assert "of the 180 that the system allows it" in worker.said
    assert len(list(Path(f"/proc/{worker.pid}/fd").iterdir())) < 60
    assert_each_was_sent_once(leaking_victim, 1)
    assert_began_anew(worker)


def test_process_that_leaks_on_begins_anew_once_a_minute_at_most(leaking_victim: Victim) -> None:
    queue_answers(leaking_victim, 30)
    worker = leaking_victim.site.worker({"LEAK_THREADS": "12"})
    assert_each_was_sent_once(leaking_victim, 30)
    eventually(lambda: RESTS in worker.said, seconds=10, what="A word that it goes on")
    assert worker.said.count(RESTS) == 1
    assert_began_anew(worker)


def test_signal_while_what_runs_is_finished_ends_the_process_instead(leaking_victim: Victim) -> None:
    queue_answers(leaking_victim, 1)
    worker = leaking_victim.site.worker({"LEAK_THREADS": "80", "SEND_SECONDS": "4"})
    eventually(lambda: BEGINS in worker.said, seconds=30, what="The wish to begin anew")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert BEGAN not in worker.said
    assert_each_was_sent_once(leaking_victim, 1)


def test_signal_between_two_beginnings_ends_the_new_one_in_order(leaking_victim: Victim) -> None:
    queue_answers(leaking_victim, 1)
    worker = leaking_victim.site.worker({"LEAK_THREADS": "80"})
    eventually(lambda: BEGINS in worker.said and blocks_signals(worker), seconds=30, what="A new beginning")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0
    assert "Traceback" not in worker.said


def test_arguments_of_python_and_of_the_command_stay(leaking_victim: Victim) -> None:
    queue_answers(leaking_victim, 1)
    code = "from helpdesk.cli import main; main()"
    command = [sys.executable, "-X", "utf8", "-W", "default", "-c", code, "worker", "--json"]
    worker = leaking_victim.site._start("odd", command, {"LEAK_THREADS": "80"})
    eventually(lambda: BEGAN in worker.said, seconds=30, what="A new beginning")
    assert Path(f"/proc/{worker.pid}/cmdline").read_text().split("\0")[:-1] == command
    names = {pair.partition("=")[0] for pair in Path(f"/proc/{worker.pid}/environ").read_text().split("\0")[:-1]}
    assert names - leaking_victim.site.environment.keys() == {"_HELPDESK_HANDOVER", "LEAK_THREADS"}
    assert worker.said.count('"services"') == 1, "What is answered once is not answered again."
    assert_began_anew(worker)


def test_run_answers_whoever_connects_while_it_begins_anew(leaking_victim: Victim) -> None:
    victim = leaking_victim
    program = victim.site.run({"LEAK_MB": "30", "LEAK_THREADS": "1", "LEAK_FILES": "1", "SEND_SECONDS": "0.5"})
    with asking(victim, "/healthz") as answers, asking(victim, "/readyz") as states:
        queue_answers(victim, 8)
        eventually(lambda: BEGAN in program.said, seconds=40, what="A new beginning")
        assert_each_was_sent_once(victim, 8)
    assert Counter(answer.status_code for answer in answers) == {200: len(answers)}
    told = [answer.json() for answer in states]
    assert any("HELPDESK_PROCESS_MAX_MB" in one["problems"][0] for one in told if one["status"] == "degraded")
    states_in_turn = [state for state, _same in groupby(one["status"] for one in told)]
    assert states_in_turn[:3] == ["ok", "degraded", "ok"]
    assert_began_anew(program)


@contextmanager
def asking(victim: Victim, path: str) -> Iterator[list[httpx2.Response]]:
    """Ask for the page again and again, by a new connection each time, and keep the answers. All must come."""
    ends, answers, failures = threading.Event(), list[httpx2.Response](), list[Exception]()

    def ask() -> None:
        while not ends.wait(0.02):
            try:
                answers.append(plain.get(victim.site.url + path, timeout=30))
            except httpx2.HTTPError as error:
                failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        ends.set()
        thread.join()
    assert not failures
