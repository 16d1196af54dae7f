"""Recognises whoever asks, and keeps what they tell of themselves. Never merges two customers.

A value that stands is not overwritten by what somebody says of themselves later: the newer one is
kept beside it, to be picked by an agent (Source: SPEC CUS-12, CUS-14). Neither history nor event log
repeats personal data: it stands with the customer, from where it can be erased (searching.py has its terms).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from helpdesk.customers import searching
from helpdesk.customers.models import Customer, CustomerIdentity, CustomerValue
from helpdesk.customers.rules import Given, Key, read_given
from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import next_number, transaction, transactional
from helpdesk.kernel.events import record
from helpdesk.sdk.events import CustomerCreated

SERIES = "customer"
COLUMNS = ("name", "email", "phone", "user_key")


class _TakenError(Exception):
    """Somebody else made the customer meanwhile; raised to take back what was made here."""


@transactional
def recognise(
    actor: Actor,
    *,
    name: str = "",
    email: str | None = None,
    phone: str | None = None,
    user_key: str | None = None,
    identity: tuple[str, str] | None = None,
) -> int | None:
    """Find or make the customer and return the id; None when nothing given identifies anybody.

    ``identity`` is the channel's own (kind, value). Blank fields are filled. Records CustomerCreated.
    Raises Invalid with the path of what is wrong. Source: SPEC CUS-02, CUS-04, CUS-05.
    """
    actor.require("ticket.create")
    given = read_given(name=name, email=email, phone=phone, user_key=user_key, identity=identity)
    if not given.keys:
        return None
    while True:  # twice at most: whoever was first is found
        found = _find(actor.service_id, given)
        if found is not None:
            return found
        try:
            with transaction():
                return _make(actor, given)
        except _TakenError:
            continue


def _find(service_id: int, given: Given) -> int | None:
    """Return the customer of the best key, having added what is new about them."""
    rows = _owners(service_id, given.claims)
    best = next((rows[key] for key in given.keys if key in rows), None)
    if best is None:
        return None
    customer_id, *present = best
    _claim(service_id, customer_id, [key for key in given.claims if key not in rows])
    _fill(service_id, customer_id, dict(zip(COLUMNS, present, strict=True)), given.values)
    return int(customer_id)


def _owners(service_id: int, keys: Sequence[Key]) -> dict[Key, Sequence[Any]]:
    """Return, for each key that somebody has, the customer's id and present values."""
    is_asked = CustomerIdentity.kind.in_({kind for kind, _ in keys}) & CustomerIdentity.value.in_(
        {value for _, value in keys}
    )
    query = (
        CustomerIdentity.select(
            CustomerIdentity.kind,
            CustomerIdentity.value,
            Customer.id,
            *(getattr(Customer, column) for column in COLUMNS),
        )
        .join(Customer)
        .where(CustomerIdentity.service == service_id, is_asked)
    )
    rows: Any = query.tuples()
    return {(kind, value): rest for kind, value, *rest in rows if (kind, value) in keys}


def _make(actor: Actor, given: Given) -> int:
    """Make the customer. Raises _TakenError when another transaction has committed one with a key of this one.

    The number is taken first: its row holds back whoever makes another customer of the service.
    """
    at = clock.now()
    number = next_number(SERIES, actor.service_id)
    values = {"service": actor.service_id, "number": number, "created_at": at, "updated_at": at, **given.values}
    customer_id = int(Customer.insert(values).execute())
    if not set(given.keys) <= _claim(actor.service_id, customer_id, given.claims):
        raise _TakenError
    _remember(customer_id, given.values, at)
    searching.learn(actor.service_id, customer_id, given.values)
    event = CustomerCreated(service_id=actor.service_id, customer_id=customer_id, number=number)
    record(actor, event, subject=(SERIES, customer_id))
    return customer_id


def _claim(service_id: int, customer_id: int, keys: Iterable[Key]) -> set[Key]:
    """Give the customer the identities that nobody has and return them."""
    rows = [{"service": service_id, "customer": customer_id, "kind": kind, "value": value} for kind, value in keys]
    if not rows:
        return set()
    claimed = CustomerIdentity.insert_many(rows).on_conflict_ignore()
    return set(claimed.returning(CustomerIdentity.kind, CustomerIdentity.value).tuples().execute())


def _fill(service_id: int, customer_id: int, present: Mapping[str, str | None], given: Mapping[str, str]) -> None:
    """Fill blank fields, and remember every value that was not the present one."""
    news = {column: value for column, value in given.items() if value != present[column]}
    if not news:
        return
    at = clock.now()
    blank = {column: value for column, value in news.items() if not present[column]}
    if blank:
        Customer.update(updated_at=at, **blank).where(Customer.id == customer_id).execute()
        searching.learn(service_id, customer_id, blank)
    known: Any = CustomerValue.select(CustomerValue.field, CustomerValue.value).where(
        CustomerValue.customer == customer_id
    )
    seen = set(known.tuples())
    _remember(customer_id, {column: value for column, value in news.items() if (column, value) not in seen}, at)


def _remember(customer_id: int, values: Mapping[str, str], at: datetime) -> None:
    rows = [{"customer": customer_id, "field": field, "value": value, "at": at} for field, value in values.items()]
    if rows:
        CustomerValue.insert_many(rows).execute()
