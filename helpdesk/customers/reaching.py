"""Marks addresses that take no messages any more, and takes the marks back.

An address is marked when it has failed for good, when its owner has complained, or when it came written so that it
may be another's. The mark warns agents, who may
write all the same, and keeps machines from it. It goes when a person writes from the address, or when an agent
says so. Events name the address by its id: it is personal data, and stands in one place.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from helpdesk.customers.models import CustomerIdentity
from helpdesk.customers.rules import normal_identity
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.events import record
from helpdesk.kernel.text import one_line
from helpdesk.sdk.events import AddressFailed, AddressRestored

LONGEST_REASON = 500
SUBJECT = "customer"


class Cause(StrEnum):
    """Why an address is marked: what was sent came back for good, was called unwanted, or it was never spelt right."""

    FAILED = "failed"
    COMPLAINED = "complained"
    MISSPELT = "misspelt"


@transactional
def mark(actor: Actor, kind: str, value: str, *, cause: Cause, reason: str) -> bool:
    """Mark the address as undeliverable; false if nobody is known by it, or it is marked. Records AddressFailed."""
    row = _identity(actor.service_id, kind, value)
    if row is None or row.undeliverable_since is not None:
        return False
    words = one_line(reason, longest=LONGEST_REASON) or cause
    is_unmarked = (CustomerIdentity.id == row.id) & CustomerIdentity.undeliverable_since.is_null()
    changes = {"undeliverable_since": clock.now(), "undeliverable_reason": words}
    if not CustomerIdentity.update(changes).where(is_unmarked).execute():
        return False
    event = AddressFailed(
        service_id=actor.service_id, customer_id=row.customer_id, identity_id=row.id, cause=str(cause)
    )
    record(actor, event, subject=(SUBJECT, row.customer_id), changes={"undeliverable": (None, str(cause))})
    return True


@transactional
def heard_from(actor: Actor, kind: str, value: str) -> None:
    """Take the mark from an address from which a person has written. May record AddressRestored."""
    key = normal_identity(kind, value)
    if key is not None:
        _clear(
            actor,
            (CustomerIdentity.service == actor.service_id)
            & (CustomerIdentity.kind == key[0])
            & (CustomerIdentity.value == key[1]),
        )


@transactional
def restore(actor: Actor, identity_id: int) -> None:
    """Take the mark from an address because somebody says that it is good. May record AddressRestored.

    Raises NotFound; one that is not marked is fine.
    """
    actor.require("customer.write")
    is_it = (CustomerIdentity.id == identity_id) & (CustomerIdentity.service == actor.service_id)
    if not CustomerIdentity.select().where(is_it).exists():
        raise NotFound("There is no such address.", path=("id",))
    _clear(actor, is_it)


def _clear(actor: Actor, is_it: Any) -> None:
    cleared: Any = CustomerIdentity.update(undeliverable_since=None, undeliverable_reason="").where(
        is_it, CustomerIdentity.undeliverable_since.is_null(False)
    )
    rows: Sequence[Any] = cleared.returning(CustomerIdentity.id, CustomerIdentity.customer).tuples().execute()
    for identity_id, customer_id in list(rows):
        event = AddressRestored(service_id=actor.service_id, customer_id=customer_id, identity_id=identity_id)
        record(actor, event, subject=(SUBJECT, customer_id), changes={"undeliverable": (True, None)})


def _identity(service_id: int, kind: str, value: str) -> Any:
    key = normal_identity(kind, value)
    if key is None:
        return None
    return CustomerIdentity.get_or_none(
        CustomerIdentity.service == service_id, CustomerIdentity.kind == key[0], CustomerIdentity.value == key[1]
    )
