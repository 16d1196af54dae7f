"""Loading plugins: one at a time, whatever each of them does, and only those that are wanted."""

import sys
from pathlib import Path

import pytest

from helpdesk.kernel import db, settings
from helpdesk.kernel.actors import system
from helpdesk.kernel.errors import Unavailable
from helpdesk.kernel.settings import Settings
from helpdesk.plugins import kinds, loading, operations, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.rules import PluginState
from tests.factories.desk import Desk
from tests.factories.echo import Echo
from tests.plugins.conftest import GOOD, Site, forget_modules

FOLDER = "from pathlib import Path\nGood = Path(__file__).parent"


def enabled(name: str, kind: Kind = Kind.CHANNEL, **load: tuple[str, ...]) -> registry.Plugin:
    """Switch the plugin on everywhere, and return what became of it."""
    registry.load(**load)
    operations.switch(system(0), Ref(kind, name), is_on=True, everywhere=True)
    found = registry.find(kind, name)
    assert found is not None
    return found


def test_installed_channel_is_not_even_imported_until_it_is_enabled(database: Settings, site: Site) -> None:
    site.install("good")
    registry.load()
    found = registry.find(Kind.CHANNEL, "good")
    assert found is not None
    assert found.state is PluginState.DISCOVERED
    assert "plug_good" not in sys.modules
    assert "good" not in registry.named(Kind.CHANNEL)


def test_enabled_channel_is_loaded(database: Settings, site: Site) -> None:
    site.install("good")
    assert enabled("good").state is PluginState.ENABLED
    assert registry.named(Kind.CHANNEL)["good"].__name__ == "Good"


def test_what_comes_with_the_desk_is_on_by_itself(database: Settings) -> None:
    registry.load()
    assert "email" in registry.named(Kind.CHANNEL)
    assert "default" in registry.themes()


@pytest.mark.parametrize(
    "fault",
    ["import no_such_module", "assert False, 'nope'", "raise SystemExit(3)", "raise MemoryError", "def f(): f()\nf()"],
)
def test_plugin_that_fails_at_import_is_quarantined_and_the_others_load(
    database: Settings, site: Site, fault: str
) -> None:
    site.install("bad", fault + "\n" + GOOD)
    site.install("good")
    broken = enabled("bad")
    assert broken.state is PluginState.QUARANTINED
    assert broken.reason
    enabled("good")
    assert "good" in registry.named(Kind.CHANNEL)
    assert "bad" not in registry.named(Kind.CHANNEL)


def test_plugin_that_ends_the_process_at_import_is_quarantined(database: Settings, site: Site) -> None:
    site.install("bad", "import os\nos._exit(7)")
    assert enabled("bad").reason == "its import ended the process with status 7"


def test_plugin_that_fails_in_this_process_only_is_quarantined(database: Settings, site: Site) -> None:
    site.install("bad", "import sys\nif 'pytest' in sys.modules: raise AssertionError('not here')\n" + GOOD)
    assert enabled("bad").reason == "AssertionError: not here"


def test_both_plugins_of_one_name_are_quarantined(database: Settings, site: Site) -> None:
    site.install("twin", module="plug_first")
    site.install("twin", module="plug_second")
    twin = enabled("twin")
    assert twin.state is PluginState.QUARANTINED
    assert "remove all but one" in twin.reason
    assert "twin" not in registry.named(Kind.CHANNEL)
    assert {"plug_first", "plug_second"}.isdisjoint(sys.modules)


@pytest.mark.parametrize(
    ("code", "value", "words"),
    [
        ("Good = 3", "Good", "must name a subclass"),
        (GOOD.replace("    def send(self, message): return Sent()\n", ""), "Good", "lacks send"),
        (GOOD.replace('"en"', '"ko"'), "Good", "needs a title"),
        (GOOD + "    Settings = dict\n", "Good", "subclass of ChannelSettings"),
        (GOOD, "Missing", "Missing"),
    ],
)
def test_what_is_no_channel_is_quarantined_with_the_reason(
    database: Settings, site: Site, code: str, value: str, words: str
) -> None:
    site.install("odd", code, value=value)
    odd = enabled("odd")
    assert (odd.state, odd.value) == (PluginState.QUARANTINED, None)
    assert words in odd.reason


