"""A desk in safe mode: no plugin, and it serves all the same."""

import pytest

from helpdesk.kernel.settings import Settings
from tests.factories.client import Caller, app, desk, stranger

__all__ = ["app", "desk", "stranger"]


@pytest.fixture
def chosen(database_settings: Settings) -> Settings:
    """The settings of a desk in safe mode."""
    return database_settings.model_copy(update={"safe_mode": True})


def test_safe_mode_serves_the_help_center_and_the_api(stranger: Caller) -> None:
    assert stranger.send("GET", "/demo/hc/ko").status_code == 200
    assert stranger.post("{ viewer { name } }").get_json()["data"] == {"viewer": None}
    assert stranger.send("GET", "/readyz").get_json()["status"] == "ok"
