"""What tests of the compiled executor start from: a desk with random data, made once for a file."""

from collections.abc import Iterator

import pytest

from tests.factories.desk import Desk
from tests.graphql.compiled.desks import random_desk

SEED = 5


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk of two services, whose data were made at random; always the same, so that a failure can be repeated."""
    with random_desk(tmp_path_factory.mktemp("desk"), SEED) as desk:
        yield desk
