"""What a channel author writes: one class that turns outside bytes into messages and messages into outside calls.

The core supplies the rest: the hook URL, storage before understanding, replay protection,
threading, retries, dead letters, the settings form, encrypted secrets, health, and ``self.http``
for calls to the outside.

A channel that is called by its provider implements ``receive`` and ``send``; one that has to
fetch (IMAP) implements ``listen`` too. One instance serves one account, in many threads at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from helpdesk.sdk.errors import AccountRefused, Refused, Retry, Unverified, WindowClosed
from helpdesk.sdk.http import Http, HttpResponse
from helpdesk.sdk.settings import PluginSettings

__all__ = [
    "AccountRefused",
    "Channel",
    "ChannelSettings",
    "DeliveryReport",
    "File",
    "Http",
    "HttpResponse",
    "Identity",
    "Inbound",
    "InboundRequest",
    "Inlet",
    "Nature",
    "Outbound",
    "RecipientVerdict",
    "Refused",
    "Retry",
    "SenderProof",
    "Sent",
    "Unverified",
    "Vault",
    "Verdict",
    "WindowClosed",
]


class ChannelSettings(PluginSettings):
    """What an account needs to know. The form and the GraphQL input come from its fields.

    Fields of type ``SecretStr`` are encrypted at rest and never shown again.
    """


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """What came from outside, untouched. Header names are lower case; a fetched mail has no headers here."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """How a person is known: ``kind`` is ``email``, ``phone``, ``user_key`` or a code of the channel's own."""

    kind: str
    value: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """An attached file. ``content_id`` (without brackets) is set for one that the HTML shows by ``cid:``."""

    filename: str
    content_type: str
    data: bytes
    content_id: str | None = None


class Nature(StrEnum):
    """What wrote the message: a person, a machine (vacation notes, lists), or an unwanted sender."""

    PERSON = "person"
    AUTOMATIC = "automatic"
    SPAM = "spam"


class SenderProof(StrEnum):
    """Whether the sender is who they say: proven by systems of our own, proven not to be, or nobody knows."""

    NONE = "none"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message from outside, understood.

    ``external_id`` is the provider's id; a second message with it is dropped as a duplicate, unless both have a
    ``fingerprint`` of what they say and these differ.
    ``answers`` are external ids that the message says it answers, nearest first.
    ``reply_token`` is the token of ``Outbound.reply_token`` if it came back.
    ``ticket_number`` is a number read from the text of a subject: a hint, believed of participants only.
    ``sent_at`` is the sender's claim; it is shown, never relied upon.
    ``quoted_from`` is where in ``text`` nothing new stands any more, only what the message quotes: it is folded.
    ``html_quoted_from`` is the same place in ``html``, which the desk cleans again: within a tag it is none.
    ``proof`` says whether the sender is proven, ``proof_details`` by what, as ``spf=pass dmarc=pass``. An agent who is
    proven answers customers by their message.
    ``suspicion`` is why a person should look before anything is believed; then it is held until one does.
    ``undeliverable`` is why the sender's address may take no answer, in words: one that is new to the desk is marked.
    ``forwarded_from`` wrote what the message passes on; it is believed of a proven agent only.
    Addresses that stand in the settings of an account of the service are nobody's: what comes from one is a machine's.
    """

    external_id: str
    sender: Identity
    text: str
    subject: str = ""
    html: str | None = None
    files: tuple[File, ...] = ()
    answers: tuple[str, ...] = ()
    reply_token: str | None = None
    ticket_number: int | None = None
    nature: Nature = Nature.PERSON
    copied: tuple[Identity, ...] = ()
    sent_at: datetime | None = None
    language: str | None = None
    quoted_from: int | None = None
    html_quoted_from: int | None = None
    proof: SenderProof = SenderProof.NONE
    proof_details: str = ""
    suspicion: str = ""
    fingerprint: str = ""
    undeliverable: str = ""
    forwarded_from: Identity | None = None


class Verdict(StrEnum):
    """What became of a message for one recipient. One who has COMPLAINED got it, and calls it unwanted."""

    ACCEPTED = "accepted"
    DELAYED = "delayed"
    FAILED = "failed"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class RecipientVerdict:
    """The verdict for one recipient; ``is_permanent`` says that the address itself is no good.

    ``recipient`` may be empty in a report that does not tell whom it means: it is of a message that went to one.
    """

    recipient: str
    verdict: Verdict
    reason: str = ""
    is_permanent: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A bounce or a receipt: what became of a message that we sent, known by its ``external_id``.

    ``message`` is what came, read as a message: the inbox shows its sender and subject, and it is filed as a person's
    once somebody says that it is no report. A channel whose reports cannot be mistaken leaves it out.
    """

    external_id: str
    verdicts: tuple[RecipientVerdict, ...]
    message: Inbound | None = None


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to carry out.

    ``key`` is unique and the same at every try: make the provider's idempotency key from it.
    ``external_id`` is what ``identify`` gave, stored before the first try.
    ``answers`` are the external ids of the conversation so far, nearest first.
    ``reply_token`` proves, when it comes back, that the answer belongs to this ticket and recipient.
    ``recipients`` holds only those that have not accepted the message yet.
    ``ticket_number`` is 0 for a notice of the desk's own, such as an invitation: it answers nothing, and its subject
    stands as it is.
    """

    key: str
    ticket_number: int
    subject: str
    text: str
    recipients: tuple[Identity, ...]
    html: str | None = None
    files: tuple[File, ...] = ()
    answers: tuple[str, ...] = ()
    reply_token: str = ""
    external_id: str | None = None
    language: str = "en"
    agent_name: str = ""
    is_automatic: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message. ``verdicts`` may name recipients it refused; the others were accepted."""

    external_id: str | None = None
    verdicts: tuple[RecipientVerdict, ...] = ()


