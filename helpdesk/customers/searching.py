"""How customers are found: by how the words of their data begin, in a table of its own (kernel/beginnings.py).

The terms are written with the values, in the same transaction. They repeat personal data, as plainly as the customer's
row has it: whoever erases a value erases its terms. An encrypted column would need keyed terms instead, and could be
found by whole words only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import peewee

from helpdesk.customers.models import Customer, CustomerTerm
from helpdesk.customers.rules import terms_of_customer
from helpdesk.kernel.beginnings import LAST_SIGN, needles
from helpdesk.kernel.condition_syntax import LARGEST_NUMBER
from helpdesk.kernel.db import database, is_sqlite, locked, transactional
from helpdesk.kernel.renewing import Renewed
from helpdesk.kernel.text import one_line

LONGEST_SEARCH = 254
COMMON = 10_000
"""From so many terms on a list is walked newest first, since so many hits take longer to sort than to come upon."""
LOOKED_AT = 1_000
DENSE = 5
"""How many of the newest customers must have several words, each common, for a walk to come upon a page soon."""
LOT = 500


def learn(service_id: int, customer_id: int, values: Mapping[str, str | None]) -> None:
    """Make a customer findable by these values too. One statement, none where nothing is to be learnt."""
    rows = [
        {"service_id": service_id, "customer": customer_id, "term": term} for term in sorted(terms_of_customer(values))
    ]
    if rows:
        CustomerTerm.insert_many(rows).on_conflict_ignore().execute()


class Search:
    """One search among a service's customers: its ways, and which of its needles are common, each looked up once."""

    def __init__(self, service_id: int, text: str) -> None:
        self._service_id = service_id
        self._ways = needles(text)
        is_number = text.isascii() and text.isdigit() and int(text) <= LARGEST_NUMBER
        self._number = int(text) if is_number else None
        self._are_common: dict[str, bool] = {}

    def only_found(self, query: Any) -> Any:
        """Return the query over customers kept to those who are found, for lists that are newest first."""
        if any(self._is_walked(way) for way in self._ways):
            number = [] if self._number is None else [Customer.number == self._number]
            return query.where(_any_of([_walked(way) for way in self._ways] + number))
        hits = self.hits()
        if not hits:
            return query.where(peewee.SQL("1 = 0"))
        among = _any_of(hits)
        if is_sqlite():
            return query.where(Customer.id.in_(among))
        return query.where(peewee.NodeList((Customer.id, peewee.SQL("= ANY(ARRAY("), among, peewee.SQL("))"))))

    def hits(self) -> list[Any]:
        """Return queries for the ids of those who are found, as ``row_id``, some more than once and in no order."""
        hits = [self._known(way) for way in self._ways]
        if self._number is not None:
            numbered = (Customer.service == self._service_id) & (Customer.number == self._number)
            hits.append(Customer.select(Customer.id.alias("row_id")).where(numbered))
        return hits

    def _known(self, way: Sequence[str]) -> Any:
        """Return the query for the ids of those who have a term for each needle; the first that is rare leads."""
        first = next((needle for needle in way if len(way) > 1 and not self._is_common(needle)), way[0])
        lead = CustomerTerm.alias()
        query = lead.select(lead.customer.alias("row_id")).where(
            lead.service_id == self._service_id, _begins(lead, first)
        )
        for needle in way:
            if needle != first:
                query = query.where(_has(lead.customer, needle))
        return query

    def _is_walked(self, way: Sequence[str]) -> bool:
        """Return whether so many have the needles that walking the list finds a page sooner than sorting the hits."""
        if not all(self._is_common(needle) for needle in way):
            return False
        if len(way) == 1:
            return True
        newest = Customer.select(Customer.id).where(Customer.service == self._service_id).order_by(Customer.id.desc())
        looked_at = newest.limit(LOOKED_AT).alias("newest")
        dense = peewee.Select([looked_at], [peewee.Value(1)]).where(_walked(way, looked_at.c.id)).limit(DENSE)
        return len(list(dense.tuples().execute(database))) == DENSE

    def _is_common(self, needle: str) -> bool:
        if needle not in self._are_common:
            some = CustomerTerm.select(peewee.Value(1)).where(CustomerTerm.service_id == self._service_id)
            count = some.where(_begins(CustomerTerm, needle)).limit(COMMON).count()
            self._are_common[needle] = count == COMMON
        return self._are_common[needle]


def _walked(way: Sequence[str], customer: Any = Customer.id) -> Any:
    condition: Any = _has(customer, way[0])
    for needle in way[1:]:
        condition &= _has(customer, needle)
    return condition


def _has(customer: Any, needle: str) -> Any:
    term = CustomerTerm.alias()
    return peewee.fn.EXISTS(term.select(peewee.Value(1)).where(term.customer == customer, _begins(term, needle)))


def _begins(term: Any, needle: str) -> Any:
    return (term.term >= needle) & (term.term < needle + LAST_SIGN)


def _any_of(conditions: Sequence[Any]) -> Any:
    found = conditions[0]
    for condition in conditions[1:]:
        found |= condition
    return found


def clean(search: str | None) -> str:
    """Return what is searched, as one line."""
    return one_line(search or "", longest=LONGEST_SEARCH)


@transactional
def renew(service_id: int, *, after: int = 0, most: int = LOT) -> Renewed | None:
    """Make the service's next customers after an id findable anew; None after the last one."""
    query = Customer.select().where(Customer.service == service_id, Customer.id > after)
    rows = list(locked(query.order_by(Customer.id).limit(most)))
    if not rows:
        return None
    CustomerTerm.delete().where(CustomerTerm.customer.in_([row.id for row in rows])).execute()
    terms = [
        {"service_id": service_id, "customer": row.id, "term": term}
        for row in rows
        for term in sorted(terms_of_customer(row.__data__))
    ]
    for start in range(0, len(terms), LOT):
        CustomerTerm.insert_many(terms[start : start + LOT]).execute()
    return Renewed(len(rows), rows[-1].id)
