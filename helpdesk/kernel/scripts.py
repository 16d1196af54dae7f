"""Owns the guess of a text's language by the letters that it is written in.

Letters tell Korean from English, not German from English: among languages of the same letters the first one that is
asked for is taken. A syllable or an ideograph says what takes some three letters, and Korean text names
products and pages in Latin ones, so it counts as much.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from babel.core import get_global

ENOUGH = 5_000  # characters
SCRIPT_LETTERS = 4
_WEIGHTS = {"HANGUL": 3, "CJK": 3, "HIRAGANA": 3, "KATAKANA": 3}
_OF_SCRIPTS = {
    "Kore": {"HANGUL"}, "Jpan": {"HIRAGANA", "KATAKANA", "CJK"}, "Hans": {"CJK"}, "Hant": {"CJK"},
    "Cyrl": {"CYRILLIC"}, "Grek": {"GREEK"}, "Arab": {"ARABIC"}, "Hebr": {"HEBREW"}, "Thai": {"THAI"},
    "Deva": {"DEVANAGARI"}, "Armn": {"ARMENIAN"}, "Geor": {"GEORGIAN"},
}  # fmt: skip


def language_of(text: str, *, among: Sequence[str]) -> str:
    """Return the first of the languages that is written in the text's letters; the first of all if none is."""
    seen = _letters(text[:ENOUGH])
    return max(among, key=lambda language: sum(seen[name] for name in _names_of(language)))


def _letters(text: str) -> Counter[str]:
    """Return how much of the text is written in which letters, by the names that Unicode gives them."""
    seen: Counter[str] = Counter()
    for letter, times in Counter(filter(str.isalpha, text)).items():
        name = unicodedata.name(letter, "").partition(" ")[0]
        seen[name] += times * _WEIGHTS.get(name, 1)
    return seen


def _names_of(language: str) -> set[str]:
    """Return what Unicode calls the letters of the language."""
    known = get_global("likely_subtags")
    whole = known.get(language.replace("-", "_")) or known.get(language.partition("-")[0], "")
    written = next((part for part in [*language.split("-"), *whole.split("_")] if len(part) == SCRIPT_LETTERS), "")
    return _OF_SCRIPTS.get(written, {"LATIN"})
