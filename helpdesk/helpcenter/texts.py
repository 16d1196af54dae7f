"""Owns the texts of themes: ``locales/<language>.toml`` and how a code finds its words. Refuses markup in texts.

Codes are the keys of nested tables joined by dots. ``{name}`` in a text is filled in literally; Python's
own formatting lost, because a text could reach into the values with it.
"""

import logging
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from helpdesk.kernel.errors import Invalid

_PLACE = re.compile(r"\{(\w+)\}")
_FILE_NAME = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")

LONGEST_TEXT = 10_000

_log = logging.getLogger(__name__)


def read(folder: Path) -> dict[str, dict[str, str]]:
    """Read all texts of a theme, by language and code. Raises Invalid for a file that cannot be used."""
    return {path.stem: _read_file(path) for path in sorted(folder.glob("*.toml"))}


def _read_file(path: Path) -> dict[str, str]:
    if not _FILE_NAME.fullmatch(path.stem):
        raise Invalid(f"{path} is not named after a language such as ko or pt-BR.", code="BAD_THEME")
    try:
        return dict(_flat(tomllib.loads(path.read_text("utf-8")), ""))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid(f"{path} cannot be read: {error}.", code="BAD_THEME") from error
    except TypeError as error:
        allowed = f"must be a table, or a text of at most {LONGEST_TEXT} characters"
        raise Invalid(f"{path}: “{error}” {allowed}.", code="BAD_THEME") from error


def _flat(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, str) and len(value) <= LONGEST_TEXT:
            yield f"{prefix}{key}", value
        else:
            raise TypeError(prefix + key)


def order(locale: str, default: str) -> tuple[str, ...]:
    """Return the languages to look in: ``ko-KR`` → ``ko`` → the service's default → ``en``."""
    languages = (locale, locale.partition("-")[0], default, default.partition("-")[0], "en")
    return tuple(dict.fromkeys(languages))


class Translator:
    """Find words by code, in the first of ``languages`` that has them; a code without words is shown itself."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]], languages: tuple[str, ...]) -> None:
        self._texts = texts
        self._languages = languages

    def __call__(self, code: str, **values: object) -> str:
        """Return the words with the values filled in. With ``n``, ``<code>.one`` is preferred for exactly one."""
        forms = ("", ".other") if values.get("n") != 1 else (".one", "", ".other")
        text = self.find(code, forms=forms)
        if text is None:
            _log.warning("The text “%s” is in none of the languages %s.", code, ", ".join(self._languages))
            return code
        return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)

    def find(self, code: str, *, forms: tuple[str, ...] = ("",)) -> str | None:
        """Return the words as they stand in the file, or None; ``forms`` are endings of the code to try in turn."""
        for language in self._languages:
            entries = self._texts.get(language, {})
            for form in forms:
                if code + form in entries:
                    return entries[code + form]
        return None
