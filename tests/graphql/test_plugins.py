"""The plugins of the desk as GraphQL tells of them: who may see them, and why one is not in use."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from helpdesk.kernel.settings import Settings
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.factories.client import Caller

SUNRISE = Path(__file__).parents[1] / "helpcenter" / "themes" / "sunrise"
BROKEN_THEMES = {
    "future": ("api = 1", "api = 99", "speaks template API 1; the theme is written for 99"),
    "newer": ('requires = "helpdesk>=0.1,<1"', 'requires = "helpdesk>=99"', "It needs helpdesk>=99; this is helpdesk"),
    "orphan": ('parent = "default"', 'parent = "nobody"', "Its parent “nobody” is not installed"),
    "garbled": ("[theme]", "[theme", "theme.toml cannot be read"),
    "child": ('parent = "default"', 'parent = "orphan"', "Its parent “nobody” is not installed"),
}


@pytest.fixture
def chosen(database_settings: Settings) -> Settings:
    """Settings of a desk with a sound theme in its data folder, and with each broken one."""
    themes = database_settings.data_dir / "themes"
    shutil.copytree(SUNRISE, themes / "sunrise")
    for name, (right, wrong, _) in BROKEN_THEMES.items():
        shutil.copytree(SUNRISE, themes / name)
        text = (SUNRISE / "theme.toml").read_text().replace('name = "sunrise"', f'name = "{name}"')
        assert right in text
        (themes / name / "theme.toml").write_text(text.replace(right, wrong))
    return database_settings


def told(caller: Caller) -> dict[str, Any]:
    """Return what is told of each channel and theme, by its name; no two of those in use share one here."""
    shown = caller.ask("Plugins")["plugins"]
    return {plugin["name"]: plugin for plugin in shown if plugin["kind"] in {"channel", "theme"}}


def test_plugins_in_use_are_told_with_what_brings_them(partner: Caller) -> None:
    expected = {
        "kind": "channel",
        "name": "email",
        "distribution": "helpdesk-email",
        "state": "ENABLED",
        "reason": "",
        "isEnabled": True,
        "isIsolated": False,
        "rights": [],
        "problems": [],
    }
    assert told(partner)["email"].items() >= expected.items()
    assert (told(partner)["sunrise"]["kind"], told(partner)["sunrise"]["state"]) == ("theme", "ENABLED")


def test_channel_of_another_version_is_named_with_the_reason(administrator: Caller) -> None:
    registry.register(Kind.CHANNEL, "old", type("Old", (registry.named(Kind.CHANNEL)["echo"],), {"api": 0}))
    found = told(administrator)["old"]
    assert (found["state"], "written for 0" in found["reason"]) == ("INCOMPATIBLE", True)


@pytest.mark.parametrize("name", BROKEN_THEMES)
def test_theme_that_cannot_be_used_is_named_and_cannot_be_chosen(
    administrator: Caller, chosen: Settings, name: str
) -> None:
    found = told(administrator)[name]
    assert found["state"] == ("INCOMPATIBLE" if name in {"future", "newer"} else "QUARANTINED")
    assert BROKEN_THEMES[name][2] in found["reason"]
    assert str(chosen.data_dir) not in found["reason"]
    assert administrator.refused("ServiceUpdate", theme=name) == ("UNKNOWN_THEME", ["theme"])


def test_broken_theme_degrades_the_desk_and_not_the_help_center(stranger: Caller) -> None:
    report = stranger.send("GET", "/readyz").get_json()
    assert report["status"] == "degraded"
    assert {problem.split()[1].rstrip(":") for problem in report["problems"]} == set(BROKEN_THEMES)
    assert stranger.send("GET", "/demo/hc/ko").status_code == 200


def test_only_administrators_and_service_keys_see_plugins(stranger: Caller, agent: Caller) -> None:
    assert stranger.failed("Plugins") == "UNAUTHENTICATED"
    assert agent.failed("Plugins") == "FORBIDDEN"
