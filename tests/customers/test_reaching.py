"""An address that takes no messages is marked once, and the mark goes when it is good again."""

from typing import Any

import pytest

from helpdesk import signals
from helpdesk.customers import operations, queries, reaching
from helpdesk.customers.queries import IdentityRow
from helpdesk.customers.reaching import Cause
from helpdesk.kernel import actors, events
from helpdesk.kernel.errors import Forbidden, NotFound
from helpdesk.kernel.paging import Window
from helpdesk.sdk.events import AddressFailed, AddressRestored
from tests.factories.desk import Desk, make_desk

MAIL = "mina@shop.example"


def known(desk: Desk) -> IdentityRow:
    """Return the identity of a customer who has just become known."""
    customer_id = operations.recognise(desk.agent, email=MAIL)
    assert customer_id is not None
    ((row,),) = queries.identities_of_customers([customer_id])
    return row


def now(row: IdentityRow) -> IdentityRow:
    """Return the identity as it is now."""
    (found,) = queries.identities_by_ids([row.id])
    assert found is not None
    return found


def mark(desk: Desk, value: str = MAIL, reason: str = "550 5.1.1 no such user") -> bool:
    """Mark an address as failed."""
    return reaching.mark(actors.system(desk.service_id), "email", value, cause=Cause.FAILED, reason=reason)


def test_address_is_marked_once_and_keeps_its_first_reason(desk: Desk) -> None:
    row = known(desk)
    assert (now(row).undeliverable_since, now(row).undeliverable_reason) == (None, "")
    assert mark(desk, MAIL.upper())
    marked = now(row)
    assert marked.undeliverable_since is not None
    assert marked.undeliverable_reason == "550 5.1.1 no such user"
    assert not mark(desk, reason="another")
    assert now(row) == marked


def test_nobody_is_made_by_a_mark(desk: Desk) -> None:
    assert not mark(desk, "stranger@else.example")
    assert not mark(desk, "  ")
    assert queries.customer_of_identity(desk.service_id, "email", "stranger@else.example") is None


def test_person_who_writes_takes_the_mark_away(desk: Desk) -> None:
    row = known(desk)
    mark(desk)
    reaching.heard_from(actors.system(desk.service_id), "email", MAIL.upper())
    assert (now(row).undeliverable_since, now(row).undeliverable_reason) == (None, "")
    assert mark(desk, reason="again")
    assert now(row).undeliverable_reason == "again"


def test_agent_takes_the_mark_away_in_their_own_service_alone(desk: Desk) -> None:
    row = known(desk)
    mark(desk)
    other = make_desk(desk.settings, slug="second")
    with pytest.raises(NotFound):
        reaching.restore(other.agent, row.id)
    with pytest.raises(Forbidden):
        reaching.restore(actors.Actor(actors.ActorKind.PLUGIN, desk.service_id), row.id)
    assert now(row).undeliverable_since is not None
    reaching.restore(desk.agent, row.id)
    reaching.restore(desk.agent, row.id)
    assert now(row).undeliverable_since is None


def test_mark_is_told_and_written_down_without_the_address(desk: Desk) -> None:
    heard: list[Any] = []
    signals.address_failed.connect(heard.append)
    signals.address_restored.connect(heard.append)
    try:
        row = known(desk)
        mark(desk)
        mark(desk)
        reaching.restore(desk.agent, row.id)
        reaching.restore(desk.agent, row.id)
        assert signals.flush()
    finally:
        signals.address_failed.disconnect(heard.append)
        signals.address_restored.disconnect(heard.append)
    place = {"service_id": desk.service_id, "customer_id": row.customer_id, "identity_id": row.id}
    assert heard == [AddressFailed(**place, cause="failed"), AddressRestored(**place)]
    lines = events.history_of("customer", [row.customer_id], Window(first=50))[0].rows
    assert [(line.name, line.actor_name) for line in lines[1:]] == [
        ("address.failed", "system"),
        ("address.restored", "agent"),
    ]
    assert MAIL not in str(lines)


def test_marks_are_found_in_whatever_spelling(desk: Desk) -> None:
    row = known(desk)
    asked = [("email", "Mina@Shop.Example"), ("email", "jun@shop.example"), ("phone", MAIL), ("email", "")]
    assert queries.undeliverable(desk.service_id, asked) == {}
    mark(desk)
    assert queries.undeliverable(desk.service_id, asked) == {("email", "Mina@Shop.Example"): now(row)}
    assert queries.undeliverable(desk.service_id, []) == {}
