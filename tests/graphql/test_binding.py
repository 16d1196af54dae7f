"""What clients rely upon by name is there, with the same arguments, types and nullability."""

import pytest
from graphql import InputValueDefinitionNode, TypeDefinitionNode, parse, print_ast

from helpdesk.graphql.schema import build, sdl

BINDING = """
type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  service: Service!
  viewer: Viewer
  ticket(number: Int!): Ticket
  tickets(
    first: Int, after: String, last: Int, before: String, where: TicketWhere, search: String, orderBy: [TicketOrder!]
  ): TicketConnection!
  customer(number: Int!): Customer
  customers(first: Int, after: String, last: Int, before: String, search: String): CustomerConnection!
  channelAccounts: [ChannelAccount!]!
  inbox(state: InboxState, first: Int, after: String): InboxConnection!
  deliveries(state: DeliveryState, first: Int, after: String): DeliveryConnection!
}

enum TicketStatus { NEW OPEN ON_HOLD RESOLVED COMPLETED }

enum TicketPriority { LOW NORMAL HIGH URGENT }

enum MessageKind { INQUIRY REPLY NOTE SYSTEM }

enum BodyFormat { TEXT HTML }

type Ticket implements Node {
  id: ID!
  number: Int!
  subject: String!
  status: TicketStatus!
  priority: TicketPriority!
  channel: String!
  customer: Customer
  assignee: Agent
  group: AgentGroup
  messages(first: Int, after: String, last: Int, before: String): MessageConnection!
  history(first: Int, after: String): HistoryConnection!
  createdAt: DateTime!
  updatedAt: DateTime!
}

type Message implements Node {
  id: ID!
  kind: MessageKind!
  author: MessageAuthor
  bodyText: String!
  bodyHtml: String
  attachments: [Attachment!]!
  delivery: Delivery
  createdAt: DateTime!
}

type Mutation {
  ticketCreate(input: TicketCreateInput!): TicketCreatePayload!
  ticketReply(input: TicketReplyInput!): TicketReplyPayload!
  ticketAddNote(input: TicketAddNoteInput!): TicketAddNotePayload!
  ticketAssign(input: TicketAssignInput!): TicketAssignPayload!
  ticketSetStatus(input: TicketSetStatusInput!): TicketSetStatusPayload!
  uploadCreate(input: UploadCreateInput!): UploadCreatePayload!
  channelAccountCreate(input: ChannelAccountCreateInput!): ChannelAccountCreatePayload!
  channelAccountUpdate(input: ChannelAccountUpdateInput!): ChannelAccountUpdatePayload!
  channelAccountDelete(input: ChannelAccountDeleteInput!): ChannelAccountDeletePayload!
  channelAccountTest(input: ChannelAccountTestInput!): ChannelAccountTestPayload!
  deliveryRetry(input: DeliveryRetryInput!): DeliveryRetryPayload!
  inboxRetry(input: InboxRetryInput!): InboxRetryPayload!
}
"""

INPUTS = {
    "TicketCreateInput": "subject body channel customer attachments idempotencyKey",
    "CustomerInput": "name email phone userKey",
    "TicketReplyInput": "ticketId body bodyFormat status attachments isKept idempotencyKey expectedVersion",
}


def types(text: str) -> list[TypeDefinitionNode]:
    """Return the types that a schema's text defines."""
    return [node for node in parse(text).definitions if isinstance(node, TypeDefinitionNode)]


def members(text: str) -> dict[str, str]:
    """Return what can be named in a schema's text, each with its type: fields, arguments, values, interfaces."""
    found: dict[str, str] = {}
    for node in types(text):
        name = node.name.value
        found |= {f"{name} implements {one.name.value}": "" for one in getattr(node, "interfaces", None) or ()}
        found |= {f"{name}.{one.name.value}": "" for one in getattr(node, "values", None) or ()}
        for field in getattr(node, "fields", None) or ():
            place = f"{name}.{field.name.value}"
            found[place] = print_ast(field.type)
            found |= {
                f"{place}({one.name.value})": print_ast(one.type) for one in getattr(field, "arguments", None) or ()
            }
    return found


def demanded(text: str) -> set[str]:
    """Return the arguments that a caller has to give."""
    found = set()
    for node in types(text):
        for field in getattr(node, "fields", None) or ():
            arguments: tuple[InputValueDefinitionNode, ...] = getattr(field, "arguments", None) or ()
            needed = [one for one in arguments if one.default_value is None and print_ast(one.type).endswith("!")]
            found |= {f"{node.name.value}.{field.name.value}({one.name.value})" for one in needed}
    return found


def broken(text: str) -> dict[str, tuple[str, str | None]]:
    """Return what the text lacks or has otherwise than the binding."""
    present = members(text)
    return {
        name: (wanted, present.get(name)) for name, wanted in members(BINDING).items() if present.get(name) != wanted
    }


@pytest.fixture(scope="module")
def schema() -> str:
    """The schema as text."""
    return sdl(build())


def test_every_name_of_the_binding_is_there_as_it_was_promised(schema: str) -> None:
    assert broken(schema) == {}


def test_calls_of_the_binding_need_no_further_argument(schema: str) -> None:
    bound = members(BINDING)
    assert {argument for argument in demanded(schema) if argument.partition("(")[0] in bound} == demanded(BINDING)


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_take_what_was_promised(schema: str, name: str) -> None:
    assert {f"{name}.{field}" for field in INPUTS[name].split()} <= members(schema).keys()


@pytest.mark.parametrize(
    "name", [name for name in members(BINDING) if name.startswith("Mutation.") and "(" not in name]
)
def test_every_mutation_answers_with_its_errors(schema: str, name: str) -> None:
    present = members(schema)
    assert present[f"{present[name].rstrip('!')}.errors"] == "[UserError!]!"


@pytest.mark.parametrize(
    ("promised", "instead", "noticed"),
    [
        ("subject: String!", "subject: String", "Ticket.subject"),
        ("ids: [ID!]!", "ids: [ID!]", "Query.nodes(ids)"),
        ("viewer: Viewer", "asker: Viewer", "Query.viewer"),
        ("ON_HOLD ", "", "TicketStatus.ON_HOLD"),
        ("type Message implements Node", "type Message", "Message implements Node"),
    ],
)
def test_a_broken_promise_is_noticed(promised: str, instead: str, noticed: str) -> None:
    assert BINDING.count(promised) == 1
    assert list(broken(BINDING.replace(promised, instead))) == [noticed]
