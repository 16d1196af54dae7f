"""Text from outside, made storable: no characters that a database, a header or a reader chokes on."""

import re
import unicodedata

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """Return the text composed (NFC), with newlines only as ``\\n``, without control characters or lone surrogates."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return unicodedata.normalize("NFC", _CONTROLS.sub("", text))


def one_line(text: str, *, longest: int) -> str:
    """Return the text as one line of at most so many characters, also without marks that turn its direction."""
    return _SPACES.sub(" ", _BIDI.sub("", clean(text))).strip()[:longest].rstrip()
