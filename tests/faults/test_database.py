"""A database that dies, restarts, breaks connections or takes nothing any more. Source: SECURITY 4.3 rows 11 to 14."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2
import pytest

from helpdesk.kernel import db
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, body_of
from tests.factories import plain
from tests.factories.calls import Calls
from tests.factories.client import operations
from tests.factories.processes import eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import mail
from tests.faults.test_intake import marked
from tests.servers.dovecot import DovecotServer
from tests.servers.postgres import PostgresServer

CLIENTS = 3
RECOVERY_SECONDS = 30.0
TOLD = {"UNAVAILABLE", "DATABASE_BUSY", "DATABASE_TIMEOUT"}


@dataclass
class Load:
    """Clients that make tickets, assign and answer them, each call until it is done."""

    victim: Victim
    agent_id: str
    done: int = 0
    strange: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def work(self, place: int) -> None:
        """Go on until told to stop; the last ticket is finished."""
        with plain.Client(headers={"Authorization": f"Bearer {self.victim.key}"}, timeout=20) as http:
            turn = 0
            while not self.is_over.is_set():
                key = f"{place}-{turn}"
                customer = {"email": f"buyer{place}@shop.example"}
                given = {"subject": key, "body": "Where is it?", "customer": customer, "idempotencyKey": key}
                made = self.until_done(http, "TicketCreate", given)["ticket"]
                self.until_done(http, "TicketAssign", {"ticketId": made["id"], "assigneeId": self.agent_id})
                reply = {"ticketId": made["id"], "body": "turn", "idempotencyKey": f"reply-{key}"}
                self.until_done(http, "TicketReply", reply)
                self.done += 1
                turn += 1

    def until_done(self, http: httpx2.Client, mutation: str, given: dict[str, object]) -> Any:
        """Return what the call gives, after as many tries as it takes; note every answer that has no good code."""
        body = {"query": operations()[mutation], "variables": {"input": given}}
        while True:
            answer = http.post(f"{self.victim.site.url}/graphql", json=body)
            said = answer.json()
            (payload,) = (said.get("data") or {"": None}).values()
            errors = [one["extensions"]["code"] for one in said.get("errors", [])]
            errors += [one["code"] for one in (payload or {}).get("errors", [])]
            if not errors and payload is not None:
                return payload
            if answer.status_code not in (200, 503) or not set(errors) <= TOLD:
                self.strange.append(f"{mutation}: {answer.status_code} {answer.text[:300]}")
                return {"ticket": {"id": ""}}
            time.sleep(0.05)  # as a client should


@contextmanager
def loaded(victim: Victim) -> Iterator[Load]:
    """Let clients work while the block runs."""
    with Calls(victim.site.url, victim.key) as calls:
        agent = next(one for one in calls.ask("Service")["agents"] if one["name"] == "agent")
    load = Load(victim, agent["id"])
    clients = [threading.Thread(target=load.work, args=(place,)) for place in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield load
    finally:
        load.is_over.set()
        for client in clients:
            client.join()


def goes_on(load: Load, before: int) -> bool:
    """Return whether every client has finished something since."""
    return load.done >= before + 2 * CLIENTS


def connect_again() -> None:
    """Let this process, which lost its own connection too, have another."""
    db.let_go()
    db.database.connect()


@pytest.mark.postgres
def test_web_and_worker_outlive_a_database_that_dies_restarts_or_breaks_off(
    victim_on: MakeVictim, postgres_server: PostgresServer
) -> None:
    victim = victim_on("postgres")
    url = victim.settings.database_url
    victim.site.serve(workers=2)
    worker = victim.site.worker()
    eventually(lambda: "The worker works" in worker.said, seconds=30, what="A worker at work")

    def die_for_a_while() -> None:
        postgres_server.stop()
        time.sleep(1)
        postgres_server.start()

    harms: list[Callable[[], object]] = [
        die_for_a_while, *[postgres_server.restart] * 5, *[partial(postgres_server.terminate, url)] * 3,
    ]  # fmt: skip
    with loaded(victim) as load:
        eventually(partial(goes_on, load, 0), seconds=30, what="The first answers")
        for harm in harms:
            before = load.done
            harm()
            eventually(partial(goes_on, load, before), seconds=RECOVERY_SECONDS, what="The next answers")
    assert load.strange == []
    connect_again()
    wait_until_calm()
    assert worker.is_running
    most = len(harms) * victim.settings.worker_threads  # what was on its way when a connection broke
    assert_holds(victim.settings, sink=victim.smtp.received, most_duplicates=most)


FAILING_TWICE = """
CREATE SEQUENCE tries;
CREATE FUNCTION fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('tries') < 3 THEN RAISE EXCEPTION 'as if two had met' USING ERRCODE = '{state}'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fail_twice BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION fail_twice();
"""


@pytest.mark.postgres
@pytest.mark.parametrize("state", ["40P01", "40001"])  # a deadlock; a failed serialization
def test_answer_that_the_database_takes_back_twice_is_given_once(victim_on: MakeVictim, state: str) -> None:
    victim = victim_on("postgres")
    asker = Asker("A", "a@shop.example")
    added = tickets.create(victim.desk.partner, NewTicket("Inquiry", body_of("text"), "api", "en", asker))
    db.database.execute_sql(FAILING_TWICE.format(state=state))
    tickets.reply(victim.desk.agent, added.ticket_id, body_of("on its way"))
    assert db.database.execute_sql("SELECT last_value FROM tries").fetchone() == (3,)
    victim.desk.run_jobs()
    assert len(victim.smtp.received) == 1
    assert_holds(victim.settings, sink=victim.smtp.received)


@pytest.mark.dovecot
@pytest.mark.postgres
def test_mail_stays_in_its_mailbox_while_the_database_takes_nothing_and_the_desk_says_so(
    victim_on: MakeVictim, postgres_server: PostgresServer, dovecot: DovecotServer
) -> None:
    victim, user = victim_on("postgres"), dovecot.new_user()
    url = victim.settings.database_url
    victim.listen_to(dovecot, user)
    dovecot.append(user, mail(0))
    victim.site.run()
    eventually(lambda: len(marked(dovecot, user)) == 1, seconds=30, what="The first mail")
    postgres_server.allow_writes(url, is_allowed=False)
    postgres_server.terminate(url)
    dovecot.append_all(user, [mail(number) for number in range(1, 6)])
    ready = eventually(partial(degraded, victim), seconds=20, what="The alarm")
    assert ready["problems"] == ["the database takes no changes: it is read-only or full"]
    (code,) = [one["extensions"]["code"] for one in create(victim)["errors"]]
    assert code == "DATABASE_READ_ONLY"
    assert len(marked(dovecot, user)) == 1
    postgres_server.allow_writes(url, is_allowed=True)
    postgres_server.terminate(url)
    eventually(lambda: len(marked(dovecot, user)) == 6, seconds=RECOVERY_SECONDS, what="The other mails")
    connect_again()
    wait_until_calm()
    assert_holds(victim.settings, intake=6)


def degraded(victim: Victim) -> Any:
    """Return what the desk says of itself, once it is not as it should be."""
    said = plain.get(f"{victim.site.url}/readyz", timeout=20).json()
    return said if said["status"] == "degraded" else None


def create(victim: Victim) -> Any:
    """Return the answer to the creation of a ticket."""
    given = {"subject": "Inquiry", "body": "text", "customer": {"email": "a@shop.example"}}
    body = {"query": operations()["TicketCreate"], "variables": {"input": given}}
    headers = {"Authorization": f"Bearer {victim.key}"}
    return plain.post(f"{victim.site.url}/graphql", json=body, headers=headers, timeout=20).json()
