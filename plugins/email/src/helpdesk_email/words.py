"""Owns encoded words (RFC 2047) and raw 8-bit header values.

Words that stand side by side in one charset are joined as bytes and decoded once: mailers cut them
inside a syllable. The stdlib decodes word by word, and loses the syllable.

Broken words are read as they were meant: blanks in their head, no charset, a ``?`` within, no end, or a word
within a word. One without an end needs a charset that there is, and ends where its first blank is.
"""

import binascii
import re

from helpdesk_email.charsets import codec_of, decode, decode_unlabelled

_MARK = r"\?[ \t]?[^?=\s]{0,60}[ \t]?\?[ \t]?[bBqQ][ \t]?\?"  # with an equals sign before it, where a word begins
_WORD = re.compile(
    r"=\?[ \t]?([^?\s]{0,60})[ \t]?\?[ \t]?([bBqQ])[ \t]?\?"
    rf"(?:((?:[^?=]|=(?!{_MARK})|\?(?!=))*+)\?=|((?:[^?=\s]|=(?!{_MARK})|\?(?!=))++))"
)
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_ESCAPE = re.compile(rb"=([0-9A-Fa-f]{2})")


def header_text(raw: bytes, *, hint: str = "") -> str:
    """Return the text of a header value as it was meant; ``hint`` is the charset of the body."""
    return decode_words(decode_unlabelled(raw, hint=hint))


def decode_words(text: str) -> str:
    """Replace the encoded words of a text, and those within them. White space between two of them is no part of it."""
    once = _decoded(text)
    return once if once == text else _decoded(once)


def _decoded(text: str) -> str:
    pieces: list[str] = []
    waiting, waiting_charset = b"", ""
    position = 0
    for word in _WORD.finditer(text):
        charset = word[1].partition("*")[0]
        if word[3] is None and codec_of(charset) is None:
            continue  # neither an end nor a charset: this is no word
        gap = text[position : word.start()]
        data = _word_bytes(word[2], word[4].removesuffix("?") if word[3] is None else word[3])
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
