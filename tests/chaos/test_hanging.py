"""Plugins that do not come back: whoever waits for one is told in time, and everybody else waits for nothing."""

import pytest

from tests.chaos.misbehaving import assert_costs_only_itself
from tests.chaos.storm import Storm


@pytest.mark.dovecot
def test_plugin_that_sleeps_for_ever_in_every_hook_costs_only_itself(storm: Storm) -> None:
    assert_costs_only_itself(storm, "sleeps", times=1)  # one overrun says enough
