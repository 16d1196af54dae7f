"""Owns names of attached files: exact where they are harmless, one per file within a mail, never a path."""

import mimetypes
import re

from helpdesk_email.cleaning import visible_line

MAX_BYTES = 200
MAX_SUFFIX = 20

_UNSAFE = re.compile(r'[\x00-\x1f<>:"|?*]')
_KNOWN_SUFFIXES = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/plain": ".txt",
    "text/html": ".html",
    "message/delivery-status": ".txt",
    "text/rfc822-headers": ".txt",
    "application/pgp-signature": ".asc",
    "application/ms-tnef": ".dat",
    "image/jpeg": ".jpg",
}


def safe_name(name: str, *, content_type: str, position: int) -> str:
    """Return a name without folders, controls, tricks of direction or a leading dot; made up where nothing is left."""
    name = re.split(r"[/\\]", visible_line(name, limit=1_000))[-1]
    name = _UNSAFE.sub("_", name).strip(" .")
    if not name.strip("_ "):
        suffix = _KNOWN_SUFFIXES.get(content_type) or mimetypes.guess_extension(content_type, strict=False) or ".bin"
        return f"file-{position}{suffix}"
    return _shortened(name)


def unique_name(name: str, taken: dict[str, int]) -> str:
    """Return the name, numbered if it is taken (whatever the case), and take it.

    ``taken`` has for each name the last number given to it, so that a thousand files of one name take no time.
    """
    stem, suffix = _divided(name)
    candidate, count = name, taken.get(name.casefold(), 1)
    while candidate.casefold() in taken:
        count += 1
        candidate = f"{stem} ({count}){suffix}"
    taken[candidate.casefold()] = 1
    taken[name.casefold()] = count
    return candidate


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, suffix = _divided(name)
    room = MAX_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + suffix


def _divided(name: str) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and len(suffix) <= MAX_SUFFIX else (name, "")
