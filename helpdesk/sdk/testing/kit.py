"""The ``Kit``: a whole desk of a test's own, as contracts and authors' tests see it.

Under pytest it is the fixture ``kit``. It has one service in Korean and English, an agent, and the
plugins that a test installs; nothing reaches the outside, and work is done when ``work`` is called.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import orjson

from helpdesk.sdk.channel import Channel, File, InboundRequest
from helpdesk.sdk.facts import AgentFacts, CustomerFacts, MessageFacts, ServiceFacts, TicketFacts
from helpdesk.sdk.field_type import Widget
from helpdesk.sdk.host import Host
from helpdesk.sdk.http import Http, HttpResponse
from helpdesk.sdk.plugin import Plugin
from helpdesk.sdk.web import WebRequest

__all__ = ["FilledIn", "HttpCall", "Kit", "Provider", "SeenDelivery", "SeenItem"]


Entered = TypeVar("Entered")


@dataclass(frozen=True, slots=True)
class HttpCall:
    """A call that a plugin made by its ``http``, as the outside would get it. Header names are lower case."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """Return the body read as JSON."""
        return orjson.loads(self.body)


Provider: TypeAlias = Callable[[HttpCall], HttpResponse]
"""The outside, as a test plays it: it answers a call, or raises Retry for a call that gets no answer."""


@dataclass(frozen=True, slots=True)
class SeenDelivery:
    """An outgoing message: ``state`` is QUEUED, RETRYING, SENT or FAILED; ``reason`` says what went wrong.

    A notice of the desk's own has no ticket and no message.
    """

    id: int
    ticket_id: int | None
    message_id: int | None
    state: str
    reason: str
    attempts: int
    external_id: str | None


@dataclass(frozen=True, slots=True)
class SeenItem:
    """What came in: ``state`` is RECEIVED, RETRYING, PROCESSED or QUARANTINED; ``outcome`` says what it became."""

    id: int
    state: str
    outcome: str | None
    reason: str
    attempts: int
    ticket_id: int | None


@dataclass(frozen=True, slots=True)
class FilledIn:
    """What a field made of something typed: its value and how that is shown, or the ``message`` that refuses it."""

    value: Any
    text: str
    message: str
    widget: Widget


class Kit(Protocol):
    """A desk of the test's own."""

    folder: Path
    """An empty folder for whatever the test needs."""

    http: Http
    """What plugins call the outside with; answered by the provider."""

    @property
    def service(self) -> ServiceFacts:
        """Return the one service of the desk."""

    def install(
        self,
        kind: str,
        name: str,
        value: Any,
        *,
        settings: Mapping[str, Any] | None = None,
        service_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Install a plugin and enable it, checked as the desk does. Raises Broken for one that it refuses.

        A whole plugin is told its settings, its tables are made, and from now on it hears of what happens.
        """

    def crowd(self) -> None:
        """Bring every installed plugin in as well, and plugins that raise wherever they are called.

        There is one of each kind but storage and theme, of which the desk has one at a time. Each of their hooks
        has been called once, fields of GraphQL aside: by mail, and over a ticket, which stays.
        """

    def failures(self, kind: str, name: str) -> Sequence[str]:
        """Return where the plugin has failed so far, and why, as the desk has noted it."""

    def called(self, kind: str, name: str) -> Sequence[str]:
        """Return the hooks of the plugin that the desk has called, receivers aside."""

    def now(self) -> datetime:
        """Return the desk's time."""

    def hold(self, at: datetime) -> None:
        """Let the desk's time stand still."""

    def move(self, seconds: float) -> None:
        """Move the desk's time on: what waits for it falls due."""

    def provide(self, provider: Provider) -> None:
        """Answer calls by the provider from now on; before, every call is refused."""

    def calls(self) -> Sequence[tuple[HttpCall, HttpResponse | None]]:
        """Return every call so far with its answer, None where the provider raised."""

    def allow(self, host: str, port: int) -> None:
        """Let code connect to an address that the test serves itself."""

    def enter(self, context: AbstractContextManager[Entered]) -> Entered:
        """Enter a context, such as a server of the test's own; it is left when the test has ended."""

    def strays(self) -> Sequence[str]:
        """Return the addresses that code tried to connect to, past ``http`` and what is allowed."""

    def account(self, channel: str, settings: Mapping[str, Any]) -> int:
        """Make an account of an installed channel and return its id."""

    def driver(self, account: int) -> Channel:
        """Return the channel that serves the account, as the desk uses it."""

    def receive(self, account: int, request: InboundRequest) -> int:
        """Send the request to the account's hook, and return the HTTP status of the answer."""

    def work(self) -> None:
        """Do what is due, as a worker would, until nothing is."""

    def ticket(
        self, subject: str = "A question", text: str = "How?", *, email: str = "mina@shop.example"
    ) -> TicketFacts:
        """Make a ticket of a customer's, without any channel account."""

    def live(self) -> TicketFacts:
        """Let a day go by, its work done: a customer asks, and an agent takes, tags, answers, notes and resolves.

        Mail comes in and goes out, too, and what is left for later falls due. Returns the ticket.
        """

    def reply(self, ticket: int, text: str, files: Sequence[File] = ()) -> int:
        """Answer a ticket as the agent does, and return the message's id; ``work`` sends it."""

    def tickets(self) -> Sequence[TicketFacts]:
        """Return all tickets, oldest first."""

    def messages(self, ticket: int) -> Sequence[MessageFacts]:
        """Return the ticket's messages, oldest first."""

    def files(self, message: int) -> Sequence[File]:
        """Return the files of a message with their bytes."""

    def customers(self) -> Sequence[CustomerFacts]:
        """Return the customers of all tickets, oldest first."""

    def agents(self) -> Sequence[AgentFacts]:
        """Return the agents of the service, oldest first."""

    def inbox(self) -> Sequence[SeenItem]:
        """Return everything that came in, oldest first."""

    def deliveries(self) -> Sequence[SeenDelivery]:
        """Return everything that is to go out, oldest first."""

    def logged(self) -> str:
        """Return what was logged so far, unmasked, and traces too."""

    def rows_with(self, text: str) -> Sequence[str]:
        """Return the tables that hold the text in any row."""

    def rights(self) -> Sequence[str]:
        """Return the rights that there are on the desk."""

    def tables(self) -> Sequence[str]:
        """Return the names of the tables in the desk's database."""

    def columns(self, table: str) -> Sequence[str]:
        """Return the names of a table's columns."""

    def migrate(self, name: str, plugin: type[Plugin], *, is_down: bool = False) -> None:
        """Apply the migrations of a whole plugin as the desk does, within its fence, or take them all back."""

    def page(self, theme: str, page: str, *, language: str) -> str:
        """Return a page of the help center, its slots filled, in an installed theme.

        Raises Broken with why the theme cannot make it.
        """

    def host(self, plugin: str) -> Host:
        """Return the desk as an installed whole plugin sees it."""

    def web(self, plugin: str, request: WebRequest) -> HttpResponse:
        """Send a request to a whole plugin's address, and return what comes back."""

    def sdl(self, name: str, plugin: type[Plugin]) -> str:
        """Return what the plugin adds to the GraphQL API, in the schema definition language; nothing for nothing."""

    def ask(self, name: str, plugin: type[Plugin], arguments: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
        """Ask the GraphQL API for each field that an installed plugin adds to it, and return what went wrong.

        ``arguments`` are JSON values by the name of the method and of the argument.
        """

    def try_out(self, plugin: str) -> str:
        """Press the button “test” of a whole plugin and return what is wrong, if anything."""

    def export(self, plugin: str, customer: int) -> Mapping[str, Any]:
        """Return what a whole plugin keeps of a customer, asked by the desk. Raises Broken when it does not say."""

    def erase(self, plugin: str, customer: int) -> None:
        """Have a whole plugin forget a customer. Raises Broken when it fails."""

    def act(self, action: str, ticket: int, settings: Mapping[str, Any]) -> None:
        """Run an installed action on a ticket, with an administrator's rights."""

    def hand_out(self, assigner: str, ticket: int, settings: Mapping[str, Any]) -> int | None:
        """Have an installed assigner choose whose the ticket is, among the agents, and return who has it."""

    def fill_in(self, field_type: str, given: Any, settings: Mapping[str, Any], *, language: str) -> FilledIn:
        """Return what a field of an installed type makes of what was typed."""

    def meets(self, condition: Mapping[str, Any], tickets: Sequence[int]) -> Sequence[bool]:
        """Return for each ticket whether it meets a condition, such as one on ``plugin.<name>``."""

    def keep_files(self, storage: str, settings: Mapping[str, Any]) -> None:
        """Keep the desk's files in an installed storage from now on."""
