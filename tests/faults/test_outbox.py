"""Workers that end while mail goes out: every mail arrives, and hardly any twice. Source: SECURITY 4.3 rows 3 to 6."""

import random
import signal
import time

import pytest

from tests.faults.conftest import MakeVictim, Victim
from tests.faults.invariant import assert_holds, message_id_of, wait_until_calm
from tests.faults.loads import assert_answers_came_in_order, queue_answers

KILLS = 20
STOPS = 5
STOPPED_MAILS = 400
ONE_SENDER = {"HELPDESK_WORKER_THREADS": "1"}  # and the sweeper: two mails at most are under way when the kill comes


def begin_and_end_worker(victim: Victim, number: signal.Signals, *, within: float) -> int:
    """Start a worker, end it a random while after it began to send, and return its exit status."""
    worker, before = victim.site.worker(), len(victim.smtp.received)
    victim.smtp.wait_for(before + 1, seconds=20)
    time.sleep(random.uniform(0, within))  # no event may choose the moment, or it would always hit the same place
    worker.send(number)
    return worker.wait()


def test_every_mail_survives_twenty_killed_workers(victim_on: MakeVictim) -> None:
    victim = victim_on("postgres", redis=True, **ONE_SENDER)
    queue_answers(victim.desk, tickets_count=250, each=4)
    for _ in range(KILLS):
        assert begin_and_end_worker(victim, signal.SIGKILL, within=0.25) == -signal.SIGKILL
    victim.site.worker()
    wait_until_calm()
    assert_holds(victim.settings, sink=victim.smtp.received, most_duplicates=KILLS)
    assert_answers_came_in_order(victim.smtp.received)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_worker_that_is_told_to_end_sends_nothing_twice(victim_on: MakeVictim, number: signal.Signals) -> None:
    victim = victim_on("sqlite")
    queue_answers(victim.desk, tickets_count=STOPPED_MAILS // 4, each=4)
    for _ in range(STOPS):
        assert begin_and_end_worker(victim, number, within=0.15) == 0
    assert len(victim.smtp.received) < STOPPED_MAILS, "To end is not to finish all that waits."
    victim.site.worker()
    wait_until_calm()
    assert_holds(victim.settings, sink=victim.smtp.received)
    assert_answers_came_in_order(victim.smtp.received)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_mail_whose_sender_dies_before_the_mark_comes_again_under_the_same_id(
    victim_on: MakeVictim, database: str
) -> None:
    victim = victim_on(database)
    queue_answers(victim.desk, tickets_count=1, each=1)
    assert victim.site.worker({"HELPDESK_FAILPOINT": "outbox.sent:kill"}).wait() == -signal.SIGKILL
    victim.site.worker()
    first, second = victim.smtp.wait_for(2)
    wait_until_calm()
    assert message_id_of(first.raw) == message_id_of(second.raw)
    assert_holds(victim.settings, sink=victim.smtp.received, most_duplicates=1)
