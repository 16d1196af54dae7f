"""Web workers that die while clients create tickets and try again. Source: SECURITY 4.3 row 1."""

import os
import random
import signal
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import httpx2

from tests.factories.calls import Calls
from tests.factories.processes import Program, eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.invariant import assert_holds

TICKETS = 500
CLIENTS = 4
KILLS = 20


def create_until_answered(victim: Victim, number: int) -> int:
    """Create one ticket as a patient client does: the same request again until there is an answer."""
    given = {
        "subject": f"Inquiry {number}",
        "body": "Where is it?",
        "customer": {"email": f"customer{number % 50}@shop.example"},
        "idempotencyKey": f"order-{number}",
    }
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline:
        try:
            with Calls(victim.site.url, victim.key) as calls:
                return int(calls.do("TicketCreate", **given)["ticket"]["number"])
        except httpx2.TransportError:
            continue  # the worker died under the request
    raise AssertionError(f"Ticket {number} was never answered.")


def kill_one(web: Program) -> None:
    """Kill one of the web's workers, whatever it is doing; gunicorn starts another in its place."""
    time.sleep(random.uniform(0, 0.1))  # no event may choose the moment, or it would always hit the same place
    workers = eventually(web.children, seconds=10, what="A worker of the web")
    os.kill(random.choice(workers), signal.SIGKILL)


def are_done(answers: Sequence[Future[int]], enough: int) -> bool:
    """Return whether enough clients have their answer."""
    return sum(answer.done() for answer in answers) >= enough


def test_each_of_500_tickets_is_made_once_while_web_workers_are_killed(victim_on: MakeVictim) -> None:
    victim = victim_on("postgres", redis=True)
    web = victim.site.web(workers=2)
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = [clients.submit(create_until_answered, victim, number) for number in range(TICKETS)]
        for enough in range(0, TICKETS, TICKETS // KILLS):
            eventually(partial(are_done, answers, enough), seconds=30, what=f"The answer to {enough} clients")
            kill_one(web)
    numbers = [answer.result() for answer in answers]
    assert sorted(numbers) == list(range(1, TICKETS + 1))
    with Calls(victim.site.url, victim.key) as calls:
        assert calls.ask("TicketCount", first=1)["tickets"]["totalCount"] == TICKETS
    assert create_until_answered(victim, 7) == numbers[7]
    assert_holds(victim.settings)
