"""Plugins that raise, at every signal or at their very import: the desk works on and says who it was.

Source: SECURITY 4.3 rows 26 and 29.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import peewee
import pytest

from helpdesk import signals
from helpdesk.agents import administrators
from helpdesk.agents.queries import agents_by_ids
from helpdesk.channels.models import Delivery
from helpdesk.channels.rules import LATE_TRIES_OUT, DeliveryState
from helpdesk.kernel.actors import system
from helpdesk.kernel.db import transactional
from helpdesk.plugins import operations, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from tests.factories import plain
from tests.factories.calls import Calls
from tests.factories.desk import PASSWORD
from tests.factories.processes import HELPDESK, eventually
from tests.faults.conftest import MakeVictim, Victim
from tests.faults.distributions import CHANNEL, install
from tests.faults.invariant import assert_holds, wait_until_calm
from tests.faults.loads import mail
from tests.servers.dovecot import DovecotServer

SUNRISE = Path(__file__).parents[1] / "helpcenter" / "themes" / "sunrise"
THEME = f"from pathlib import Path\nFOLDER = Path({str(SUNRISE)!r})"
RAISING = """
import itertools, os
from helpdesk import signals

errors = itertools.cycle((RuntimeError, SystemExit, AssertionError, KeyError))

def connect(signal):
    def fail(payload, error=next(errors)):
        raise error("a plugin's own fault")

    def note(payload):
        with open(os.environ["NOTES"], "a") as notes:
            notes.write(signal.name + "\\n")

    signal.connect(fail)
    signal.connect(note)

for signal in signals.ALL.values():
    connect(signal)
