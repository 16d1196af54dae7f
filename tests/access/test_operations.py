"""An administrator opens a service to partners, and shuts it again."""

from collections.abc import Callable

import pytest
import time_machine

from helpdesk.access import operations, queries
from helpdesk.access.authentication import authenticate
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import Conflict, Forbidden, HelpdeskError, Invalid, NotFound, Unauthenticated
from helpdesk.sdk.events import OpenApiChanged
from helpdesk.signals import flush, open_api_changed
from tests.factories.desk import Desk

HERE = "203.0.113.7"


def open_service(desk: Desk) -> operations.NewKey:
    """Open the service to partners at one address and return the first key."""
    key = operations.enable_open_api(desk.administrator, True)
    operations.allow_address(desk.administrator, HERE)
    assert key is not None
    return key


def is_accepted(desk: Desk, key: operations.NewKey) -> bool:
    """Return whether a partner gets in with the key."""
    try:
        authenticate(desk.service_id, key.token, address=HERE)
    except Unauthenticated:
        return False
    return True


def test_switching_on_makes_the_first_key_once(desk: Desk) -> None:
    assert not queries.is_open_api_enabled(desk.service_id)
    key = operations.enable_open_api(desk.administrator, True)
    assert key is not None
    assert operations.enable_open_api(desk.administrator, True) is None
    assert operations.enable_open_api(desk.administrator, False) is None
    assert not queries.is_open_api_enabled(desk.service_id)
    assert operations.enable_open_api(desk.administrator, True) is None
    assert [(row.id, row.hint) for row in queries.keys_of_service(desk.service_id)] == [(key.id, key.token[-4:])]


def test_a_token_is_shown_once_and_printed_never(desk: Desk) -> None:
    open_service(desk)
    key = operations.create_key(desk.administrator, " Shop\n")
    assert key.token.startswith("hdk_")
    assert key.token not in repr(key)
    row = queries.keys_of_service(desk.service_id)[-1]
    assert row.name == "Shop"
    assert key.token not in repr(row)
    assert is_accepted(desk, key)


def test_a_key_needs_a_name(desk: Desk) -> None:
    open_service(desk)
    with pytest.raises(Invalid, match="name"):
        operations.create_key(desk.administrator, " \u202e")


def test_a_rotated_key_is_refused_at_once(desk: Desk) -> None:
    old = open_service(desk)
    new = operations.rotate_key(desk.administrator, old.id)
    assert (is_accepted(desk, old), is_accepted(desk, new)) == (False, True)
    assert [row.name for row in queries.keys_of_service(desk.service_id)] == ["Open API", "Open API"]


def test_a_grace_lets_both_keys_in_until_it_ends(desk: Desk) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        old = open_service(desk)
        new = operations.rotate_key(desk.administrator, old.id, grace_seconds=60)
        assert (is_accepted(desk, old), is_accepted(desk, new)) == (True, True)
        clock.shift(59)
        assert is_accepted(desk, old)
        clock.shift(1)
        assert (is_accepted(desk, old), is_accepted(desk, new)) == (False, True)


def test_a_key_in_its_grace_can_still_be_revoked(desk: Desk) -> None:
    old = open_service(desk)
    operations.rotate_key(desk.administrator, old.id, grace_seconds=60)
    operations.revoke_key(desk.administrator, old.id)
    assert not is_accepted(desk, old)


def test_a_key_is_replaced_once(desk: Desk) -> None:
    old = open_service(desk)
    operations.rotate_key(desk.administrator, old.id, grace_seconds=60)
    with pytest.raises(Conflict) as refused:
        operations.rotate_key(desk.administrator, old.id)
    assert refused.value.code == "KEY_REVOKED"
    assert is_accepted(desk, old)


@pytest.mark.parametrize("grace_seconds", [-1, 604_801])
def test_a_grace_lasts_a_week_at_most(desk: Desk, grace_seconds: int) -> None:
    key = open_service(desk)
    with pytest.raises(Invalid, match="grace"):
        operations.rotate_key(desk.administrator, key.id, grace_seconds=grace_seconds)
    assert is_accepted(desk, key)


