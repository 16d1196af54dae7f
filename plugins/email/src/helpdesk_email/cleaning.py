"""Owns what no text of a mail may contain: NUL, lone surrogates, controls, and line breaks where one line is meant.

Text is brought to NFC, since a Mac sends Hangul in pieces that no search finds. The pieces are joined
run by run, a few hundred characters at a time: sorting one long run of accents takes quadratic time.
"""

import re
import unicodedata

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_BREAK = re.compile("\r\n|[\r\x85\u2028\u2029]")
_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile("[\u00ad\u115f\u1160\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\u3164\ufeff\uffa0]")
_RUN = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]{1,128}(?:[^\w\x00-\x7f]|[\u1160-\u11ff\u3131-\u318e\uff9e-\uffdc]){0,128}")


def clean(text: str) -> str:
    """Return the text with ``\\n`` as its only line break, composed, and free of what storage or screens can't take."""
    text = _FORBIDDEN.sub("", _LINE_BREAK.sub("\n", text))
    return _RUN.sub(lambda run: unicodedata.normalize("NFC", run[0]), text)


def single_line(text: str, *, limit: int) -> str:
    """Return cleaned text on one line with single spaces, cut at ``limit`` characters."""
    return _SPACE.sub(" ", clean(text)).strip()[:limit].rstrip()


def visible_line(text: str, *, limit: int) -> str:
    """Return one line without characters that hide or reverse what a person reads, as names need."""
    return single_line(_INVISIBLE.sub("", clean(text)), limit=limit)
