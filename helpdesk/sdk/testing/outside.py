"""What a channel's contract must be told of the outside: how messages come in, and what the provider took.

Everything that an author may override stands here, above the steps that the rules are made of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar
from unittest import SkipTest

from helpdesk.sdk.channel import (
    Channel,
    File,
    HttpResponse,
    Identity,
    InboundRequest,
    Outbound,
)
from helpdesk.sdk.facts import TicketFacts
from helpdesk.sdk.testing.contract import CodeContract, secrets_of
from helpdesk.sdk.testing.kit import HttpCall, Kit
from helpdesk.sdk.testing.rules import Broken, ensure

QUESTION = "Where is my order?"
ANSWER = "It is on its way."
KOREAN = "주문한 한라봉 3kg이 아직 안 왔어요 🍊👩🏽‍🌾 — 똠방각하, 뷁! ﷽ “quoted” <b>&amp;"
NAME = "김미나 🍀"
BYTES = bytes(range(256)) * 8 + b"\r\n.\r\n\x00"
FILE = File("견적서 v1.bin", "application/octet-stream", BYTES)
MEBIBYTE = 1_048_576
LINE = "아주 긴 편지의 아주 긴 줄입니다, and so it goes on.\n"
GARBAGE: Sequence[bytes] = (
    b"", b"\x00\xff\xfe\x00", b"{", b"null", b"[]", b"{}", b'"text"', b"[" * 5_000,
    b'{"id": {"a": []}, "text": 7, "from": null, "files": "no"}', "garbage 쓰레기".encode("utf-16"),
)  # fmt: skip
A_DAY_SECONDS = 86_400.0


class Outcome(StrEnum):
    """What the provider does with the next messages."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    CLOSED = "closed"


STATUSES: Mapping[Outcome, int] = {Outcome.TAKEN: 200, Outcome.LATER: 503, Outcome.REFUSED: 400, Outcome.CLOSED: 403}


@dataclass(frozen=True, slots=True)
class Carried:
    """A message as the provider got it."""

    text: str
    files: tuple[File, ...] = ()