@pytest.mark.parametrize("api", ["99", "'1'"])
def test_channel_of_another_api_is_incompatible(database: Settings, site: Site, api: str) -> None:
    site.install("odd", GOOD + f"    api = {api}\n")
    odd = enabled("odd")
    assert odd.state is PluginState.INCOMPATIBLE
    assert odd.reason == f"this helpdesk speaks channel API 1; the channel is written for {api}"


def test_version_before_the_newest_is_kept(database: Settings, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "APIS", (1, 2))
    assert (kinds.problem(Kind.CHANNEL, Echo), kinds.problem(Kind.CHANNEL, type("Two", (Echo,), {"api": 2}))) == (
        "",
        "",
    )
    assert "API 1 and 2" in kinds.problem(Kind.CHANNEL, type("Three", (Echo,), {"api": 3}))


def test_theme_must_name_a_folder(database: Settings, site: Site) -> None:
    site.install("plain", FOLDER, kind=Kind.THEME)
    site.install("odd", "Good = 'here'", kind=Kind.THEME)
    assert enabled("plain", Kind.THEME).state is PluginState.ENABLED
    assert registry.themes()["plain"] == site.folder
    assert "folder" in enabled("odd", Kind.THEME).reason


def test_theme_that_proves_useless_later_is_taken_out_of_use(
    database: Settings, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.install("plain", FOLDER, kind=Kind.THEME)
    enabled("plain", Kind.THEME)
    registry.quarantine(Kind.THEME, "plain", "its parent is missing")
    plugin = registry.find(Kind.THEME, "plain")
    assert plugin is not None
    assert (plugin.state, plugin.reason) == (PluginState.QUARANTINED, "its parent is missing")
    assert (plugin.value, plugin.distribution) == (None, "plug_plain")
    assert "plain" not in registry.themes()
    assert "plugin quarantined" in caplog.messages


def test_safe_mode_loads_the_default_theme_and_nothing_else(site: Site) -> None:
    site.install("good")
    site.install("moon", FOLDER, kind=Kind.THEME)
    assert [(plugin.kind, plugin.name) for plugin in registry.load(safe_mode=True)] == [(Kind.THEME, "default")]
    assert registry.refresh() is False


@pytest.mark.parametrize("name", ["good", "channel/good"])
def test_plugin_that_the_deployment_disables_stays_off(database: Settings, site: Site, name: str) -> None:
    site.install("good")
    good = enabled("good", disabled=(name,))
    assert (good.state, good.reason) == (PluginState.DISABLED, "HELPDESK_DISABLE names it")
    assert "plug_good" not in sys.modules


def test_deployment_disables_one_kind_alone(database: Settings, site: Site) -> None:
    site.install("good")
    assert enabled("good", disabled=("theme/good",)).state is PluginState.ENABLED


def test_import_that_hangs_after_a_good_trial_is_given_up(
    database: Settings, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = site.folder / "turned"
    site.install("turning", f"import os, time\nif os.path.exists({str(turned)!r}): time.sleep(2)\n" + GOOD)
    assert enabled("turning").state is PluginState.ENABLED
    turned.touch()
    forget_modules()
    monkeypatch.setattr(loading, "SECONDS", 0.3)
    registry.load()
    turning = registry.find(Kind.CHANNEL, "turning")
    assert turning is not None
    assert (turning.state, turning.value) == (PluginState.QUARANTINED, None)
    assert turning.reason == "its import does not end within 0.3 seconds"


def test_registered_plugin_is_checked_like_any_other() -> None:
    assert registry.register(Kind.CHANNEL, "echo", Echo).state is PluginState.ENABLED
    assert registry.register(Kind.CHANNEL, "odd", object).state is PluginState.QUARANTINED
    registry.load(safe_mode=True)


def test_what_a_service_switches_off_is_in_use_in_the_others(desk: Desk) -> None:
    operations.switch(desk.administrator, Ref(Kind.CHANNEL, "echo"), is_on=False)
    assert registry.get(Kind.CHANNEL, "echo", service_id=desk.service_id) is None
    assert registry.get(Kind.CHANNEL, "echo", service_id=desk.service_id + 1) is Echo
    assert registry.named(Kind.CHANNEL)["echo"] is Echo
    with pytest.raises(Unavailable, match="in use are: none"):
        registry.require(Kind.CHANNEL, "echo", service_id=desk.service_id)


def test_what_was_installed_meanwhile_is_found_by_the_next_refresh(database: Settings, site: Site) -> None:
    registry.load()
    assert registry.refresh() is False
    site.install("good")
    told: list[str] = []
    registry.on_change(lambda: told.append("changed"))
    try:
        assert registry.refresh() is True
    finally:
        registry.forget_callbacks()
    assert told == ["changed"]
    good = registry.find(Kind.CHANNEL, "good")
    assert good is not None
    assert good.state is PluginState.DISCOVERED
    assert enabled("good").state is PluginState.ENABLED


def test_name_that_two_had_when_the_desk_began_is_the_other_s_once_one_is_removed(
    database: Settings, site: Site
) -> None:
    site.install("good", module="plug_first")
    site.install("good", module="plug_good")
    site.install("other")
    assert enabled("good").state is PluginState.QUARANTINED
    assert enabled("other").state is PluginState.ENABLED  # the kind has been imported with both of them there
    for file in ("plug_first.py", "plug_first-1.dist-info/METADATA", "plug_first-1.dist-info/entry_points.txt"):
        (site.folder / file).unlink()
    (site.folder / "plug_first-1.dist-info").rmdir()
    assert registry.refresh()
    found = registry.find(Kind.CHANNEL, "good")
    assert found is not None
    assert (found.state, found.reason) == (PluginState.ENABLED, "")


def test_what_was_removed_meanwhile_is_gone_after_the_next_refresh(database: Settings, site: Site) -> None:
    site.install("good")
    enabled("good")
    site.remove("good")
    assert registry.refresh() is True
    assert registry.find(Kind.CHANNEL, "good") is None


def test_a_part_of_the_desk_that_cannot_follow_holds_up_no_other(
    database: Settings, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    registry.load()
    told: list[str] = []

    def fails() -> None:
        raise RuntimeError("no")

    registry.on_change(fails)
    registry.on_change(lambda: told.append("changed"))
    site.install("good")
    try:
        registry.refresh()
    finally:
        registry.forget_callbacks()
    assert told == ["changed"]
    assert "a part of the desk could not follow a change of plugins" in caplog.messages


def test_mended_plugin_works_after_it_is_enabled_again(database: Settings, site: Site) -> None:
    site.install("bad", "raise RuntimeError('not yet')")
    assert "not yet" in enabled("bad").reason
    site.install("bad", GOOD)
    operations.switch(system(0), Ref(Kind.CHANNEL, "bad"), is_on=True, everywhere=True)
    bad = registry.find(Kind.CHANNEL, "bad")
    assert bad is not None
    assert bad.state is PluginState.ENABLED


def test_database_without_the_tables_yet_loads_what_comes_with_the_desk(database: Settings, tmp_path: Path) -> None:
    db.database.close_all()
    db.use(settings.load({}, data_dir=tmp_path))
    assert "email" in {plugin.name for plugin in registry.load()}
    db.database.close_all()


STORAGE = """
import os
from helpdesk.sdk.storage import Storage
class Good(Storage):
    title = {"en": "Shelf"}
    def write(self, name, content, *, size): ...
    def open(self, name): ...
    def exists(self, name): return False
    def delete(self, name): ...
"""


@pytest.mark.parametrize(
    ("code", "state"), [(STORAGE, "enabled"), (STORAGE + "os._exit(3)", "quarantined"), ("", "quarantined")]
)
def test_safe_mode_loads_the_storage_that_is_on_and_survives_it(
    database: Settings, site: Site, code: str, state: str
) -> None:
    site.install("good")
    site.install("shelf", code, kind=Kind.STORAGE)
    enabled("good")
    enabled("shelf", Kind.STORAGE)
    found = {one.name: one.state.value for one in registry.load(safe_mode=True, storage="shelf")}
    assert found == {"default": "enabled", "shelf": state}


def test_safe_mode_leaves_a_storage_off_that_is_off(database: Settings, site: Site) -> None:
    site.install("shelf", STORAGE, kind=Kind.STORAGE)
    registry.load(safe_mode=True, storage="shelf")
    assert registry.named(Kind.STORAGE) == {}
    assert "plug_shelf" not in sys.modules
