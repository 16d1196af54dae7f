"""A usual day on a desk: what happens on one, so that plugins which listen are told of it."""

from collections.abc import Iterable
from typing import Any, ClassVar

import orjson

from helpdesk.access import operations as access
from helpdesk.customers import reaching
from helpdesk.customers.reaching import Cause
from helpdesk.kernel import actors
from helpdesk.kernel.actors import Actor
from helpdesk.sdk.channel import Channel, Identity, Inbound, InboundRequest, Outbound, Refused, Sent
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import participants, tagging
from helpdesk.tickets.rules import Body, TicketStatus

POST = "kit_post"
MINA = "mina@shop.example"
LETTER = InboundRequest(b'{"id": "kit-1", "from": "mina@shop.example", "text": "Is anybody there?"}')


class Post(Channel):
    """A channel that brings what it is told, and takes everything."""

    title: ClassVar = {"en": "Post", "ko": "우편"}

    def receive(self, request: InboundRequest) -> Iterable[Inbound]:
        """Read the message."""
        try:
            data: dict[str, Any] = orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise Refused("This is no message.") from error
        return [Inbound(data["id"], Identity("email", data["from"], "Mina"), data["text"])]

    def send(self, _message: Outbound) -> Sent:
        """Take it."""
        return Sent()


def go_through(agent: Actor, ticket_id: int) -> None:
    """Do to a ticket what agents do, but for answering it: take, tag, note, let somebody in and resolve."""
    tickets.assign(agent, ticket_id, agent_id=agent.id, group_id=None)
    tagging.tag(agent, ticket_id, ["kit"])
    tickets.add_note(agent, ticket_id, Body("A note."))
    participants.add(agent, ticket_id, "jun@shop.example")
    tickets.set_status(agent, ticket_id, TicketStatus.RESOLVED)


def bounce_once(service_id: int) -> None:
    """Let an address fail for once."""
    nobody = actors.system(service_id)
    reaching.mark(nobody, "email", MINA, cause=Cause.FAILED, reason="550 no such user")
    reaching.heard_from(nobody, "email", MINA)


def open_up(administrator: Actor) -> None:
    """Switch the Open API on."""
    access.enable_open_api(administrator, True)
