"""The ``Host``: all that a whole plugin is given of the desk, for one service.

Every call is permission-checked against the ``rights`` that the plugin declares, and raises ``Denied``
with a stable code when it is refused. What a plugin does stands in the history under its name. Calls
are transactions of their own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from helpdesk.sdk.channel import File, Identity
from helpdesk.sdk.errors import Denied
from helpdesk.sdk.facts import AgentFacts, CustomerFacts, MessageFacts, PageOf, ServiceFacts, TicketFacts
from helpdesk.sdk.http import Http

__all__ = ["API", "Denied", "File", "Host", "Http", "Identity"]

API = 1
"""The version of this page; the core keeps the newest and the one before."""


class Host(Protocol):
    """The desk, as one plugin sees it in one service."""

    @property
    def service(self) -> ServiceFacts:
        """The service that this call is about."""

    settings: Any
    """What the installation tells the plugin: an instance of its ``Settings``."""

    service_settings: Any
    """What the service tells the plugin: an instance of its ``ServiceSettings``."""

    http: Http
    """For calls to the outside."""

    def now(self) -> datetime:
        """Return the present time, in UTC, by the database's clock, which tests can hold."""

    def has_feature(self, feature: str) -> bool:
        """Return whether the service has the feature, such as ``chat``; what it governs is to be hidden when not.

        The codes are those of ``service { features { code } }``. Raises Denied (INVALID) for another.
        """

    def translate(self, key: str, *, language: str | None = None, **values: object) -> str:
        """Return a text of the plugin's ``locales``, in the language, the service's default one, or English.

        ``{name}`` in the text becomes the value of that name; a key that is nowhere is returned as it is.
        """

    def address(self, path: str = "") -> str:
        """Return the public URL of a path of the service, such as ``p/shop/pay?order=7``, or of the service itself.

        Links are built by it: from ``HELPDESK_BASE_URL``, never from what a request says.
        """

    def log(self, message: str, **facts: object) -> None:
        """Write a line that ``helpdesk plugin logs`` shows; facts are plain values, secrets are blotted out."""

    def seal(self, text: str) -> str:
        """Encrypt a secret for a table of the plugin's own."""

    def unseal(self, sealed: str) -> str:
        """Return what ``seal`` encrypted. Raises Denied (INVALID) for anything else."""

    def signing_key(self, purpose: str) -> bytes:
        """Return 32 secret bytes for one purpose, such as signing links; the same in every process, for ever."""

    def ticket(self, ticket_id: int) -> TicketFacts | None:
        """Return the service's ticket of the id. Needs ``ticket.read``, as all reading of tickets."""

    def ticket_by_number(self, number: int) -> TicketFacts | None:
        """Return the service's ticket of the number."""

    def tickets(
        self,
        *,
        where: Mapping[str, Any] | None = None,
        search: str | None = None,
        first: int = 50,
        after: str | None = None,
    ) -> PageOf[TicketFacts]:
        """Return a page of the service's tickets, the latest change first; at most 100.

        ``where`` is a condition of the one condition language, ``{"field": "status", "op": "is", "value": "NEW"}``.
        """

    def messages(self, ticket_id: int, *, first: int = 50, after: str | None = None) -> PageOf[MessageFacts]:
        """Return a page of the ticket's messages, oldest first; at most 100."""

    def customer(self, customer_id: int) -> CustomerFacts | None:
        """Return the service's customer of the id. Needs ``customer.read``, as all reading of customers."""

    def find_customer(self, identity: Identity) -> CustomerFacts | None:
        """Return the customer who is known by the identity, in whatever spelling."""

    def agents(self) -> Sequence[AgentFacts]:
        """Return the service's agents, oldest first, inactive ones too. Needs ``ticket.read``."""

    def set_agent_attributes(self, agent_id: int, attributes: Mapping[str, str]) -> None:
        """Keep what the plugin knows an agent by, such as a key at another service; people see it beside the agent.

        It takes the place of all that the plugin kept of the agent before: at most 20 names with short texts, and no
        secrets. Needs ``agent.attributes``.
        """

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
        """Make a ticket, and its customer if nobody is known by the identity. Needs ``ticket.create``.

        The same ``key`` gives the same ticket for 24 hours. ``channel`` is the plugin's name unless told.
        """

    def reply(self, ticket_id: int, text: str, *, html: str | None = None, key: str | None = None) -> MessageFacts:
        """Answer the customer of the ticket. Needs ``ticket.reply``. The same ``key`` answers once in 24 hours.

        Unless somebody has the plugin do it, a machine answers: the ticket's status stays, the mail says so, and of
        such mail an address gets only so much. An answer that could reach nobody is then only kept; what somebody has
        the plugin answer is denied (CONFLICT).
        """

    def add_note(self, ticket_id: int, text: str, *, key: str | None = None) -> MessageFacts:
        """Leave a note that customers never see. Needs ``ticket.note``. The same ``key`` notes once in 24 hours."""

    def tag(self, ticket_id: int, *tags: str) -> TicketFacts:
        """Put tags on the ticket; those it has stay. Needs ``ticket.tag``."""

    def untag(self, ticket_id: int, *tags: str) -> TicketFacts:
        """Take tags off the ticket. Needs ``ticket.tag``."""

    def assign(self, ticket_id: int, *, agent_id: int | None = None, group_id: int | None = None) -> TicketFacts:
        """Give the ticket to an agent, a group, both, or nobody. Needs ``ticket.assign``."""

    def set_status(self, ticket_id: int, status: str) -> TicketFacts:
        """Move the ticket to a status. Needs ``ticket.set_status``, and ``ticket.complete`` for COMPLETED."""

    def enqueue(
        self, job: str, data: Mapping[str, Any] | None = None, *, key: str | None = None, delay_seconds: float = 0
    ) -> bool:
        """Have a worker call the plugin's ``job`` with the data (JSON values, 64 KiB at most).

        False when a job with the ``key`` was enqueued before: each key is done once.
        """
