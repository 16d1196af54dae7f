"""What somebody who works here must be and may be given, decided without a database.

A password is judged by its length and by not being the first that anybody tries. Demanding digits
and signs lost: people answer it with ``Password1!``.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.text import one_line

LONGEST_NAME = 100
LONGEST_CTI = 64
MOST_CHATS = 1_000
LONGEST_EMAIL = 320  # 64 before the sign and 255 after it; what is longer is not worth the reading
SHORTEST_PASSWORD = 10

# The commonest of the published lists that are long enough to pass.
_COMMON = (
    "1234567890 0123456789 0987654321 9876543210 1234567891 12345678910 123456789a a123456789 1234512345 1231231231"
    " 123123123123 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc qwertyuiop qwerty1234 qwerty12345 qwerty123456 1234qwerty"
    " qwertyqwerty asdfghjkl1 asdfghjkl; zaq12wsxcde3 q1w2e3r4t5 abcdefghij abcd123456 abc1234567 password12"
    " password123 password1234 password12345 passwordpassword password1! passw0rd123 p@ssw0rd123 p@ssword123"
    " administrator admin12345 admin123456 adminadmin welcome123 welcome1234 letmein123 letmein1234 changeme123"
    " iloveyou12 iloveyou123 princess123 football123 baseball123 superman123 michael123 dragon1234 monkey1234"
    " sunshine123 trustno1234 helpdesk123 helpdesk1234 helpdeskhelpdesk support123 support1234 test123456 testtest123"
    " samsung123 qkrwlgns12 dkssudgktpdy tkfkdgody12 rlaqudtjs1"
)
COMMON_PASSWORDS = frozenset(_COMMON.split())


class Role(StrEnum):
    """What an agent is in a service. Source: SPEC GEN-08."""

    ADMINISTRATOR = "ADMINISTRATOR"
    AGENT = "AGENT"


class AgentRight(StrEnum):
    """A right that an agent is given beside the role. Source: SPEC AGT-08 to AGT-10, AGT-26, SPEC-SETTINGS AGT-X02."""

    TICKET_FORWARDING = "TICKET_FORWARDING"
    EXTRACT = "EXTRACT"
    CONNECTION_LOG = "CONNECTION_LOG"
    ALLOCATION_CONTROL = "ALLOCATION_CONTROL"
    CALLBACK_ASSIGNMENT = "CALLBACK_ASSIGNMENT"


class AgentChannel(StrEnum):
    """By what an agent works. Source: SPEC AGT-07."""

    TICKET = "TICKET"
    CHAT = "CHAT"
    PHONE = "PHONE"


class ChatState(StrEnum):
    """Whether an agent is there for chats."""

    ONLINE = "ONLINE"
    BREAK = "BREAK"
    OFFLINE = "OFFLINE"


class Menu(StrEnum):
    """A part of a service that can be closed to some agents. Source: SPEC AGT-31, SPEC-SETTINGS GEN-X31."""

    TICKET_MANAGEMENT = "TICKET_MANAGEMENT"
    CUSTOMER_INFORMATION = "CUSTOMER_INFORMATION"
    SERVICE_MANAGEMENT = "SERVICE_MANAGEMENT"


FIRST_RIGHTS = (AgentRight.TICKET_FORWARDING,)
FIRST_CHANNELS = (AgentChannel.TICKET,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What an agent is to do, or what of it is to change: None leaves it as it is, an empty text empties it."""

    role: Role | None = None
    rights: Sequence[AgentRight] | None = None
    channels: Sequence[AgentChannel] | None = None
    cti_id: str | None = None
    cti_number: str | None = None


def check_channels(channels: Iterable[AgentChannel]) -> list[AgentChannel]:
    """Return the channels in their order, with tickets for whoever takes calls. Raises Invalid for none at all.

    Source: SPEC-SETTINGS AGT-X01, AGT-X02.
    """
    chosen = set(channels)
    if not chosen:
        raise Invalid("Choose at least one channel by which the agent works.", path=("channels",))
    if AgentChannel.PHONE in chosen:
        chosen.add(AgentChannel.TICKET)
    return [channel for channel in AgentChannel if channel in chosen]


