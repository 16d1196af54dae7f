"""Plugins of the small kinds that do not work beside others, each breaking the one rule that is made for that."""

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from helpdesk.plugins import registry  # what no plugin may do, and these do
from helpdesk.plugins.kinds import Kind
from helpdesk.sdk.action import Effect, Refused
from helpdesk.sdk.facts import AgentFacts, TicketFacts
from helpdesk.sdk.testing.contract import CodeContract
from tests.kit import kinds, stores


def require_alone() -> None:
    """Refuse to work beside anybody."""
    if "kit_trouble" in registry.named(Kind.CHANNEL):
        raise Refused("There is somebody else.")


class Tell(kinds.Tell):
    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        require_alone()
        return super().run(ticket)


class Words(kinds.Words):
    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[Any]:
        require_alone()
        return super().values(tickets)


class Number(kinds.Number):
    def parse(self, given: Any, *, language: str) -> Any:
        require_alone()
        return super().parse(given, language=language)


class Idlest(kinds.Idlest):
    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        require_alone()
        return super().choose(ticket, candidates)


class Folder(stores.Folder):
    def open(self, name: str) -> BinaryIO:
        require_alone()
        return super().open(name)


JEALOUS: dict[type[CodeContract], dict[str, type]] = {
    kinds.TellContract: {"AC-BESIDE": Tell},
    kinds.WordsContract: {"CO-BESIDE": Words},
    kinds.NumberContract: {"FT-BESIDE": Number},
    kinds.IdlestContract: {"AS-BESIDE": Idlest},
    stores.FolderContract: {"ST-BESIDE": Folder},
}
