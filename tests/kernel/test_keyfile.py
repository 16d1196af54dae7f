"""The keyring's file is made once, kept private, never overwritten by the way, and followed while a desk runs."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from helpdesk.kernel import crypto, keyfile
from helpdesk.kernel.crypto import Keyring
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.settings import Settings

RING = Keyring.generate()


def kept_in(folder: Path, keys: str = "") -> Settings:
    return Settings(data_dir=folder, keys=SecretStr(keys))


def test_the_first_start_makes_a_private_key_file_and_the_second_reads_it(tmp_path: Path) -> None:
    made = keyfile.load_or_make(kept_in(tmp_path / "new" / "desk"))
    path = tmp_path / "new" / "desk" / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keyfile.load_or_make(kept_in(path.parent)) == made
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.json"]


def test_keys_of_the_environment_win_and_no_file_is_made(tmp_path: Path) -> None:
    assert keyfile.load_or_make(kept_in(tmp_path, RING.dump())) == RING
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b'[{"id": "k1", "key": "'])
def test_an_unreadable_key_file_stops_the_start_and_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    for attempt in (keyfile.load_or_make, lambda desk: keyfile.save(desk, RING)):
        with pytest.raises(Invalid, match="Nothing was changed") as refused:
            attempt(kept_in(tmp_path))
        assert refused.value.code == "BAD_KEYRING"
    assert path.read_bytes() == content


def test_a_folder_in_the_place_of_the_key_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "keys.json").mkdir()
    with pytest.raises(Invalid, match="restore the file"):
        keyfile.load_or_make(kept_in(tmp_path))


def test_a_data_folder_that_is_a_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("a file, no folder")
    with pytest.raises(Invalid, match="Not a directory"):
        keyfile.load_or_make(kept_in(tmp_path / "desk"))


def test_processes_that_start_at_once_end_with_the_same_keys(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from helpdesk.kernel import keyfile\nfrom helpdesk.kernel.settings import Settings\n"
        "desk = Settings(data_dir=Path(sys.argv[1]))\n"
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "print(keyfile.load_or_make(desk).keys[0].id)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ids = {process.communicate(timeout=30)[0] for process in processes}
    assert ids == {keyfile.load_or_make(kept_in(tmp_path)).keys[0].id + "\n"}


def test_a_rotated_ring_replaces_the_file_and_stays_private(tmp_path: Path) -> None:
    desk = kept_in(tmp_path)
    rotated = keyfile.load_or_make(desk).rotated()
    keyfile.save(desk, rotated)
    assert keyfile.load_or_make(desk) == rotated
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_a_ring_from_the_environment_is_not_saved_to_a_file(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="HELPDESK_KEYS"):
        keyfile.save(kept_in(tmp_path, RING.dump()), RING.rotated())


# Another process: it signs with the ring that it read at its start, and says what it opens when it is told to.
RUNNING = """
import sys
from pathlib import Path
from helpdesk.kernel import crypto, keyfile
from helpdesk.kernel.settings import Settings
crypto.use(keyfile.follow(Settings(data_dir=Path(sys.argv[1]))))
print(crypto.keyring().seal(b"before", context="x"), flush=True)
sealed, signed = sys.stdin.readline().strip(), sys.stdin.readline().strip()
print(crypto.keyring().open(sealed, context="x").decode())
print(crypto.keyring().unsign(signed, purpose="x", max_age_seconds=60))
print(crypto.keyring().seal(b"after", context="x"))
"""


def test_a_process_that_runs_sees_a_rotated_ring_before_it_meets_what_that_sealed(tmp_path: Path) -> None:
    desk = kept_in(tmp_path)
    crypto.use(keyfile.follow(desk))
    with subprocess.Popen(
        [sys.executable, "-c", RUNNING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        before = running.stdout.readline().strip()
        keyfile.save(desk, crypto.keyring().rotated())
        sealed, signed = crypto.keyring().seal(b"new", context="x"), crypto.keyring().sign("link", purpose="x")
        told, _ = running.communicate(f"{sealed}\n{signed}\n", timeout=30)
    opened, data, after = told.split()
    assert (opened, data) == ("new", "link")
    assert crypto.keyring().open(before, context="x") == b"before"
    assert (crypto.keyring().is_current(before), crypto.keyring().is_current(after)) == (False, True)


def test_keys_that_become_unusable_leave_a_running_process_with_those_it_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newest = keyfile.follow(kept_in(tmp_path))
    made, path = newest(), tmp_path / "keys.json"
    path.write_text("[]")
    assert (newest(), newest()) == (made, made)
    assert [record.message for record in caplog.records] == [
        "the keys were changed and cannot be used; those from before are"
    ]
    path.unlink()
    assert newest() == made
    rotated = made.rotated()
    path.write_text(rotated.dump())
    os.utime(path, ns=(0, 0))  # a file from a backup is older than what it replaces
    assert newest() == rotated
