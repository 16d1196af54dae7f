"""The "test connection" button of a plugin."""

import pytest

from helpdesk.hosting import checks
from helpdesk.hosting.checks import Check
from helpdesk.kernel.errors import Forbidden, Unavailable
from helpdesk.sdk.host import Host
from tests.factories.desk import Desk
from tests.hosting.plugins import Hands, install


class Checked(Hands):
    """A plugin whose settings are wrong."""

    def check(self, host: Host) -> None:
        raise ValueError("the key is not known")


def test_settings_that_work_are_said_to_work(desk: Desk) -> None:
    install(Hands)
    assert checks.check(desk.administrator, "hands") == Check(True, "The settings work.")


def test_what_is_wrong_is_told(desk: Desk) -> None:
    install(Checked)
    told = checks.check(desk.administrator, "hands")
    assert not told.is_ok
    assert "the key is not known" in told.message


def test_right_is_needed_and_the_plugin_must_be_there(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        checks.check(desk.agent, "hands")
    with pytest.raises(Unavailable):
        checks.check(desk.administrator, "hands")
