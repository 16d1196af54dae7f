"""What every test of actions and conditions may ask for."""

from collections.abc import Iterator

import pytest

from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.factories.core_plugins import core
from tests.factories.desk import Desk
from tests.factories.echo import Echo


@pytest.fixture(autouse=True)
def own_plugins(desk: Desk) -> Iterator[None]:
    """The core's own actions and conditions, and Echo."""
    with core(Kind.ACTION, Kind.CONDITION):
        registry.register(Kind.CHANNEL, "echo", Echo)
        yield
