"""Known and unknown names take the same time, so that nobody learns by a clock who works here. Source: SECURITY D1.

Measured is the processor's time of the call, in turns, so that whatever else this machine does is in both alike.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from helpdesk.access import passwords, sessions
from helpdesk.agents import operations as agents
from helpdesk.agents.queries import agents_by_ids
from helpdesk.kernel import crypto
from helpdesk.kernel.errors import Unauthenticated
from tests.factories.desk import PASSWORD, Desk

SAMPLES = 200
KNOWN, UNKNOWN = "agent@demo.example", "nobody@demo.example"
MOST_APART = 0.25


@pytest.fixture
def dearer(desk: Desk) -> Iterator[Desk]:
    """A desk whose passwords cost some milliseconds, so that one that is not looked at would be seen."""
    crypto.use_passwords(crypto.PasswordHashes(time_cost=2, memory_cost=4096, parallelism=1))
    agent = agents_by_ids([desk.agent.id])[0]
    assert agent is not None
    agents.set_password(agent.member_id, PASSWORD)
    yield desk
    crypto.use_passwords(crypto.PasswordHashes(time_cost=1, memory_cost=8, parallelism=1))


def medians(*calls: Callable[[str], object]) -> list[float]:
    """Return the median time of each call, given an address of its own each time, in seconds."""
    taken: list[list[float]] = [[] for _ in calls]
    for number in range(SAMPLES):
        turn = list(enumerate(calls))
        for place, call in turn if number % 2 else turn[::-1]:
            address = f"10.{place}.{number // 250}.{number % 250}"
            began = time.thread_time()
            call(address)
            taken[place].append(time.thread_time() - began)
    return [statistics.median(one) for one in taken]


def assert_alike(known: float, unknown: float) -> None:
    """Assert that the two medians are apart by no more than chance makes them."""
    assert abs(known - unknown) < MOST_APART * max(known, unknown), f"{known * 1000:.2f}, {unknown * 1000:.2f} ms"


def test_wrong_passwords_of_known_and_unknown_names(dearer: Desk) -> None:
    def attempt(email: str) -> Callable[[str], None]:
        def call(address: str) -> None:
            with suppress(Unauthenticated):
                sessions.log_in(dearer.service_id, email, "wrong password", address=address)

        return call

    assert_alike(*medians(attempt(KNOWN), attempt(UNKNOWN)))


def test_requests_for_a_new_password_of_known_and_unknown_names(desk: Desk) -> None:
    def request(email: str) -> Callable[[str], None]:
        return lambda address: passwords.request_reset(desk.service_id, email, address=address)

    assert_alike(*medians(request(KNOWN), request(UNKNOWN)))


def test_a_password_that_is_not_looked_at_would_be_seen(dearer: Desk) -> None:
    def looked_at(_address: str) -> None:
        crypto.verify_password(None, "wrong password")

    skipped, done = medians(lambda _address: None, looked_at)
    assert done - skipped > 0.001
