"""``helpdesk plugin``: what an administrator is told of a plugin, and what the words do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpdesk.hosting import calls
from helpdesk.kernel.errors import Unavailable
from helpdesk.plugins import figures
from helpdesk.plugins.kinds import Kind
from tests.commands.conftest import Shell
from tests.plugins.conftest import Site, forget_modules

TOKEN = "hunter22-of-the-survey"
NEEDY = """
from pydantic import SecretStr
from helpdesk.sdk.plugin import Plugin, PluginSettings
class NeedySettings(PluginSettings):
    token: SecretStr
    spare: SecretStr | None = None
class Needy(Plugin):
    title = {"en": "Needy"}
    Settings = NeedySettings
"""
TALKER = """
from helpdesk.sdk.plugin import Plugin
class Talker(Plugin):
    title = {"en": "Talker"}
    def greet(self):
        raise RuntimeError("tongue-tied")
"""
KEEPER = """
from pathlib import Path
from helpdesk.sdk.plugin import Plugin
class Keeper(Plugin):
    title = {"en": "Keeper"}
    migrations = Path(__file__).parent / "steps"
"""
STEP = """
def up(migrator, db):
    db.execute_sql("CREATE TABLE p_keeper_thing (id INTEGER)")
    db.execute_sql("INSERT INTO p_keeper_thing VALUES (1), (2)")
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder in which a test installs plugins."""
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    forget_modules()
    yield Site(tmp_path / "site")
    forget_modules()


def test_secret_is_told_to_be_set_and_never_shown(made: Shell) -> None:
    made.text("plugin", "enable", "plugin/example")
    assert "survey_token is not set: Proves the survey tool" in made.text("plugin", "config", "example")
    made.text("plugin", "config", "example", "--set", f"survey_token={TOKEN}")
    for words in (("config", "example"), ("info", "plugin/example")):
        text = made.text("plugin", *words)
        assert "survey_token is set" in text
        assert TOKEN not in text
        assert made.json("plugin", *words)["secrets"] == {"survey_token": True}


def test_what_a_plugin_says_and_does_is_told(made: Shell, site: Site) -> None:
    site.install("talker", TALKER, value="Talker", kind=Kind.PLUGIN)
    made.text("plugin", "enable", "talker")
    host = calls.host_for("talker", 1, hook="greet")
    host.log("인사했습니다", ticket=7)
    with pytest.raises(Unavailable):
        calls.call("talker", "greet", 1, lambda plugin, _host: plugin.greet(), seconds=5)
    figures.write()
    told = made.text("plugin", "logs", "talker")
    assert "인사했습니다" in told
    assert "tongue-tied" in told
    assert "greet" in made.text("plugin", "info", "talker")
    (figure,) = [one for one in made.json("plugin", "info", "talker")["figures"] if one["hook"] == "greet"]
    assert (figure["calls"], figure["errors"]) == (1, 1)


def test_channel_is_told_its_settings_by_its_accounts(made: Shell) -> None:
    for name in ("email", "channel/email"):
        assert "by its accounts: see channelAccountCreate" in made.refused("plugin", "config", name)
    assert "where it is used" in made.refused("plugin", "config", "field_type/text")
    assert "No plugin “nothing” is installed" in made.refused("plugin", "config", "nothing")


def test_what_the_desk_cannot_do_without_stays_on(made: Shell) -> None:
    assert "falls back on it" in made.refused("plugin", "disable", "theme/default")
    assert "theme/default" in made.text("plugin", "list")


def test_settings_that_are_told_elsewhere_are_named_as_such(made: Shell) -> None:
    told = made.text("plugin", "info", "channel/email")
    assert "takes       address (needed)" in told
    assert "not set" not in told


def test_secret_that_is_needed_is_asked_for(made: Shell, site: Site) -> None:
    site.install("needy", NEEDY, value="Needy", kind=Kind.PLUGIN)
    assert "is loaded: it lacks settings: token" in made.text("plugin", "enable", "needy")
    text = made.text("plugin", "info", "needy")
    assert ("token is needed, and not set" in text, "spare is not set" in text) == (True, True)
    made.text("plugin", "config", "needy", "--set", f"token={TOKEN}")
    assert made.json("plugin", "config", "needy")["secrets"] == {"spare": False, "token": True}


def test_plugin_that_was_imported_well_and_is_not_on_is_checked(made: Shell) -> None:
    made.text("plugin", "enable", "condition/example", "--service", "demo")
    assert (state(made), state(made, "--service", "demo")) == (
        "enabled",
        "enabled",
    )  # without a service, where it is on
    made.text("plugin", "disable", "condition/example", "--service", "demo")
    assert (state(made), state(made, "--service", "demo")) == ("checked", "disabled")


def test_tables_of_a_plugin_are_dropped_once_it_is_off(made: Shell) -> None:
    made.text("plugin", "enable", "plugin/example")
    assert "disable it first" in made.refused("plugin", "drop-tables", "example", "--yes")
    made.text("plugin", "disable", "plugin/example")
    assert "p_example_rating with 0 rows; say --yes" in made.refused("plugin", "drop-tables", "plugin/example")
    told = made.json("plugin", "drop-tables", "plugin/example", "--yes")
    assert told == {"is_dropped": True, "tables": {"p_example_rating": 0}}
    assert "keeps no tables" in made.refused("plugin", "drop-tables", "example", "--yes")
    assert "is enabled" in made.text("plugin", "enable", "plugin/example")


def test_tables_of_a_plugin_that_is_installed_no_more_are_dropped(made: Shell, site: Site) -> None:
    site.install("keeper", KEEPER, value="Keeper", kind=Kind.PLUGIN)
    (site.folder / "steps").mkdir()
    (site.folder / "steps" / "0001_first.py").write_text(STEP)
    made.text("plugin", "enable", "keeper")
    site.remove("keeper")
    made.text("plugin", "list")
    assert made.text("plugin", "drop-tables", "keeper", "--yes") == "Dropped: p_keeper_thing with 2 rows.\n"


def test_completion_is_on_and_told_its_interval_by_service(made: Shell) -> None:
    told = made.json("plugin", "info", "completion")
    assert (told["state"], told["rights"]) == ("enabled", ["ticket.complete", "ticket.read", "ticket.set_status"])
    where = ("completion", "--service", "demo")
    assert made.text("plugin", "config", *where, "--set", "after_hours=336") == "after_hours = 336\n"
    assert "after_hours is not set: Complete" in made.text("plugin", "config", *where, "--unset", "after_hours")
    assert "name one with --service" in made.text("plugin", "config", "completion")


def state(shell: Shell, *where: str) -> str:
    """Return the state of the example's condition."""
    found: str = shell.json("plugin", "info", "condition/example", *where)["state"]
    return found
