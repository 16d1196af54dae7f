"""A whole plugin that adds one of everything to the GraphQL API, and notes how it was called."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, ClassVar

from helpdesk.sdk.facts import TicketFacts
from helpdesk.sdk.graphql import batched, choices, described, mutation, query
from helpdesk.sdk.plugin import Denied, Host, Plugin, Refused

AT = datetime(2026, 5, 1, 9, tzinfo=UTC)


@choices(GOOD="The visitor was pleased.", BAD="The visitor was not.")
class Mood(Enum):
    """How a visit went."""

    GOOD = 1
    BAD = 2


@dataclass(frozen=True)
class Page:
    """A page that somebody has seen."""

    url: str = described("Its address.")
    mood: Mood = described("How it went.", default=Mood.GOOD)
    seen_at: datetime | None = described("When it was seen.", default=None)
    linked: "tuple[Page, ...]" = described("Where it leads to.", default=())


@dataclass(frozen=True)
class Wish:
    """Which pages are wanted."""

    moods: list[Mood] = described("How they went.")
    since: datetime | None = described("Since when.", default=None)
    most: int = described("How many.", default=10)


class Visits(Plugin):
    """Answers whatever ``answers`` holds under the method's name."""

    title: ClassVar = {"en": "Visits"}
    called: ClassVar[list[Any]] = []
    answers: ClassVar[dict[str, Any]] = {}

    @query(right="ticket.read", description="The page that was seen last.")
    def last_page(self, host: Host, mood: Annotated[Mood, "How it went."] = Mood.GOOD) -> Page | None:
        return self._answer("last_page", Page("/cart", mood, AT, (Page("/pay"),)), host, mood)

    @query(right="customer.read", description="Pages by a wish.")
    def pages(self, host: Host, wish: Annotated[Wish | None, "Which ones."]) -> list[Page]:
        return self._answer("pages", [Page("/")], host, wish)

    @query(right="ticket.read", description="All that can go wrong.")
    def number(self, host: Host) -> int:
        return self._answer("number", 7, host)

    @mutation(right="ticket.note", description="Forget the pages.")
    def forget(self, host: Host, url: Annotated[str, "Which page."]) -> bool:
        if url == "/denied":
            raise Denied("NOT_FOUND", "There is no such page; look at the list.")
        if url == "/refused":
            raise Refused("Pages of today are kept.")
        return self._answer("forget", True, host, url)

    @batched("Ticket", right="customer.read", description="How many pages were seen before the ticket.")
    def count(
        self, host: Host, rows: Sequence[TicketFacts], plus: Annotated[int, "To be added."] = 0
    ) -> Sequence[int | None]:
        return self._answer("count", [row.number + plus if row.number % 2 else None for row in rows], host, len(rows))

    @batched("Customer", right="customer.read", description="The name, spelled backwards.")
    def backwards(self, host: Host, rows: Sequence[Any]) -> list[str]:
        return ["".join(reversed(row.name)) for row in rows]

    def _answer(self, name: str, usual: Any, host: Host, *given: Any) -> Any:
        self.called.append((name, host.service.id, *given))
        answer = self.answers.get(name, usual)
        return answer() if callable(answer) else answer
