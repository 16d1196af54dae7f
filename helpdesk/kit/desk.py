"""The ``Kit`` of the SDK, made of a real desk: its operations, its queries and its hook."""

import importlib
import io
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Flask

from helpdesk import signals
from helpdesk.access.rules import RIGHTS
from helpdesk.agents import queries as agents
from helpdesk.channels import accounts
from helpdesk.channels import queries as channels
from helpdesk.channels.safes import Safe
from helpdesk.customers import queries as customers
from helpdesk.helpcenter.desk import HelpCenterDesk
from helpdesk.hosting import calls, checks, facts, tables
from helpdesk.kernel import clock, db, jobs
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.kernel.paging import Window
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import storage
from helpdesk.kit import crowding, day, doing, installing, noticing, seen, showing
from helpdesk.kit.listening import Log
from helpdesk.kit.network import Guard
from helpdesk.kit.noticing import Notes
from helpdesk.kit.outgoing import ProvidedClient
from helpdesk.kit.trouble import NAME as TROUBLE
from helpdesk.kit.trouble import PATH, TROUBLES
from helpdesk.organization import queries as organization
from helpdesk.plugins import registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.outgoing import Outgoing
from helpdesk.sdk.channel import Channel, File, InboundRequest
from helpdesk.sdk.facts import AgentFacts, CustomerFacts, MessageFacts, ServiceFacts, TicketFacts
from helpdesk.sdk.host import Host
from helpdesk.sdk.http import Http, HttpResponse
from helpdesk.sdk.plugin import HookKind, Plugin, hooks_of
from helpdesk.sdk.testing.kit import Entered, FilledIn, HttpCall, Provider, SeenDelivery, SeenItem
from helpdesk.sdk.testing.rules import Broken
from helpdesk.sdk.web import WebRequest
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets.attachments import create_upload, fill_upload, upload_token
from helpdesk.tickets.facts import ticket_facts
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.queries import TicketOrderField
from helpdesk.tickets.rules import Asker, Body

