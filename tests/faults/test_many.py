"""Four web processes and four workers on one desk: what one begins another ends, and a death costs nothing.

PostgreSQL and Redis, a mailbox that is read by whichever worker has the lease, answers by SMTP.
"""

import os
import random
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import httpx2
import pytest

from helpdesk.kernel import db
from tests.factories.calls import Calls
from tests.factories.processes import eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import mail
from tests.servers.dovecot import DovecotServer

PROCESSES = 4
CLIENTS = 6
TICKETS = 120
MAILS = 60

Answer = TypeVar("Answer")


def patiently(call: Callable[[], Answer]) -> Answer:
    """Make a call that may be made twice, until it is answered."""
    for _ in range(20):
        try:
            return call()
        except httpx2.TransportError:
            continue  # the process died under the request
    raise AssertionError("There was no answer.")


def create_and_answer(victim: Victim, number: int) -> int:
    """Create a ticket and answer it, each by whichever process takes the call; return its number."""
    given = {
        "subject": f"Order {number}",
        "body": "Where is it?",
        "customer": {"email": f"buyer{number % 30}@shop.example"},
        "idempotencyKey": f"order-{number}",
    }

    def do(mutation: str, **values: object) -> dict[str, object]:
        with Calls(victim.site.url, victim.key) as calls:  # a connection each, so that no process keeps a client
            done: dict[str, object] = calls.do(mutation, **values)["ticket"]
            return done

    made = patiently(partial(do, "TicketCreate", **given))
    patiently(partial(do, "TicketReply", ticketId=made["id"], body=f"turn {number}", idempotencyKey=f"answer-{number}"))
    return int(str(made["number"]))


@pytest.mark.dovecot
def test_nothing_is_lost_or_done_twice_by_many_processes_of_which_some_are_killed(
    victim_on: MakeVictim, dovecot: DovecotServer
) -> None:
    victim, user = victim_on("postgres", redis=True), dovecot.new_user()
    dovecot.append_all(user, [mail(number) for number in range(MAILS // 2)])
    victim.listen_to(dovecot, user)
    web = victim.site.serve(workers=PROCESSES)
    workers = [victim.site.worker() for _ in range(PROCESSES)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = [clients.submit(create_and_answer, victim, number) for number in range(TICKETS)]
        eventually(partial(are_done, answers, TICKETS // 4), seconds=30, what="The first answers")
        os.kill(random.choice(web.children()), signal.SIGKILL)
        workers[0].send(signal.SIGKILL)
        dovecot.append_all(user, [mail(number) for number in range(MAILS // 2, MAILS)])
        eventually(partial(are_done, answers, TICKETS // 2), seconds=30, what="Half of the answers")
        os.kill(random.choice(web.children()), signal.SIGKILL)
        numbers = [answer.result() for answer in answers]
    assert len(set(numbers)) == TICKETS
    eventually(partial(has_tickets, TICKETS + MAILS), seconds=40, what="A ticket for every mail")
    wait_until_calm()
    assert all(worker.is_running for worker in workers[1:])
    assert len(victim.smtp.received) - TICKETS in (0, 1)
    assert_holds(victim.settings, intake=MAILS, sink=victim.smtp.received, most_duplicates=1)


def are_done(answers: list[Future[int]], enough: int) -> bool:
    """Return whether enough clients have their answer."""
    return sum(answer.done() for answer in answers) >= enough


def has_tickets(wanted: int) -> bool:
    """Return whether there are so many tickets; the invariant says that their numbers have no gaps."""
    (count,) = db.database.execute_sql("SELECT count(*) FROM ticket").fetchone()
    return bool(count == wanted)
