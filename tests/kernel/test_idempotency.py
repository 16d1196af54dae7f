"""A change may be sent again with its key: it happens once, and a repeat gets the first result."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from helpdesk.kernel import db
from helpdesk.kernel.actors import Actor, ActorKind, system
from helpdesk.kernel.db import next_number, transactional
from helpdesk.kernel.errors import Conflict, Invalid
from helpdesk.kernel.idempotency import IdempotencyKey, begin, finish, owner_of
from helpdesk.kernel.settings import Settings

ACTOR = Actor(ActorKind.SERVICE_KEY, 1, id=5)


@transactional
def make(key: str | None, *, actor: Actor = ACTOR, operation: str = "make", given: object = None) -> int:
    """Make a thing, once for each key."""
    known = begin(actor, key, operation=operation, given=given)
    if known is not None:
        return known
    number = next_number("thing", 1)
    finish(actor, key, number)
    return number


def test_a_repeat_gets_what_was_made_the_first_time(database: Settings) -> None:
    assert [make("k1", given={"a": 1, "b": [None]}), make("k1", given={"b": [None], "a": 1})] == [1, 1]
    assert make("k2") == 2


def test_without_a_key_everything_is_made_again(database: Settings) -> None:
    assert [make(None), make(None)] == [1, 2]
    assert IdempotencyKey.select().count() == 0


@pytest.mark.parametrize(
    "other", [{"operation": "make", "given": {"a": 2}}, {"operation": "remove", "given": {"a": 1}}]
)
def test_a_key_for_another_request_is_refused(database: Settings, other: dict[str, object]) -> None:
    make("k", given={"a": 1})
    with pytest.raises(Conflict, match="new key") as refused:
        make("k", **other)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.path) == ("IDEMPOTENCY_KEY_REUSED", ("idempotencyKey",))


def test_keys_of_different_actors_and_services_are_apart(database: Settings) -> None:
    actors = [
        ACTOR,
        replace(ACTOR, id=6),
        replace(ACTOR, service_id=2),
        replace(ACTOR, kind=ActorKind.AGENT),
        system(1),
    ]
    for _again in range(2):
        assert [make("k", actor=actor) for actor in actors] == [1, 2, 3, 4, 5]
    assert owner_of(ACTOR) == "service_key:5"


def test_a_failed_change_does_not_use_up_its_key(database: Settings) -> None:
    @transactional
    def fail() -> None:
        begin(ACTOR, "k", operation="make", given=None)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()
    assert make("k") == 1


def test_the_same_key_at_the_same_time_makes_one_thing(database: Settings) -> None:
    ready = threading.Barrier(4)

    def work() -> int:
        with db.connection():
            ready.wait(10)
            return make("k")

    with ThreadPoolExecutor(4) as pool:
        assert [future.result(30) for future in [pool.submit(work) for _ in range(4)]] == [1, 1, 1, 1]
    assert next_number("thing", 1) == 2


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_a_length(database: Settings, key: str) -> None:
    with pytest.raises(Invalid, match="1 to 200") as refused:
        make(key)
    assert refused.value.path == ("idempotencyKey",)


def test_a_key_that_no_database_can_keep_is_refused(database: Settings) -> None:
    for key in ("a\0b", "\ud800"):
        with pytest.raises(Invalid, match="printable"):
            make(key)
