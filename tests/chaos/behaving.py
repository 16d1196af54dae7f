"""Writes plugins that misbehave the same way in every hook of every kind, from one template."""

from collections.abc import Mapping

BEHAVIOURS: Mapping[str, str] = {
    "raises": 'raise RuntimeError("chaos")',
    "exits": "raise SystemExit(3)",
    "sleeps": "time.sleep(3600)",
    "nothing": "return None",
    "wrong": "return object()",
    "million": "return itertools.repeat(object(), 1_000_000)",
}
"""What each does: by its name, the one line that every hook consists of."""

TEMPLATE = """
import itertools
import time
from pathlib import Path

from helpdesk.sdk.action import Action
from helpdesk.sdk.assigner import Assigner
from helpdesk.sdk.channel import Channel
from helpdesk.sdk.condition import Condition, FieldKind
from helpdesk.sdk.events import MessageAdded, TicketCreated
from helpdesk.sdk.field_type import FieldType
from helpdesk.sdk.graphql import batched, mutation, query
from helpdesk.sdk.plugin import Plugin, job, periodic, receiver, subscriber
from helpdesk.sdk.slots import SLOTS, slot
from helpdesk.sdk.web import page, webhook


class ChaosChannel(Channel):
    title = {{"en": "Chaos"}}
    listens = True

    def verify(self, request):
        {line}

    def receive(self, request):
        {line}

    def identify(self, message):
        {line}

    def send(self, message):
        {line}

    def is_enabled_for_listening(self):
        {line}

    def listen(self, inlet):
        {line}

    def check(self):
        {line}


class ChaosAction(Action):
    title = {{"en": "Chaos"}}

    def run(self, ticket):
        {line}


class ChaosCondition(Condition):
    title = {{"en": "Chaos"}}
    kind = FieldKind.NUMBER

    def values(self, tickets):
        {line}


class ChaosFieldType(FieldType):
    title = {{"en": "Chaos"}}

    def parse(self, given, *, language):
        {line}

    def format(self, value, *, language):
        {line}

    def widget(self, *, language):
        {line}


class ChaosAssigner(Assigner):
    title = {{"en": "Chaos"}}

    def choose(self, ticket, candidates):
        {line}


def _verify(plugin, host, request):
    {line}


class ChaosPlugin(Plugin):
    title = {{"en": "Chaos"}}
    rights = frozenset({{"ticket.read"}})
    keeps_personal_data = True

    def check(self, host):
        {line}

    def erase(self, host, customer):
        {line}

    def export(self, host, customer):
        {line}

    @receiver(TicketCreated, MessageAdded)
    def received(self, host, event):
        {line}

    @subscriber(TicketCreated, MessageAdded)
    def subscribed(self, host, event):
        {line}

    @job
    def work(self, host, data):
        {line}

    @periodic(every_seconds=10)
    def tick(self, host):
        {line}

    @page("hello")
    def hello(self, host, request):
        {line}

    @webhook("hook", verify=_verify)
    def hook(self, host, request):
        {line}

    @slot("home.bottom")
    def bottom(self, host, page):
        {line}

    @query(right="ticket.read", description="Misbehaves.")
    def answer(self, host) -> int:
        {line}

    @mutation(right="ticket.read", description="Misbehaves.")
    def change(self, host) -> int:
        {line}

    @batched("Ticket", right="ticket.read", description="Misbehaves.")
    def score(self, host, rows) -> list[int]:
        {line}
"""


def source(behaviour: str) -> str:
    """Return the module of the plugins that behave so."""
    return TEMPLATE.format(line=BEHAVIOURS[behaviour])
