"""The ``Host``: a plugin's hands in one service.

Every call goes through the rooms' own operations and queries, as an actor of the kind PLUGIN that
holds the rights of the plugin's class; so what a plugin may do, and what is written of it, is decided
where it is decided for everybody else.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from helpdesk.agents import queries as agents
from helpdesk.agents import staffing
from helpdesk.customers import queries as customers
from helpdesk.hosting import addresses, facts, instances, words
from helpdesk.hosting import operations as own
from helpdesk.hosting.denials import desk_work
from helpdesk.kernel import db
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.crypto import UnreadableSecret, keyring
from helpdesk.kernel.errors import Invalid, NotFound, Unavailable
from helpdesk.kernel.paging import Window
from helpdesk.organization import features
from helpdesk.organization import queries as organization
from helpdesk.plugins import operations as plugins
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.outgoing import Outgoing
from helpdesk.plugins.settings import secrets_of
from helpdesk.sdk.channel import File, Identity
from helpdesk.sdk.facts import AgentFacts, CustomerFacts, MessageFacts, PageOf, ServiceFacts, TicketFacts
from helpdesk.sdk.http import Http
from helpdesk.sdk.plugin import Plugin
from helpdesk.tickets import operations, queries, rules, tagging
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.facts import ticket_facts
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.queries import TicketRow
from helpdesk.tickets.rules import Asker, Body, TicketStatus

log = logging.getLogger(__name__)


class DeskHost:
    """The desk, as one plugin sees it in one service; see ``sdk.host.Host`` for what each method promises."""

    def __init__(
        self, name: str, plugin: Plugin, service_id: int, *, hook: str = "", acts_for: Actor | None = None
    ) -> None:
        kind = type(plugin)
        self.settings: Any = plugin.settings
        self.service_settings: Any = instances.service_settings(name, service_id)
        self.http: Http = Outgoing()
        self._name, self._kind, self._hook = name, kind, hook
        self._is_by_itself = acts_for is None or acts_for.kind is ActorKind.SYSTEM
        self._actor = Actor(ActorKind.PLUGIN, service_id, name=instances.title_of(kind), rights=_rights(kind, acts_for))

    @cached_property
    def service(self) -> ServiceFacts:
        """The service that this call is about."""
        return self._read_service()

    @desk_work
    def _read_service(self) -> ServiceFacts:
        row = organization.service_by_id(self._actor.service_id)
        if row is None:
            raise NotFound("There is no such service.")
        return facts.of_services([row])[0]

    def secrets(self) -> list[str]:
        """Return the secrets that the plugin was told, which are to be blotted out of its words; no part of the SDK."""
        return [*secrets_of(self.settings), *secrets_of(self.service_settings)]

    @desk_work
    def now(self) -> datetime:
        return db.present()

    @desk_work
    def has_feature(self, feature: str) -> bool:
        return features.has_feature(self._actor.service_id, feature)

    def translate(self, key: str, *, language: str | None = None, **values: object) -> str:
        default = self.service.default_language
        return words.translated(self._kind.locales, key, language=language or default, default=default, values=values)

    def address(self, path: str = "") -> str:
        return addresses.of_service(self.service.slug, path)

    @desk_work
    def log(self, message: str, **facts: object) -> None:
        line = words.log_line(message, facts, self.secrets())
        log.info("plugin log", extra={"plugin": self._name, "hook": self._hook, "line": line})
        plugins.write_log(
            Ref(Kind.PLUGIN, self._name),
            service_id=self._actor.service_id,
            level="info",
            hook=self._hook,
            message=line,
        )

    @desk_work
    def seal(self, text: str) -> str:
        return keyring().seal(text.encode(), context=self._context())

    @desk_work
    def unseal(self, sealed: str) -> str:
        try:
            return keyring().open(sealed, context=self._context()).decode()
        except UnreadableSecret as error:
            raise Invalid(error.message) from error

    @desk_work
    def signing_key(self, purpose: str) -> bytes:
        return keyring().secret_for(f"{self._context()}:{purpose}")

    def _context(self) -> str:
        return f"plugin:{self._name}:{self._actor.service_id}"

    @desk_work
    def ticket(self, ticket_id: int) -> TicketFacts | None:
        self._actor.require("ticket.read")
        row = self._row(ticket_id)
        return ticket_facts([row])[0] if row else None

    @desk_work
    def ticket_by_number(self, number: int) -> TicketFacts | None:
        self._actor.require("ticket.read")
        row = queries.ticket_by_number(self._actor.service_id, number)
        return ticket_facts([row])[0] if row else None

    @desk_work
    def tickets(
        self,
        *,
        where: Mapping[str, Any] | None = None,
        search: str | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> PageOf[TicketFacts]:
        self._actor.require("ticket.read")
        query = queries.matching(self._actor.service_id, where=where, text=search)
        page = queries.page_of(query, order=[], window=Window(first=first, after=after))
        return PageOf(tuple(ticket_facts(page.rows)), _cursor(page))

    @desk_work
    def messages(self, ticket_id: int, *, first: int = 50, after: str | None = None) -> PageOf[MessageFacts]:
        self._actor.require("ticket.read")
        if self._row(ticket_id) is None:
            raise NotFound("There is no such ticket.")
        (page,) = queries.messages_of_tickets([ticket_id], Window(first=first, after=after))
        return PageOf(tuple(facts.of_messages(page.rows)), _cursor(page))

    @desk_work
    def customer(self, customer_id: int) -> CustomerFacts | None:
        self._actor.require("customer.read")
        return self._customer(customer_id)

    @desk_work
    def find_customer(self, identity: Identity) -> CustomerFacts | None:
        self._actor.require("customer.read")
        return self._customer(customers.customer_of_identity(self._actor.service_id, identity.kind, identity.value))

    @desk_work
    def agents(self) -> Sequence[AgentFacts]:
        self._actor.require("ticket.read")
        return tuple(facts.of_agents(agents.agents_of_service(self._actor.service_id)))

    @desk_work
    def set_agent_attributes(self, agent_id: int, attributes: Mapping[str, str]) -> None:
        staffing.set_attributes(self._actor, agent_id, self._name, attributes)

    @desk_work
    def create_ticket(
        self,
        subject: str,
        text: str,
        *,
        customer: Identity | None = None,
        channel: str | None = None,
        language: str | None = None,
        files: Sequence[File] = (),
        key: str | None = None,
    ) -> TicketFacts:
        service = self.service
        new = NewTicket(
            rules.required_subject(subject),
            rules.required_body(text, is_html=False),
            rules.check_channel(channel or self._name),
            rules.check_language(language, service.languages, service.default_language),
            Asker(customer.name, identity=(customer.kind, customer.value)) if customer else operations.NOBODY,
            files=[NewFile(file.filename, file.content_type, file.data, file.content_id) for file in files],
        )
        added = operations.create(self._actor, new, idempotency_key=self._key(key))
        return self._told(added.ticket_id)

    @desk_work
    def reply(self, ticket_id: int, text: str, *, html: str | None = None, key: str | None = None) -> MessageFacts:
        body = rules.required_body(text, is_html=False)
        if html is not None:
            body = Body(body.text, rules.required_body(html, is_html=True).html)
        added = operations.reply(
            self._actor, ticket_id, body, idempotency_key=self._key(key), is_automatic=self._is_by_itself
        )
        return _message(added.message_id)

    @desk_work
    def add_note(self, ticket_id: int, text: str, *, key: str | None = None) -> MessageFacts:
        body = rules.required_body(text, is_html=False)
        added = operations.add_note(self._actor, ticket_id, body, idempotency_key=self._key(key))
        return _message(added.message_id)

    @desk_work
    def tag(self, ticket_id: int, *tags: str) -> TicketFacts:
        tagging.tag(self._actor, ticket_id, tags)
        return self._told(ticket_id)

    @desk_work
    def untag(self, ticket_id: int, *tags: str) -> TicketFacts:
        tagging.untag(self._actor, ticket_id, tags)
        return self._told(ticket_id)

    @desk_work
    def assign(self, ticket_id: int, *, agent_id: int | None = None, group_id: int | None = None) -> TicketFacts:
        operations.assign(self._actor, ticket_id, agent_id=agent_id, group_id=group_id)
        return self._told(ticket_id)

    @desk_work
    def set_status(self, ticket_id: int, status: str) -> TicketFacts:
        if status not in set(TicketStatus):
            raise Invalid(f"A status is one of {', '.join(TicketStatus)}.")
        operations.set_status(self._actor, ticket_id, TicketStatus(status))
        return self._told(ticket_id)

    @desk_work
    def enqueue(
        self, job: str, data: Mapping[str, Any] | None = None, *, key: str | None = None, delay_seconds: float = 0
    ) -> bool:
        return own.enqueue(
            self._name, self._kind, self._actor.service_id, job, data or {}, key=key, delay_seconds=delay_seconds
        )

    def _key(self, key: str | None) -> str | None:
        """Return the key as one of this plugin's own: another may use the same."""
        return None if key is None else f"{self._name}:{key}"

    def _row(self, ticket_id: int) -> TicketRow | None:
        row = queries.tickets_by_ids([ticket_id])[0]
        return row if row and row.service_id == self._actor.service_id else None

    def _told(self, ticket_id: int) -> TicketFacts:
        """Return the ticket after a change; whoever may change it is told of it."""
        row = self._row(ticket_id)
        if row is None:
            raise NotFound("There is no such ticket.")
        return ticket_facts([row])[0]

    def _customer(self, customer_id: int | None) -> CustomerFacts | None:
        row = customers.customers_by_ids([customer_id])[0]
        return facts.of_customers([row])[0] if row and row.service_id == self._actor.service_id else None


def _rights(plugin: type[Plugin], acts_for: Actor | None) -> frozenset[str]:
    """Return what the plugin may do: what it declares, and of that only what whoever it acts for may do too."""
    if acts_for is None or acts_for.kind is ActorKind.SYSTEM:
        return frozenset(plugin.rights)
    return plugin.rights & acts_for.rights


def _message(message_id: int) -> MessageFacts:
    row = queries.messages_by_ids([message_id])[0]
    if row is None:
        raise Unavailable("The message is gone; read the ticket again.")
    return facts.of_messages([row])[0]


def _cursor(page: Any) -> str | None:
    return page.cursor_of(page.rows[-1]) if page.has_next and page.rows else None
