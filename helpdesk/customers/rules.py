"""In which spelling a customer's data is kept, and by what a customer is recognised. No database.

What an API user writes is checked strictly and refused with its path. What a channel says of its
sender is taken as it is where it cannot be spelt better, because mail from an address that breaks
the rules has come all the same (two dots in a row were once handed out by a Japanese operator).
A phone number that cannot be read is kept, and identifies nobody: "unknown" is no person. Neither is an
address under ``.invalid``, which nobody can have (RFC 2606): a channel names a sender so who has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import phonenumbers

from helpdesk.agents.rules import normal_email
from helpdesk.kernel.beginnings import terms_of, terms_of_phone
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.text import one_line

REGION = "KR"
EMAIL, PHONE, USER_KEY = "email", "phone", "user_key"
LONGEST_NAME = 200
LONGEST_PHONE = 40
LONGEST_USER_KEY = 200
LONGEST_KIND = 32
LONGEST_VALUE = 254
NOBODYS_DOMAIN = "invalid"

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of somebody who asks, in the spelling in which it is kept.

    ``values`` maps columns of the customer to what is not blank. ``keys`` recognise the customer, the
    best first; ``claims`` are every identity that will be the customer's, where nobody else has it.
    """

    values: Mapping[str, str]
    keys: tuple[Key, ...]
    claims: tuple[Key, ...]


def read_given(*, name: str, email: str | None, phone: str | None, user_key: str | None, identity: Key | None) -> Given:
    """Return what was given in its normal spelling. Raises Invalid with the path of what is wrong.

    The keys in their order: the user key, the channel's own identity, the email; the phone number only
    when there is nothing better. Source: SPEC CUS-04, CUS-05.
    """
    known_by = normal_user_key(user_key or "")
    channel = normal_identity(*identity) if identity else None
    address = normal_email(email, path=("customer", "email")) if email and email.strip() else ""
    number = normal_phone(phone or "")
    better = _filled((USER_KEY, known_by), channel, (EMAIL, address))
    spoken = _filled((PHONE, number)) if is_phone_number(number) else ()
    said = dict([channel]) if channel else {}
    values = {
        "name": one_line(name, longest=LONGEST_NAME),
        "email": address or said.get(EMAIL, ""),
        "phone": number or said.get(PHONE, "")[:LONGEST_PHONE],
        "user_key": known_by or said.get(USER_KEY, "")[:LONGEST_USER_KEY],
    }
    return Given(
        values={column: value for column, value in values.items() if value},
        keys=better or spoken,
        claims=tuple(dict.fromkeys((*better, *spoken))),
    )


def normal_user_key(text: str) -> str:
    """Return a partner's id of a person as one clean line. Raises Invalid when it is too long."""
    cleaned = one_line(text, longest=LONGEST_USER_KEY + 1)
    if len(cleaned) > LONGEST_USER_KEY:
        raise Invalid(f"A user key has at most {LONGEST_USER_KEY} characters.", path=("customer", "userKey"))
    return cleaned


def normal_phone(text: str) -> str:
    """Return the number as ``+821012345678``, or the clean text itself where no number can be read."""
    cleaned = one_line(text, longest=LONGEST_PHONE)
    try:
        number = phonenumbers.parse(cleaned, REGION)
    except phonenumbers.NumberParseException:
        return cleaned
    if not phonenumbers.is_possible_number(number):
        return cleaned
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_phone_number(normal: str) -> bool:
    """Return whether ``normal_phone`` could read the number."""
    return normal.startswith("+") and normal[1:].isdigit() and normal_phone(normal) == normal


def normal_identity(kind: str, value: str) -> Key | None:
    """Return what a channel knows a person by, None when that names nobody. Raises Invalid when it is too long."""
    cleaned = one_line(value, longest=LONGEST_VALUE + 1)
    if not cleaned or is_nobody(kind, cleaned):
        return None
    if kind == EMAIL:
        cleaned = _lenient_email(cleaned)
    if kind == PHONE and len(cleaned) <= LONGEST_PHONE:
        cleaned = normal_phone(cleaned)
    if len(cleaned) > LONGEST_VALUE or not 0 < len(kind) <= LONGEST_KIND:
        raise Invalid(
            f"What a channel knows a person by has at most {LONGEST_VALUE} characters, its kind {LONGEST_KIND}.",
            path=("customer", "identity"),
        )
    return kind, cleaned


def spelling(kind: str, value: str) -> str:
    """Return the spelling in which an identity is kept, or the value where it has none."""
    try:
        known = normal_identity(kind, value)
    except Invalid:
        return value
    return known[1] if known else value


def is_nobody(kind: str, value: str) -> bool:
    """Return whether an address can be nobody's, so that all who bear it are strangers to each other."""
    domain = value.rpartition("@")[2].strip().rstrip(".").casefold()
    return kind == EMAIL and domain.rpartition(".")[2] == NOBODYS_DOMAIN


def terms_of_customer(values: Mapping[str, str | None]) -> set[str]:
    """Return by what a customer with these values is found."""
    found: set[str] = set()
    for column in ("name", EMAIL, PHONE, USER_KEY):
        text = values.get(column) or ""
        found |= terms_of_phone(text) if column == PHONE and text.startswith("+") else terms_of(text)
    return found


def _lenient_email(text: str) -> str:
    try:
        return normal_email(text)
    except Invalid:
        return text.lower()


def _filled(*keys: Key | None) -> tuple[Key, ...]:
    return tuple(key for key in keys if key and key[1])
