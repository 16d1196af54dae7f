"""What every test of the channels may ask for."""

from collections.abc import Iterator

import pytest

from helpdesk import plugins
from helpdesk.kernel import failpoints
from tests.channels.post import FullEcho, Post, make_post
from tests.factories.desk import Desk


@pytest.fixture(autouse=True)
def own_plugins() -> Iterator[None]:
    """Begin and end without any plugin; a test registers its own."""
    plugins.load(safe_mode=True)
    yield
    plugins.load(safe_mode=True)


@pytest.fixture
def post(desk: Desk) -> Post:
    """A desk with one Echo account."""
    plugins.register(plugins.CHANNELS, "echo", FullEcho)
    return make_post(desk)


@pytest.fixture
def failpoint() -> Iterator[None]:
    """Disarm whatever failpoint the test arms."""
    yield
    failpoints.arm("")
