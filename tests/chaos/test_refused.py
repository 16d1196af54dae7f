"""Plugins that cannot be used at all: the desk says so, works on, and is whole again once they are switched off."""

from base64 import b64encode
from pathlib import Path

import pytest

from helpdesk.kernel import db
from tests.chaos.distributions import CLASH, REFUSED, entry_points, write_clash
from tests.chaos.storm import HEALTH_SECONDS, Storm, assert_whole_again
from tests.factories.environments import FreshEnvironment
from tests.factories.processes import eventually

WEBHOOK = {"url": "https://shop.example/hook", "secret": f"whsec_{b64encode(bytes(32)).decode()}"}

pytestmark = pytest.mark.dovecot


@pytest.mark.parametrize("storm", ["sqlite"], indirect=True)  # on PostgreSQL they all are in a desk at once
@pytest.mark.parametrize("name", REFUSED)
def test_plugin_that_cannot_be_used_is_said_to_be_so_and_the_desk_works_on(storm: Storm, name: str) -> None:
    plug = REFUSED[name]
    ((kind, known_as),) = entry_points(name, plug)
    plugin = storm.switch(known_as, kind, is_on=True)
    try:
        assert (plugin["state"], plug.said in plugin["reason"]) == (plug.state, True), plugin
        report = storm.ready()
        assert report["status"] == "degraded", report
        assert any(known_as in problem and plug.said in problem for problem in report["problems"]), report
        storm.assert_everything_else_works()
        assert storm.plugins(known_as)[kind]["state"] == plug.state
    finally:
        assert_whole_again(storm, [(kind, known_as)])


def test_migration_that_fails_half_way_leaves_no_table(storm: Storm) -> None:
    assert storm.switch("migration", "plugin", is_on=True)["state"] == "QUARANTINED"
    try:
        with storm.site.joined():
            tables = db.database.get_tables()
        assert "ticket" in tables
        assert [table for table in tables if table.startswith("p_migration")] == []
    finally:
        assert_whole_again(storm, [("plugin", "migration")])


def test_both_of_a_name_clash_are_out_of_use_until_one_is_removed(
    storm: Storm, environment: FreshEnvironment, tmp_path: Path
) -> None:
    assert storm.plugins("webhook")["channel"]["state"] == "ENABLED"
    account = storm.account("webhook", WEBHOOK)
    environment.install(write_clash(tmp_path))
    try:
        eventually(lambda: storm.ready()["status"] == "degraded", seconds=HEALTH_SECONDS, what="The news of it")
        storm.restart()
        assert storm.ready()["status"] == "degraded"
        assert_neither_is_used(storm, account)
        storm.assert_everything_else_works()
        assert_whole_again(storm, [("channel", "webhook")])
    finally:
        environment.uninstall("chaos-clash")
    plugin = storm.switch("webhook", "channel", is_on=True)
    assert plugin["state"] == "ENABLED", plugin
    assert "webhook" in drivers(storm)
    storm.drop_accounts("webhook")


def assert_neither_is_used(storm: Storm, account: dict[str, str]) -> None:
    """Check that the name, which both have, is quarantined, offered to nobody, and called by nobody."""
    plugin = storm.plugins("webhook")["channel"]
    assert plugin["state"] == "QUARANTINED", plugin
    assert CLASH.said in plugin["reason"], plugin
    assert "2 installed distributions" in plugin["reason"], plugin
    assert "webhook" not in drivers(storm)
    assert storm.post(account, b"{}") == 503


def drivers(storm: Storm) -> list[str]:
    """Return the channels that an account may be made of."""
    return [driver["code"] for driver in storm.calls.ask("ChannelAccounts")["channelDrivers"]]