def check_rights(rights: Iterable[AgentRight], *, role: Role, channels: Sequence[AgentChannel]) -> list[AgentRight]:
    """Return the rights in their order, without those that the role brings. Raises Invalid (RIGHT_NOT_ALLOWED).

    Source: SPEC-SETTINGS AGT-X01, AGT-X02, AGT-X04.
    """
    chosen = set(rights)
    if AgentRight.CONNECTION_LOG in chosen - possible_rights(role, channels):
        raise _not_allowed("Only administrators can be let into the connection log; make the agent one first.")
    if AgentRight.CALLBACK_ASSIGNMENT in chosen - possible_rights(role, channels):
        raise _not_allowed("Callbacks are given out by those who take calls; let the agent work by phone first.")
    if role is Role.ADMINISTRATOR:
        chosen.discard(AgentRight.CALLBACK_ASSIGNMENT)
    return [right for right in AgentRight if right in chosen]


def possible_rights(role: Role, channels: Sequence[AgentChannel]) -> frozenset[AgentRight]:
    """Return the rights that an agent of the role and the channels can be given."""
    if role is Role.ADMINISTRATOR:
        return frozenset(AgentRight)
    barred = {AgentRight.CONNECTION_LOG}
    if AgentChannel.PHONE not in channels:
        barred.add(AgentRight.CALLBACK_ASSIGNMENT)
    return frozenset(AgentRight) - barred


def duties_after(before: Duties, given: Duties) -> Duties:
    """Return all duties after a change. Rights that are not named go where role and channels no more allow them.

    Raises Invalid (RIGHT_NOT_ALLOWED). ``before`` is whole.
    """
    role = Role(given.role or before.role or Role.AGENT)
    channels = check_channels((before.channels or ()) if given.channels is None else given.channels)
    if given.rights is None:
        rights = [right for right in before.rights or () if right in possible_rights(role, channels)]
    else:
        rights = list(given.rights)
    return Duties(
        role=role,
        channels=channels,
        rights=check_rights(rights, role=role, channels=channels),
        cti_id=before.cti_id if given.cti_id is None else _cti(given.cti_id, "cti_id"),
        cti_number=before.cti_number if given.cti_number is None else _cti(given.cti_number, "cti_number"),
    )


def check_most_chats(most: int) -> int:
    """Return how many chats an agent has at once at the most. Raises Invalid."""
    if not 0 <= most <= MOST_CHATS:
        raise Invalid(f"An agent has 0 to {MOST_CHATS} chats at once.", path=("most_chats",))
    return most


def normal_email(email: str, *, path: tuple[str, ...] = ("email",)) -> str:
    """Return the one spelling under which the address is kept. Raises Invalid (BAD_EMAIL).

    Lower case and composed in both parts, as every large provider takes them, and the domain in
    letters rather than in ``xn--``.
    """
    email = email.strip()
    if len(email) > LONGEST_EMAIL:
        raise Invalid(f"An email address has at most {LONGEST_EMAIL} characters.", code="BAD_EMAIL", path=path)
    try:
        return _normalized(email)
    except EmailNotValidError as error:
        raise Invalid(f"This is no email address: {error}", code="BAD_EMAIL", path=path) from error


@lru_cache(maxsize=1_000)  # who writes once mostly writes again
def _normalized(email: str) -> str:
    parts = validate_email(email, check_deliverability=False, test_environment=True)
    return unicodedata.normalize("NFC", parts.normalized.lower())


def check_name(name: str, *, path: str = "name") -> str:
    """Return the name as one clean line. Raises Invalid when nothing is left of it."""
    cleaned = one_line(name, longest=LONGEST_NAME)
    if not cleaned:
        raise Invalid("A name is needed.", path=(path,))
    return cleaned


def check_password(password: str, *, email: str) -> None:
    """Raise Invalid (WEAK_PASSWORD) for a password that is guessed at once, with what to do."""
    folded = password.casefold()
    if len(password) < SHORTEST_PASSWORD:
        raise _weak(f"The password needs at least {SHORTEST_PASSWORD} characters; a few words do well.")
    if folded in COMMON_PASSWORDS or len(set(folded)) == 1:
        raise _weak("This password is among the first that anybody tries; choose another.")
    if folded in (email.casefold(), email.casefold().partition("@")[0]):
        raise _weak("The password must not be the email address; choose another.")


def _weak(message: str) -> Invalid:
    return Invalid(message, code="WEAK_PASSWORD", path=("password",))


def _not_allowed(message: str) -> Invalid:
    return Invalid(message, code="RIGHT_NOT_ALLOWED", path=("rights",))


def _cti(text: str, field: str) -> str | None:
    if len(text) > LONGEST_CTI:
        raise Invalid(f"A CTI id or number has at most {LONGEST_CTI} characters.", path=(field,))
    return one_line(text, longest=LONGEST_CTI) or None
