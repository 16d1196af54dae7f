"""Owns the notices that stand in for what could not be fetched or shown: words for the agent, in Korean and English."""

import re

_CONTENT_FIELD = re.compile(rb"(?:content-[!-9;-~]*|mime-version)[ \t]*:", re.IGNORECASE)
_END = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"

HTML_ATTACHED = (
    "[이 메일의 HTML은 너무 크거나 복잡하여 글의 앞부분만 보여 드립니다. 전체 HTML은 첨부되어 있습니다.]\n"
    "[The HTML of this mail is too large or too complex to be shown: this is the beginning of its words. "
    "The full HTML is attached.]\n"
)
NOTHING_VISIBLE = (
    "[이 메일에는 표시할 내용이 없습니다. 첨부된 것은 모두 보관되어 있습니다.]\n"
    "[This mail has no visible content; whatever it brought is attached.]\n"
)


def too_large(size: int, *, limit: int, place: str) -> str:
    """Return the notice for a mail above the limit."""
    return (
        f"[이 메일은 {_megabytes(size)}로 허용 크기 {_megabytes(limit)}를 넘어 본문과 첨부를 가져오지 않았습니다. "
        f"원본은 메일 서버에 있습니다: {place}]\n"
        f"[This mail is {_megabytes(size)}, more than the {_megabytes(limit)} that this desk fetches. "
        f"It is still on the mail server: {place}]\n"
    )


def unavailable(*, place: str) -> str:
    """Return the notice for a mail that the server has and can't give."""
    return (
        f"[메일 서버가 이 메일을 내주지 못했습니다. 원본은 메일 서버에 있습니다: {place}]\n"
        f"[The mail server could not hand over this mail. It is still there: {place}]\n"
    )


def headers_with_notice(block: bytes, notice: str) -> bytes:
    """Return a readable mail with the headers of the original and the notice as its text."""
    kept: list[bytes] = []
    is_dropped = False
    for line in block.splitlines():
        if not line:
            break
        if line[:1] not in b" \t":
            is_dropped = _CONTENT_FIELD.match(line) is not None
        if not is_dropped:
            kept.append(line + b"\r\n")
    return b"".join(kept) + _END + notice.replace("\n", "\r\n").encode()


def _megabytes(size: int) -> str:
    return f"{size / 1_048_576:.1f} MB"
