"""The pytest plugin for authors: the fixture ``kit``, a desk of the test's own.

Installed with the core under the entry-point group ``pytest11``, so it is loaded into every test run,
the core's own too: it imports nothing of the desk until a test asks for the fixture.
"""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def kit() -> Iterator[Any]:
    """A whole desk, empty but for a service and its people; see helpdesk.sdk.testing.kit."""
    opening = importlib.import_module("helpdesk.kit.opening")
    with opening.opened() as desk:
        yield desk
