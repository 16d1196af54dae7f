"""Plugins whose settings fail as they are read, written or described: their users are told, and nobody else notices."""

import pytest

from tests.chaos.causing import wait_for_news
from tests.chaos.distributions import WORKING, entry_points
from tests.chaos.settings import BREAKS, HOOKS
from tests.chaos.storm import Storm, assert_whole_again

pytestmark = pytest.mark.dovecot
TURNS = 5


@pytest.mark.parametrize("name", BREAKS)
def test_settings_that_fail_cost_only_their_plugin(storm: Storm, name: str) -> None:
    plugins = entry_points(name, WORKING[name])
    try:
        for kind, known_as in plugins:
            assert storm.switch(known_as, kind, is_on=True)["state"] == "ENABLED"
        for _time in range(TURNS):
            use_settings(storm, name)
        wait_for_news(storm, {(kind, known_as, HOOKS[name]) for kind, known_as in plugins})
        assert storm.ready()["status"] == "degraded"
        storm.assert_everything_else_works()
        for kind, plugin in storm.plugins(name).items():
            assert plugin["state"] == "DEGRADED", plugin
            assert f"{HOOKS[name]}: " in plugin["reason"], kind
            assert f"RuntimeError: no {name}" in plugin["reason"], kind
    finally:
        storm.drop_accounts(name)
        assert_whole_again(storm, plugins)


def use_settings(storm: Storm, name: str) -> None:
    """Do whatever reads, writes or describes the settings; only what fails is refused, and others describe theirs."""
    account = {"driver": name, "name": name, "settings": {"word": "any"}}
    told = {"name": name, "settings": {"word": "any"}, "isForAllServices": True}
    if name == "schema":
        plugins = storm.calls.ask("PluginSettings")["plugins"]
        by_name = {(one["kind"], one["name"]): one["settingsSchema"] for one in plugins}
        assert (by_name["channel", name], by_name["plugin", name]) == (None, None)
        assert by_name["channel", "email"]
        return
    for operation, given in (("ChannelAccountCreate", account), ("PluginConfigure", told)):
        (payload,) = storm.calls.ask(operation, input=given).values()
        (error,) = payload["errors"]
        assert error["code"] in {"PLUGIN_FAILED", "PLUGIN_RESTING"}, payload
