"""The mails that tests are fed: the corpus, a folder of somebody's own, and broken mails made of them."""

import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.house.tree import ROOT

CORPUS = sorted((ROOT / "plugins/email/tests/corpus").glob("*.eml"))
OWN = "HELPDESK_TEST_MAIL_CORPUS"
FLIPPED = 20


@pytest.fixture
def own_mails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The mails of the folder that the environment names; where it names none, of a small one made for the test."""
    if not os.environ.get(OWN):
        folder = tmp_path / "mails"
        (folder / "2026" / "11").mkdir(parents=True)
        for place, file in enumerate(CORPUS[::40]):
            (folder / ("2026/11" if place % 2 else "") / f"{place}.").write_bytes(file.read_bytes())
        monkeypatch.setenv(OWN, str(folder))
    return mails_of(Path(os.environ[OWN]))


def mails_of(folder: Path) -> list[bytes]:
    """Return the mails of a folder and of those within it, each file one mail."""
    found = [file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()]
    assert found, f"{folder} holds no file"
    return found


def with_ends(raw: bytes, end: bytes) -> bytes:
    """Return the mail with other line ends."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", end)


def broken(raw: bytes, others: Sequence[bytes], *, times: int) -> Iterator[bytes]:
    """Yield the mail cut off and with other mails' ends, so many times each, and once with other bytes in it.

    It is broken by a seed of its own: the same at every run.
    """
    chance = random.Random(raw)
    for _ in range(times):
        yield raw[: chance.randrange(len(raw) + 1)]
        other = chance.choice(others)
        yield raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1) :]
    flipped = bytearray(raw)
    for _ in range(FLIPPED if raw else 0):
        flipped[chance.randrange(len(flipped))] = chance.randrange(256)
    yield bytes(flipped)
