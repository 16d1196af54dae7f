"""A plugin of two kinds that works, by which the tests see that the others do no harm."""

import json

from helpdesk.sdk.channel import Channel, Identity, Inbound, Sent
from helpdesk.sdk.events import TicketCreated
from helpdesk.sdk.graphql import query
from helpdesk.sdk.plugin import Plugin, receiver, subscriber
from helpdesk.sdk.web import WebAnswer, page


class Steady(Channel):
    title = {"en": "Steady"}

    def receive(self, request):
        data = json.loads(request.body)
        yield Inbound(data["id"], Identity("email", data["from"]), data["text"])

    def send(self, message):
        return Sent()


class SteadyPlugin(Plugin):
    title = {"en": "Steady"}
    rights = frozenset({"ticket.tag"})

    @receiver(TicketCreated)
    def received(self, host, event):
        host.tag(event.ticket_id, "received")

    @subscriber(TicketCreated)
    def subscribed(self, host, event):
        host.tag(event.ticket_id, "subscribed")

    @page("hello")
    def hello(self, host, request):
        return WebAnswer("hello")

    @query(right="ticket.read", description="Says that it works.")
    def ping(self, host) -> str:
        return "pong"
