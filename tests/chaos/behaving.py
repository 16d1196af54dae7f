"""Writes plugins that misbehave the same way in every hook of every kind, from one template.

Each hook consists of one line. Where a hook is reached only after another one has done its work, that one
misbehaves as it is told: by an account's or a field's settings, or by the text of a message.
"""

import re
from collections.abc import Mapping

from helpdesk.plugins.kinds import Kind

LINES: Mapping[str, str] = {
    "raises": 'raise RuntimeError("chaos")',
    "exits": "raise SystemExit(3)",
    "sleeps": "time.sleep(3600)",
    "nothing": "return None",
    "wrong": "return object()",
    "million": "return itertools.repeat(object(), MILLION)",
}
"""What each does: by its name, the one line that every hook consists of."""

ROWS: Mapping[str, str] = {
    "receive": "return (Inbound(str(number), SENDER, 'x') for number in range(MILLION))",
    "send": "return Sent(verdicts=(RecipientVerdict('x@shop.example', Verdict.ACCEPTED),) * MILLION)",
    "run": "return [AddTags(('x',))] * MILLION",
    "values": "return [1] * MILLION",
    "parse": "return 'x' * MILLION",
    "format": "return 'x' * MILLION",
    "widget": "return Widget('select', options=(('x', 'x'),) * MILLION)",
    "export": "return {'rows': ['a row of theirs'] * MILLION}",
    "hello": "return WebAnswer('x' * 30 * MILLION)",
    "bottom": "return SlotContent('slot.html', {'rows': [1] * MILLION})",
    "foot": "return SlotContent('slot.html', {'text': 'x' * MILLION})",
    "answer": "return [1] * MILLION",
    "change": "return [1] * MILLION",
    "score": "return [1] * MILLION",
}
"""A million rows of the right type, or a text of a million characters, by the hooks that may give them."""

HEAD = """
import itertools
import json
import time
from pathlib import Path

from helpdesk.sdk.action import Action, ActionSettings, AddTags, Later
from helpdesk.sdk.assigner import Assigner
from helpdesk.sdk.channel import Channel, Identity, Inbound, RecipientVerdict, Sent, Verdict
from helpdesk.sdk.condition import Condition, FieldKind
from helpdesk.sdk.events import MessageAdded, TicketCreated
from helpdesk.sdk.field_type import FieldSettings, FieldType, Widget
from helpdesk.sdk.graphql import batched, mutation, query
from helpdesk.sdk.plugin import Plugin, job, periodic, receiver, subscriber
from helpdesk.sdk.slots import SlotContent, slot
from helpdesk.sdk.web import WebAnswer, page, webhook

MILLION = 1_000_000
SENDER = Identity("email", "million@shop.example")
"""

SMALL = '''

class ChaosChannel(Channel):
    """Misbehaves in all that is not needed to have something to send."""

    title = {"en": "Chaos"}
    listens = True

    def verify(self, request):
        if request.body == b"bad":
            <verify>

    def receive(self, request):
        for text in json.loads(request.body) if request.body != b"bad" else ():
            yield Inbound(text, Identity("email", f"{text}@shop.example"), text)

    def identify(self, message):
        if "identify" in message.text:
            <identify>
        return message.key

    def send(self, message):
        <send>

    def is_enabled_for_listening(self):
        <is_enabled_for_listening>

    def check(self):
        <check>


class ChaosInlet(Channel):
    """Misbehaves as it takes messages in."""

    title = {"en": "Chaos"}
    listens = True

    def receive(self, request):
        <receive>

    def send(self, message):
        return Sent()

    def listen(self, inlet):
        <listen>


class ChaosAction(Action):
    title = {"en": "Chaos"}

    class Settings(ActionSettings):
        is_later: bool = False

    def run(self, ticket):
        if self.settings.is_later:
            return [Later({})]
        <run>

    def perform(self, data):
        <perform>


class ChaosCondition(Condition):
    title = {"en": "Chaos"}
    kind = FieldKind.NUMBER

    def values(self, tickets):
        <values>


class ChaosFieldType(FieldType):
    title = {"en": "Chaos"}

    class Settings(FieldSettings):
        fails: str = ""

    def parse(self, given, *, language):
        if self.settings.fails == "parse":
            <parse>
        return str(given)

    def format(self, value, *, language):
        if self.settings.fails == "format":
            <format>
        return str(value)

    def widget(self, *, language):
        if self.settings.fails == "widget":
            <widget>
        return Widget()


class ChaosAssigner(Assigner):
    title = {"en": "Chaos"}

    def choose(self, ticket, candidates):
        <choose>
'''

