"""Owns transfer encodings: from a leaf's body to its bytes. A label that the body does not fit is not believed."""

import binascii
import io
import re
from contextlib import suppress

_SPACES = (b" ", b"\t", b"\n", b"\r", b"\v", b"\f")
_OF_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=" + b"".join(_SPACES)
_NO_DIGIT = bytes({*range(256)} - {*_OF_BASE64}) + b"".join(_SPACES) + b"="
_WORDS = re.compile(rb"[^\s][ \t]+[^\s]")
MOST_SPACES = 3
MOST_PADDING = 1_000
AT_ONCE = 1_048_576  # bytes: a large body is not to stand in memory a third time
_LINE = re.compile(rb"[^\r\n]+")
_UUENCODED = re.compile(
    r"^begin [0-7]{3,4} ([^\n]{1,255})\n((?:[!-`][ -`]{0,90}\n)*)(?:[ `]?[ \t]*\n)?end[ \t]*(?:\n|\Z)", re.MULTILINE
)


def decoded(body: bytes, encoding: str) -> bytes:
    """Return the bytes that a leaf's body carries in a transfer encoding; the body itself for one that is not known."""
    if encoding == "base64":
        return _from_base64(body)
    if encoding == "quoted-printable":
        return _from_quoted_printable(body)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _from_uuencode(body)
    return body


def _from_quoted_printable(body: bytes) -> bytes:
    data, place = io.BytesIO(), 0
    while place < len(body):
        stop = place + AT_ONCE
        if stop < len(body):
            escape = body.find(b"=", stop - 2, stop)
            stop = body.rfind(b"\n", place, stop) + 1 or (stop if escape < 0 else escape)
        data.write(binascii.a2b_qp(body[place:stop]))
        place = stop
    return data.getvalue()


def _from_base64(body: bytes) -> bytes:
    spaces = sum(body.count(space) for space in _SPACES)
    foreign = len(body.translate(None, _OF_BASE64))
    if 10 * foreign > len(body) - spaces or len(_WORDS.findall(body[:10_000])) > MOST_SPACES:
        return body  # the label lies: this was never encoded
    if _is_one_run(body):
        for padding in (b"", b"=="):
            with suppress(binascii.Error):
                return binascii.a2b_base64(body + padding)
    return _from_base64_runs(body)


def _from_base64_runs(body: bytes) -> bytes:
    """Decode base64 in which padding stands inside: each run up to it by itself, as some mailers pad every line."""
    data, place, rest = io.BytesIO(), 0, b""
    while place < len(body):
        end = body.find(b"=", place, place + AT_ONCE)
        stop = end if end >= 0 else min(place + AT_ONCE, len(body))
        digits = rest + body[place:stop].translate(None, _NO_DIGIT)
        whole = len(digits) // 4 * 4
        data.write(binascii.a2b_base64(digits[:whole]))
        rest, place = digits[whole:], stop
        if end >= 0:
            data.write(_last_group(rest))
            rest, place = b"", end + 1
    data.write(_last_group(rest))
    return data.getvalue()


def _is_one_run(body: bytes) -> bool:
    """Return whether padding stands at the end alone: the decoder ends there, passing over what is no base64 before."""
    end = body.find(b"=")
    return end < 0 or (len(body) - end < MOST_PADDING and not body[end:].strip(b"= \t\r\n"))


def _last_group(digits: bytes) -> bytes:
    """Decode the last two or three digits of a run; one alone says nothing."""
    return binascii.a2b_base64(digits + b"=" * (4 - len(digits))) if len(digits) > 1 else b""


def without_uuencoded(text: str, *, most: int) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text without the first files, at most so many, that stand in it by uuencode, and those by name."""
    files: list[tuple[str, bytes]] = []

    def take(block: re.Match[str]) -> str:
        files.append((block[1].strip(), _from_uuencode(block[2].encode("ascii"))))
        return ""

    return _UUENCODED.sub(take, text, count=most) if most > 0 else text, files


def _from_uuencode(body: bytes) -> bytes:
    data = io.BytesIO()
    for match in _LINE.finditer(body):
        line = match[0]
        if line.startswith(b"begin ") or line.strip() in (b"end", b"`", b""):
            continue
        length = (((line[0] - 32) & 63) * 4 + 5) // 3  # what stands behind is a checksum of old encoders
        try:
            data.write(binascii.a2b_uu(line[: length + 1]))
        except binascii.Error:
            return body
    return data.getvalue()
