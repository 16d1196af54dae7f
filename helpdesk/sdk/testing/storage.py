"""What a storage owes: what it has taken it gives back, byte by byte, to whoever asks, until it is deleted.

::

    class TestBucket(StorageContract):
        storage = Bucket

        def settings_for(self, kit):
            return {"folder": str(kit.folder)}
"""

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from helpdesk.sdk.channel import File
from helpdesk.sdk.storage import Missing, Storage
from helpdesk.sdk.testing.contract import CodeContract, secrets_of
from helpdesk.sdk.testing.kit import Kit
from helpdesk.sdk.testing.rules import Broken, ensure, rule

CONTENT = bytes(range(256)) * 16 + "한라봉 🍊".encode()
LARGE = b"0123456789abcdef" * 65_536 * 5 + b"end"
MOST_READ = 4 * 1_048_576
THREADS = 8
NOBODYS = "0" * 64


class _Stream(io.BytesIO):
    """A content that is not to be read at once."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        self.largest = max(self.largest, len(found))
        return found


class StorageContract(CodeContract):
    """The rules of one storage."""

    kind = "storage"
    storage: ClassVar[type[Storage]]

    def arrange(self, kit: Kit) -> None:
        """Start what the storage needs outside; ``kit.allow(host, port)`` opens the way to it."""

    @rule("ST-GIVES-BACK", fix="Keep the bytes unchanged: open must return what write was given.")
    def test_what_was_written_is_read(self, kit: Kit) -> None:
        """Contents come back byte by byte, the empty one too."""
        made = self._made(kit)
        for content in (CONTENT, b"", b"\r\n"):
            name = _write(made, content)
            ensure(made.exists(name), f"{len(content)} bytes were written, and exists says no.")
            ensure(_read(made, name) == content, f"{len(content)} bytes came back as others.")

    @rule("ST-STREAMS", fix="Read the content in pieces of a few kilobytes: it may be larger than the memory.")
    def test_large_content_goes_through_in_pieces(self, kit: Kit) -> None:
        """A large content is not taken into memory at once."""
        made, stream = self._made(kit), _Stream(LARGE)
        name = _name(LARGE)
        made.write(name, stream, size=len(LARGE))
        ensure(_read(made, name) == LARGE, f"{len(LARGE)} bytes came back as others.")
        ensure(stream.largest <= MOST_READ, f"It read {stream.largest} bytes at once.")

    @rule("ST-AGAIN", fix="Let writing a content that is here be fine, and leave it whole.")
    def test_same_content_can_be_written_again(self, kit: Kit) -> None:
        """Writing the same again changes nothing."""
        made = self._made(kit)
        name = _write(made, CONTENT)
        with made.open(name) as opened:
            _write(made, CONTENT)
            ensure(opened.read() == CONTENT, "Who was reading lost the content when it was written again.")
        ensure(_read(made, name) == CONTENT, "Written twice, the content came back as another.")

    @rule("ST-MISSING", fix="Raise Missing in open for what is not here, and let exists say no.")
    def test_what_is_not_here_is_missing(self, kit: Kit) -> None:
        """A content that was never written is missing."""
        made = self._made(kit)
        ensure(not made.exists(NOBODYS), "exists says yes to what was never written.")
        _require_missing(lambda: _read(made, NOBODYS), "opened what was never written")

    @rule("ST-DELETE", fix="Remove the content at once, and let removing what is not here be fine.")
    def test_deleted_content_is_gone(self, kit: Kit) -> None:
        """What was deleted is missing, and may be deleted again, and written again."""
        made = self._made(kit)
        name, other = _write(made, CONTENT), _write(made, b"another")
        for _time in range(2):
            made.delete(name)
        ensure(not made.exists(name), "exists says yes to what was deleted.")
        _require_missing(lambda: _read(made, name), "opened what was deleted")
        ensure(_read(made, other) == b"another", "Deleting one content took another one.")
        _write(made, CONTENT)
        ensure(_read(made, name) == CONTENT, "Written anew after deletion, the content came back as another.")

    @rule("ST-KEEPS", fix="Keep contents outside of the instance: another process must find them.")
    def test_another_instance_finds_it(self, kit: Kit) -> None:
        """What one instance has written another one reads."""
        name = _write(self._made(kit), CONTENT)
        ensure(_read(self.made(kit), name) == CONTENT, "Another instance found another content.")

    @rule("ST-BROKEN-OFF", fix="Write elsewhere first, and give the content its name when it is whole.")
    def test_half_a_content_is_none(self, kit: Kit) -> None:
        """A content whose writing breaks off is not here."""
        made = self._made(kit)

        class Failing(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                if self.tell() or size is None or size < 0:
                    raise OSError("the sender went away")
                return super().read(min(size, 100))

        name = _name(CONTENT)
        try:
            made.write(name, Failing(CONTENT), size=len(CONTENT))
        except Exception:
            ensure(not made.exists(name), "Half a content is here under the name of the whole.")
            return
        raise Broken("write returned although the content broke off.")

    @rule("ST-THREADS", fix="Share nothing between calls that two threads could change at once.")
    def test_many_threads_write_and_read(self, kit: Kit) -> None:
        """Many threads write the same and different contents at once."""
        made = self._made(kit)

        def work(at: int) -> bool:
            own = f"content {at}".encode() * 1000
            names = [(_write(made, content), content) for content in (own, CONTENT)]
            return all(_read(made, name) == content for name, content in names)

        with ThreadPoolExecutor(THREADS) as pool:
            ensure(all(pool.map(work, range(4 * THREADS))), "With many threads a content came back as another.")

    @rule("ST-CHECK", fix="Let check() raise only when the settings do not work.")
    def test_check_passes_for_good_settings(self, kit: Kit) -> None:
        """The button “test” says yes."""
        self._made(kit).check()

    @rule("ST-SECRET-LOG", fix="Log no settings, no headers and no requests.")
    def test_no_secret_is_logged(self, kit: Kit) -> None:
        """No secret of the settings stands in any line of the log."""
        made = self._made(kit)
        name = _write(made, CONTENT)
        _read(made, name)
        made.delete(name)
        found = [name for name, secret in secrets_of(made.settings) if secret in kit.logged()]
        ensure(not found, f"The log holds the secret of the setting {', '.join(found)}.")

    @rule("ST-DESK", fix="Read any stream in pieces, and return one; raise Missing, Retry or Refused and nothing else.")
    def test_desk_keeps_its_files_in_it(self, kit: Kit) -> None:
        """A file of a message comes back from it, byte by byte."""
        self._require_kept(kit)

    @rule("ST-BESIDE", fix="Share no global state, names or signals with other plugins.")
    def test_works_beside_all_others(self, kit: Kit) -> None:
        """The storage works beside every installed plugin, and beside ones that raise everywhere."""
        kit.crowd()
        self._require_kept(kit)

    def _require_kept(self, kit: Kit) -> None:
        self.arrange(kit)
        self.install(kit)
        kit.keep_files(self.called(), self.settings_for(kit))
        message = kit.reply(kit.ticket().id, "Here it is.", (File("견적서.bin", "application/octet-stream", CONTENT),))
        files = kit.files(message)
        ensure([one.data for one in files] == [CONTENT], f"Of one file of {len(CONTENT)} bytes another came back.")

    def _made(self, kit: Kit) -> Any:
        self.arrange(kit)
        self.install(kit)
        return self.made(kit)


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(storage: Storage, content: bytes) -> str:
    name = _name(content)
    storage.write(name, io.BytesIO(content), size=len(content))
    return name


def _read(storage: Storage, name: str) -> bytes:
    with storage.open(name) as stream:
        return stream.read()


def _require_missing(call: Callable[[], object], what: str) -> None:
    try:
        call()
    except Missing:
        return
    except Exception as error:
        raise Broken(f"It raised {type(error).__name__} instead of Missing.") from error
    raise Broken(f"It {what}.")
