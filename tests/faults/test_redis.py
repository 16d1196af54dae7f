"""A Redis that dies, forgets, is full or slow costs time and nothing else. Source: SECURITY 4.3 rows 16 and 17."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from helpdesk.kernel.events import EventRow
from tests.factories.calls import Calls
from tests.factories.processes import Program
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import hand_in
from tests.servers.redis import RedisServer
from tests.servers.slow import SlowServer

MAILS = 1_000
SECONDS_OF_A_SLOW_REDIS = 5.0
FIRST = range(50)
FEWER = 400
"""Enough where the wake-ups, and not Redis itself, are gone."""

pytestmark = pytest.mark.redis


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[RedisServer]:
    """A Redis that is itself again afterwards, whatever was done to it."""
    yield redis_server
    if not redis_server.is_running:
        redis_server.start()
    with redis_server.connect() as client:
        client.config_set("maxmemory", 0)
        client.flushall()


def busy_worker(victim: Victim) -> Program:
    """Return a worker that has begun and done the first mails."""
    worker = victim.site.worker()
    hand_in(victim.desk, victim.account_id, FIRST)
    wait_until_calm()
    return worker


def assert_all_are_tickets(victim: Victim, mails: int) -> None:
    """Check that each of so many mails has become a ticket, once."""
    wait_until_calm()
    assert EventRow.select().where(EventRow.name == "ticket.created").count() == mails
    assert_holds(victim.settings, intake=mails)


def test_work_is_done_while_redis_is_dead(victim_on: MakeVictim, redis: RedisServer) -> None:
    victim = victim_on("sqlite", redis=True)
    busy_worker(victim)
    redis.kill()
    hand_in(victim.desk, victim.account_id, range(len(FIRST), MAILS))
    assert_all_are_tickets(victim, MAILS)


def test_work_is_done_though_redis_forgot_every_wake_up(victim_on: MakeVictim, redis: RedisServer) -> None:
    victim = victim_on("postgres", redis=True)  # SQLite may be locked by the worker that is about to freeze
    worker = busy_worker(victim)
    worker.send(signal.SIGSTOP)  # so that no wake-up is used before it is forgotten
    hand_in(victim.desk, victim.account_id, range(len(FIRST), FEWER))
    redis.flush()
    worker.send(signal.SIGCONT)
    assert_all_are_tickets(victim, FEWER)


def test_work_is_done_though_redis_takes_no_wake_up_any_more(victim_on: MakeVictim, redis: RedisServer) -> None:
    victim = victim_on("postgres", redis=True)
    busy_worker(victim)
    with redis.connect() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 1)
    hand_in(victim.desk, victim.account_id, range(len(FIRST), FEWER))
    assert_all_are_tickets(victim, FEWER)


def create(victim: Victim, number: int) -> float:
    """Make a ticket by a request and return how long it took, in seconds."""
    began_at = time.monotonic()
    with Calls(victim.site.url, victim.key) as calls:
        calls.do("TicketCreate", subject=f"No. {number}", body="text", customer={"email": "a@shop.example"})
    return time.monotonic() - began_at


def test_no_request_waits_for_a_redis_that_does_not_answer(victim_on: MakeVictim) -> None:
    with SlowServer() as slow:
        victim = victim_on("sqlite", HELPDESK_REDIS_URL=f"redis://127.0.0.1:{slow.port}/0")
        victim.site.serve(workers=1)
        with ThreadPoolExecutor(4) as clients:
            seconds = list(clients.map(partial(create, victim), range(40)))
        assert slow.connections > 0
    assert max(seconds) < SECONDS_OF_A_SLOW_REDIS, "Each waits for at least that long if it waits at all."
    assert_holds(victim.settings)
