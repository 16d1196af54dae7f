"""Conditions and orders over tickets, as inputs: the one condition language, and keys for keyset pages."""

from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.graphql import enums, ids
from helpdesk.kernel.conditions import Operator
from helpdesk.kernel.errors import Invalid
from helpdesk.tickets.queries import TicketOrderField

REFERENCES = {"customer": "Customer", "assignee": "Agent", "group": "AgentGroup"}
MOST_ORDERS = 3

enums.declare(
    Operator,
    name="ConditionOperator",
    description="How a field is compared with a value.",
    values={
        "IS": "Equals the value; null stands for none.",
        "IS_NOT": "Differs from the value.",
        "IN": "Equals one of a list of values.",
        "NOT_IN": "Differs from every one of a list of values.",
        "CONTAINS": "The text contains the value.",
        "NOT_CONTAINS": "The text does not contain the value.",
        "STARTS_WITH": "The text begins with the value.",
        "LESS_THAN": "The number is less than the value.",
        "AT_MOST": "The number is the value or less.",
        "GREATER_THAN": "The number is greater than the value.",
        "AT_LEAST": "The number is the value or more.",
        "BEFORE": "The time is before the value.",
        "AFTER": "The time is after the value.",
        "IS_EMPTY": "Nothing stands there; takes no value.",
        "IS_NOT_EMPTY": "Something stands there; takes no value.",
        "CHANGED": "It has just changed; only where there is a before, such as in a trigger, so not in lists.",
        "CHANGED_TO": "It has just changed to the value; not in lists.",
        "CHANGED_FROM": "It has just changed from the value; not in lists.",
    },
)
enums.declare(
    TicketOrderField,
    description="What tickets may be ordered by.",
    values={
        "CREATED_AT": "When the ticket was made.",
        "UPDATED_AT": "When the ticket last changed.",
        "NUMBER": "The ticket number.",
    },
)

LazyWhere = Annotated["TicketWhere", strawberry.lazy("helpdesk.graphql.filters")]


class OrderDirection(Enum):
    """Which end of a list comes first."""

    ASC = "ASC"
    DESC = "DESC"


enums.declare(
    OrderDirection,
    description="Which end of a list comes first.",
    values={"ASC": "The smallest or oldest first.", "DESC": "The largest or newest first."},
)


@strawberry.input(description="One column of an order.")
class TicketOrder:
    """One column of an order."""

    field: TicketOrderField = strawberry.field(description="The column.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="Which end comes first.")


@strawberry.input(
    description="A condition over tickets: either `field`, `op` and `value`, or exactly one of `all`, `any` and `not`."
    " Fields: number, subject, status, priority, channel, externalRef, language, customer, assignee, group, createdAt,"
    " updatedAt; `meets` knows those of plugins too, see `conditionFields`."
)
class TicketWhere:
    """A condition over tickets."""

    all: list[LazyWhere] | None = strawberry.field(default=None, description="Every one of these holds.")
    any: list[LazyWhere] | None = strawberry.field(default=None, description="At least one of these holds.")
    not_: LazyWhere | None = strawberry.field(name="not", default=None, description="This does not hold.")
    field: str | None = strawberry.field(default=None, description="The field to compare.")
    op: Operator | None = strawberry.field(default=None, description="How to compare; IS when it is left out.")
    value: JSON | None = strawberry.field(
        default=None, description="What to compare with: text, a number, a time in ISO 8601, an id, or a list of these."
    )


def condition_of(where: TicketWhere | None) -> dict[str, Any] | None:
    """Return the condition in the one language, global ids turned into row ids.

    Raises Invalid unless each node is either a comparison or exactly one of all, any and not.
    """
    if where is None:
        return None
    parts: list[dict[str, Any]] = []
    if where.all is not None:
        parts.append({"all": [condition_of(part) for part in where.all]})
    if where.any is not None:
        parts.append({"any": [condition_of(part) for part in where.any]})
    if where.not_ is not None:
        parts.append({"not": condition_of(where.not_)})
    if where.field is not None:
        parts.append(_comparison(where.field, where.op or Operator.IS, where.value))
    if len(parts) != 1:
        raise Invalid(
            "A condition is either field, op and value, or exactly one of all, any and not.",
            code="BAD_CONDITION",
            path=("where",),
        )
    return parts[0]


def _comparison(field: str, operator: Operator, value: Any) -> dict[str, Any]:
    if field in REFERENCES and value is not None:
        value = [_reference(field, item) for item in value] if isinstance(value, list) else _reference(field, value)
    return {"field": field, "op": operator.value, "value": value}


def _reference(field: str, value: Any) -> int:
    """Return the row id; an id of nothing matches nothing, as one of another service does."""
    found = ids.decode(value) if isinstance(value, str) else None
    return found[1] if found is not None and found[0] == REFERENCES[field] else 0


def order_of(orders: list[TicketOrder] | None) -> list[tuple[TicketOrderField, bool]]:
    """Return (field, descending) of each column. Raises Invalid for too many, or for one given twice."""
    pairs = [(order.field, order.direction is OrderDirection.DESC) for order in orders or ()]
    if len(pairs) > MOST_ORDERS or len({field for field, _ in pairs}) != len(pairs):
        raise Invalid(f"Order by at most {MOST_ORDERS} different fields.", path=("orderBy",))
    return pairs
