"""Files: uploads that somebody may fill and use, and their way into a message."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, BinaryIO

import peewee

from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import Conflict, Invalid, NotFound
from helpdesk.kernel.idempotency import owner_of
from helpdesk.kernel.storage import Stored, storage
from helpdesk.kernel.text import one_line
from helpdesk.tickets.models import Attachment

UPLOAD_SECONDS = 3600
LINK_SECONDS = 3600
LONGEST_NAME = 100
MOST_FILES = 20
FILES_AT_ONCE = 500  # keeps a statement below what both databases take as values
UPLOAD, DOWNLOAD = "upload", "attachment"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that came with a message; ``content_id`` is set for an image that the HTML shows.

    ``stored`` says where its bytes are, if they are kept already.
    """

    filename: str
    content_type: str
    data: bytes
    content_id: str | None = None
    stored: Stored | None = None


def safe_name(name: str) -> str:
    """Return a file name that is only a name: no folders, no hidden file, no control or direction marks.

    Dots and blanks at its end go too: Windows leaves them out, so that the name would end otherwise than it shows.
    """
    bare = one_line(name.replace("\\", "/").rsplit("/", 1)[-1], longest=500).strip(". ")
    if len(bare) > LONGEST_NAME:
        stem, dot, ending = bare.rpartition(".")
        keep = LONGEST_NAME - len(ending) - 1
        bare = f"{stem[:keep]}.{ending}" if dot and keep > 0 else bare[:LONGEST_NAME]
    return bare or "file"


def safe_type(content_type: str, filename: str) -> str:
    """Return a content type of the form ``type/subtype``, guessed from the name when none was given."""
    bare = content_type.partition(";")[0].strip().lower()
    kind, slash, sort = bare.partition("/")
    if slash and all(
        part.isascii() and part.replace("-", "").replace(".", "").replace("+", "").isalnum() for part in (kind, sort)
    ):
        return bare[:100]
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


@transactional
def create_upload(actor: Actor, *, filename: str, content_type: str, size: int, largest: int) -> int:
    """Make a place for one file and return its id; whoever has its link may fill it within the hour, once."""
    actor.require("upload.create")
    if size < 1:
        raise Invalid("A file has at least one byte.", path=("size",))
    if size > largest:
        raise Invalid(f"A file has 1 to {largest} bytes.", code="FILE_TOO_LARGE", path=("size",))
    name = safe_name(filename)
    made = Attachment.insert(
        service_id=actor.service_id,
        owner=owner_of(actor),
        filename=name,
        content_type=safe_type(content_type, name),
        size=size,
        expires_at=clock.now() + timedelta(seconds=UPLOAD_SECONDS),
        created_at=clock.now(),
    ).execute()
    return int(made)


def upload_token(upload_id: int) -> str:
    """Return the token with which the bytes of an upload may be sent."""
    return keyring().sign(upload_id, purpose=UPLOAD)


def fill_upload(token: str, stream: BinaryIO, *, service_id: int) -> None:
    """Store the bytes of an upload. Raises NotFound, Conflict when it is filled already, Invalid for a wrong size."""
    upload_id = keyring().unsign(token, purpose=UPLOAD, max_age_seconds=UPLOAD_SECONDS)
    upload: Any = Attachment.get_or_none(
        Attachment.id == upload_id, Attachment.service == service_id, Attachment.expires_at > clock.now()
    )
    if upload is None:
        raise NotFound("There is no such upload, or its hour is over; create a new one.")
    if upload.storage_key is not None:
        raise Conflict("This upload has its bytes already; create a new one for another file.", code="UPLOAD_USED")
    stored = storage().put(stream, limit_bytes=upload.size)
    if stored.size != upload.size:
        raise Invalid(f"{upload.size} bytes were announced and {stored.size} came; send the whole file again.")
    filled = Attachment.update(storage_key=stored.key).where(
        Attachment.id == upload.id, Attachment.storage_key.is_null()
    )
    if not filled.execute():
        raise Conflict("This upload has its bytes already; create a new one for another file.", code="UPLOAD_USED")


def attach(actor: Actor, message_id: int, upload_ids: Sequence[int]) -> None:
    """Make uploads of this actor part of the message.

    Raises Invalid (BAD_ATTACHMENT) when one is not theirs, not filled, expired or used; then none is.
    """
    if len(upload_ids) > MOST_FILES:
        raise Invalid(f"A message carries at most {MOST_FILES} files.", path=("attachments",))
    if not upload_ids:
        return
    found = (
        Attachment.update(message=message_id, expires_at=None)
        .where(
            Attachment.id.in_(list(upload_ids)),
            Attachment.service == actor.service_id,
            Attachment.owner == owner_of(actor),
            Attachment.message.is_null(),
            Attachment.storage_key.is_null(False),
            Attachment.expires_at > clock.now(),
        )
        .execute()
    )
    if found != len(set(upload_ids)):
        raise Invalid(
            "One of the attachments is unknown, not uploaded yet, expired or already used; upload it again.",
            code="BAD_ATTACHMENT",
            path=("attachments",),
        )


def keep(files: Sequence[NewFile], *, largest: int) -> list[NewFile]:
    """Store the bytes of files, and return the files with where they are. Raises LimitExceeded and Unavailable.

    For use before a transaction, in which others would wait for the disk. Bytes that no row comes to name stay, as
    those of every upload do: they are kept under their content, which the next try names.
    """
    return [replace(file, stored=storage().put(file.data, limit_bytes=largest)) for file in files]


def add_files(service_id: int, message_id: int, files: Sequence[NewFile], *, largest: int) -> None:
    """Store files that are not yet, and make them part of the message. No row names bytes that are not safe."""
    rows = []
    for file in files:
        stored = file.stored or storage().put(file.data, limit_bytes=largest)
        name = safe_name(file.filename)
        rows.append(
            {
                "service": service_id,
                "message": message_id,
                "owner": "",
                "filename": name,
                "content_type": safe_type(file.content_type, name),
                "size": stored.size,
                "storage_key": stored.key,
                "content_id": one_line(file.content_id or "", longest=255) or None,
                "created_at": clock.now(),
            }
        )
    for batch in peewee.chunked(rows, FILES_AT_ONCE):
        Attachment.insert_many(batch).execute()


def drop_abandoned() -> int:
    """Drop uploads that nobody attached in time and return how many. Their bytes may serve other rows, and stay."""
    abandoned = Attachment.delete().where(Attachment.message.is_null(), Attachment.expires_at < clock.now())
    return int(abandoned.execute())
