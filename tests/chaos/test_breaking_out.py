"""Plugins that reach beyond their place: into the core's tables, the process's means, or its very life."""

import json

import pytest

from tests.chaos.distributions import WORKING
from tests.chaos.storm import HEALTH_SECONDS, Storm, assert_whole_again
from tests.factories.processes import eventually

BEGAN = "this process has begun anew and is at work"
MOST_THREADS = 500
"""The default of HELPDESK_PROCESS_MAX_THREADS."""


@pytest.mark.dovecot
def test_plugin_that_writes_to_a_table_of_the_core_changes_nothing(storm: Storm) -> None:
    assert storm.switch("writes", "plugin", is_on=True)["state"] == "ENABLED"
    try:
        for _time in range(6):
            storm.calls.do("TicketCreate", subject="Mine", body="Keep it.", customer={"email": "mine@shop.example"})
        storm.assert_everything_else_works()
        eventually(lambda: storm.ready()["status"] == "degraded", seconds=HEALTH_SECONDS, what="The news of it")
        (problem,) = storm.plugins("writes")["plugin"]["problems"]
        assert problem["hook"] == "received"
        assert "Trespass" in problem["reason"]
        assert storm.tickets("subject", "stolen") == []
        assert len(storm.tickets("subject", "Mine")) == 6
    finally:
        assert_whole_again(storm, [("plugin", "writes")])


@pytest.mark.dovecot
def test_plugin_that_leaks_threads_and_files_as_it_fails_costs_its_own_page_alone(storm: Storm) -> None:
    assert storm.switch("leaks", "plugin", is_on=True)["state"] == "ENABLED"
    try:
        for _time in range(8):
            assert storm.page("p/leaks/hello") == 503
        eventually(
            lambda: storm.plugins("leaks")["plugin"]["state"] == "DEGRADED",
            seconds=HEALTH_SECONDS,
            what="The news of it",
        )
        assert storm.ready()["status"] == "degraded"
        storm.assert_everything_else_works()
        assert "hello: RuntimeError: leaked" in storm.plugins("leaks")["plugin"]["reason"]
    finally:
        assert_whole_again(storm, [("plugin", "leaks")])


@pytest.mark.dovecot
def test_desk_that_a_plugin_fills_with_threads_and_files_in_silence_begins_anew(storm: Storm) -> None:
    assert storm.switch("drips", "plugin", is_on=True)["state"] == "ENABLED"
    before = storm.said.count(BEGAN)
    try:
        for _time in range(MOST_THREADS // 50 + 1):
            assert storm.page("p/drips/hello") == 200
        eventually(lambda: storm.said.count(BEGAN) > before, seconds=60, what="A new beginning")
        assert "threads, more than HELPDESK_PROCESS_MAX_THREADS" in storm.said
        storm.assert_everything_else_works()
        assert storm.page("p/drips/hello") == 200
    finally:
        assert_whole_again(storm, [("plugin", "drips")])


@pytest.mark.dovecot
@pytest.mark.parametrize("name", ["exiting", "crashing"])
def test_isolated_channel_that_ends_its_process_costs_only_that_process(storm: Storm, name: str) -> None:
    storm.site.command("plugin", "isolate", name)
    assert storm.switch(name, "channel", is_on=True)["state"] == "ENABLED"
    try:
        account = storm.account(name, {})
        for number in range(6):
            storm.post(account, json.dumps({"number": number}).encode())
        eventually(lambda: storm.plugins(name)["channel"]["state"] == "DEGRADED", seconds=60, what="The news of it")
        plugin = storm.plugins(name)["channel"]
        assert storm.ready()["status"] == "degraded"
        assert "receive" in {problem["hook"] for problem in plugin["problems"]}
        assert WORKING[name].said in plugin["reason"], plugin
        storm.assert_everything_else_works()
    finally:
        storm.drop_accounts(name)
        assert_whole_again(storm, [("channel", name)])
