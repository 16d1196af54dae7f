"""Plugins that do not come back, with the deadlines that they have: everybody else goes on meanwhile.

Source: SECURITY 4.3 row 27.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from helpdesk import signals
from helpdesk.channels import accounts
from helpdesk.kernel.db import transactional
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.channel import Channel, Outbound, Sent
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, body_of
from tests.factories.calls import Calls
from tests.factories.processes import eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.distributions import install
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import hand_in
from tests.faults.test_plugins import GONE, LATE, THEME, cause_everything, figures, log_in

HANGING = """
import time
from helpdesk.sdk.channel import Channel, Sent

class Hanging(Channel):
    title = {"en": "Hanging"}

    def receive(self, request):
        time.sleep(600)

    def send(self, message):
        time.sleep(600)
"""
HEARING = """
import os, time
from helpdesk.kernel import dispatching
from helpdesk.sdk import events
from helpdesk.sdk.plugin import Plugin, receiver

dispatching.DEADLINE_SECONDS = 0.5  # five at each of eighteen signals would take a minute
EVENTS = [
    events.AddressFailed, events.AddressRestored, events.AgentChanged, events.AgentGroupChanged,
    events.ChannelAccountChanged, events.CustomerCreated,
    events.DeliveryDelayed, events.DeliveryFinished, events.MessageAdded, events.OpenApiChanged, events.PluginChanged,
    events.OrganizationChanged, events.ServiceChanged, events.TicketAssigned, events.TicketCreated,
    events.TicketParticipantsChanged, events.TicketStatusChanged, events.TicketTagged,
]

def sleep(event):
    time.sleep(600)

def loop(event):
    until = time.monotonic() + 1.5
    while time.monotonic() < until or event.name == "ticket.created":
        pass  # one goes on for ever; eighteen of them would leave the desk no time at all

class Hanging(Plugin):
    title = {"en": "Hanging"}

    @receiver(*EVENTS)
    def received(self, host, event):
        {"sleep": sleep, "loop": loop}[os.environ["HANGS"]](event)

class Noting(Plugin):
    title = {"en": "Noting"}

    @receiver(*EVENTS)
    def noted(self, host, event):
        with open(os.environ["NOTES"], "a") as notes:
            notes.write(event.name + "\\n")
"""
MANY = 12
"""More than the threads of a worker."""


class Hanging(Channel):
    """The channel as this process needs to know it, which does nothing."""

    title: ClassVar = {"en": "Hanging"}

    def receive(self, request: object) -> tuple[()]:
        return ()

    def send(self, message: Outbound) -> Sent:
        raise AssertionError(message)


@dataclass(frozen=True)
class Hung:
    """A desk with an account of a channel that never comes back."""

    victim: Victim
    account_id: int


@pytest.fixture(params=["1", "4"])
def hung(victim_on: MakeVictim, tmp_path: Path, request: pytest.FixtureRequest) -> Hung:
    """The desk, its worker not yet started, with threads of a number."""
    install(tmp_path / "plugins", "hanging", HANGING, names="Hanging")
    victim = victim_on("sqlite", PYTHONPATH=str(tmp_path / "plugins"), HELPDESK_WORKER_THREADS=request.param)
    victim.site.command("plugin", "enable", "hanging")
    registry.register(Kind.CHANNEL, "hanging", Hanging)
    return Hung(victim, accounts.create(victim.desk.administrator, driver="hanging", name="Hanging", settings={}))


@transactional
def queue_answers(victim: Victim, account_id: int, *, channel: str, count: int) -> None:
    """Make so many tickets of the account, with an answer each."""
    for number in range(count):
        asker = Asker(f"Customer {number}", f"{channel}{number}@shop.example")
        new = NewTicket("Inquiry", body_of("Where is it?"), channel, "en", asker, account_id=account_id)
        tickets.reply(victim.desk.agent, tickets.create(victim.desk.partner, new).ticket_id, body_of("On its way."))


def test_channel_that_hangs_as_it_sends_keeps_no_mail_from_going_out(hung: Hung) -> None:
    queue_answers(hung.victim, hung.account_id, channel="hanging", count=MANY)
    hung.victim.site.worker()
    queue_answers(hung.victim, hung.victim.account_id, channel="email", count=3)
    assert {one.recipients[0] for one in hung.victim.smtp.wait_for(3)} == {f"email{n}@shop.example" for n in range(3)}


def test_channel_that_hangs_as_it_receives_keeps_no_mail_from_coming_in(hung: Hung) -> None:
    victim = hung.victim
    hand_in(victim.desk, hung.account_id, range(MANY))
    victim.site.worker()
    hand_in(victim.desk, victim.account_id, range(MANY, MANY + 3))
    eventually(lambda: Ticket.select().count() == 3, seconds=10, what="Tickets of the mails")


@pytest.mark.parametrize("hangs", ["sleep", "loop"])
def test_receiver_that_hangs_at_every_signal_is_given_up_and_holds_up_nothing(
    victim_on: MakeVictim, tmp_path: Path, hangs: str
) -> None:
    notes = tmp_path / "notes"
    notes.touch()
    victim = victim_on("sqlite", PYTHONPATH=str(tmp_path / "plugins"), NOTES=str(notes), HANGS=hangs)
    for name in ("Hanging", "Noting"):
        install(tmp_path / "plugins", name.lower(), HEARING, names=name, group="helpdesk.plugins")
        victim.site.command("plugin", "enable", name.lower())
    install(tmp_path / "plugins", "sunrise", THEME, names="FOLDER", group="helpdesk.themes")
    victim.smtp.answer("550 5.1.1 No such user", recipient=GONE)
    victim.smtp.answer("451 4.2.2 Later", recipient=LATE, times=12)
    victim.site.run()
    with Calls(victim.site.url, log_in(victim)) as calls:
        cause_everything(calls)
        victim.smtp.wait_for(1)
        eventually(
            lambda: set(notes.read_text().split()) == set(signals.ALL), seconds=120, what="A note of each signal"
        )
        given_up = figures(victim, "helpdesk_signal_errors_total")
        assert {name for name, count in given_up.items() if count >= 1} == set(signals.ALL)
        (problem,) = eventually(lambda: problems(calls), seconds=10, what="The news of it")
        assert problem == {"hook": "received", "reason": "it did not end within 0.5 seconds"}
        made = calls.do("TicketCreate", subject="Another", body="Where is it?", customer={"email": "d@shop.example"})
        assert made["ticket"]["number"] == 3
    wait_until_calm()
    assert_holds(victim.settings, sink=victim.smtp.received)


def problems(calls: Calls) -> list[dict[str, str]]:
    """Return what is said to be wrong with the plugin that hangs."""
    asked = calls.send("query Problems { plugins { name problems { hook reason } } }")["plugins"]
    return next(one["problems"] for one in asked if one["name"] == "hanging")
