"""Owns the way from bytes to text: labels are a hint, never trusted, and nothing raises.

Python's own ``euc-kr`` lacks the 8,822 syllables of CP949 that Korean mailers write under that label
(똠, 쀍, 믜), so every Korean label means cp949 here. Guessing by statistics (charset-normalizer) lost:
on a subject of six syllables it is wrong more often than the fixed order UTF-8, label, cp949, Latin. That order
has one exception: what is letters of two bytes in UTF-8 may well be a syllable under an East Asian label.
"""

import codecs
import re

_KOREAN = frozenset({
    "euckr", "xeuckr", "ksc5601", "ksc56011987", "ksc56011989", "ksc56011992", "ksc", "ksx1001", "korean",
    "csksc56011987", "isoir149", "cseuckr", "windows949", "xwindows949", "ms949", "xms949", "cp949", "cp51949", "949",
    "uhc", "xuhc",
})  # fmt: skip
_OTHER = {
    "ascii": "utf-8",
    "usascii": "utf-8",
    "utf8mb4": "utf-8",
    "unicode11utf8": "utf-8",
    "unicode11utf7": "utf-7",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "gb2312": "gb18030",
    "isogb2312": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "cp936": "gb18030",
    "shiftjis": "cp932",
    "xsjis": "cp932",
    "sjis": "cp932",
    "iso88598i": "iso8859-8",
}
# Codecs that are no charset of mail; idna and punycode also take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs", "oem"})
_LABEL_NOISE = re.compile(r"^(?:charset\s*=)+|[\s\"'<>]")
_SEVEN_BIT_ESCAPES = ("iso2022", "utf-7", "hz")  # decoders of these let 8-bit bytes through as something else
_ONE_BYTE = ("iso8859", "cp125", "koi8", "mac")
_WIDE = ("utf-16", "utf-32")
_ESCAPES = {b"\x1b$)C": "iso2022-kr", b"\x1b$B": "iso2022-jp", b"\x1b$@": "iso2022-jp", b"\x1b(J": "iso2022-jp"}
_META = re.compile(rb"<meta\b[^>]{0,500}?\bcharset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.IGNORECASE)


def codec_of(label: str) -> str | None:
    """Return the name of the codec that a charset label means, or None if it means none."""
    label = _LABEL_NOISE.sub("", label.lower()).partition("*")[0][:40]
    key = re.sub(r"[^a-z0-9]", "", label)
    if key in _KOREAN:
        return "cp949"
    name = _OTHER.get(key, label)
    try:
        found = codecs.lookup(name).name.replace("_", "-")
        "".encode(found)  # a LookupError for codecs that are no text, such as base64
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if found in _NO_CHARSETS else found


def decode(data: bytes, label: str = "") -> str:
    """Return the text of a body or a labelled word: by its label if that fits, else by what fits, else with U+FFFD."""
    codec = codec_of(label) if label else None
    if codec in (None, "cp1252", "utf-8") and (escaped := _by_escapes(data)) is not None:
        return escaped
    if codec is not None and codec != "cp1252":  # Latin fits any bytes, so that label proves nothing
        text = _as_utf8(data, codec) or _strictly(data, codec)
        if text is not None:
            return text
    return _guess(data, fallback=codec)


def decode_unlabelled(data: bytes, *, hint: str = "") -> str:
    """Return the text of raw 8-bit header bytes: UTF-8 first, then the charset of the body, then Korean."""
    text = _by_escapes(data) or _strictly(data, "utf-8")
    return decode(data, hint) if text is None else text


def decode_html(data: bytes, label: str = "") -> str:
    """Return the text of a page: by its label, unless that is none or does not fit and the page names one itself."""
    codec = codec_of(label) if label else None
    named = page_label(data)
    if not named or (codec is not None and _strictly(data, codec) is not None):
        return decode(data, label)
    return decode_unlabelled(data, hint=named)


def page_label(data: bytes) -> str:
    """Return the charset that a page names in its head, or nothing."""
    named = _META.search(data[:4_096])
    return named[1].decode("ascii", "replace") if named else ""


def _by_escapes(data: bytes) -> str | None:
    """Return the text that 7-bit escapes spell, which need no label; None where there are none, or broken ones."""
    codec = next((codec for escape, codec in _ESCAPES.items() if escape in data[:20_000]), None)
    return None if codec is None else _strictly(data, codec)


def _as_utf8(data: bytes, codec: str) -> str | None:
    """Return the text of what is UTF-8 though its label says otherwise, as mailers that were half converted write."""
    if data.isascii() or codec == "utf-8" or (text := _strictly(data, "utf-8")) is None:
        return None
    is_sure = codec.startswith(_ONE_BYTE) or any(letter >= "\u0800" for letter in text)
    return text if is_sure else None


def _strictly(data: bytes, codec: str) -> str | None:
    if codec.startswith(_SEVEN_BIT_ESCAPES) and not data.isascii():
        return None
    if codec.startswith(_WIDE) and data.isascii() and b"\0" not in data:
        return None  # plain ASCII under a label of two or four bytes would be Chinese
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _guess(data: bytes, *, fallback: str | None) -> str:
    text = _strictly(data, "utf-8")
    if text is not None:
        return text
    korean = data.decode("cp949", "replace")
    if fallback == "cp949" or (_is_korean(korean) and not _is_mostly_utf8(data)):
        return korean
    if fallback in (None, "cp1252"):
        return data.decode("cp1252", "replace") if not _is_mostly_utf8(data) else data.decode("utf-8", "replace")
    return data.decode(fallback, "replace")


def _is_korean(text: str) -> bool:
    """Return whether the text reads as Korean: at least half of what is not ASCII are Hangul, and little is broken.

    Only the common syllables count. The rare ones end in an ASCII letter, so that ``Á`` before a ``T`` would be one.
    """
    foreign = [letter for letter in text[:10_000] if letter > "\x7f"]
    hangul = [letter for letter in foreign if "가" <= letter <= "힣" or "ㄱ" <= letter <= "ㆎ"]
    common = sum(len(letter.encode("euc-kr", "ignore")) == 2 for letter in hangul)  # a rare one is spelt in eight bytes
    return 2 * common >= len(foreign) and 10 * foreign.count("\ufffd") <= len(foreign)


def _is_mostly_utf8(data: bytes) -> bool:
    """Return whether the bytes are UTF-8 with a few broken places."""
    foreign = [letter for letter in data[:20_000].decode("utf-8", "replace") if letter > "\x7f"]
    return 4 * foreign.count("\ufffd") <= len(foreign)