A_PAGE = Window(first=100)
ROUNDS = 3
GRAPHQL = (HookKind.QUERY, HookKind.MUTATION, HookKind.FIELD)
A_DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class People:
    """Who works on the desk."""

    service_id: int
    administrator: Actor
    agent: Actor


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands for the outside: a folder, the way out, the guard, log, notes, the web, and what is left at last."""

    folder: Path
    client: ProvidedClient
    guard: Guard
    log: Log
    notes: Notes
    web: Flask
    stack: ExitStack


class Desk:
    """A desk for one test."""

    def __init__(self, people: People, settings: Settings, surroundings: Surroundings) -> None:
        self.people = people
        self.settings = settings
        self.folder = surroundings.folder
        self.http: Http = Outgoing()
        self._around = surroundings
        self._installed: list[tuple[Kind, str, Any]] = []
        self._accounts: dict[int, tuple[str, Mapping[str, Any]]] = {}

    @property
    def service(self) -> ServiceFacts:
        """Return the one service."""
        row = organization.service_by_id(self.people.service_id)
        assert row is not None, "the kit has made it"
        return facts.of_services([row])[0]

    def install(
        self,
        kind: str,
        name: str,
        value: Any,
        *,
        settings: Mapping[str, Any] | None = None,
        service_settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Install a plugin and enable it everywhere. Raises Broken for one that the desk refuses."""
        try:
            installing.install(self.people.administrator, Ref(Kind(kind), name), value, settings, service_settings)
        except HelpdeskError as error:
            raise Broken(f"The desk refuses the {kind} “{name}”: {error.message}") from error
        self._installed.append((Kind(kind), name, value))

    def crowd(self) -> None:
        """Bring in whatever is installed here, and plugins that raise, and call each of their hooks."""
        crowding.bring_in([*self._installed, *TROUBLES])
        for kind, name, _value in TROUBLES:
            if kind is Kind.CHANNEL:
                account = self.account(name, {})
                self.receive(account, InboundRequest(b"trouble"))
                crowding.listen(self.people.administrator, account)
        ticket = self.ticket("Trouble", email="trouble@desk.example").id
        customer = self.customers()[-1].id
        self.host(TROUBLE).enqueue("work")
        for request in (WebRequest("GET", PATH), WebRequest("POST", f"{PATH}/hook")):
            self.web(TROUBLE, request)
        for call in (
            lambda: self.act(TROUBLE, ticket, {}),
            lambda: self.hand_out(TROUBLE, ticket, {}),
            lambda: self.fill_in(TROUBLE, "trouble", {}, language="en"),
            lambda: self.meets({"field": f"plugin.{TROUBLE}", "op": "is", "value": 1}, [ticket]),
            lambda: self.try_out(TROUBLE),
            lambda: self.export(TROUBLE, customer),
            lambda: self.erase(TROUBLE, customer),
        ):
            with suppress(HelpdeskError, Broken):
                call()
        self.work()

    def failures(self, kind: str, name: str) -> Sequence[str]:
        """Return where the plugin has failed so far, and why."""
        return self._around.notes.of(Ref(Kind(kind), name), self.people.service_id)

    def called(self, kind: str, name: str) -> Sequence[str]:
        """Return the hooks of the plugin that the desk has called, receivers aside."""
        return noticing.called(Ref(Kind(kind), name))

    def now(self) -> datetime:
        """Return the desk's time."""
        return clock.now()

    def hold(self, at: datetime) -> None:
        """Let the time stand still."""
        clock.hold(at)

    def move(self, seconds: float) -> None:
        """Move the time on."""
        clock.move(seconds)

    def provide(self, provider: Provider) -> None:
        """Answer calls by the provider from now on."""
        self._around.client.providers.append(provider)

    def calls(self) -> Sequence[tuple[HttpCall, HttpResponse | None]]:
        """Return the calls so far, with their answers."""
        return tuple(self._around.client.made)

    def allow(self, host: str, port: int) -> None:
        """Let code connect to an address."""
        self._around.guard.allow(host, port)

    def enter(self, context: AbstractContextManager[Entered]) -> Entered:
        """Enter a context that is left with the desk."""
        return self._around.stack.enter_context(context)

    def strays(self) -> Sequence[str]:
        """Return what was tried to be reached past ``http`` and what is allowed."""
        return tuple(dict.fromkeys(self._around.guard.strays))

    def account(self, channel: str, settings: Mapping[str, Any]) -> int:
        """Make an account. Raises Broken for settings that the channel refuses."""
        try:
            made = accounts.create(
                self.people.administrator, driver=channel, name=channel.title(), settings=settings, is_primary=True
            )
        except HelpdeskError as error:
            raise Broken(f"The desk can make no account of the channel “{channel}”: {error.message}") from error
        self._accounts[made] = channel, settings
        return made

    def driver(self, account: int) -> Channel:
        """Return a channel as it serves the account, without the guard that the desk calls it by."""
        name, settings = self._accounts[account]
        kind = registry.require(Kind.CHANNEL, name)
        made: Channel = kind(kind.Settings.model_validate(dict(settings)))
        made.http = self.http
        made.vault = Safe(account)
        return made

    def receive(self, account: int, request: InboundRequest) -> int:
        """Send the request to the account's hook, and return the status of the answer."""
        (row,) = channels.accounts_by_ids([account])
        assert row is not None, "an account stays"
        answer = self._around.web.test_client().post(
            f"/{self.service.slug}/channels/{row.hook_token}/hook",
            data=request.body, headers=dict(request.headers), query_string=dict(request.query),
        )  # fmt: skip
        return answer.status_code

    def work(self) -> None:
        """Do what is due, and what comes of it, a few times over."""
        jobs.drain_all()
        for _round in range(ROUNDS):
            signals.flush()
            jobs.drain_woken()

    def ticket(
        self, subject: str = "A question", text: str = "How?", *, email: str = "mina@shop.example"
    ) -> TicketFacts:
        """Make a ticket of a customer's, without a channel account."""
        asker = Asker(name="Mina", email=email)
        new = NewTicket(subject, Body(text), "web", "en", asker)
        added = tickets.create(self.people.agent, new)
        return next(one for one in self.tickets() if one.id == added.ticket_id)

    def live(self) -> TicketFacts:
        """Let a day go by, its work done, and return the ticket of that day."""
        ticket = self.ticket().id
        if registry.get(Kind.CHANNEL, day.POST) is None:
            registry.register(Kind.CHANNEL, day.POST, day.Post)
            self.receive(self.account(day.POST, {}), day.LETTER)
            day.open_up(self.people.administrator)
            self.work()
        for one in self.tickets()[-2:]:
            self.reply(one.id, "An answer.")
        day.go_through(self.people.agent, ticket)
        day.bounce_once(self.people.service_id)
        self.work()
        self.move(A_DAY_SECONDS)
        self.work()
        return next(one for one in self.tickets() if one.id == ticket)

    def reply(self, ticket: int, text: str, files: Sequence[File] = ()) -> int:
        """Answer a ticket as the agent does, and return the message's id."""
        uploads = [self._upload(file) for file in files]
        return tickets.reply(self.people.agent, ticket, Body(text), uploads=uploads).message_id

    def tickets(self) -> Sequence[TicketFacts]:
        """Return the first hundred tickets, oldest first."""
        query = ticket_queries.matching(self.people.service_id)
        rows = ticket_queries.page_of(query, order=[(TicketOrderField.NUMBER, False)], window=A_PAGE).rows
        return ticket_facts(rows)

    def messages(self, ticket: int) -> Sequence[MessageFacts]:
        """Return the ticket's first hundred messages, oldest first."""
        (found,) = ticket_queries.messages_of_tickets([ticket], A_PAGE)
        return facts.of_messages(found.rows)

    def files(self, message: int) -> Sequence[File]:
        """Return the files of a message."""
        (rows,) = ticket_queries.attachments_of_messages([message])
        return [File(row.filename, row.content_type, storage().read(row.storage_key), row.content_id) for row in rows]

    def customers(self) -> Sequence[CustomerFacts]:
        """Return the customers of those tickets, oldest first."""
        ids = sorted({one.customer_id for one in self.tickets() if one.customer_id is not None})
        return facts.of_customers([row for row in customers.customers_by_ids(ids) if row is not None])

    def agents(self) -> Sequence[AgentFacts]:
        """Return the agents of the service, oldest first."""
        return facts.of_agents(agents.agents_of_service(self.people.service_id))

    def inbox(self) -> Sequence[SeenItem]:
        """Return the last hundred things that came in, oldest first; not what troubles the desk on purpose."""
        rows = channels.inbox_page(self.people.service_id, None, A_PAGE).rows[::-1]
        return [seen.item(row) for row in rows if not self._is_trouble(row.account_id)]

    def deliveries(self) -> Sequence[SeenDelivery]:
        """Return the last hundred messages that go out, oldest first."""
        rows = channels.deliveries_page(self.people.service_id, None, A_PAGE).rows[::-1]
        return [seen.delivery(row) for row in rows]

    def logged(self) -> str:
        """Return what was logged so far, unmasked."""
        return "\n".join(self._around.log.lines)

    def rows_with(self, text: str) -> Sequence[str]:
        """Return the tables that hold the text in any row."""
        return [table for table in db.database.get_tables() if seen.holds(table, text)]

    def rights(self) -> Sequence[str]:
        """Return the rights that there are."""
        return sorted(RIGHTS)

    def tables(self) -> Sequence[str]:
        """Return the names of the tables."""
        return tuple(db.database.get_tables())

    def columns(self, table: str) -> Sequence[str]:
        """Return the names of a table's columns."""
        return tuple(column.name for column in db.database.get_columns(table))

    def migrate(self, name: str, plugin: type[Plugin], *, is_down: bool = False) -> None:
        """Apply the plugin's migrations, or take them all back."""
        if is_down:
            tables.take_back(name, plugin)
        else:
            tables.migrate(name, plugin)

    def page(self, theme: str, page: str, *, language: str) -> str:
        """Return a page of the help center in a theme. Raises Broken."""
        service = HelpCenterDesk(self.settings).service(self.service.slug)
        assert service is not None, "the kit has made it"
        return showing.page(service, theme, page, language=language)

    def host(self, plugin: str) -> Host:
        """Return the desk as an installed whole plugin sees it."""
        return calls.host_for(plugin, self.people.service_id)

    def web(self, plugin: str, request: WebRequest) -> HttpResponse:
        """Send a request to the plugin's address."""
        answer = self._around.web.test_client().open(
            f"/{self.service.slug}/p/{plugin}/{request.path}", method=request.method,
            data=request.body, headers=dict(request.headers), query_string=dict(request.query),
        )  # fmt: skip
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpResponse(answer.status_code, headers, answer.get_data())

    def sdl(self, name: str, plugin: type[Plugin]) -> str:
        """Return what the plugin adds to the GraphQL API; the API is loaded for those alone that add to it."""
        if not any(hook.kind in GRAPHQL for hook in hooks_of(plugin)):
            return ""
        found: str = importlib.import_module("helpdesk.kit.schemas").added(name, plugin)
        return found

    def ask(self, name: str, plugin: type[Plugin], arguments: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
        """Ask the GraphQL API for each field that the plugin adds to it, and return what went wrong."""
        schemas = importlib.import_module("helpdesk.kit.schemas")
        return list(schemas.asked(self.people.administrator, self.settings, name, plugin, arguments))

    def try_out(self, plugin: str) -> str:
        """Press the button “test” of a whole plugin and return what is wrong, if anything."""
        tried = checks.check(self.people.administrator, plugin)
        return "" if tried.is_ok else tried.message

    def export(self, plugin: str, customer: int) -> Mapping[str, Any]:
        """Return what the plugin keeps of the customer. Raises Broken."""
        found: Mapping[str, Any] = doing.exported(self.people.administrator, plugin, customer)
        return found

    def erase(self, plugin: str, customer: int) -> None:
        """Have the plugin forget the customer. Raises Broken."""
        doing.erase(self.people.administrator, plugin, customer)

    def act(self, action: str, ticket: int, settings: Mapping[str, Any]) -> None:
        """Run an action on a ticket."""
        doing.act(self.people.administrator, ticket, action, settings)

    def hand_out(self, assigner: str, ticket: int, settings: Mapping[str, Any]) -> int | None:
        """Have an assigner choose among all agents."""
        return doing.hand_out(self.people.administrator, ticket, self._team, assigner, settings)

    @cached_property
    def _team(self) -> int:
        return doing.team(self.people.service_id, [one.id for one in self.agents()])

    def fill_in(self, field_type: str, given: Any, settings: Mapping[str, Any], *, language: str) -> FilledIn:
        """Return what a field of the type makes of what was typed."""
        return doing.fill_in(self.people.service_id, field_type, settings, given, language)

    def meets(self, condition: Mapping[str, Any], tickets: Sequence[int]) -> Sequence[bool]:
        """Return for each ticket whether it meets the condition."""
        return doing.meets(self.people.service_id, tickets, condition)

    def keep_files(self, storage: str, settings: Mapping[str, Any]) -> None:
        """Keep the desk's files in the storage from now on."""
        doing.keep_files(storage, settings)

    def _is_trouble(self, account_id: int) -> bool:
        (row,) = channels.accounts_by_ids([account_id])
        return row is not None and crowding.is_trouble(row.driver)

    def _upload(self, file: File) -> int:
        agent = self.people.agent
        upload = create_upload(
            agent,
            filename=file.filename,
            content_type=file.content_type,
            size=len(file.data),
            largest=self.settings.max_file_bytes,
        )
        fill_upload(upload_token(upload), io.BytesIO(file.data), service_id=self.people.service_id)
        return upload
