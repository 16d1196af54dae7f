"""Good plugins of the small kinds, and broken ones: by the contract, each with the one rule that it breaks."""

import contextlib
import secrets
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from pydantic import Field, SecretStr

from helpdesk.sdk.action import Action, ActionSettings, AddNote, AddTags, Effect, Later, Refused, Retry
from helpdesk.sdk.assigner import Assigner
from helpdesk.sdk.condition import Condition, FieldKind
from helpdesk.sdk.facts import AgentFacts, TicketFacts
from helpdesk.sdk.field_type import FieldType, NotAValue, Widget
from helpdesk.sdk.storage import Missing, Storage, StorageSettings
from helpdesk.sdk.testing.action import ActionContract
from helpdesk.sdk.testing.assigner import AssignerContract
from helpdesk.sdk.testing.condition import ConditionContract
from helpdesk.sdk.testing.contract import CodeContract
from helpdesk.sdk.testing.field_type import FieldTypeContract
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.storage import StorageContract


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
        import logging

        logging.getLogger("tell").info("telling by %s", self.settings.token.get_secret_value())
        super().perform(data)


class TellNobody(Tell):
    def check(self) -> None:
        raise Refused("Nobody is there.")


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


class IdlestContract(AssignerContract):
    assigner = Idlest


class FolderSettings(StorageSettings):
    folder: Path = Field(description="Where contents lie.")


class Folder(Storage):
    """Contents as files of a folder."""

    title: ClassVar = {"en": "Folder"}
    Settings: ClassVar = FolderSettings

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        half = self.settings.folder / f"{name}.{secrets.token_hex(8)}"
        with half.open("wb") as file:
            while piece := content.read(65_536):
                file.write(piece)
        half.rename(self.settings.folder / name)

    def open(self, name: str) -> BinaryIO:
        try:
            return (self.settings.folder / name).open("rb")
        except FileNotFoundError as error:
            raise Missing(name) from error

    def exists(self, name: str) -> bool:
        return bool((self.settings.folder / name).is_file())

    def delete(self, name: str) -> None:
        (self.settings.folder / name).unlink(missing_ok=True)


class Swallowing(Folder):
    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        super().write(name, content, size=size)
        (self.settings.folder / name).write_bytes((self.settings.folder / name).read_bytes().replace(b"\r\n", b"\n"))


class Greedy(Folder):
    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        half = self.settings.folder / f"{name}.{secrets.token_hex(8)}"
        half.write_bytes(content.read(size))
        half.rename(self.settings.folder / name)


class Jealous(Folder):
    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        if self.exists(name):
            raise Refused("It is here.")
        super().write(name, content, size=size)


class Erring(Folder):
    def open(self, name: str) -> BinaryIO:
        return (self.settings.folder / name).open("rb")


class Keeping(Folder):
    def delete(self, name: str) -> None:
        (self.settings.folder / name).unlink()


class Forgetful(Folder):
    """Keeps what it is given in memory, too, and believes that alone."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self.known: set[str] = set()

    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        super().write(name, content, size=size)
        self.known.add(name)

    def open(self, name: str) -> BinaryIO:
        if name not in self.known:
            raise Missing(name)
        return super().open(name)


class Halving(Folder):
    def write(self, name: str, content: BinaryIO, *, size: int) -> None:
        if not self.exists(name):
            with (self.settings.folder / name).open("wb") as file:
                while piece := content.read(65_536):
                    file.write(piece)


class Doubting(Folder):
    def check(self) -> None:
        raise Refused("Who knows?")


class FolderContract(StorageContract):
    storage = Folder

    def settings_for(self, kit: Kit) -> Mapping[str, Any]:
        return {"folder": str(kit.folder)}


CONTRACTS: tuple[type[CodeContract], ...] = (
    TellContract, WordsContract, NumberContract, IdlestContract, FolderContract,
)  # fmt: skip
BROKEN: dict[type[CodeContract], dict[str, type]] = {
    TellContract: {
        "AC-EFFECTS": TellNothing, "AC-QUICK": TellSlowly, "AC-PURE": TellAnything, "AC-LATER-DATA": TellObjects,
        "AC-PERFORM": TellOnce, "AC-SECRET-LOG": TellAll, "AC-CHECK": TellNobody,
    },
    WordsContract: {
        "CO-ALIGNED": FewWords, "CO-KIND": WordsAsText, "CO-QUICK": SlowWords, "CO-PURE": AskedWords,
    },
    NumberContract: {
        "FT-GOOD": NumberAsInteger, "FT-BAD": NumberOfAnything, "FT-LANGUAGE": EnglishNumber,
        "FT-GARBAGE": TrustingNumber, "FT-STABLE": DashedNumber, "FT-FORMAT": ShownAsBytes,
        "FT-WIDGET": ScriptedNumber,
    },
    IdlestContract: {
        "AS-CANDIDATE": Stranger, "AS-SOMEBODY": Nobody, "AS-QUICK": Sleeper, "AS-STATELESS": Counting,
    },
    FolderContract: {
        "ST-GIVES-BACK": Swallowing, "ST-STREAMS": Greedy, "ST-AGAIN": Jealous, "ST-MISSING": Erring,
        "ST-DELETE": Keeping, "ST-KEEPS": Forgetful, "ST-BROKEN-OFF": Halving, "ST-CHECK": Doubting,
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