def test_a_revoked_key_keeps_the_time_of_the_first_revocation(desk: Desk) -> None:
    key = open_service(desk)
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        operations.revoke_key(desk.administrator, key.id)
        clock.shift(60)
        operations.revoke_key(desk.administrator, key.id)
    (row,) = queries.keys_of_service(desk.service_id)
    assert str(row.revoked_at) == "2026-03-01 10:00:00+00:00"
    assert not is_accepted(desk, key)


def test_an_address_stands_on_the_list_once_and_is_taken_off_as_it_stands(desk: Desk) -> None:
    operations.enable_open_api(desk.administrator, True)
    first = operations.allow_address(desk.administrator, "2001:DB8::/32")
    assert operations.allow_address(desk.administrator, " 2001:db8::/32 ") == first
    assert [str(network) for network in queries.allowed_networks(desk.service_id)] == ["2001:db8::/32"]
    with pytest.raises(NotFound, match="2001:db8::1/128"):
        operations.forbid_address(desk.administrator, "2001:db8::1")
    operations.forbid_address(desk.administrator, "2001:db8:0::/32")
    assert queries.allowed_networks(desk.service_id) == []


def test_nothing_is_set_up_while_the_open_api_is_off(desk: Desk) -> None:
    key = open_service(desk)
    operations.enable_open_api(desk.administrator, False)
    calls: list[Callable[[], object]] = [
        lambda: operations.create_key(desk.administrator, "Shop"),
        lambda: operations.rotate_key(desk.administrator, key.id),
        lambda: operations.allow_address(desk.administrator, HERE),
    ]
    for call in calls:
        with pytest.raises(Conflict) as refused:
            call()
        assert refused.value.code == "OPEN_API_DISABLED"
    operations.forbid_address(desk.administrator, HERE)
    operations.revoke_key(desk.administrator, key.id)


def test_another_service_s_key_is_not_found(desk: Desk) -> None:
    key = open_service(desk)
    stranger = Actor(desk.administrator.kind, desk.service_id + 1, 1, "x", desk.administrator.rights)
    with pytest.raises(NotFound):
        operations.revoke_key(stranger, key.id)
    with pytest.raises(NotFound):
        operations.rotate_key(desk.administrator, key.id + 1)
    assert is_accepted(desk, key)


def test_only_an_administrator_opens_the_service(desk: Desk) -> None:
    calls: list[Callable[[Actor], object]] = [
        lambda actor: operations.enable_open_api(actor, True),
        lambda actor: operations.create_key(actor, "Shop"),
        lambda actor: operations.rotate_key(actor, 1),
        lambda actor: operations.revoke_key(actor, 1),
        lambda actor: operations.allow_address(actor, HERE),
        lambda actor: operations.forbid_address(actor, HERE),
    ]
    key = open_service(desk)
    partner = authenticate(desk.service_id, key.token, address=HERE)
    for actor in (desk.agent, partner, authenticate(desk.service_id, None, address=HERE)):
        for call in calls:
            with pytest.raises(HelpdeskError) as refused:
                call(actor)
            assert isinstance(refused.value, Forbidden | Unauthenticated)


def test_each_change_of_what_partners_may_do_is_told(desk: Desk) -> None:
    told: list[str] = []

    def note(event: OpenApiChanged) -> None:
        told.append(event.change)

    open_api_changed.connect(note)
    try:
        operations.enable_open_api(desk.administrator, True)
        key = operations.create_key(desk.administrator, "partner")
        new = operations.rotate_key(desk.administrator, key.id)
        operations.revoke_key(desk.administrator, new.id)
        operations.allow_address(desk.administrator, "203.0.113.7")
        operations.forbid_address(desk.administrator, "203.0.113.7")
        operations.enable_open_api(desk.administrator, False)
        assert flush()
    finally:
        open_api_changed.disconnect(note)
    assert told == [
        "enabled", "key_created", "key_rotated", "key_revoked", "address_allowed", "address_forbidden", "disabled",
    ]  # fmt: skip
