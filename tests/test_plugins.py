"""Loading plugins: one at a time, whatever each of them does."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from stevedore.extension import ExtensionManager

from helpdesk import plugins
from helpdesk.plugins import CHANNELS, THEMES, PluginState
from tests.factories.echo import Echo

GOOD = """
from helpdesk.sdk.channel import Channel, Sent
class Good(Channel):
    title = {"en": "Good"}
    def receive(self, request): return []
    def send(self, message): return Sent()
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed distributions, seen by the loader."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    ExtensionManager.ENTRY_POINT_CACHE.clear()
    yield tmp_path
    ExtensionManager.ENTRY_POINT_CACHE.clear()
    for name in [name for name in sys.modules if name.startswith("plug_")]:
        del sys.modules[name]
    plugins.load(safe_mode=True)


def install(site: Path, name: str, code: str, *, value: str = "Good", kind: str = CHANNELS, module: str = "") -> None:
    """Write a distribution with one entry point."""
    module = module or f"plug_{name}"
    (site / f"{module}.py").write_text(code)
    info = site / f"{module}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{kind}]\n{name} = {module}:{value}\n")


def found(name: str, kind: str = CHANNELS) -> plugins.Plugin:
    """Return what became of the plugin."""
    return next(plugin for plugin in plugins.load() if plugin.name == name and plugin.kind == kind)


def test_installed_channel_is_loaded(site: Path) -> None:
    install(site, "good", GOOD)
    assert found("good").state is PluginState.LOADED
    assert plugins.channels()["good"].__name__ == "Good"


@pytest.mark.parametrize(
    "fault",
    ["import no_such_module", "assert False, 'nope'", "raise SystemExit(3)", "raise MemoryError", "def f(): f()\nf()"],
)
def test_plugin_that_fails_at_import_is_quarantined_and_the_others_load(site: Path, fault: str) -> None:
    install(site, "bad", fault + "\n" + GOOD)
    install(site, "good", GOOD)
    broken = found("bad")
    assert broken.state is PluginState.QUARANTINED
    assert broken.reason
    assert "good" in plugins.channels()
    assert "bad" not in plugins.channels()


def test_both_plugins_of_one_name_are_quarantined(site: Path) -> None:
    install(site, "twin", GOOD, module="plug_first")
    install(site, "twin", GOOD, module="plug_second")
    assert found("twin").state is PluginState.QUARANTINED
    assert "remove all but one" in found("twin").reason
    assert "twin" not in plugins.channels()


@pytest.mark.parametrize(
    ("code", "value", "words"),
    [
        ("Good = 3", "Good", "must name a subclass"),
        (GOOD.replace("    def send(self, message): return Sent()\n", ""), "Good", "lacks send"),
        (GOOD.replace('"en"', '"ko"'), "Good", "needs a title"),
        (GOOD + "    Settings = dict\n", "Good", "subclass of ChannelSettings"),
        (GOOD + "    api = 99\n", "Good", "speaks channel API 1; the channel is written for 99"),
        (GOOD + "    api = '1'\n", "Good", "the channel is written for '1'"),
        (GOOD, "Missing", "Missing"),
    ],
)
def test_what_is_no_channel_is_quarantined_with_the_reason(site: Path, code: str, value: str, words: str) -> None:
    install(site, "odd", code, value=value)
    assert words in found("odd").reason


def test_theme_must_name_a_folder(site: Path) -> None:
    install(site, "plain", "from pathlib import Path\nGood = Path(__file__).parent", kind=THEMES)
    install(site, "odd", "Good = 'here'", kind=THEMES)
    assert found("plain", THEMES).state is PluginState.LOADED
    assert plugins.themes()["plain"] == site
    assert "folder" in found("odd", THEMES).reason


def test_channel_that_says_its_version_or_says_none_is_loaded(site: Path) -> None:
    install(site, "good", GOOD)
    install(site, "exact", GOOD + "    api = 1\n")
    assert {found("good").state, found("exact").state} == {PluginState.LOADED}


def test_theme_that_proves_useless_later_is_taken_out_of_use(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    install(site, "plain", "from pathlib import Path\nGood = Path(__file__).parent", kind=THEMES)
    assert found("plain", THEMES).state is PluginState.LOADED
    plugins.quarantine(THEMES, "plain", "its parent is missing")
    (plugin,) = [plugin for plugin in plugins.plugins() if plugin.name == "plain"]
    assert (plugin.state, plugin.reason) == (PluginState.QUARANTINED, "its parent is missing")
    assert (plugin.value, plugin.distribution) == (None, "plug_plain")
    assert "plain" not in plugins.themes()
    assert "plugin quarantined" in caplog.messages


def test_safe_mode_loads_the_default_theme_and_nothing_else(site: Path) -> None:
    install(site, "good", GOOD)
    install(site, "moon", "from pathlib import Path\nGood = Path(__file__).parent", kind=THEMES)
    assert [(plugin.kind, plugin.name) for plugin in plugins.load(safe_mode=True)] == [(THEMES, "default")]


def test_registered_plugin_is_checked_like_any_other(site: Path) -> None:
    assert plugins.register(CHANNELS, "echo", Echo).state is PluginState.LOADED
    assert plugins.register(CHANNELS, "odd", object).state is PluginState.QUARANTINED
