"""Files live where the settings say: in the local folder, or in a storage plugin that is believed nothing."""

import hashlib
import io
import threading
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from helpdesk.channels import inbox
from helpdesk.channels.models import InboxRow
from helpdesk.kernel import settings, storage
from helpdesk.kernel.errors import Invalid, LimitExceeded, NotFound, Unavailable
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import LocalStorage
from helpdesk.plugins import guard, registry, storing
from helpdesk.plugins.guard import PluginFailed, Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.local_storage import Local, LocalSettings
from helpdesk.plugins.storing import DriverStorage
from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.storage import Missing
from helpdesk.tickets import queries
from helpdesk.tickets.attachments import NewFile
from tests.channels.post import FullEcho, make_post
from tests.factories import tickets
from tests.factories.desk import Desk
from tests.factories.memory_storage import Memory

TEXT = "환불해 주세요".encode()
KEY = hashlib.sha256(TEXT).hexdigest()
LARGEST = 1_000_000


@pytest.fixture(autouse=True)
def memory() -> Iterator[DriverStorage]:
    """The storage in memory, behind the port."""
    registry.load(safe_mode=True, looks=False)
    guard.forget(Ref(Kind.STORAGE, "memory"))
    Memory.reset()
    registry.register(Kind.STORAGE, "memory", Memory)
    yield DriverStorage("memory", {"key": "s3cret-key"})
    Memory.reset()
    registry.load(safe_mode=True, looks=False)


def chosen(tmp_path: Path, **given: Any) -> Settings:
    """Return settings of a desk in the folder."""
    return settings.load({}, data_dir=tmp_path, **given)


