"""What every test of the channels may ask for."""

from collections.abc import Iterator

import pytest

from helpdesk.kernel import failpoints
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from tests.channels.post import FullEcho, Post, make_post
from tests.factories.desk import Desk


@pytest.fixture(autouse=True)
def own_plugins() -> Iterator[None]:
    """Begin and end without any plugin; a test registers its own."""
    registry.load(safe_mode=True, looks=False)
    yield
    registry.load(safe_mode=True, looks=False)


@pytest.fixture
def post(desk: Desk) -> Post:
    """A desk with one Echo account."""
    registry.register(Kind.CHANNEL, "echo", FullEcho)
    return make_post(desk)


@pytest.fixture
def failpoint() -> Iterator[None]:
    """Disarm whatever failpoint the test arms."""
    yield
    failpoints.arm("")
