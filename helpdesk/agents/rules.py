"""What an email, a password and a name of somebody who works here must be, decided without a database.

A password is judged by its length and by not being the first that anybody tries. Demanding digits
and signs lost: people answer it with ``Password1!``.
"""

import unicodedata
from enum import StrEnum
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.text import one_line

LONGEST_NAME = 100
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


def check_name(name: str) -> str:
    """Return the name as one clean line. Raises Invalid when nothing is left of it."""
    cleaned = one_line(name, longest=LONGEST_NAME)
    if not cleaned:
        raise Invalid("A name is needed.", path=("name",))
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
