"""Processes that die between a change and those who are to hear of it: a durable subscriber hears all the same."""

import itertools
import signal
from pathlib import Path
from typing import Any

import httpx2
import pytest

from helpdesk.kernel.events import EventRow, SubscriberRow
from tests.factories.calls import Calls
from tests.factories.processes import eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.distributions import CHANNEL, install
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import queue_answers
from tests.faults.test_web import create_until_answered

MOMENTS = ("before 20", "after 20", "before 1")  # around the so-manieth event that a worker hands over
DIARY = """
import os, signal
from helpdesk import signals
from helpdesk.kernel import events

heard = 0

def write(event):
    global heard
    heard += 1
    if os.environ.get("DIES") == f"before {heard}":
        os.kill(os.getpid(), signal.SIGKILL)
    with open(os.environ["DIARY"], "a") as diary:
        diary.write(f"{event.position} {event.name}\\n")
    if os.environ.get("DIES") == f"after {heard}":
        os.kill(os.getpid(), signal.SIGKILL)

def die(payload):
    os.kill(os.getpid(), signal.SIGKILL)

events.subscribe("diary", write)
if os.environ.get("DIES_AT_SIGNAL"):
    signals.ticket_created.connect(die)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> dict[str, str]:
    """What the environment needs for a plugin that keeps a diary of events."""
    install(tmp_path / "plugins", "diary", CHANNEL + DIARY, names="Quiet")
    (tmp_path / "diary").touch()
    return {"PYTHONPATH": str(tmp_path / "plugins"), "DIARY": str(tmp_path / "diary")}


def subscribe(victim: Victim) -> None:
    """Let the plugin be used, and its subscriber begin: it is told of what comes from now on."""
    victim.site.command("plugin", "enable", "diary")
    worker = victim.site.worker()
    eventually(lambda: SubscriberRow.select().exists(), seconds=20, what="The subscriber's beginning")
    worker.send(signal.SIGTERM)
    assert worker.wait() == 0


def diary_when_complete(plugin: dict[str, str]) -> list[tuple[int, str]]:
    """Return the lines of the diary once the newest event stands in it."""

    def look() -> list[tuple[int, str]]:
        lines = [line.split() for line in Path(plugin["DIARY"]).read_text().splitlines()]
        found = [(int(position), name) for position, name in lines]
        return found if found and found[-1][0] == EventRow.select().count() else []

    return eventually(look, seconds=30, what="The whole diary")


def logged() -> list[tuple[int, str]]:
    """Return the event log."""
    rows: Any = EventRow.select(EventRow.position, EventRow.name).order_by(EventRow.position)
    return list(rows.tuples())


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_subscriber_hears_of_a_change_whose_process_died_before_the_signal(
    victim_on: MakeVictim, plugin: dict[str, str], database: str
) -> None:
    victim = victim_on(database, **plugin)
    subscribe(victim)
    before = EventRow.select().count()
    victim.site.web({"DIES_AT_SIGNAL": "1"})
    with Calls(victim.site.url, victim.key) as calls, pytest.raises(httpx2.TransportError):
        calls.do("TicketCreate", subject="Inquiry 1", body="Where is it?", idempotencyKey="order-1",
                 customer={"email": "customer1@shop.example"})  # fmt: skip
    assert create_until_answered(victim, 1) == 1
    victim.site.worker()
    diary = diary_when_complete(plugin)
    assert diary == logged()[before:]
    assert [name for _, name in diary] == ["customer.created", "ticket.created", "message.added"]
    assert_holds(victim.settings)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_subscriber_hears_everything_in_order_though_workers_die_over_it(
    victim_on: MakeVictim, plugin: dict[str, str], database: str
) -> None:
    # one thread and the sweeper, of which one at a time carries mails of one channel
    victim = victim_on(database, HELPDESK_WORKER_THREADS="1", **plugin)
    subscribe(victim)
    before = EventRow.select().count()
    queue_answers(victim.desk, tickets_count=20, each=2)
    for moment in MOMENTS:
        assert victim.site.worker({"DIES": moment}).wait() == -signal.SIGKILL
    victim.site.worker()
    eventually(lambda: EventRow.select().where(EventRow.position.is_null()).count() == 0, seconds=30, what="Positions")
    diary = diary_when_complete(plugin)
    once = [line for line, _ in itertools.groupby(diary)]
    assert once == logged()[before:]
    assert len(diary) - len(once) == 1, "One worker died after it had written, so one line stands there twice."
    wait_until_calm()
    assert_holds(victim.settings, sink=victim.smtp.received, most_duplicates=len(MOMENTS))
