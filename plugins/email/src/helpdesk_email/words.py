"""Owns encoded words (RFC 2047) and raw 8-bit header values.

Words that stand side by side in one charset are joined as bytes and decoded once: mailers cut them
inside a syllable. The stdlib decodes word by word, and loses the syllable.
"""

import binascii
import re

from helpdesk_email.charsets import codec_of, decode, decode_unlabelled

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")


def header_text(raw: bytes, *, hint: str = "") -> str:
    """Return the text of a header value as it was meant; ``hint`` is the charset of the body."""
    return decode_words(decode_unlabelled(raw, hint=hint))


def decode_words(text: str) -> str:
    """Replace the encoded words of a text. White space between two of them is no part of it."""
    pieces: list[str] = []
    waiting, waiting_charset = b"", ""
    position = 0
    for word in _WORD.finditer(text):
        gap = text[position : word.start()]
        charset, data = word[1].partition("*")[0], _word_bytes(word[2], word[3])
        is_joined = position > 0 and not gap.strip()
        if is_joined and _is_same(charset, waiting_charset):
            waiting += data
        else:
            pieces.append(decode(waiting, waiting_charset))
            pieces.append("" if is_joined else gap)
            waiting, waiting_charset = data, charset
        position = word.end()
    return "".join([*pieces, decode(waiting, waiting_charset), text[position:]])


def _is_same(charset: str, other: str) -> bool:
    return charset.lower() == other.lower() or (codec_of(charset) is not None and codec_of(charset) == codec_of(other))


def _word_bytes(encoding: str, text: str) -> bytes:
    if encoding in "qQ":
        raw = text.replace("_", " ").encode("utf-8", "surrogateescape")
        return _ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), raw)
    return base64_bytes(text)


def base64_bytes(text: str) -> bytes:
    """Return what base64 text holds, whatever its padding; foreign characters are passed over."""
    kept = _NO_BASE64.sub("", text)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return binascii.a2b_base64(kept + "=" * (-len(kept) % 4))
