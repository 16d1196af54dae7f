"""Thousands of mails made of the corpus, cut, spliced and with other line ends, keep the promises of every mail."""

import os
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from helpdesk_email.errors import Unreadable
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import DeliveryReport, Inbound, InboundRequest

CORPUS = sorted(Path(__file__).with_name("corpus").glob("*.eml"))
OUTSIDE = os.environ.get("HELPDESK_TEST_MAIL_CORPUS", "")
SETTINGS = EmailSettings(address="support@desk.example", authserv_id="mx.desk.example")
CUTS = SPLICES = 5
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
ACTIVE = {"script", "iframe", "object", "embed", "base", "form", "input", "button", "meta", "link", "svg", "style"}
SCHEMES = {"http", "https", "mailto", "tel", "cid"}
BYTE_TRUE = {"garbage", "carriage-returns", "mixed-line-ends", "line-feeds", "mail-in-mail", "boundary-preamble"}
"""Mails whose line ends are their trap, or that carry the bytes of another mail."""


class Dangers(HTMLParser):
    """Collects what a browser would run or fetch unasked."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note elements and attributes that do more than show."""
        if tag in ACTIVE:
            self.found.append(tag)
        for name, value in attributes:
            text = (value or "").strip().lower()
            is_address = name in {"href", "src", "cite", "background"} and ":" in text
            if name.startswith("on") or (is_address and text.partition(":")[0] not in SCHEMES):
                self.found.append(f"{name}={text[:40]}")
            if name == "style" and re.search(r"url\s*\(|expression|position|@import", text):
                self.found.append(f"style={text[:40]}")


def understood(raw: bytes) -> Inbound | DeliveryReport | None:
    """Return what the bytes say; nothing for those that are set aside in words."""
    try:
        return read(InboundRequest(raw), SETTINGS)
    except Unreadable:
        return None


def assert_promises(raw: bytes) -> None:
    """Assert what holds of every mail, however broken."""
    found = understood(raw)
    found = found.message if isinstance(found, DeliveryReport) else found
    if found is None:
        return
    texts = [found.external_id, found.sender.value, found.sender.name, found.subject, found.text, found.html or ""]
    texts += [file.filename for file in found.files] + [one.value + one.name for one in found.copied]
    assert [text for text in texts if FORBIDDEN.search(text)] == []
    lines = [found.sender.value, found.sender.name, found.subject, found.external_id]
    assert [line for line in lines if re.search(r"[\r\n]", line)] == []
    assert Dangers(found.html or "").found == []
    assert len(found.copied) <= 40
    assert found.quoted_from is None or found.text[: found.quoted_from].strip()
    place, html = found.html_quoted_from, found.html or ""
    assert place is None or (0 < place < len(html) and html[:place].count("<") == html[:place].count(">"))
    for file in found.files:
        assert file.filename
        assert not re.search(r"[/\\\x00-\x1f]|^\.", file.filename)


def mutated(raw: bytes, name: str) -> Iterator[bytes]:
    """Yield the mail cut off, and with other mails' ends, by a seed of its own: the same at every run."""
    chance = random.Random(name)
    for _ in range(CUTS):
        yield raw[: chance.randrange(len(raw) + 1)]
    for _ in range(SPLICES):
        other = chance.choice(CORPUS).read_bytes()
        yield raw[: chance.randrange(len(raw) + 1)] + other[chance.randrange(len(other) + 1) :]
    flipped = bytearray(raw)
    for _ in range(20 if raw else 0):
        flipped[chance.randrange(len(flipped))] = chance.randrange(256)
    yield bytes(flipped)


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_cut_and_spliced_mails_keep_the_promises(file: Path) -> None:
    raw = file.read_bytes()
    assert_promises(raw)
    for one in mutated(raw, file.stem):
        assert_promises(one)


@pytest.mark.parametrize("file", [file for file in CORPUS if file.stem not in BYTE_TRUE], ids=lambda file: file.stem)
def test_line_ends_change_nothing(file: Path) -> None:
    feeds = file.read_bytes().replace(b"\r\n", b"\n")
    expected = essence(understood(feeds))
    assert essence(understood(feeds.replace(b"\n", b"\r\n"))) == expected
    assert essence(understood(feeds.replace(b"\n", b"\r"))) == expected


def essence(found: Inbound | DeliveryReport | None) -> object:
    """Return what must not depend on line ends: not an id that was made of the bytes, nor the bytes of files."""
    if isinstance(found, DeliveryReport):
        return found.external_id, found.verdicts, essence(found.message)
    if found is None:
        return None
    names = tuple(replace(file, data=b"") for file in found.files)
    return replace(found, files=names, external_id="")


@pytest.mark.skipif(not OUTSIDE, reason="HELPDESK_TEST_MAIL_CORPUS names no folder of mails")
def test_mails_of_a_folder_keep_the_promises() -> None:
    files = [file for file in Path(OUTSIDE).rglob("*") if file.is_file()]
    assert files, f"{OUTSIDE} holds no file"
    for file in files:
        raw = file.read_bytes()
        assert_promises(raw)
        for one in mutated(raw, file.name):
            assert_promises(one)
