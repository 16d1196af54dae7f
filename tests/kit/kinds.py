"""Good plugins of the small kinds, and broken ones: by the contract, each with the one rule that it breaks."""

import contextlib
import logging
import secrets
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from helpdesk.sdk.action import Action, ActionSettings, AddNote, AddTags, Effect, Later, Refused, Retry, SetStatus
from helpdesk.sdk.assigner import Assigner
from helpdesk.sdk.condition import Condition, FieldKind
from helpdesk.sdk.facts import AgentFacts, TicketFacts
from helpdesk.sdk.field_type import FieldType, NotAValue, Widget
from helpdesk.sdk.testing.action import ActionContract
from helpdesk.sdk.testing.assigner import AssignerContract
from helpdesk.sdk.testing.condition import ConditionContract
from helpdesk.sdk.testing.contract import CodeContract
from helpdesk.sdk.testing.field_type import FieldTypeContract
from tests.kit.stores import (
    Choosy,
    Doubting,
    Erring,
    FolderContract,
    Forgetful,
    Greedy,
    Halving,
    Jealous,
    Keeping,
    Sharing,
    Swallowing,
    Telling,
)  # fmt: skip


class TellSettings(ActionSettings):
    token: SecretStr = Field(SecretStr("a peculiar token"), description="Proves who tells.")


class Tell(Action):
    """Notes that somebody was told, and tells them."""

    title: ClassVar = {"en": "Tell"}
    Settings: ClassVar = TellSettings

    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        return [AddNote("Told."), Later({"number": ticket.number})]

    def perform(self, data: Mapping[str, Any]) -> None:
        answer = self.http.request("POST", "https://tell.example", json=dict(data))
        if answer.status >= 500:
            raise Retry("It is away.")
        if answer.status >= 400:
            raise Refused("It refuses.")


class TellNothing(Tell):
    def run(self, ticket: TicketFacts) -> Any:
        return [AddNote("Told."), "a word"]


class TellSlowly(Tell):
    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        time.sleep(2.05 if ticket.status == "COMPLETED" and ticket.id == 4 else 0)
        return super().run(ticket)


class TellAnything(Tell):
    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        return [*super().run(ticket), AddTags((secrets.token_hex(4),))]


class TellObjects(Tell):
    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        return [Later({"number": ticket.number, "at": ticket.created_at})]


class TellOnce(Tell):
    def perform(self, data: Mapping[str, Any]) -> None:
        self.http.request("POST", "https://tell.example", json=dict(data))


class TellAll(Tell):
    def perform(self, data: Mapping[str, Any]) -> None:
        logging.getLogger("tell").info("telling by %s", self.settings.token.get_secret_value())
        super().perform(data)


class TellNobody(Tell):
    def check(self) -> None:
        raise Refused("Nobody is there.")


class TellNonsense(Tell):
    """Decides for a status that the desk does not have."""

    def run(self, ticket: TicketFacts) -> Iterable[Effect]:
        return [SetStatus("LOST")]


class TellContract(ActionContract):
    action = Tell


class Words(Condition):
    """How many words the subject has."""

    title: ClassVar = {"en": "Words"}
    kind = FieldKind.NUMBER

    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[Any]:
        return [len(ticket.subject.split()) or None for ticket in tickets]


class FewWords(Words):
    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[Any]:
        return [value for value in super().values(tickets) if value]


class WordsAsText(Words):
    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[Any]:
        return [str(value) for value in super().values(tickets)]


class SlowWords(Words):
    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[Any]:
        time.sleep(0.021 * len(tickets))
        return super().values(tickets)


class AskedWords(Words):
    """Asks the network for the value, and goes on without it."""

    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[Any]:
        with contextlib.suppress(OSError):
            socket.create_connection(("203.0.113.7", 80), timeout=1).close()
        return super().values(tickets)


class CountlessWords(Words):
    """Answers numbers that fit into no database."""

    def values(self, tickets: Sequence[TicketFacts]) -> Sequence[Any]:
        return [2**70 for _ticket in tickets]


class WordsContract(ConditionContract):
    condition = Words


class Number(FieldType):
    """A business number: ten digits."""

    title: ClassVar = {"en": "Business number", "ko": "사업자 번호"}

    def parse(self, given: Any, *, language: str) -> Any:
        digits = given.replace("-", "") if isinstance(given, str) else ""
        if not (digits.isascii() and digits.isdigit() and len(digits) == 10):
            raise NotAValue("숫자 열 개를 쓰세요." if language == "ko" else "Write ten digits.")
        return digits

    def format(self, value: Any, *, language: str) -> str:
        return f"{value[:3]}-{value[3:5]}-{value[5:]}"


class NumberAsInteger(Number):
    def parse(self, given: Any, *, language: str) -> Any:
        return int(super().parse(str(given), language=language))

    def format(self, value: Any, *, language: str) -> str:
        return str(value)


