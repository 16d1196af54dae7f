"""Customers in the schema."""

# strawberry types its decorators as Any when they take arguments.
# mypy: allow-untyped-decorators

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from helpdesk.customers import queries, reaching
from helpdesk.customers.queries import CustomerRow, IdentityRow
from helpdesk.graphql import ids, nodes
from helpdesk.graphql.arguments import Input
from helpdesk.graphql.authors import MessageAuthor, Viewer
from helpdesk.graphql.batching import batched
from helpdesk.graphql.connections import After, Before, Connection, First, Last, window
from helpdesk.graphql.context import Context, Info
from helpdesk.graphql.nodes import Node
from helpdesk.graphql.user_errors import Payload, UserError, answers
from helpdesk.hosting import persons
from helpdesk.kernel.errors import LimitExceeded
from helpdesk.organization.features import CUSTOMERS, require_feature
from helpdesk.tickets import queries as ticket_queries

if TYPE_CHECKING:
    from helpdesk.graphql.tickets import TicketConnection

ids.declare(ids.NodeKind("Customer", CustomerRow, "customer.read", queries.customers_by_ids))

ids.declare(ids.NodeKind("CustomerIdentity", IdentityRow, "customer.read", queries.identities_by_ids))

MOST_EXPORTED = 10

LazyTickets = Annotated["TicketConnection", strawberry.lazy("helpdesk.graphql.tickets")]


@strawberry.type(description="An address, a number or a key by which a customer is known.")
class CustomerIdentity(Node):
    """What a customer is known by."""

    kind: str = strawberry.field(description="email, phone, user_key, or a code of the channel's own.")
    value: str = strawberry.field(description="The address, number or key, in its normal spelling.")
    undeliverable_since: datetime | None = strawberry.field(
        description="Since when messages to it fail for good or are called unwanted, or it came misspelt; null for a"
        " good one."
    )
    undeliverable_reason: str = strawberry.field(
        description="Why, in words, the provider's where it said any; empty for a good one."
    )

    @strawberry.field(description="Whether messages to it fail: the desk's machines write there no more.")
    def is_undeliverable(self) -> bool:
        """Return whether it is marked."""
        return self.undeliverable_since is not None

    is_type_of = nodes.of(IdentityRow)