@pytest.mark.parametrize("content", [TEXT, b"", b"x" * 3_000_000])
def test_what_was_put_is_read_back(memory: DriverStorage, content: bytes) -> None:
    stored = memory.put(io.BytesIO(content), limit_bytes=4_000_000)
    assert (stored.key, stored.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert memory.exists(stored.key)
    assert memory.read(stored.key) == content
    with memory.open(stored.key) as stream:
        assert stream.read(5) == content[:5]
    memory.delete(stored.key)
    memory.delete(stored.key)
    assert not memory.exists(stored.key)
    with pytest.raises(NotFound):
        memory.read(stored.key)
    assert memory.sweep_temporary(0) == 0


def test_too_much_is_refused_before_the_driver_hears_of_it(memory: DriverStorage) -> None:
    with pytest.raises(LimitExceeded) as caught:
        memory.put(TEXT, limit_bytes=len(TEXT) - 1)
    assert (caught.value.code, Memory.kept) == ("FILE_TOO_LARGE", {})


@pytest.mark.parametrize("key", ["", "../../etc/passwd", KEY.upper(), KEY + "0"])
def test_what_is_no_key_never_reaches_the_driver(memory: DriverStorage, key: str) -> None:
    Memory.on_call = lambda _method: pytest.fail("the driver was called")
    for method in (memory.open, memory.read, memory.exists, memory.delete):
        with pytest.raises(Invalid):
            method(key)


def raising(error: BaseException) -> Any:
    """Return a fault to order."""

    def raise_it(_method: str) -> Any:
        raise error

    return raise_it


@pytest.mark.parametrize("error", [Retry("busy s3cret-key"), Refused("no s3cret-key")])
def test_trouble_outside_is_the_desk_s_unavailable_without_secrets(memory: DriverStorage, error: Exception) -> None:
    Memory.on_call = raising(error)
    with pytest.raises(Unavailable, match=r"\*\*\*") as caught:
        memory.put(TEXT, limit_bytes=LARGEST)
    assert (caught.value.code, "s3cret" in caught.value.message) == ("STORAGE_FAILED", False)


@pytest.mark.parametrize("error", [OSError("disk"), SystemExit(3), MemoryError(), RecursionError(), KeyError("x")])
def test_fault_of_the_driver_is_contained(memory: DriverStorage, error: BaseException) -> None:
    Memory.on_call = raising(error)
    with pytest.raises(PluginFailed):
        memory.read(KEY)


def test_missing_is_not_found(memory: DriverStorage) -> None:
    Memory.on_call = raising(Missing("x"))
    with pytest.raises(NotFound):
        memory.open(KEY)


class Endless(io.RawIOBase):
    """A stream without an end."""

    def read(self, _size: int = -1) -> bytes:
        return b"x" * 65_536


class Texts(io.StringIO):
    """A stream of what are no bytes."""


@pytest.mark.parametrize("answer", [5, b"x", [TEXT], repeat(b"x"), io.BytesIO(TEXT[:-1]), Texts("x"), Endless()])
def test_content_that_is_not_the_one_of_the_name_is_never_handed_on(
    memory: DriverStorage, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "LARGEST_BYTES", 5_000_000)
    Memory.on_call = lambda _method: answer
    with pytest.raises(PluginFailed):
        memory.read(KEY)


def test_existence_is_yes_or_no(memory: DriverStorage) -> None:
    Memory.on_call = lambda _method: "yes"
    with pytest.raises(PluginFailed):
        memory.exists(KEY)


def test_driver_that_sleeps_is_left_behind(memory: DriverStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    Memory.on_call = lambda _method: is_over.wait() and None
    monkeypatch.setattr(storing, "SECONDS", 0.2)
    with pytest.raises(PluginFailed) as caught:
        memory.put(TEXT, limit_bytes=LARGEST)
    is_over.set()
    assert caught.value.code == "PLUGIN_OVERRAN"


def test_storage_that_is_not_in_use_is_unavailable_until_it_is(memory: DriverStorage) -> None:
    memory.put(TEXT, limit_bytes=LARGEST)
    registry.quarantine(Kind.STORAGE, "memory", "for the test")
    with pytest.raises(Unavailable, match="memory"):
        memory.read(KEY)
    registry.register(Kind.STORAGE, "memory", type("Newer", (Memory,), {}))
    assert memory.read(KEY) == TEXT


def test_settings_that_the_driver_refuses_make_files_unavailable() -> None:
    with pytest.raises(Unavailable, match="HELPDESK_STORAGE_SETTINGS"):
        DriverStorage("memory", {"colour": "red"}).exists(KEY)


def test_local_folder_is_used_directly(tmp_path: Path) -> None:
    storing.use(chosen(tmp_path))
    assert type(storage.storage()) is LocalStorage
    key = storage.storage().put(TEXT, limit_bytes=LARGEST).key
    assert (tmp_path / "files" / key[:2] / key[2:]).read_bytes() == TEXT
    storing.use(chosen(tmp_path, storage_settings=SecretStr(f'{{"folder": "{tmp_path / "else"}"}}')))
    assert not storage.storage().exists(key)
    assert (tmp_path / "else").is_dir()


@pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"colour": "red"}', '{"folder": 5}'])
def test_settings_that_are_no_object_or_make_no_sense_stop_the_start(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match="HELPDESK_STORAGE_SETTINGS"):
        storing.use(chosen(tmp_path, storage_settings=SecretStr(text)))


def test_local_driver_keeps_its_word_as_any_other(tmp_path: Path) -> None:
    registry.register(Kind.STORAGE, "local", Local)
    local = DriverStorage("local", {"folder": str(tmp_path / "here")})
    key = local.put(TEXT, limit_bytes=LARGEST).key
    assert (local.read(key), local.exists(key)) == (TEXT, True)
    local.delete(key)
    with pytest.raises(NotFound):
        local.open(key)
    with pytest.raises(Refused):
        Local(LocalSettings(folder=tmp_path)).write("0" * 64, io.BytesIO(TEXT), size=len(TEXT))


def test_mail_and_attachment_live_in_the_chosen_storage(desk: Desk) -> None:
    registry.register(Kind.STORAGE, "memory", Memory)
    storing.use(desk.settings.model_copy(update={"storage": "memory"}))
    registry.register(Kind.CHANNEL, "echo", FullEcho)
    post = make_post(desk)
    row_id = post.put(files={"영수증.txt": "3,000원"})
    raw = InboxRow.get_by_id(row_id).storage_key
    assert b"m1" in Memory.kept[raw]
    desk.run_jobs()
    row: Any = InboxRow.get_by_id(row_id)
    (message,) = tickets.messages(row.ticket_id)
    ((file,),) = queries.attachments_of_messages([message.id])
    assert Memory.kept[file.storage_key].decode() == "3,000원"
    assert storage.storage().read(file.storage_key).decode() == "3,000원"
    assert not list((desk.settings.data_dir / "files").glob("*/*"))


def test_mail_waits_while_the_storage_is_away(desk: Desk) -> None:
    registry.register(Kind.STORAGE, "memory", Memory)
    storing.use(desk.settings.model_copy(update={"storage": "memory"}))
    registry.register(Kind.CHANNEL, "echo", FullEcho)
    row_id = make_post(desk).put()
    Memory.on_call = raising(Retry("away"))
    desk.run_jobs()
    assert InboxRow.get_by_id(row_id).state == "RETRYING"
    Memory.on_call = None
    inbox.retry(desk.administrator, row_id)
    desk.run_jobs()
    assert InboxRow.get_by_id(row_id).state == "PROCESSED"
    Memory.on_call = raising(Retry("away"))
    with pytest.raises(Unavailable):
        tickets.make(desk, files=[NewFile("a.txt", "text/plain", b"x")])