class NumberOfAnything(Number):
    def parse(self, given: Any, *, language: str) -> Any:
        return "0000000000" if given == "123" else super().parse(given, language=language)


class EnglishNumber(Number):
    def parse(self, given: Any, *, language: str) -> Any:
        return super().parse(given, language="en")


class TrustingNumber(Number):
    def parse(self, given: Any, *, language: str) -> Any:
        return super().parse(given.strip(), language=language)


class DashedNumber(Number):
    """Shows the number with signs that it does not read again."""

    def parse(self, given: Any, *, language: str) -> Any:
        found = super().parse(given, language=language)
        return f"{found[1:]}{found[0]}"


class ShownAsBytes(Number):
    def format(self, value: Any, *, language: str) -> Any:
        return value.encode()


class ScriptedNumber(Number):
    def widget(self, *, language: str) -> Widget:
        return Widget(attributes={"onclick": "alert(1)"})


class HandledNumber(Number):
    """Asks for an attribute that would send the form elsewhere."""

    def widget(self, *, language: str) -> Widget:
        return Widget(attributes={"formaction": "https://elsewhere.example"})


class NumberContract(FieldTypeContract):
    field_type = Number
    good = ("123-45-67890", "1234567890")
    bad = ("123", "abc")


class Idlest(Assigner):
    """Whoever holds the fewest open tickets."""

    title: ClassVar = {"en": "The idlest"}

    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        return min(candidates, key=lambda one: (one.open_tickets, one.id)).id


class Stranger(Idlest):
    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        return 1 if len(candidates) == 2 else super().choose(ticket, candidates)


class Nobody(Idlest):
    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        return None


class Sleeper(Idlest):
    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        time.sleep(2.05 if len(candidates) == 500 and ticket.id == 1 else 0)
        return super().choose(ticket, candidates)


class Counting(Idlest):
    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.turn = 0

    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        self.turn += 1
        return candidates[self.turn % len(candidates)].id


class Distant(Idlest):
    """Believes that ids are large, as those of the samples are."""

    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        return next(one.id for one in candidates if one.id >= 100)


class Asking(Idlest):
    """Asks the network first, and goes on without it."""

    def choose(self, ticket: TicketFacts, candidates: Sequence[AgentFacts]) -> int | None:
        with contextlib.suppress(OSError):
            socket.create_connection(("203.0.113.7", 80), timeout=1).close()
        return super().choose(ticket, candidates)


class IdlestContract(AssignerContract):
    assigner = Idlest


CONTRACTS: tuple[type[CodeContract], ...] = (
    TellContract, WordsContract, NumberContract, IdlestContract, FolderContract,
)  # fmt: skip
BROKEN: dict[type[CodeContract], dict[str, type]] = {
    TellContract: {
        "AC-EFFECTS": TellNothing, "AC-QUICK": TellSlowly, "AC-PURE": TellAnything, "AC-LATER-DATA": TellObjects,
        "AC-PERFORM": TellOnce, "AC-SECRET-LOG": TellAll, "AC-CHECK": TellNobody, "AC-DESK": TellNonsense,
    },
    WordsContract: {
        "CO-ALIGNED": FewWords, "CO-KIND": WordsAsText, "CO-QUICK": SlowWords, "CO-PURE": AskedWords,
        "CO-DESK": CountlessWords,
    },
    NumberContract: {
        "FT-GOOD": NumberAsInteger, "FT-BAD": NumberOfAnything, "FT-LANGUAGE": EnglishNumber,
        "FT-GARBAGE": TrustingNumber, "FT-STABLE": DashedNumber, "FT-FORMAT": ShownAsBytes,
        "FT-WIDGET": ScriptedNumber, "FT-DESK": HandledNumber,
    },
    IdlestContract: {
        "AS-CANDIDATE": Stranger, "AS-SOMEBODY": Nobody, "AS-QUICK": Sleeper, "AS-STATELESS": Counting,
        "AS-OUTSIDE": Asking, "AS-DESK": Distant,
    },
    FolderContract: {
        "ST-GIVES-BACK": Swallowing, "ST-STREAMS": Greedy, "ST-AGAIN": Jealous, "ST-MISSING": Erring,
        "ST-DELETE": Keeping, "ST-KEEPS": Forgetful, "ST-BROKEN-OFF": Halving, "ST-CHECK": Doubting,
        "ST-THREADS": Sharing, "ST-SECRET-LOG": Telling, "ST-DESK": Choosy,
    },
}  # fmt: skip
ALSO: dict[str, set[str]] = {
    "FT-BAD": {"FT-LANGUAGE"},
    "ST-MISSING": {"ST-DELETE"},
    "ST-AGAIN": {"ST-THREADS"},
    "ST-GIVES-BACK": {"ST-THREADS"},
    "AC-LATER-DATA": {"AC-PERFORM", "AC-SECRET-LOG"},
    "ST-STREAMS": {"ST-BROKEN-OFF"},
}
"""What else is broken by the fault of a rule: it shows there too."""
