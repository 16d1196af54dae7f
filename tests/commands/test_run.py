"""``helpdesk run`` and ``worker`` as an operator has them: real processes, real signals, one desk."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.channels import accounts, queries
from helpdesk.channels.rules import DeliveryState
from helpdesk.kernel import actors
from helpdesk.organization import queries as organization
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, Body
from tests.factories import plain
from tests.factories.processes import HELPDESK, Program, Site, eventually
from tests.servers.smtp import SmtpServer


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A desk on SQLite whose programs are gone when the test is."""
    made = Site(tmp_path)
    yield made
    made.close()


def answer_a_ticket(site: Site, port: int) -> None:
    """Make a ticket of a customer and answer it, by an account that sends to the port."""
    with site.joined():
        service = organization.services()[0]
        system = actors.system(service.id)
        values = {"address": "support@demo.example", "smtp_host": "127.0.0.1", "smtp_port": port}
        accounts.create(system, driver="email", name="support", settings=values | {"smtp_security": "none"})
        new = NewTicket("Hello", Body("Hi."), "api", "en", Asker(email="minji@walk.example"))
        tickets.reply(system, tickets.create(system, new).ticket_id, Body("Good day."))


def is_sent(site: Site) -> bool:
    """Return whether the answer has gone out."""
    with site.joined():
        return queries.states()["outbox"][DeliveryState.SENT] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_serves_and_ends_with_0_on_a_signal(site: Site, number: signal.Signals) -> None:
    key = site.make()
    program = site.run()
    asked = plain.post(
        f"{site.url}/graphql", json={"query": "{ service { name } }"}, headers={"Authorization": f"Bearer {key}"}
    )
    assert asked.json()["data"] == {"service": {"name": "Helpdesk"}}
    program.send(number)
    assert program.wait() == 0
    assert "Traceback" not in program.said


def test_run_does_the_work_as_well(site: Site) -> None:
    site.make()
    with SmtpServer() as server:
        site.run()
        answer_a_ticket(site, server.port)
        assert server.wait_for(1)[0].recipients == ("minji@walk.example",)


def test_log_of_a_desk_at_work_has_no_lines_of_its_task_queue(site: Site) -> None:
    site.make()
    with SmtpServer() as server:
        program = site.run({"HELPDESK_LOG_LEVEL": "INFO"})
        answer_a_ticket(site, server.port)
        server.wait_for(1)
        eventually(lambda: is_sent(site), seconds=10, what="The end of the delivery")
    assert "huey" not in program.said


def test_run_on_port_0_says_which_one_it_has(site: Site) -> None:
    site.make()
    program = site._start("free", [HELPDESK, "run", "--port", "0", "--json"], {"HELPDESK_BASE_URL": site.url})
    url = json.loads(_line(program))["url"]
    assert plain.get(f"{url}/healthz").text.strip() == "ok"


def test_taken_port_ends_run_with_2_and_a_sentence(site: Site) -> None:
    site.make()
    with socket.create_server(("127.0.0.1", site.port)):
        program = site._start("taken", [HELPDESK, "run", "--port", str(site.port)], {})
        assert program.wait() == 2
    assert program.said.startswith(f"Error: Port {site.port} of 127.0.0.1 cannot be used")
    assert program.said.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_worker_sends_what_waits_and_ends_with_0_on_a_signal(site: Site, number: signal.Signals) -> None:
    site.make()
    with SmtpServer() as server:
        answer_a_ticket(site, server.port)
        program = site.worker()
        server.wait_for(1)
        eventually(lambda: is_sent(site), seconds=10, what="The end of the delivery")
    program.send(number)
    assert program.wait() == 0
    assert "Traceback" not in program.said


def test_signal_that_comes_while_the_worker_starts_ends_it_in_order(site: Site) -> None:
    site.make()
    program = site.worker()
    eventually(lambda: _keeps_signals(program), seconds=20, what="The first line of the command")
    program.send(signal.SIGINT)
    assert program.wait() == 0


def test_mail_is_ingested_beside_a_running_desk(site: Site, tmp_path: Path) -> None:
    site.make()
    site.run()
    with site.joined():
        system = actors.system(organization.services()[0].id)
        accounts.create(system, driver="email", name="support", settings={"address": "support@demo.example"})
    (tmp_path / "a.eml").write_text("From: a@walk.example\nSubject: Beside\n\nHi.\n")
    told = json.loads(site.command("mail", "ingest", str(tmp_path / "a.eml"), "--json"))
    assert (told["outcome"], told["ticket"]) == ("ticket", 1)


def _line(program: Program) -> str:
    """Return the line of JSON that the program says, between those of its log."""
    return eventually(
        lambda: next((line for line in program.said.splitlines() if line.startswith("{") and line.endswith("}")), None),
        seconds=30, what="The program's line",
    )  # fmt: skip


def _keeps_signals(program: Program) -> bool:
    """Return whether the program has its own handler for Ctrl-C and for SIGTERM, by what Linux says of it."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    caught = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")), 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)
