"""Where this process keeps its files: the desk's own folder, or what a storage plugin offers behind the same port.

The adapter works out the name, keeps the limit, and believes nothing: what a plugin gives back is copied within
the deadline and held to its name, so a content that is damaged, cut short or endless is never handed on. The
local folder needs none of that and is used directly.

A plugin that is not in use stops no start: what needs a file says so until it is there again.
"""

import hashlib
import io
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, TypeVar, cast

import orjson

from helpdesk.kernel import clock, storage
from helpdesk.kernel.errors import Invalid, LimitExceeded, NotFound, Unavailable
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import LocalStorage, Stored
from helpdesk.plugins import guard, instances, registry
from helpdesk.plugins.guard import PluginFailed, Ref, WrongAnswer, expect
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.local_storage import LOCAL, LocalSettings
from helpdesk.plugins.settings import secrets_of
from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.storage import Missing, Storage

SECONDS = 60.0
CHUNK_BYTES = 65_536
IN_MEMORY_BYTES = 1_048_576
LARGEST_BYTES = 1_073_741_824

Answer = TypeVar("Answer")


def use(settings: Settings) -> None:
    """Set the storage of this process to the one that the settings name.

    Raises Invalid for settings that are no JSON object, or that the local folder refuses.
    """
    given = _given(settings)
    if settings.storage == LOCAL:
        storage.use(LocalStorage(LocalSettings.read(given, default=settings.data_dir / "files").folder))
    else:
        storage.use(DriverStorage(settings.storage, given))


def problem(settings: Settings) -> str:
    """Return why no file can be read or written in this process, or nothing."""
    if settings.storage == LOCAL or registry.get(Kind.STORAGE, settings.storage) is not None:
        return ""
    return f"files cannot be read or written: the storage “{settings.storage}” of HELPDESK_STORAGE is not in use"


def _given(settings: Settings) -> Mapping[str, Any]:
    text = settings.storage_settings.get_secret_value()
    try:
        given = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Invalid("HELPDESK_STORAGE_SETTINGS must be a JSON object.", code="BAD_SETTING")
    return given


class DriverStorage:
    """The port of the kernel, over the storage plugin of a name."""

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        self._ref = Ref(Kind.STORAGE, name)
        self._settings = settings
        self._driver: Storage | None = None

    def put(self, content: bytes | BinaryIO, *, limit_bytes: int) -> Stored:
        """Work out the name, then have the driver write; what it has returned from is safe."""
        stream = io.BytesIO(content) if isinstance(content, bytes) else content
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as spool:
            stored = _spooled(stream, cast("BinaryIO", spool), limit_bytes=limit_bytes)
            spool.seek(0)
            self._call("write", lambda driver: driver.write(stored.key, cast("BinaryIO", spool), size=stored.size))
        return stored

    def open(self, key: str) -> BinaryIO:
        """Return the content, whole and checked, as a stream of our own."""
        storage.check_key(key)
        return self._call("open", lambda driver: _fetched(driver, key))

    def read(self, key: str) -> bytes:
        """Return the whole content."""
        with self.open(key) as stream:
            return stream.read()

    def exists(self, key: str) -> bool:
        """Return whether the driver says that the content is there."""
        storage.check_key(key)
        return bool(self._call("exists", lambda driver: expect(driver.exists(key), bool)))

    def delete(self, key: str) -> None:
        """Have the driver remove the content."""
        storage.check_key(key)
        self._call("delete", lambda driver: driver.delete(key))

    def sweep_temporary(self, older_than_seconds: float) -> int:  # noqa: ARG002  # a driver keeps no halves
        """Remove nothing: what is half written lies in a temporary file that ends with its call."""
        return 0

    def _call(self, hook: str, use_driver: Callable[[Storage], Answer]) -> Answer:
        """Call the driver within the deadline, and translate what it says."""
        driver = self._made()
        words = secrets_of(driver.settings)
        try:
            return guard.call(self._ref, hook, lambda: use_driver(driver), seconds=SECONDS, secrets=words)
        except Missing as error:
            raise NotFound("There is no stored file with this key.") from error
        except (Retry, Refused) as error:
            reason = guard.blotted(str(error), words)[:500]
            raise Unavailable(f"Files cannot be read or written now: {reason}", code="STORAGE_FAILED") from None
        except PluginFailed:
            raise
        except guard.SAID as error:
            if isinstance(error, NotFound | Invalid | LimitExceeded | Unavailable):
                raise
            raise Unavailable("Files cannot be read or written now.", code="STORAGE_FAILED") from None

    def _made(self) -> Storage:
        """Return the driver, made anew when its plugin has changed. Raises Unavailable, for refused settings too."""
        plugin = registry.require(Kind.STORAGE, self._ref.name)
        if self._driver is None or type(self._driver) is not plugin:
            try:
                self._driver = instances.made(Kind.STORAGE, self._ref.name, self._settings, service_id=None)
            except Invalid as error:
                raise Unavailable(
                    f"The storage “{self._ref.name}” refuses HELPDESK_STORAGE_SETTINGS: {error.message}",
                    code="STORAGE_FAILED",
                ) from error
        return self._driver


def _spooled(stream: BinaryIO, spool: BinaryIO, *, limit_bytes: int) -> Stored:
    """Copy the stream while hashing it. Raises LimitExceeded; errors of the stream itself pass through."""
    digest = hashlib.sha256()
    size = 0
    while chunk := stream.read(CHUNK_BYTES):
        size += len(chunk)
        if size > limit_bytes:
            raise LimitExceeded(
                f"The file is larger than {limit_bytes} bytes; send a smaller one.", code="FILE_TOO_LARGE"
            )
        digest.update(chunk)
        spool.write(chunk)
    return Stored(digest.hexdigest(), size)


def _fetched(driver: Storage, key: str) -> BinaryIO:
    """Copy what the driver opens, and hold it to its name. Stops by itself when the deadline has passed."""
    ends_at = clock.monotonic() + SECONDS
    given = driver.open(key)
    if not callable(getattr(given, "read", None)):
        raise WrongAnswer("it answered no stream")
    spool = cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES))  # noqa: SIM115  # handed on open
    digest = hashlib.sha256()
    size = 0
    try:
        while chunk := expect(given.read(CHUNK_BYTES), bytes):
            size += len(chunk)
            if size > LARGEST_BYTES or clock.monotonic() > ends_at:
                raise WrongAnswer("it gave a content without end")
            digest.update(chunk)
            spool.write(chunk)
        if digest.hexdigest() != key:
            raise WrongAnswer("it gave a content that is not the one of this name")
    except BaseException:
        spool.close()
        raise
    finally:
        if callable(getattr(given, "close", None)):
            given.close()
    spool.seek(0)
    return spool