WHOLE = '''

def _verify(plugin, host, request):
    <hook.verify>


def _passes(plugin, host, request):
    pass


class ChaosPlugin(Plugin):
    """Misbehaves wherever somebody waits for its answer."""

    title = {"en": "Chaos"}
    rights = frozenset({"ticket.read"})
    templates = Path(__file__).parent / "templates"
    keeps_personal_data = True

    def check(self, host):
        <check>

    def erase(self, host, customer):
        <erase>

    def export(self, host, customer):
        <export>

    @receiver(TicketCreated, MessageAdded)
    def received(self, host, event):
        <received>

    @page("hello")
    def hello(self, host, request):
        <hello>

    @webhook("hook", verify=_verify)
    def hook(self, host, request):
        pass

    @slot("home.bottom")
    def bottom(self, host, page):
        <bottom>

    @slot("footer.before")
    def foot(self, host, page):
        <foot>

    @query(right="ticket.read", description="Misbehaves.")
    def answer(self, host) -> list[int]:
        <answer>

    @mutation(right="ticket.read", description="Misbehaves.")
    def change(self, host) -> list[int]:
        <change>

    @batched("Ticket", right="ticket.read", description="Misbehaves.")
    def score(self, host, rows) -> list[int]:
        <score>


class ChaosLater(Plugin):
    """Misbehaves wherever a worker calls it."""

    title = {"en": "Chaos"}

    @page("leave")
    def leave(self, host, request):
        host.enqueue("work")
        return WebAnswer("left")

    @subscriber(TicketCreated)
    def subscribed(self, host, event):
        <subscribed>

    @job
    def work(self, host, data):
        <work>

    @periodic(every_seconds=10)
    def tick(self, host):
        <tick>

    @webhook("taken", verify=_passes)
    def taken(self, host, request):
        <taken>
'''

FILES: Mapping[str, str] = {"templates/slot.html": "<p>{{ text }}</p>"}

LATER = "later"
"""What the name of a behaviour's second plugin of a kind ends with: the one that workers call."""

NAMES: Mapping[tuple[Kind, str], str] = {
    (Kind.CHANNEL, ""): "ChaosChannel",
    (Kind.CHANNEL, LATER): "ChaosInlet",
    (Kind.ACTION, ""): "ChaosAction",
    (Kind.CONDITION, ""): "ChaosCondition",
    (Kind.FIELD_TYPE, ""): "ChaosFieldType",
    (Kind.ASSIGNER, ""): "ChaosAssigner",
    (Kind.PLUGIN, ""): "ChaosPlugin",
    (Kind.PLUGIN, LATER): "ChaosLater",
}
"""The classes, by the kind and by what their entry point's name has behind the behaviour."""

Hook = tuple[Kind, str, str]
"""Whose: the kind, what the entry point's name ends with, and the hook."""

EXPECTED: tuple[Hook, ...] = (
    *((Kind.CHANNEL, "", hook) for hook in ("verify", "identify", "send", "is_enabled_for_listening", "check")),
    *((Kind.CHANNEL, LATER, hook) for hook in ("receive", "listen")),
    *((Kind.ACTION, "", hook) for hook in ("run", "perform")),
    (Kind.CONDITION, "", "values"),
    *((Kind.FIELD_TYPE, "", hook) for hook in ("parse", "format", "widget")),
    (Kind.ASSIGNER, "", "choose"),
    *((Kind.PLUGIN, "", hook) for hook in ("check", "erase", "export", "received", "hello", "hook.verify")),
    *((Kind.PLUGIN, "", hook) for hook in ("bottom", "foot", "answer", "change", "score")),
    *((Kind.PLUGIN, LATER, hook) for hook in ("subscribed", "work", "tick", "taken")),
)
"""Every hook that there is."""

UNHEARD = frozenset(
    {"verify", "listen", "check", "perform", "erase", "received", "hook.verify", "subscribed", "work", "tick", "taken"}
)
"""The hooks that tell nothing: whatever they answer is fine."""

FINE: Mapping[str, frozenset[str]] = {
    "nothing": frozenset({"identify", "choose", "bottom", "foot"}),
    "million": frozenset({"export", "foot"}),
}
"""The hooks whose answer is no fault of theirs: some may answer nothing, and of some a million is just refused."""


def source(behaviour: str) -> str:
    """Return the module of the plugins that behave so."""

    def line(match: re.Match[str]) -> str:
        return ROWS[match[1]] if behaviour == "million" and match[1] in ROWS else LINES[behaviour]

    return HEAD + re.sub(r"<([a-z_.]+)>", line, SMALL + WHOLE)


def expected(behaviour: str) -> set[Hook]:
    """Return the hooks of which the state must say that they fail."""
    if behaviour == "raises":  # the check of an account answers by raising
        return {hook for hook in EXPECTED if hook != (Kind.CHANNEL, "", "check")}
    if behaviour == "exits":
        return set(EXPECTED)
    if behaviour == "sleeps":  # to listen has no end
        return {hook for hook in EXPECTED if hook[2] != "listen"}
    fine = UNHEARD | FINE.get(behaviour, frozenset())
    found = {hook for hook in EXPECTED if hook[2] not in fine}
    if behaviour == "million":  # the text is taken, and is too much for the template
        found.add((Kind.PLUGIN, "", "foot template"))
    return found