@strawberry.type(description="A person who asks.")
class Customer(Node, MessageAuthor, Viewer):
    """A person who asks."""

    number: int = strawberry.field(description="The customer number, issued once in the service.")
    email: str | None = strawberry.field(description="The mail address by which the customer was first known.")
    phone: str | None = strawberry.field(description="The phone number by which the customer was first known.")
    user_key: str | None = strawberry.field(description="The company's own key of this member.")
    created_at: datetime = strawberry.field(description="When the customer first wrote.")
    updated_at: datetime = strawberry.field(description="When the record last changed.")

    @batched(description="What the customer is known by, oldest first.", graphql_type=list[CustomerIdentity])
    def identities(rows: Sequence[CustomerRow], context: Context) -> list[Any]:
        """Return what each customer is known by."""
        context.actor.require("customer.read")
        return queries.identities_of_customers([row.id for row in rows])

    @batched(description="The customer's tickets, newest first.", graphql_type=LazyTickets)
    def tickets(
        rows: Sequence[CustomerRow],
        context: Context,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> list[Any]:
        """Return each customer's page of tickets."""
        context.actor.require("ticket.read")
        pages = ticket_queries.tickets_of_customers([row.id for row in rows], window(first, after, last, before))
        return [Connection(page=page) for page in pages]

    @batched(
        description="What plugins keep about the customer: the name of each to its `data`, or to the `error` that"
        " kept it from telling. For at most 10 customers at once.",
        graphql_type=JSON,
    )
    def plugin_data(rows: Sequence[CustomerRow], context: Context) -> list[Any]:
        """Return each customer's data, from every plugin that keeps any."""
        if len(rows) > MOST_EXPORTED:
            raise LimitExceeded(f"Ask for the plugins' data of at most {MOST_EXPORTED} customers at once.")
        return [_exported(context, row) for row in rows]

    is_type_of = nodes.of(CustomerRow)


def _exported(context: Context, row: CustomerRow) -> dict[str, Any]:
    told = persons.export(context.actor, row.id).items()
    return {name: {"error": one.failure} if one.failure else {"data": one.data} for name, one in told}


@strawberry.type(description="One page of customers.")
class CustomerConnection(Connection[Customer]):
    """One page of customers."""


Search = Annotated[
    str | None,
    strawberry.argument(
        description="Words, each the beginning of one in the name, the mail address, the phone number or the user key;"
        " or the last digits of the phone number, or the customer's number."
    ),
]


@strawberry.type
class CustomerQueries:
    """Query fields over customers."""

    @strawberry.field(graphql_type=Customer | None, description="The customer with this number; null for none.")
    def customer(
        self, info: Info, number: Annotated[int, strawberry.argument(description="The customer number.")]
    ) -> Any:
        """Return the customer or nothing."""
        info.context.actor.require("customer.read")
        require_feature(info.context.service, CUSTOMERS)
        return queries.customer_by_number(info.context.service.id, number)

    @strawberry.field(graphql_type=CustomerConnection, description="The service's customers, newest first.")
    def customers(
        self,
        info: Info,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Search = None,
    ) -> Any:
        """Return one page of customers."""
        info.context.actor.require("customer.read")
        require_feature(info.context.service, CUSTOMERS)
        service_id = info.context.service.id
        found = queries.page_of_service(service_id, window(first, after, last, before), search=search)
        return Connection(page=found)


@strawberry.input(description="Whom plugins are to forget.")
class CustomerErasePluginDataInput:
    """Whom plugins are to forget."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")


@strawberry.type(description="What came of it. Where one plugin failed, the others have forgotten; ask again.")
class CustomerErasePluginDataPayload(Payload):
    """What came of it."""

    plugins: list[str] = strawberry.field(
        default_factory=list, description="The names of the plugins that have forgotten the customer."
    )


@strawberry.input(description="Which address is good again.")
class CustomerIdentityRestoreInput:
    """Which address is good again."""

    id: strawberry.ID = strawberry.field(description="The customer's identity.")


@strawberry.type(description="The identity, which is marked no more.")
class CustomerIdentityRestorePayload(Payload):
    """What came of it."""

    identity: CustomerIdentity | None = strawberry.field(
        default=None, graphql_type=CustomerIdentity | None, description="The identity; null when refused."
    )


@strawberry.type
class CustomerMutations:
    """Mutations of customers."""

    @strawberry.mutation(
        description="Say that an address is good again: its mark as undeliverable goes. One that has none is fine."
    )
    @answers(CustomerIdentityRestorePayload)
    def customer_identity_restore(
        self, info: Info, input: Input[CustomerIdentityRestoreInput]
    ) -> CustomerIdentityRestorePayload:
        """Take the mark from an address."""
        identity_id = ids.required_row_id(input.id, "CustomerIdentity", path="id")
        reaching.restore(info.context.actor, identity_id)
        identity: Any = queries.identities_by_ids([identity_id])[0]
        return CustomerIdentityRestorePayload(identity=identity)

    @strawberry.mutation(description="Have every plugin forget all that it keeps about a customer, for good.")
    @answers(CustomerErasePluginDataPayload)
    def customer_erase_plugin_data(
        self, info: Info, input: Input[CustomerErasePluginDataInput]
    ) -> CustomerErasePluginDataPayload:
        """Have the customer forgotten."""
        row_id = ids.required_row_id(input.customer_id, "Customer", path="customerId")
        told = persons.erase(info.context.actor, row_id)
        return CustomerErasePluginDataPayload(
            plugins=[name for name, one in told.items() if not one.failure],
            errors=[
                UserError(code="PLUGIN_FAILED", message=f"{name}: {one.failure}", path=[])
                for name, one in told.items()
                if one.failure
            ],
        )
