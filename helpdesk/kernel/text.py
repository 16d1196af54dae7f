"""Text from outside, made storable: no characters that a database, a header or a reader chokes on.

Composing takes quadratic time on one long run of combining marks and lets no other thread work meanwhile,
so it goes piece by piece. Pieces of a fixed length lost: they part a letter from its accent in honest
text without spaces (decomposed Kana, for one), so a piece ends where nothing can join what follows.
"""

import re
import unicodedata
from typing import Literal

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_SPACES = re.compile(r"\s+")
# After 128 characters a piece goes on to the next that joins nothing before it: ASCII, or a letter that is neither
# a vowel or final of Hangul nor a half-width sign. Only what has 128 more without such a letter is cut anyway.
_PIECE = re.compile(
    r"[\x00-\x7f]?[^\x00-\x7f]{1,128}(?:[^\w\x00-\x7f]|[\u1160-\u11ff\u3131-\u318e\uff9e-\uffdc]){0,128}"
)


def clean(text: str) -> str:
    """Return the text composed (NFC), with newlines only as ``\\n``, without control characters or lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return composed(_CONTROLS.sub("", text))


def composed(text: str, form: Literal["NFC", "NFKC"] = "NFC") -> str:
    """Return the text in a composed form, in a time that grows with its length only."""
    return _PIECE.sub(lambda piece: unicodedata.normalize(form, piece[0]), text)


def one_line(text: str, *, longest: int) -> str:
    """Return the text as one line of at most so many characters, also without marks that turn its direction."""
    return _SPACES.sub(" ", _BIDI.sub("", clean(text))).strip()[:longest].rstrip()
