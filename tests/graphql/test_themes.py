"""A service chooses its help center theme, and a theme dropped into the data folder is found."""

import shutil
from pathlib import Path

import pytest

from helpdesk.kernel.settings import Settings
from tests.factories.client import Caller

SUNRISE = Path(__file__).parents[1] / "helpcenter" / "themes" / "sunrise"


@pytest.fixture
def chosen(database_settings: Settings) -> Settings:
    """Settings of a desk with a child theme in its data folder."""
    shutil.copytree(SUNRISE, database_settings.data_dir / "themes" / "sunrise")
    return database_settings


def home(caller: Caller) -> str:
    """Return the help center's home page as a visitor gets it."""
    answer = caller.but(token=None).send("GET", "/demo/hc/ko")
    assert answer.status_code == 200
    return answer.text


def test_chosen_child_theme_shows_its_one_block_and_the_parents_rest(administrator: Caller) -> None:
    assert 'class="sunrise"' not in home(administrator)
    payload = administrator.done("ServiceUpdate", theme="sunrise")
    assert payload["service"]["theme"] == "sunrise"
    assert 'class="sunrise"' in home(administrator)
    assert "무엇을 도와드릴까요?" in home(administrator)


def test_broken_page_of_a_child_theme_falls_back_to_its_parent(administrator: Caller, chosen: Settings) -> None:
    page = chosen.data_dir / "themes" / "sunrise" / "templates" / "pages" / "home.html"
    page.write_text('{% extends "parent:pages/home.html" %}{% block banner %}{{ nothing.at_all.here }}{% endblock %}')
    administrator.done("ServiceUpdate", theme="sunrise")
    assert "무엇을 도와드릴까요?" in home(administrator)


def test_unknown_theme_is_refused_with_those_that_are_there(administrator: Caller) -> None:
    assert administrator.refused("ServiceUpdate", theme="moon") == ("UNKNOWN_THEME", ["theme"])


def test_an_agent_may_not_choose(agent: Caller) -> None:
    assert agent.refused("ServiceUpdate", theme="sunrise") == ("FORBIDDEN", [])
