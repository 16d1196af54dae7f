"""Where files live: a small port, and the local folder that comes with the desk.

Owns bytes under the name of their SHA-256; knows neither file names, types nor who may read them
(rooms keep those in rows). Refuses keys that are no such name, so no key can leave the folder.

Names by content lost nothing to names by row: the same logo in a thousand mails is kept once,
a retried upload is harmless, and a file can be checked against its own name. What is returned
from ``put`` is on the disk (file and folder synced): a row that names it may then be committed.
"""

import errno
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from helpdesk.kernel import clock
from helpdesk.kernel.errors import Invalid, LimitExceeded, NotFound, Unavailable

_KEY = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES = 65_536
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Stored:
    """What was put: its key (the SHA-256 in hex) and its size in bytes."""

    key: str
    size: int


class Storage(Protocol):
    """The port. Each method may be called by many threads and processes at once."""

    def put(self, content: bytes | BinaryIO, *, limit_bytes: int) -> Stored:
        """Keep the content and return once it is safe. Raises LimitExceeded or Unavailable and then keeps nothing."""

    def open(self, key: str) -> BinaryIO:
        """Return the content as a stream that the caller closes. Raises NotFound."""

    def read(self, key: str) -> bytes:
        """Return the whole content. Raises NotFound."""

    def exists(self, key: str) -> bool:
        """Return whether the content is here."""

    def delete(self, key: str) -> None:
        """Remove the content; removing what is not here is fine."""

    def sweep_temporary(self, older_than_seconds: float) -> int:
        """Remove what interrupted ``put`` calls left behind, and return how many pieces that were."""


class LocalStorage:
    """A folder on this machine: ``ab/cdef…`` by key, and ``incoming/`` for what is still being written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        with _disk_errors():
            self._incoming.mkdir(parents=True, exist_ok=True)
            sync_folder(folder)
            sync_folder(folder.parent)

    def put(self, content: bytes | BinaryIO, *, limit_bytes: int) -> Stored:
        """Write beside the place, sync, and move there in one step."""
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        with _disk_errors():
            handle, name = tempfile.mkstemp(dir=self._incoming)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb", buffering=0) as file:
                stored = _copy(stream, file, limit_bytes=limit_bytes)
            self._place(temporary, stored.key)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
        return stored

    def open(self, key: str) -> BinaryIO:
        with _disk_errors(key):
            return self._path(key).open("rb")

    def read(self, key: str) -> bytes:
        with _disk_errors(key):
            return self._path(key).read_bytes()

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        with _disk_errors():
            self._path(key).unlink(missing_ok=True)

    def sweep_temporary(self, older_than_seconds: float) -> int:
        limit = clock.now().timestamp() - older_than_seconds
        removed = 0
        with _disk_errors():
            for path in self._incoming.iterdir():
                with suppress(FileNotFoundError):  # its own writer may finish meanwhile
                    if path.stat().st_mtime < limit:
                        path.unlink()
                        removed += 1
        return removed

    def _path(self, key: str) -> Path:
        check_key(key)
        return self._folder / key[:2] / key[2:]

    def _place(self, temporary: Path, key: str) -> None:
        """Move the file to its name, over an equal one if there is one.

        Leaving the old one would be a race with its deletion, and would keep a damaged file.
        """
        target = self._path(key)
        with _disk_errors():
            if not target.parent.is_dir():
                target.parent.mkdir(exist_ok=True)
                sync_folder(self._folder)
            temporary.replace(target)
            sync_folder(target.parent)


def check_key(key: str) -> None:
    """Raise Invalid (BAD_KEY) unless the key is the name of a content, as ``put`` returns them."""
    if not _KEY.fullmatch(key):
        raise Invalid("This is not the key of a stored file; use the one that storing it returned.", code="BAD_KEY")


def _copy(stream: BinaryIO, file: io.RawIOBase, *, limit_bytes: int) -> Stored:
    """Write the stream into the file, synced, while hashing it. Errors of the stream itself pass through."""
    digest = hashlib.sha256()
    size = 0
    while chunk := stream.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > limit_bytes:
            raise LimitExceeded(
                f"The file is larger than {limit_bytes} bytes; send a smaller one.", code="FILE_TOO_LARGE"
            )
        digest.update(chunk)
        _write(chunk, file)
    with _disk_errors():
        os.fsync(file.fileno())
    return Stored(key=digest.hexdigest(), size=size)


def _write(chunk: bytes, file: io.RawIOBase) -> None:
    """Write all of it. The file has no buffer, for closing one would meet the full disk a second time."""
    view = memoryview(chunk)
    while view:
        with _disk_errors():
            view = view[file.write(view) :]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _disk_errors(key: str = "") -> Iterator[None]:
    """Translate what the disk says; only with a key is a missing file the caller's matter."""
    try:
        yield
    except FileNotFoundError as error:
        if not key:
            raise Unavailable("The folder for files is missing; make it or set HELPDESK_DATA_DIR.") from error
        raise NotFound("There is no stored file with this key.") from error
    except OSError as error:
        if error.errno in _FULL:
            raise Unavailable(
                "There is no room for files; free some space and try again.", code="STORAGE_FULL"
            ) from error
        raise Unavailable(f"Files cannot be read or written now: {error.strerror}.", code="STORAGE_FAILED") from error


_storage: Storage | None = None


def use(chosen: Storage) -> None:
    """Set the storage of this process: a process serves one desk."""
    global _storage  # noqa: PLW0603  # one desk a process, as with the database and the settings
    _storage = chosen


def storage() -> Storage:
    """Return the storage of this process."""
    if _storage is None:
        raise RuntimeError("No storage was set; create_app() and the commands call storage.use() first.")
    return _storage