class Inlet(Protocol):
    """How a fetching channel hands over what it finds."""

    @property
    def cursor(self) -> Mapping[str, Any]:
        """What was last stored as the place reached; empty at first. JSON values only."""

    def store(self, key: str, raw: bytes, *, cursor: Mapping[str, Any]) -> bool:
        """Keep the raw bytes and the place reached, and return once both are safe.

        ``key`` is unique within the account. False when it was here before. Only after this
        returns may the source be told (flag, move, delete).
        """

    def reached(self, cursor: Mapping[str, Any]) -> None:
        """Keep the place reached although nothing was to be stored."""

    def alive(self) -> bool:
        """Renew the right to listen, and report health. Call at least every 30 seconds; on False return at once."""


class Vault(Protocol):
    """The account's secret settings as the desk keeps them, sealed. To be asked while a hook is being called."""

    def read(self, name: str) -> str:
        """Return a secret as it is kept now, which may be newer than ``self.settings``; empty when it is unset."""

    def replace(self, name: str, old: str, new: str) -> bool:
        """Keep a secret that the provider has changed, such as a refresh token, and return once it is safe.

        False, keeping nothing, when what is kept is ``old`` no more: somebody has set another one meanwhile.
        """


class Channel(ABC):
    """One way in and out. Subclass it, name it in the entry-point group ``helpdesk.channels``."""

    api: ClassVar[int] = 1
    """The version of this page that the channel was written for; the core keeps the newest and the one before.

    One that does not say is taken to be of version 1, whatever the newest is.
    """

    title: ClassVar[Mapping[str, str]]
    """The name that people see, by language; ``en`` is required."""

    identity_kind: ClassVar[str] = "email"
    """How this channel knows a person; answers go to the ticket's identity of this kind."""

    Settings: ClassVar[type[ChannelSettings]] = ChannelSettings
    """What an account tells it; an instance is here as ``self.settings``."""

    listens: ClassVar[bool] = False
    """True when ``listen`` is to be run for each enabled account."""

    reads_apart: ClassVar[bool] = False
    """True when ``receive`` takes apart what strangers make, such as mails.

    An installed channel then reads in a process of its own, one message after the other, each with two seconds of
    processor time, half a second more for 50 MB, and 280 MiB of memory: what is built to break its reader breaks
    nothing else.
    """

    http: Http
    """For calls to the outside. The core sets it right after ``__init__``; a plugin's own tests set their own."""

    vault: Vault
    """For secrets that the provider changes. The core sets it like ``http``."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def verify(self, request: InboundRequest) -> None:
        """Raise Unverified unless the provider sent this. Runs before anything is stored; be quick."""

    @abstractmethod
    def receive(self, request: InboundRequest) -> Iterable[Inbound | DeliveryReport]:
        """Turn what came in into messages; nothing for what is to be ignored. Runs in a worker, maybe twice."""

    @abstractmethod
    def send(self, message: Outbound) -> Sent:
        """Hand the message to the provider. Raises Retry, Refused, WindowClosed or AccountRefused."""

    def identify(self, message: Outbound) -> str | None:
        """Return the id under which the message will be known outside, where the channel may choose it."""
        return None

    def is_enabled_for_listening(self) -> bool:
        """Return whether these settings ask for listening at all."""
        return self.listens

    def listen(self, inlet: Inlet) -> None:
        """Fetch until ``inlet.alive()`` is false. Raising is fine: it is reported and tried again, later each time."""
        raise Refused("This channel does not fetch.")

    def check(self) -> None:
        """Try the settings against the provider; raise with a sentence that says what is wrong."""
