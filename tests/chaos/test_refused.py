"""Plugins that cannot be used at all: the desk says so, works on, and is whole again once they are switched off."""

from pathlib import Path

import pytest

from tests.chaos.distributions import CLASH, REFUSED, write_clash
from tests.chaos.storm import HEALTH_SECONDS, Storm, assert_whole_again
from tests.factories.environments import FreshEnvironment
from tests.factories.processes import eventually


@pytest.mark.dovecot
@pytest.mark.parametrize("name", REFUSED)
def test_plugin_that_cannot_be_used_is_said_to_be_so_and_the_desk_works_on(storm: Storm, name: str) -> None:
    plug = REFUSED[name]
    known_as = plug.known_as or name
    (kind,) = plug.names
    plugin = storm.switch(known_as, str(kind), is_on=True)
    try:
        assert (plugin["state"], plug.said in plugin["reason"]) == (plug.state, True), plugin
        report = storm.ready()
        assert report["status"] == "degraded", report
        assert any(known_as in problem and plug.said in problem for problem in report["problems"]), report
        storm.assert_everything_else_works()
        assert storm.plugins(known_as)[str(kind)]["state"] == plug.state
    finally:
        assert_whole_again(storm, known_as, [str(kind)])


@pytest.mark.dovecot
def test_both_of_a_name_clash_are_out_of_use_until_one_is_removed(
    storm: Storm, environment: FreshEnvironment, tmp_path: Path
) -> None:
    assert storm.plugins("webhook")["channel"]["state"] == "ENABLED"
    environment.install(write_clash(tmp_path))
    try:
        eventually(lambda: storm.ready()["status"] == "degraded", seconds=HEALTH_SECONDS, what="The news of it")
        assert CLASH.said in storm.plugins("webhook")["channel"]["reason"]
        storm.assert_everything_else_works()
        assert_whole_again(storm, "webhook", ["channel"])
    finally:
        environment.uninstall("chaos-clash")
    assert storm.switch("webhook", "channel", is_on=True)["state"] == "ENABLED"