class ChannelOutside(CodeContract):
    """One channel, and the outside as its author plays it."""

    kind = "channel"
    channel: ClassVar[type[Channel]]

    has_files: ClassVar[bool] = True
    """False for a channel that carries no files, either way."""

    has_names: ClassVar[bool] = True
    """False for a channel whose messages come without the sender's name."""

    has_window: ClassVar[bool] = False
    """True for a channel whose provider closes conversations; then ``answer`` or ``provide`` knows CLOSED."""

    is_verified: ClassVar[bool] = False
    """True for a channel whose ``verify`` asks for a proof; then ``request`` adds it."""

    signs_body: ClassVar[bool] = False
    """True where the proof is a signature over the body."""

    def arrange(self, kit: Kit) -> None:
        """Start what the channel needs outside; ``kit.allow(host, port)`` opens the way to it."""

    def request(self, body: bytes) -> InboundRequest:
        """Return the request by which the provider brings this body, with its proof if there is one."""
        return InboundRequest(body)

    def inbound(self, text: str, *, external_id: str, sender: Identity, files: Sequence[File] = ()) -> InboundRequest:
        """Return the request by which the provider brings a message."""
        raise NotImplementedError("write inbound(self, text, *, external_id, sender, files=()) in the test class")

    def answer(self, outcome: Outcome, call: HttpCall) -> HttpResponse:
        """Return what the provider answers to a call of the channel's: 200, 503, 400 or 403 unless told."""
        return HttpResponse(STATUSES[outcome], {"content-type": "application/json"}, b"{}")

    def carried(self, call: HttpCall) -> Carried | None:
        """Read the message out of a call that the provider took; None for a call that brings none."""
        raise NotImplementedError("write carried(self, call) in the test class, or override sent(self, kit)")

    def provide(self, kit: Kit, outcome: Outcome) -> None:
        """Let the provider do this with messages from now on."""
        kit.provide(lambda call: self.answer(outcome, call))

    def sent(self, kit: Kit) -> Sequence[Carried]:
        """Return the messages that the provider has taken, oldest first."""
        taken = [call for call, answer in kit.calls() if answer is not None and answer.status < 300]
        return [message for call in taken if (message := self.carried(call)) is not None]

    def customer(self) -> Identity:
        """Return somebody whom the channel knows."""
        known = {"email": "mina@shop.example", "phone": "+821012345678"}
        return Identity(self.channel.identity_kind, known.get(self.channel.identity_kind, "mina-7"), "Mina")

    def forged(self, request: InboundRequest) -> Iterable[InboundRequest]:
        """Return requests as somebody else than the provider would make them."""
        yield replace(request, headers={}, query={})
        yield replace(request, headers={name: f"{value[:-1]}~" for name, value in request.headers.items()}, query={})
        if self.signs_body:
            yield replace(request, body=request.body + b" ")

    # --- Steps that rules are made of. ---

    def begin(self, kit: Kit) -> int:
        """Install the channel with a provider that takes everything, and return an account of it."""
        self.arrange(kit)
        self.provide(kit, Outcome.TAKEN)
        self.install(kit)
        return kit.account(self.called(), self.settings_for(kit))

    def question(self, files: Sequence[File] = ()) -> InboundRequest:
        """Return the customer's question as the provider brings it."""
        return self.inbound(QUESTION, external_id="question-1", sender=self.customer(), files=files)

    def bring(self, kit: Kit, account: int, request: InboundRequest) -> None:
        """Bring a request that is in order to the hook."""
        status = kit.receive(account, request)
        ensure(status == 200, f"The hook answered {status} to a good request.")

    def ask(self, kit: Kit, account: int) -> TicketFacts:
        """Let the customer ask, and return the ticket."""
        before = len(kit.tickets())
        self.bring(kit, account, self.question())
        kit.work()
        tickets = kit.tickets()[before:]
        ensure(len(tickets) == 1, f"The message made {len(tickets)} tickets: {self.last_reason(kit)}")
        return tickets[0]

    def last_reason(self, kit: Kit) -> str:
        """Return what became of what came in last."""
        items = kit.inbox()
        return f"it is {items[-1].state} {items[-1].reason}".strip() + "." if items else "nothing came in."

    def require_sent(self, kit: Kit, count: int) -> Sequence[Carried]:
        """Return what the provider has taken, so many messages."""
        sent = self.sent(kit)
        reasons = " ".join(dict.fromkeys(one.reason for one in kit.deliveries() if one.reason))
        ensure(len(sent) == count, f"The provider has taken {len(sent)} messages instead of {count}. {reasons}".strip())
        return sent

    def require_verdict(self, kit: Kit, account: int, outcome: Outcome, error: type[Exception]) -> None:
        """Send by hand, and require the verdict of the SDK; the provider stays so."""
        self.provide(kit, outcome)
        driver = kit.driver(account)
        message = Outbound("contract", 1, "Contract", ANSWER, (self.customer(),), language="en")
        message = replace(message, external_id=driver.identify(message))
        try:
            driver.send(message)
        except error:
            return
        except Exception as other:
            raise Broken(f"send raised {type(other).__name__} ({other}) instead of {error.__name__}.") from other
        raise Broken(f"send returned although the provider's answer was “{outcome}”; it must raise {error.__name__}.")

    def live(self, kit: Kit) -> int:
        """Let a bit of everything happen, good and bad, and return the account."""
        account = self.begin(kit)
        ticket = self.ask(kit, account)
        kit.receive(account, self.request(GARBAGE[2]))
        for outcome in (Outcome.LATER, Outcome.REFUSED, Outcome.TAKEN):
            self.provide(kit, outcome)
            kit.reply(ticket.id, ANSWER)
            kit.work()
            kit.move(A_DAY_SECONDS)
        kit.work()
        return account

    def secrets(self, kit: Kit, account: int) -> list[tuple[str, str]]:
        """Return the secrets of the account by the names of their settings."""
        return secrets_of(kit.driver(account).settings)

    def require_files(self) -> None:
        """Skip the rule for a channel without files."""
        if not self.has_files:
            raise SkipTest("This channel carries no files (has_files).")
