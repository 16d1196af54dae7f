"""Owns transfer encodings: from a leaf's body to its bytes. A label that the body does not fit is not believed."""

import binascii
import re
from contextlib import suppress

from helpdesk_email.structure import Part

_BASE64_GROUP = re.compile(rb"[A-Za-z0-9+/]+")
_SPACES = (b" ", b"\t", b"\n", b"\r", b"\v", b"\f")
_OF_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=" + b"".join(_SPACES)
_NO_BASE64 = bytes({*range(256)} - {*_OF_BASE64}) + b"".join(_SPACES)
_WORDS = re.compile(rb"[^\s][ \t]+[^\s]")
MOST_SPACES = 3
MOST_PADDING = 1_000
_UUENCODED = re.compile(
    r"^begin [0-7]{3,4} ([^\n]{1,255})\n((?:[!-`][ -`]{0,90}\n)*)(?:[ `]?[ \t]*\n)?end[ \t]*(?:\n|\Z)", re.MULTILINE
)


def body_bytes(part: Part) -> bytes:
    """Return the bytes that a leaf carries."""
    encoding = part.headers.value("content-transfer-encoding").value.strip("'\" ")
    if encoding == "base64":
        return _from_base64(part.body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(part.body)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _from_uuencode(part.body)
    return part.body


def _from_base64(body: bytes) -> bytes:
    spaces = sum(body.count(space) for space in _SPACES)
    foreign = len(body.translate(None, _OF_BASE64))
    if 10 * foreign > len(body) - spaces or len(_WORDS.findall(body[:10_000])) > MOST_SPACES:
        return body  # the label lies: this was never encoded
    if _is_one_run(body):
        for padding in (b"", b"=="):
            with suppress(binascii.Error):
                return binascii.a2b_base64(body + padding)
    squeezed = body.translate(None, _NO_BASE64)
    return b"".join(_group(group[0]) for group in _BASE64_GROUP.finditer(squeezed))


def _is_one_run(body: bytes) -> bool:
    """Return whether padding stands at the end alone: the decoder ends there, passing over what is no base64 before."""
    end = body.find(b"=")
    return end < 0 or (len(body) - end < MOST_PADDING and not body[end:].strip(b"= \t\r\n"))


def _group(group: bytes) -> bytes:
    """Decode one run up to its padding; some mailers pad every line."""
    if len(group) % 4 == 1:
        group = group[:-1]
    return binascii.a2b_base64(group + b"=" * (-len(group) % 4))


def without_uuencoded(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text without the files that stand in it by uuencode, and those files by name."""
    files: list[tuple[str, bytes]] = []

    def take(block: re.Match[str]) -> str:
        files.append((block[1].strip(), _from_uuencode(block[2].encode("ascii"))))
        return ""

    return _UUENCODED.sub(take, text), files


def _from_uuencode(body: bytes) -> bytes:
    data = bytearray()
    for line in body.splitlines():
        if line.startswith(b"begin ") or line.strip() in (b"end", b"`", b""):
            continue
        length = (((line[0] - 32) & 63) * 4 + 5) // 3  # what stands behind is a checksum of old encoders
        try:
            data += binascii.a2b_uu(line[: length + 1])
        except binascii.Error:
            return body
    return bytes(data)
