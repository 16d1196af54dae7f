"""Whatever plugins do in their hooks, a desk on PostgreSQL works, says who it was, and is whole again without them."""

import pytest

from tests.chaos.misbehaving import HOOK_BY_HOOK, assert_costs_only_itself
from tests.chaos.storm import Storm

pytestmark = [pytest.mark.dovecot, pytest.mark.parametrize("storm", ["postgres"], indirect=True)]


@pytest.mark.parametrize("name", HOOK_BY_HOOK)
def test_plugin_that_misbehaves_in_every_hook_costs_only_itself(storm: Storm, name: str) -> None:
    assert_costs_only_itself(storm, name)
