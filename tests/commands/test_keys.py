"""``helpdesk key create``: the key works, from where it may, and is alone on stdout."""

import pytest

from helpdesk.access import queries
from helpdesk.access.authentication import authenticate
from helpdesk.kernel.actors import ActorKind
from helpdesk.kernel.errors import Forbidden
from tests.commands.conftest import Shell


def test_printed_key_works_from_the_allowed_address_alone(made: Shell) -> None:
    key = made.text("key", "create", "--allow", "127.0.0.1", "--allow", "10.0.0.0/8").strip()
    with made.opened() as service_id:
        assert authenticate(service_id, key, address="10.1.2.3").kind is ActorKind.SERVICE_KEY
        with pytest.raises(Forbidden, match=r"192\.0\.2\.1"):
            authenticate(service_id, key, address="192.0.2.1")


def test_key_is_alone_on_stdout_and_the_rest_is_on_stderr(made: Shell) -> None:
    done = made.run("key", "create", "--allow", "127.0.0.1")
    assert done.stdout.startswith("hdk_")
    assert len(done.stdout.split()) == 1
    assert done.stderr == "This key of demo is not shown again. Keys are accepted from 127.0.0.1/32.\n"


def test_only_the_printed_key_is_left_alive(made: Shell) -> None:
    told = made.json("key", "create", "--name", "Partner", "--allow", "127.0.0.1")
    with made.opened() as service_id:
        alive = [row for row in queries.keys_of_service(service_id) if row.revoked_at is None]
    assert [(row.id, row.name) for row in alive] == [(told["id"], "Partner")]


def test_key_without_an_open_api_says_how_to_open_it(made: Shell) -> None:
    assert "--allow 127.0.0.1" in made.refused("key", "create")


def test_wrong_network_opens_nothing(made: Shell) -> None:
    assert "300.1.1.1" in made.refused("key", "create", "--allow", "127.0.0.1", "--allow", "300.1.1.1")
    with made.opened() as service_id:
        assert not queries.is_open_api_enabled(service_id)


def test_second_key_needs_no_addresses(made: Shell) -> None:
    made.text("key", "create", "--allow", "127.0.0.1")
    assert made.json("key", "create", "--name", "Second")["allowed"] == ["127.0.0.1/32"]
