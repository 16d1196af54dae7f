"""What a plugin may know of the desk: frozen copies, never rows. Ids are whole numbers, times are aware UTC.

Statuses are NEW, OPEN, ON_HOLD, RESOLVED and COMPLETED; priorities LOW, NORMAL, HIGH and URGENT;
kinds of message INQUIRY, REPLY, NOTE and SYSTEM.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """The service that the plugin works in; ``names`` by language, ``time_zone`` by its IANA name."""

    id: int
    slug: str
    names: Mapping[str, str]
    languages: tuple[str, ...]
    default_language: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket. ``channel`` is the code of the way in; ``version`` grows with every change."""

    id: int
    number: int
    subject: str
    status: str
    priority: str
    channel: str
    language: str
    customer_id: int | None
    agent_id: int | None
    group_id: int | None
    external_ref: str | None
    tags: tuple[str, ...]
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """A message of a ticket. ``author_kind`` is agent, customer, service_key, plugin or system; ``html`` is safe."""

    id: int
    ticket_id: int
    kind: str
    author_kind: str
    author_name: str
    text: str
    html: str | None
    is_automatic: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """A customer; what is not known is empty."""

    id: int
    number: int
    name: str
    email: str | None
    phone: str | None
    user_key: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """An agent of the service. ``open_tickets`` counts what the agent holds and has not resolved.

    ``last_assigned_at`` is when a ticket was last given to the agent, empty for never.
    """

    id: int
    name: str
    email: str
    is_active: bool
    open_tickets: int = 0
    last_assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PageOf(Generic[Item]):
    """One page of a list; hand ``cursor`` in as ``after`` for the next one, empty when this was the last."""

    items: tuple[Item, ...]
    cursor: str | None = None
