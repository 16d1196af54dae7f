"""Reads customers. What of it an actor may see, and masked or not, is for the callers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.customers.models import Customer, CustomerIdentity
from helpdesk.customers.rules import normal_identity
from helpdesk.customers.searching import Search, clean
from helpdesk.kernel.condition_syntax import LARGEST_NUMBER
from helpdesk.kernel.paging import Order, Page, Window, page
from helpdesk.kernel.rows import Row, by_ids, grouped, load, of_owners, select

NEWEST = (Order(Customer.id, "id", descending=True),)


@dataclass(slots=True, kw_only=True)
class CustomerRow(Row):
    """A customer; ``name`` may be empty."""

    service_id: int
    number: int
    name: str
    email: str | None
    phone: str | None
    user_key: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, kw_only=True)
class IdentityRow(Row):
    """What a customer is known by; one with ``undeliverable_since`` takes no messages, for the reason given."""

    service_id: int
    customer_id: int
    kind: str
    value: str
    undeliverable_since: datetime | None
    undeliverable_reason: str


def customers_by_ids(ids: Sequence[int | None]) -> list[CustomerRow | None]:
    """Return customers aligned with the ids, None for a missing one, in at most one statement."""
    return by_ids(CustomerRow, Customer, ids)


def customer_by_number(service_id: int, number: int) -> CustomerRow | None:
    """Return the customer of the number in the service."""
    if not 0 < number <= LARGEST_NUMBER:
        return None
    query = select(CustomerRow, Customer).where(Customer.service == service_id, Customer.number == number)
    return next(iter(load(CustomerRow, query)), None)


def page_of_service(service_id: int, window: Window, *, search: str | None = None) -> Page[CustomerRow]:
    """Return one page of the customers of the service, newest first.

    ``search`` keeps those of whose data a word begins so, for each word of it, or whose number it is.
    """
    query, text = select(CustomerRow, Customer).where(Customer.service == service_id), clean(search)
    if not text:
        return page(CustomerRow, query, order=NEWEST, window=window)
    found = Search(service_id, text)
    return page(CustomerRow, found.only_found(query), order=NEWEST, window=window, hits=found.hits)


def identities_by_ids(ids: Sequence[int | None]) -> list[IdentityRow | None]:
    """Return what customers are known by, aligned with the ids."""
    return by_ids(IdentityRow, CustomerIdentity, ids)


def identities_of_customers(customer_ids: Sequence[int]) -> list[list[IdentityRow]]:
    """Return all that each customer is known by, oldest first, in one statement."""
    return grouped(
        customer_ids, of_owners(IdentityRow, CustomerIdentity.customer, customer_ids), lambda row: row.customer_id
    )


def undeliverable(service_id: int, addresses: Iterable[tuple[str, str]]) -> dict[tuple[str, str], IdentityRow]:
    """Return the marks of those kinds and values, in whatever spelling, that are marked, in one statement."""
    normal = {address: normal_identity(*address) for address in addresses}
    values = {key[1] for key in normal.values() if key is not None}
    if not values:
        return {}
    is_marked = CustomerIdentity.value.in_(values) & CustomerIdentity.undeliverable_since.is_null(False)
    query = select(IdentityRow, CustomerIdentity).where(CustomerIdentity.service == service_id, is_marked)
    found = {(row.kind, row.value): row for row in load(IdentityRow, query)}
    return {address: found[key] for address, key in normal.items() if key in found}


def customer_of_identity(service_id: int, kind: str, value: str) -> int | None:
    """Return the id of the customer who is known by the identity, in whatever spelling it is given."""
    normal = normal_identity(kind, value)
    if normal is None:
        return None
    row = CustomerIdentity.get_or_none(
        CustomerIdentity.service == service_id, CustomerIdentity.kind == normal[0], CustomerIdentity.value == normal[1]
    )
    return None if row is None else int(row.customer_id)


def identity_of(customer_id: int, kind: str) -> str | None:
    """Return the newest identity of a kind by which the customer can be reached."""
    query: Any = CustomerIdentity.select(CustomerIdentity.value).where(
        CustomerIdentity.customer == customer_id, CustomerIdentity.kind == kind
    )
    return next((row[0] for row in query.order_by(CustomerIdentity.id.desc()).limit(1).tuples()), None)
