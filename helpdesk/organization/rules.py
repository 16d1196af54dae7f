"""What a service may be called, speak and go by, decided without a database.

A service id is lower case although the described product takes any letters (SPEC-SETTINGS GEN-X02):
it is a path in URLs, and two services that differ by case alone would be one to many readers.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError

from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.text import clean, one_line

LONGEST_NAME = 200
LONGEST_TEXT = 20_000
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,31}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")

# First parts of paths that are, or may become, the desk's own. "_t" and its like are no slugs anyway.
_RESERVED = (
    "admin api assets auth channels docs files graphiql graphql hc health healthz login logout media metrics"
    " openapi plugins public readyz robots static status system themes uploads well-known www"
)
RESERVED_SLUGS = frozenset(_RESERVED.split())


class EditorType(StrEnum):
    """Which editor the service writes with. Source: SPEC GEN-04."""

    TEXT = "TEXT"
    HTML = "HTML"


class CompanyInformationKind(StrEnum):
    """What a text about the company is. Source: SPEC-SETTINGS GEN-X24."""

    COMPANY = "COMPANY"
    TERMS_OF_USE = "TERMS_OF_USE"
    TRADEMARK_AND_COPYRIGHT = "TRADEMARK_AND_COPYRIGHT"


class ServiceState(StrEnum):
    """Whether a service works. Source: SPEC-SETTINGS GEN-X11; ``create`` has none, since a service is made whole."""

    IN_USE = "IN_USE"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"


NEXT_STATES: Mapping[ServiceState, frozenset[ServiceState]] = {
    ServiceState.IN_USE: frozenset({ServiceState.PAUSED}),
    ServiceState.PAUSED: frozenset({ServiceState.IN_USE, ServiceState.STOPPED}),
    ServiceState.STOPPED: frozenset(),
}
"""What may follow: only a paused service can be stopped, and that is its end. Source: SPEC-SETTINGS GEN-X16."""


def check_slug(slug: str) -> str:
    """Return the service id. Raises Invalid, or BAD_SLUG for a reserved word."""
    if not _SLUG.fullmatch(slug):
        raise Invalid(
            "A service id has 2 to 32 characters: small letters, digits and hyphens, a letter first.",
            code="BAD_SLUG",
            path=("slug",),
        )
    if slug in RESERVED_SLUGS:
        raise Invalid(
            f"“{slug}” is kept for the desk's own addresses; choose another id.", code="BAD_SLUG", path=("slug",)
        )
    return slug


def check_name(name: str, *, path: tuple[str, ...] = ("name",)) -> str:
    """Return the name as one clean line. Raises Invalid when nothing is left of it."""
    cleaned = one_line(name, longest=LONGEST_NAME)
    if not cleaned:
        raise Invalid("A name is needed.", path=path)
    return cleaned


def check_languages(languages: Sequence[str], *, default_language: str) -> list[str]:
    """Return the languages in their order. Raises Invalid (BAD_LANGUAGE)."""
    for language in languages:
        if not is_language(language):
            raise _bad_language(
                f"“{language[:20]}” is no language we know; write ko, en, ja, zh-Hant or pt-BR.", "languages"
            )
    if not languages or len(set(languages)) < len(languages):
        raise _bad_language("Name at least one language, and each once.", "languages")
    if default_language not in languages:
        raise _bad_language("The default language must be one of the service's languages.", "default_language")
    return list(languages)


def is_language(code: str) -> bool:
    """Return whether the code is a language (with a script, a region) that Babel has words for."""
    if not _LANGUAGE.fullmatch(code):
        return False
    try:
        Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


def check_names(names: Mapping[str, str], *, languages: Sequence[str]) -> dict[str, str]:
    """Return a clean name for each language. Raises Invalid for a missing and for a surplus one."""
    for language in names:
        if language not in languages:
            raise Invalid("There is a name in a language that the service lacks.", path=("names", language[:20]))
    return {language: check_name(names.get(language, ""), path=("names", language)) for language in languages}


def renamed(kept: Mapping[str, str], given: Mapping[str, str], *, languages: Sequence[str]) -> dict[str, str]:
    """Return the names after a change: one for each language, and those kept for languages that are no more spoken.

    Raises Invalid for a language that has neither a new name nor one from before, and for a surplus one.
    """
    before = {language: name for language, name in kept.items() if language in languages}
    return {**kept, **check_names({**before, **given}, languages=languages)}


def check_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Return clean texts of several lines by language, without the empty ones. Raises Invalid (BAD_LANGUAGE too)."""
    for language, text in texts.items():
        if not is_language(language):
            raise Invalid("There is a text in no language we know.", code="BAD_LANGUAGE", path=("texts", language[:20]))
        if len(text) > LONGEST_TEXT:
            raise Invalid(f"A text has at most {LONGEST_TEXT} characters.", path=("texts", language))
    cleaned = {language: clean(text).strip() for language, text in texts.items()}
    kept = {language: text for language, text in cleaned.items() if text}
    if not kept:
        raise Invalid("Write a text in at least one language.", path=("texts",))
    return kept


def check_time_zone(name: str) -> str:
    """Return the zone's name. Raises Invalid (BAD_TIME_ZONE)."""
    if name not in _zones():
        raise Invalid(
            "This is no time zone of the IANA list; write Asia/Seoul, Europe/Berlin or UTC.",
            code="BAD_TIME_ZONE",
            path=("time_zone",),
        )
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _bad_language(message: str, field: str) -> Invalid:
    return Invalid(message, code="BAD_LANGUAGE", path=(field,))
