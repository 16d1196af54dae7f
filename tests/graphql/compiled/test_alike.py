"""The compiled executor's licence: it answers as the reference does, with no more statements.

Operations are made at random over the real schema and a desk with random data, and over a schema whose fields fail at
random. ``python -m tests.graphql.compiled.many 5000`` tries more of them, by hand.
"""

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.factories.desk import Desk
from tests.graphql.compiled import failing
from tests.graphql.compiled.comparing import Tally
from tests.graphql.compiled.trials import FailingMutations, Failures, Mutations, Queries

RANDOMS = st.randoms(use_true_random=False)  # hypothesis makes the document of a failure small
SHORT = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]


@pytest.fixture(scope="module")
def queries(furnished: Desk) -> Queries:
    """Queries of the real schema."""
    return Queries(furnished)


@pytest.fixture(scope="module")
def mutations(furnished: Desk) -> Mutations:
    """Mutations of the real schema."""
    return Mutations(furnished)


@pytest.fixture(scope="module")
def failures() -> Failures:
    """Queries that fail."""
    return Failures(failing.build())


@pytest.fixture(scope="module")
def failing_mutations(failures: Failures) -> FailingMutations:
    """Mutations that fail."""
    return FailingMutations(failing.build())


def assert_mostly_compiled(tally: Tally) -> None:
    """Assert that the compiled executor did the work, and was seen both to succeed and to fail."""
    assert tally.declined <= tally.run / 10
    assert tally.run / 10 <= tally.failing <= tally.run * 9 / 10


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), phases=SHORT)
@given(RANDOMS)
def test_queries_of_the_real_schema(queries: Queries, random: Random) -> None:
    queries.once(random)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), phases=SHORT)
@given(RANDOMS)
def test_queries_whose_fields_fail(failures: Failures, random: Random) -> None:
    failures.once(random)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=SHORT)
@given(RANDOMS)
def test_mutations_of_the_real_schema(mutations: Mutations, random: Random) -> None:
    mutations.once(random)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=SHORT)
@given(RANDOMS)
def test_mutations_whose_fields_fail(failing_mutations: FailingMutations, random: Random) -> None:
    failing_mutations.once(random)


def test_most_were_compiled_and_some_failed(queries: Queries, failures: Failures, mutations: Mutations) -> None:
    for trial in (queries, failures):
        assert_mostly_compiled(trial.both.tally)
    assert queries.both.tally.statements >= queries.both.tally.run
