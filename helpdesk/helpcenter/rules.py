"""Owns what an inquiry may look like, decided without a database. Refuses to know how it is sent or stored.

Limits: Source SPEC FLD-X08 (lengths, what is required), TKT-93 (files).
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from email_validator import EmailNotValidError, validate_email

from helpdesk.kernel.text import composed

LONGEST = {"name": 100, "email": 100, "subject": 200, "content": 5000}
REQUIRED = ("email", "subject", "content")
MOST_FILES = 5
LARGEST_FILE = 10 * 1024 * 1024
LONGEST_FILE_NAME = 100
FILE_TYPES: Mapping[str, str] = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "webp": "image/webp",
    "heic": "image/heic",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "hwp": "application/x-hwp",
    "hwpx": "application/hwp+zip",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "zip": "application/zip",
}
"""The allowed endings of file names and the type each stands for; what the browser claims is not believed.

Those of TKT-93, and what telephones and word processors have come to write since: webp, heic, mp4, hwpx.
"""


@dataclass(frozen=True, slots=True)
class InquiryFile:
    """One attached file; ``content_type`` follows from the name."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a visitor sends. ``name`` may be empty.

    ``key`` is the same for the same form sent twice, and another when anything in it was changed.
    ``consent_version`` names the text that was consented to, by its hash. ``address`` is the network address that
    it came from, by which inquiries are counted.
    """

    email: str
    subject: str
    content: str
    language: str
    key: str
    consented_at: datetime
    consent_version: str
    name: str = ""
    files: tuple[InquiryFile, ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The form as it was filled in, cleaned."""

    name: str = ""
    email: str = ""
    subject: str = ""
    content: str = ""
    is_consent_given: bool = False
    files: tuple[InquiryFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a field: the code of a text below ``hc.error``, and what to fill in there."""

    field: str
    code: str
    values: tuple[tuple[str, object], ...] = ()


def clean_line(text: str) -> str:
    """Return the text on one line, without control characters and without marks that turn its direction."""
    return composed(" ".join("".join(_visible(text, keep="")).split()))


def clean_text(text: str) -> str:
    """Return the text with ``\\n`` as the end of lines and without other control characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return composed("".join(_visible(lines, keep="\n\t"))).strip()


def clean_file_name(name: str) -> str:
    """Return the last part of a path, as a name that says what it is."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return clean_line("".join(character for character in last if unicodedata.category(character) != "Cf"))


def _visible(text: str, *, keep: str) -> Iterator[str]:
    for character in text:
        category = unicodedata.category(character)
        if character in keep:
            yield character
        elif category in {"Cc", "Zl", "Zp"}:  # a line break in a subject would become a header of a mail
            yield " "
        elif category != "Cs" and not _turns_direction(character):
            yield character


def _turns_direction(character: str) -> bool:
    return "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"


def problems(entry: Entry) -> list[Problem]:
    """Return all that is wrong, in the order of the form."""
    found = [problem for field in LONGEST for problem in _field_problems(field, getattr(entry, field))]
    found += _file_problems(entry.files)
    if not entry.is_consent_given:
        found.append(Problem("consent", "consent_required"))
    return found


def _field_problems(field: str, value: str) -> Iterator[Problem]:
    longest = LONGEST[field]
    if not value:
        if field in REQUIRED:
            yield Problem(field, f"{field}_required")
    elif len(value) > longest:
        yield Problem(field, f"{field}_too_long", (("longest", longest), ("length", len(value))))
    elif field == "email" and not _is_address(value):
        yield Problem(field, "email_wrong")


def _is_address(value: str) -> bool:
    try:
        # Names of demonstration and test networks are addresses too; whether mail arrives is seen later.
        address = validate_email(value, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return "." in address.domain


def _file_problems(files: tuple[InquiryFile, ...]) -> Iterator[Problem]:
    if len(files) > MOST_FILES:
        yield Problem("files", "too_many_files", (("most", MOST_FILES), ("n", len(files))))
    for file in files:
        named = ("file", file.filename[:60])
        if not file.content_type:
            yield Problem("files", "file_type", (named, ("types", ", ".join(FILE_TYPES))))
        if len(file.filename) > LONGEST_FILE_NAME:
            yield Problem("files", "file_name_too_long", (named, ("longest", LONGEST_FILE_NAME)))
        if len(file.data) > LARGEST_FILE:
            yield Problem("files", "file_too_large", (named, ("megabytes", LARGEST_FILE // 1024**2)))


def attached(filename: str, data: bytes) -> InquiryFile:
    """Return the file under a clean name; its type is empty when such files are not taken."""
    name = clean_file_name(filename)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return InquiryFile(name, FILE_TYPES.get(ending, ""), data)


def key_of(entry: Entry, nonce: str) -> str:
    """Return the idempotency key of a form that is sent.

    It covers the contents: with the nonce alone, going back and asking something else would give the old number.
    """
    digest = hashlib.sha256()
    for part in (nonce, entry.name, entry.email, entry.subject, entry.content):
        digest.update(hashlib.sha256(part.encode()).digest())
    for file in entry.files:
        digest.update(hashlib.sha256(file.filename.encode()).digest() + hashlib.sha256(file.data).digest())
    return digest.hexdigest()


def version_of(consent: str) -> str:
    """Return the name of a consent text: the beginning of its hash."""
    return hashlib.sha256(consent.encode()).hexdigest()[:16]


def masked(email: str) -> str:
    """Return an address that its owner recognises and nobody else can use."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"
