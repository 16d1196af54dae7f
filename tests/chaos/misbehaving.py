"""What is to be said of a desk whose plugins misbehave in every hook, and how it is found out."""

from tests.chaos import behaving
from tests.chaos.behaving import EXPECTED, LATER, expected
from tests.chaos.causing import Causes, failing, wait_for_news
from tests.chaos.distributions import REFUSED, WORKING, entry_points
from tests.chaos.storm import HEALTH_SECONDS, Storm, assert_whole_again
from tests.factories.processes import eventually

SECONDS = 90.0
UNWELL = {"DEGRADED", "QUARANTINED", "INCOMPATIBLE"}
SAID = {
    "raises": "RuntimeError: chaos",
    "exits": "SystemExit: 3",
    "sleeps": "it did not end within",
    "nothing": "it answered nothing",
    "wrong": "a object",
}
"""What is said of every hook that behaves so; a million of each kind is refused in its own words."""


HOOK_BY_HOOK = tuple(name for name in behaving.LINES if name != "sleeps")
"""The behaviours that answer at once."""

TURNS = 5
"""So many failures in a row are taken for a fault of the plugin's."""


def assert_costs_only_itself(storm: Storm, name: str, *, times: int = TURNS) -> None:
    """Switch the plugins of a behaviour on, cause every hook so often, and look for what is promised."""
    plugins = entry_points(name, WORKING[name])
    wanted = {(str(kind), name + end, hook) for kind, end, hook in expected(name)}
    try:
        for kind, known_as in plugins:
            plugin = storm.switch(known_as, kind, is_on=True)
            assert plugin["state"] in {"ENABLED", "DEGRADED"}, plugin  # a periodic hook may have failed already
        Causes(storm, name, times=times).cause_everything()
        wait_for_news(storm, wanted)
        assert storm.ready()["status"] == "degraded"
        storm.assert_everything_else_works()
        _assert_named(storm, name, wanted)
    finally:
        storm.drop_accounts(name, name + LATER)
        assert_whole_again(storm, plugins)


def _assert_named(storm: Storm, name: str, wanted: set[tuple[str, str, str]]) -> None:
    """Check that state and /readyz name plugin, hook and reason, and of all plugins these alone."""
    plugins, told = storm.every_plugin(), "\n".join(storm.ready()["problems"])
    known = {(str(kind), name + end) for kind, end, _hook in EXPECTED}
    assert {pair for pair, plugin in plugins.items() if plugin["state"] in UNWELL} <= known
    missing = wanted - failing(storm)
    assert not missing, missing
    for kind, known_as in {(kind, known_as) for kind, known_as, _hook in wanted}:
        plugin = plugins[kind, known_as]
        assert plugin["state"] == "DEGRADED", plugin
        assert f"plugin {known_as}: " in told, told
        for problem in plugin["problems"]:
            assert f"{problem['hook']}: {problem['reason']}" in plugin["reason"], plugin
            assert SAID.get(name, "") in problem["reason"], plugin


def assert_starts_beside_all(storm: Storm) -> None:
    """Switch everything on, begin anew, and see the desk work, and be whole without them."""
    refused = [(pair, plug) for name, plug in REFUSED.items() for pair in entry_points(name, plug)]
    working = [pair for name, plug in WORKING.items() for pair in entry_points(name, plug)]
    switched = [pair for pair, _plug in refused] + working
    storm.switch_all(switched, is_on=True)
    try:
        eventually(lambda: _are_on(storm, switched), seconds=SECONDS, what="Following the switches")
        storm.restart()
        report = storm.ready()
        assert report["status"] == "degraded"
        for (_kind, name), plug in refused:
            assert any(name in problem and plug.said in problem for problem in report["problems"]), report
        storm.assert_everything_else_works()
        plugins = storm.every_plugin()
        assert {plugins[pair]["state"] for pair in working} <= {"ENABLED", "DEGRADED"}
    finally:
        storm.switch_all(switched, is_on=False)
    eventually(lambda: storm.ready()["status"] == "ok", seconds=HEALTH_SECONDS, what="Health without them")
    storm.assert_everything_else_works()


def _are_on(storm: Storm, switched: list[tuple[str, str]]) -> bool:
    plugins = storm.every_plugin()
    return all(plugins[pair]["state"] not in {"DISCOVERED", "DISABLED"} for pair in switched)
