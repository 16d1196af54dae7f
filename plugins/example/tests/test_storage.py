"""The example of a storage."""

import hashlib
from io import BytesIO

import pytest
from helpdesk_example.storage import Folder, FolderSettings

from helpdesk.sdk.errors import Refused, Retry
from helpdesk.sdk.storage import Missing

CONTENT = "사진 🍊".encode()
NAME = hashlib.sha256(CONTENT).hexdigest()


def test_content_comes_back_until_it_is_deleted(tmp_path):
    storage = Folder(FolderSettings(folder=tmp_path))
    for _time in range(2):
        storage.write(NAME, BytesIO(CONTENT), size=len(CONTENT))
    with storage.open(NAME) as stream:
        assert stream.read() == CONTENT
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [NAME]
    for _time in range(2):
        storage.delete(NAME)
    assert not storage.exists(NAME)
    with pytest.raises(Missing):
        storage.open(NAME)


def test_folder_that_is_away_is_told_of(tmp_path):
    storage = Folder(FolderSettings(folder=tmp_path / "away"))
    with pytest.raises(Retry, match="takes nothing"):
        storage.write(NAME, BytesIO(CONTENT), size=len(CONTENT))
    with pytest.raises(Refused, match="mount it"):
        storage.check()
    Folder(FolderSettings(folder=tmp_path)).check()
