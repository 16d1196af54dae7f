"""The neighbours that nobody wants: plugins of every kind that raise wherever they are called, and one that talks.

What is tested must work beside them. Each raises something else: what ends a process, what runs out,
what asserts, and what merely fails. The talkative one fills slots to the brim, as a theme must stand.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.action import Action
from helpdesk.sdk.assigner import Assigner
from helpdesk.sdk.channel import Channel, InboundRequest, Inlet, Outbound
from helpdesk.sdk.condition import Condition, FieldKind
from helpdesk.sdk.events import (
    CustomerCreated,
    MessageAdded,
    PluginChanged,
    TicketAssigned,
    TicketCreated,
    TicketStatusChanged,
    TicketTagged,
)
from helpdesk.sdk.facts import AgentFacts, CustomerFacts, TicketFacts
from helpdesk.sdk.field_type import FieldType
from helpdesk.sdk.graphql import batched, query
from helpdesk.sdk.host import Host
from helpdesk.sdk.plugin import Plugin, job, periodic, receiver, subscriber
from helpdesk.sdk.slots import SlotContent, SlotPage, slot
from helpdesk.sdk.web import WebRequest, page, webhook

NAME = "kit_trouble"
TITLE: Mapping[str, str] = {"en": "Trouble", "ko": "말썽"}
PATH = "trouble"
WORDS = "<b>한라봉 🍊</b> & more " * 200


class TroubleChannel(Channel):
    """A channel whose every hook but ``verify``, which would keep mail from it, raises something."""

    title: ClassVar = TITLE
    listens = True

    def receive(self, _request: InboundRequest) -> NoReturn:
        """End the process, as far as that goes."""
        raise SystemExit("trouble")

    def send(self, _message: Outbound) -> NoReturn:
        """Run out of memory."""
        raise MemoryError("trouble")

    def identify(self, _message: Outbound) -> NoReturn:
        """Fail plainly."""
        raise AssertionError("trouble")

    def listen(self, _inlet: Inlet) -> NoReturn:
        """Fail over the outside."""
        raise OSError("trouble")

    def check(self) -> NoReturn:
        """Fail deeply."""
        raise RecursionError("trouble")


class UnverifiedTrouble(TroubleChannel):
    """A channel that fails as soon as anything comes in."""

    def verify(self, _request: InboundRequest) -> NoReturn:
        """End the process before anything is kept."""
        raise SystemExit("trouble")


class UnmadeTrouble(TroubleChannel):
    """A channel that cannot even be made."""

    def __init__(self, _settings: Any) -> None:
        raise RuntimeError("trouble")


class TroubleAction(Action):
    """An action that decides nothing."""

    title: ClassVar = TITLE

    def run(self, _ticket: TicketFacts) -> NoReturn:
        """End the process."""
        raise SystemExit("trouble")


class TroubleCondition(Condition):
    """A condition without values."""

    title: ClassVar = TITLE
    kind: ClassVar = FieldKind.NUMBER

    def values(self, _tickets: Sequence[TicketFacts]) -> NoReturn:
        """Run out of memory."""
        raise MemoryError("trouble")


class TroubleFieldType(FieldType):
    """A field that nobody can fill in."""

    title: ClassVar = TITLE

    def parse(self, _given: Any, *, language: str) -> NoReturn:
        """Fail deeply."""
        raise RecursionError(language)


class TroubleAssigner(Assigner):
    """An assigner that chooses nobody, loudly."""

    title: ClassVar = TITLE

    def choose(self, _ticket: TicketFacts, _candidates: Sequence[AgentFacts]) -> NoReturn:
        """Look for what there is not."""
        raise LookupError("trouble")


class TroublePlugin(Plugin):
    """A whole plugin with a hook of every kind, each of which raises."""

    title: ClassVar = TITLE
    rights = frozenset({"ticket.read"})
    keeps_personal_data = True

    @receiver(TicketCreated, MessageAdded, TicketAssigned, TicketStatusChanged, TicketTagged, CustomerCreated)
    def hear(self, _host: Host, _event: Any) -> NoReturn:
        """End the process."""
        raise SystemExit("trouble")

    @subscriber(TicketCreated, MessageAdded, PluginChanged)
    def follow(self, _host: Host, _event: Any) -> NoReturn:
        """Run out of memory."""
        raise MemoryError("trouble")

    @job
    def work(self, _host: Host, _data: Mapping[str, Any]) -> NoReturn:
        """Fail plainly."""
        raise AssertionError("trouble")

    @periodic(every_seconds=60)
    def tick(self, _host: Host) -> NoReturn:
        """Fail deeply."""
        raise RecursionError("trouble")

    @page(PATH)
    def show(self, _host: Host, _request: WebRequest) -> NoReturn:
        """End the process."""
        raise SystemExit("trouble")

    def prove(self, _host: Host, _request: WebRequest) -> NoReturn:
        """Fail before anything is kept."""
        raise LookupError("trouble")

    @webhook(f"{PATH}/hook", verify=prove)
    def take(self, _host: Host, _request: WebRequest) -> NoReturn:
        """Never come here."""
        raise AssertionError("trouble")

    @slot("body.start")
    def fill(self, _host: Host, _page: SlotPage) -> NoReturn:
        """End the process."""
        raise SystemExit("trouble")

    @slot("home.bottom")
    def fill_wrongly(self, _host: Host, _page: SlotPage) -> str:
        """Show what is no content."""
        return "trouble"

    @query(right="ticket.read", description="Nothing.")
    def answer(self, _host: Host) -> str:
        """Run out of memory."""
        raise MemoryError("trouble")

    @batched("Ticket", right="ticket.read", description="Nothing.")
    def more(self, _host: Host, _rows: Sequence[TicketFacts]) -> list[str]:
        """Fail deeply."""
        raise RecursionError("trouble")

    def check(self, _host: Host) -> NoReturn:
        """Fail plainly."""
        raise AssertionError("trouble")

    def erase(self, _host: Host, _customer: CustomerFacts) -> NoReturn:
        """Fail plainly."""
        raise AssertionError("trouble")

    def export(self, _host: Host, _customer: CustomerFacts) -> NoReturn:
        """End the process."""
        raise SystemExit("trouble")


class TalkativePlugin(Plugin):
    """A whole plugin that fails nowhere, and has much to say on every page."""

    title: ClassVar = {"en": "Talk", "ko": "수다"}
    templates = Path(__file__).parent / "slots"

    @slot("body.start")
    def begin(self, _host: Host, _page: SlotPage) -> SlotContent:
        """Say the first word."""
        return SlotContent("full.html", {"words": WORDS})

    @slot("home.bottom")
    def greet(self, _host: Host, _page: SlotPage) -> SlotContent:
        """Greet whoever comes."""
        return SlotContent("full.html", {"words": WORDS})

    @slot("inquiry.form.before")
    def interrupt(self, _host: Host, _page: SlotPage) -> SlotContent:
        """Interrupt whoever writes."""
        return SlotContent("full.html", {"words": WORDS})

    @slot("body.end")
    def end(self, _host: Host, _page: SlotPage) -> SlotContent:
        """Have the last word."""
        return SlotContent("full.html", {"words": WORDS})


TROUBLES: Sequence[tuple[Kind, str, Any]] = (
    (Kind.CHANNEL, NAME, TroubleChannel),
    (Kind.CHANNEL, f"{NAME}_unverified", UnverifiedTrouble),
    (Kind.CHANNEL, f"{NAME}_unmade", UnmadeTrouble),
    (Kind.ACTION, NAME, TroubleAction),
    (Kind.CONDITION, NAME, TroubleCondition),
    (Kind.FIELD_TYPE, NAME, TroubleFieldType),
    (Kind.ASSIGNER, NAME, TroubleAssigner),
    (Kind.PLUGIN, NAME, TroublePlugin),
    (Kind.PLUGIN, "kit_talk", TalkativePlugin),
)
"""All of them, as they are installed."""
