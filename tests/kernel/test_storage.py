"""Files are kept once, whole or not at all, and no key leads out of the folder."""

import hashlib
import io
import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpdesk.kernel import storage
from helpdesk.kernel.errors import Invalid, LimitExceeded, NotFound, Unavailable
from helpdesk.kernel.storage import LocalStorage

LIMIT = 10_000_000


@pytest.fixture
def files(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "files")


def everything(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


@given(content=st.binary(max_size=200_000))
@example(b"")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
def test_what_is_put_is_read_back_under_the_name_of_its_hash(files: LocalStorage, content: bytes) -> None:
    stored = files.put(content, limit_bytes=LIMIT)
    assert (stored.key, stored.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert files.read(stored.key) == content
    with files.open(stored.key) as stream:
        assert stream.read() == content


def test_the_same_content_is_kept_once_whether_bytes_or_stream(files: LocalStorage, tmp_path: Path) -> None:
    first = files.put(b"logo" * 50_000, limit_bytes=LIMIT)
    second = files.put(io.BytesIO(b"logo" * 50_000), limit_bytes=LIMIT)
    assert first == second
    assert len(everything(tmp_path)) == 1


def test_putting_again_mends_a_damaged_file(files: LocalStorage, tmp_path: Path) -> None:
    key = files.put(b"contract", limit_bytes=LIMIT).key
    everything(tmp_path)[0].write_bytes(b"damaged!")
    files.put(b"contract", limit_bytes=LIMIT)
    assert files.read(key) == b"contract"


def test_a_file_of_exactly_the_limit_is_kept(files: LocalStorage) -> None:
    assert files.put(b"x" * 1000, limit_bytes=1000).size == 1000


def test_a_file_over_the_limit_leaves_nothing_and_is_not_read_to_its_end(files: LocalStorage, tmp_path: Path) -> None:
    endless = io.BytesIO(b"x" * 5_000_000)
    with pytest.raises(LimitExceeded, match="1000 bytes"):
        files.put(endless, limit_bytes=1000)
    assert everything(tmp_path) == []
    assert endless.tell() < 100_000


def test_an_upload_that_breaks_off_leaves_nothing_and_tells_its_own_error(files: LocalStorage, tmp_path: Path) -> None:
    class BreaksOff(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 100_000:
                raise ConnectionResetError("the sender went away")
            return super().read(size)

    with pytest.raises(ConnectionResetError):
        files.put(BreaksOff(b"x" * 500_000), limit_bytes=LIMIT)
    assert everything(tmp_path) == []


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Let this process write no file past 100 kB: the kernel refuses as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_is_told_and_leaves_nothing(files: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="free some space") as refused:
        files.put(b"x" * 500_000, limit_bytes=LIMIT)
    assert refused.value.code == "STORAGE_FULL"
    assert everything(tmp_path) == []
    assert files.put(b"small", limit_bytes=LIMIT).size == 5


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n", "/" * 64, "é" * 64]
)
def test_a_key_that_is_no_hash_is_refused_everywhere(files: LocalStorage, key: str) -> None:
    for use in (files.open, files.read, files.exists, files.delete):
        with pytest.raises(Invalid) as refused:
            use(key)
        assert refused.value.code == "BAD_KEY"


def test_what_was_deleted_is_not_found_and_deleting_again_is_fine(files: LocalStorage) -> None:
    key = files.put(b"gone", limit_bytes=LIMIT).key
    assert files.exists(key)
    files.delete(key)
    files.delete(key)
    assert not files.exists(key)
    for use in (files.open, files.read):
        with pytest.raises(NotFound):
            use(key)


def test_the_sweep_removes_old_leftovers_only(files: LocalStorage, tmp_path: Path) -> None:
    kept = files.put(b"kept", limit_bytes=LIMIT).key
    incoming = tmp_path / "files" / "incoming"
    (incoming / "killed").write_bytes(b"half")
    (incoming / "running").write_bytes(b"half")
    os.utime(incoming / "killed", (1, 1))
    assert files.sweep_temporary(older_than_seconds=3600) == 1
    assert [path.name for path in incoming.iterdir()] == ["running"]
    assert files.exists(kept)


def test_many_threads_putting_and_deleting_the_same_content_see_it_whole_or_not_at_all(files: LocalStorage) -> None:
    content = b"shared" * 20_000
    key = files.put(content, limit_bytes=LIMIT).key
    seen: list[bytes] = []

    def work() -> None:
        for _ in range(10):
            files.put(content, limit_bytes=LIMIT)
            try:
                seen.append(files.read(key))
            except NotFound:
                seen.append(content)
            files.delete(key)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [content] * 40


def test_a_missing_folder_is_told_as_such(tmp_path: Path) -> None:
    files = LocalStorage(tmp_path / "files")
    (tmp_path / "files" / "incoming").rmdir()
    with pytest.raises(Unavailable, match="HELPDESK_DATA_DIR"):
        files.put(b"x", limit_bytes=LIMIT)


def test_the_process_has_one_storage(files: LocalStorage) -> None:
    storage.use(files)
    assert storage.storage() is files