"""
GONE = "gone@shop.example"
"""An address that the mail server refuses for good."""
LATE = "c@shop.example"
"""An address that it refuses a few times for now."""

BROKEN = {
    "boom": ('raise RuntimeError("boom at import")', "boom at import"),
    "bare": ("import library_that_nobody_has", "library_that_nobody_has"),
    "gone": ("import sys\nsys.exit(3)", "SystemExit"),
    "wrong": ("class Quiet:\n    pass", "subclass of helpdesk.sdk.channel.Channel"),
    "empty": ("", "Quiet"),
    "partial": ("from helpdesk.sdk.channel import Channel\nclass Quiet(Channel):\n    title = {'en': 'x'}", "receive"),
    "future": (CHANNEL + "\n    api = 99\n", "speaks channel API 1; the channel is written for 99"),
}
ENABLE = """
mutation ($input: PluginSwitchInput!) {
  pluginEnable(input: $input) { plugin { state } errors { code message path } }
}
"""
TOMORROW = "speaks template API 1; the theme is written for 99"


def cause_everything(calls: Calls) -> None:
    """Do by GraphQL whatever sends a signal, and see that each thing is done."""
    made = calls.do("TicketCreate", subject="Inquiry", body="Where is it?", customer={"email": LATE})
    ticket_id = made["ticket"]["id"]
    (agent, *_) = calls.ask("Service")["agents"]
    assert calls.do("TicketAssign", ticketId=ticket_id, assigneeId=agent["id"])["ticket"]["status"] == "OPEN"
    grouped = calls.do("AgentGroupCreate", name="Orders", agentIds=[agent["id"]])
    assert [one["id"] for one in grouped["agentGroup"]["agents"]] == [agent["id"]]
    assert calls.do("AgentAllocationUpdate", id=agent["id"], mostChats=3)["agent"]["mostChats"] == 3
    done = calls.do("TicketReply", ticketId=ticket_id, body="It is on its way.", status="RESOLVED")
    assert done["ticket"]["status"] == "RESOLVED"
    (account,) = calls.ask("ChannelAccounts")["channelAccounts"]
    assert calls.do("ChannelAccountUpdate", id=account["id"], name="Renamed")["account"]["name"] == "Renamed"
    tagged = calls.do("TicketTag", ticketId=ticket_id, tags=["urgent"])
    assert tagged["ticket"]["tags"] == ["urgent"]
    joined = calls.do("TicketParticipantAdd", ticketId=ticket_id, email="j@shop.example")
    assert [one["email"] for one in joined["ticket"]["participants"]] == ["j@shop.example"]
    enabled = calls.send(ENABLE, input={"kind": "theme", "name": "sunrise"})["pluginEnable"]
    assert (enabled["errors"], enabled["plugin"]["state"]) == ([], "ENABLED")
    assert calls.do("ServiceUpdate", theme="sunrise")["service"]["theme"] == "sunrise"
    assert calls.do("OpenApiSet", isEnabled=True)["isEnabled"]
    assert calls.do("OrganizationUpdate", name="Demo Group")["organization"]["name"] == "Demo Group"
    lose_and_restore_an_address(calls)
    let_hours_pass()


def let_hours_pass() -> None:
    """Let the answer that is refused for now be tried again at the end of some hours, until it is taken."""
    waits = (Delivery.state == DeliveryState.RETRYING) & Delivery.lease.is_null()

    def is_taken() -> bool:
        tries = peewee.fn.MAX(Delivery.attempts, LATE_TRIES_OUT - 1)
        Delivery.update(attempts=tries, due_at=0).where(waits).execute()
        return Delivery.select().where(Delivery.state == DeliveryState.SENT).exists()

    eventually(is_taken, seconds=60, what="The answer that is late")


def lose_and_restore_an_address(calls: Calls) -> None:
    """Answer somebody whose address is refused for good, and say that it is good."""
    made = calls.do("TicketCreate", subject="Inquiry", body="Where is it?", customer={"email": GONE})
    calls.do("TicketReply", ticketId=made["ticket"]["id"], body="It is on its way.")

    def lost() -> Any:
        found = calls.ask("Ticket", number=made["ticket"]["number"])["ticket"]["customer"]["identities"]
        return next((one for one in found if one["isUndeliverable"]), None)

    identity = eventually(lost, seconds=20, what="The mark of the address")
    assert not calls.do("CustomerIdentityRestore", id=identity["id"])["identity"]["isUndeliverable"]


def log_in(victim: Victim) -> str:
    """Return the token of a session of the administrator, who looks after the organization too and may do all."""
    (administrator,) = agents_by_ids([victim.desk.administrator.id])
    assert administrator is not None
    administrators.appoint(system(victim.desk.service_id), administrator.member_id)
    with Calls(victim.site.url, victim.key) as calls:
        begun = calls.do("SessionCreate", email="admin@demo.example", password=PASSWORD)
    return str(begun["session"]["token"])


def figures(victim: Victim, name: str) -> dict[str, float]:
    """Return a counter of /metrics by signal."""
    text = plain.get(f"{victim.site.url}/metrics").text
    return {signal: float(value) for signal, value in re.findall(rf'^{name}\{{signal="(.+?)"\}} (\S+)$', text, re.M)}


def test_receiver_that_raises_at_every_signal_holds_up_nothing(victim_on: MakeVictim, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    victim = victim_on("sqlite", PYTHONPATH=str(tmp_path / "plugins"), NOTES=str(notes))
    install(tmp_path / "plugins", "raising", CHANNEL + RAISING, names="Quiet")
    install(tmp_path / "plugins", "sunrise", THEME, names="FOLDER", group="helpdesk.themes")
    victim.site.command("plugin", "enable", "raising")
    notes.unlink(missing_ok=True)  # what the command itself has sent
    victim.smtp.answer("550 5.1.1 No such user", recipient=GONE)
    victim.smtp.answer("451 4.2.2 Later", recipient=LATE, times=12)
    victim.site.run()
    with Calls(victim.site.url, log_in(victim)) as calls:
        cause_everything(calls)
    victim.smtp.wait_for(1)
    wait_until_calm()
    eventually(lambda: set(notes.read_text().split()) == set(signals.ALL), seconds=10, what="A note of each signal")

    def errors() -> dict[str, float]:
        return figures(victim, "helpdesk_signal_errors_total")

    def is_told_to_both() -> bool:
        calls_made = {name: 2 * count for name, count in errors().items()}
        return figures(victim, "helpdesk_signal_calls_total") == calls_made

    assert {name for name, count in errors().items() if count >= 1} == set(signals.ALL)
    eventually(is_told_to_both, seconds=10, what="Two calls each")
    assert_holds(victim.settings, sink=victim.smtp.received)


@pytest.mark.dovecot
def test_desk_starts_beside_plugins_that_cannot_be_loaded_and_says_why(
    victim_on: MakeVictim, tmp_path: Path, dovecot: DovecotServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = victim_on("sqlite", PYTHONPATH=str(tmp_path / "plugins"))
    victim.listen_to(dovecot, "broken-plugins@desk.example")
    for name, (source, _) in BROKEN.items():
        install(tmp_path / "plugins", name, source, names="Quiet")
    bring_theme_of_tomorrow(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "plugins"))
    enable_all([Ref(Kind.THEME, "tomorrow"), *(Ref(Kind.CHANNEL, name) for name in BROKEN)])
    victim.site.run()
    answer = plain.get(f"{victim.site.url}/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    told = "\n".join(answer.json()["problems"])
    reasons = {name: reason for name, (_, reason) in BROKEN.items()} | {"tomorrow": TOMORROW}
    for name, reason in reasons.items():
        assert re.search(rf"^plugin {name}: .*{re.escape(reason)}", told, re.M), told
    assert_graphql_names(victim, reasons)
    dovecot.append("broken-plugins@desk.example", mail(1))
    assert_mail_is_answered(victim)


def test_plugin_that_ends_the_process_after_a_good_trial_does_so_once(victim_on: MakeVictim, tmp_path: Path) -> None:
    victim = victim_on("sqlite", PYTHONPATH=str(tmp_path / "plugins"))
    turned = tmp_path / "turned"
    source = f"import os\nif os.path.exists({str(turned)!r}): os._exit(9)\n{CHANNEL}"
    install(tmp_path / "plugins", "turning", source, names="Quiet")
    victim.site.command("plugin", "enable", "turning")
    turned.touch()
    ended = subprocess.run([HELPDESK, "plugin", "list"], env=victim.site.environment, capture_output=True, check=False)
    assert ended.returncode == 9
    victim.site.run()
    told = "\n".join(plain.get(f"{victim.site.url}/readyz").json()["problems"])
    assert "plugin turning: its import ended the process with status 9" in told
    turned.unlink()
    assert victim.site.command("plugin", "enable", "turning")


def test_doctor_names_a_default_theme_that_keeps_the_help_center_from_starting(victim_on: MakeVictim) -> None:
    victim = victim_on("sqlite")
    folder = victim.settings.data_dir / "themes" / "default"
    folder.mkdir(parents=True)
    (folder / "theme.toml").write_text("[theme")
    done = subprocess.run(
        [HELPDESK, "doctor", "--json"], env=victim.site.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    told = [check["message"] for check in json.loads(done.stdout)["checks"] if check["health"] == "fail"]
    assert len(told) == 1
    assert re.match(r"default \(theme\) is quarantined: .*theme.toml cannot be read", told[0])


@transactional
def enable_all(refs: Iterable[Ref]) -> None:
    """Have the plugins used everywhere, whatever comes of it; the command would fail, and say so."""
    registry.load()
    for ref in refs:
        operations.switch(system(0), ref, is_on=True, everywhere=True)


def bring_theme_of_tomorrow(tmp_path: Path) -> None:
    """Install a theme that was written for a template API of the future."""
    folder = tmp_path / "tomorrow"
    shutil.copytree(SUNRISE, folder)
    text = (SUNRISE / "theme.toml").read_text()
    (folder / "theme.toml").write_text(text.replace('"sunrise"', '"tomorrow"').replace("api = 1", "api = 99"))
    source = f"from pathlib import Path\nFOLDER = Path({str(folder)!r})"
    install(tmp_path / "plugins", "tomorrow", source, names="FOLDER", group="helpdesk.themes")


def assert_graphql_names(victim: Victim, reasons: Mapping[str, str]) -> None:
    """Check that GraphQL names just these plugins as broken, each with its reason and its package."""
    with Calls(victim.site.url, victim.key) as calls:
        plugins = calls.ask("Plugins")["plugins"]
        refused = calls.ask("ServiceUpdate", input={"theme": "tomorrow"})["serviceUpdate"]["errors"]
    broken = {one["name"]: one for one in plugins if one["state"] in {"QUARANTINED", "INCOMPATIBLE"}}
    assert broken.keys() == reasons.keys()
    assert broken["future"]["state"] == "INCOMPATIBLE"
    for name, reason in reasons.items():
        assert reason in broken[name]["reason"]
        assert broken[name]["distribution"] == f"{name}-plugin"
    assert [error["code"] for error in refused] == ["UNKNOWN_THEME"]


def assert_mail_is_answered(victim: Victim) -> None:
    """Check that a mail becomes a ticket and an answer goes out, and that no broken plugin is offered."""
    with Calls(victim.site.url, victim.key) as calls:
        assert [driver["code"] for driver in calls.ask("ChannelAccounts")["channelDrivers"]] == ["email", "webhook"]
        ticket = eventually(lambda: calls.ask("Ticket", number=1)["ticket"], seconds=15, what="A ticket")
        assert ticket["subject"] == "Inquiry 1"
        calls.do("TicketReply", ticketId=ticket["id"], body="It is on its way.")
    (sent,) = victim.smtp.wait_for(1)
    assert sent.recipients == ("customer1@shop.example",)
    wait_until_calm()
    assert_holds(victim.settings, intake=1, sink=victim.smtp.received)
