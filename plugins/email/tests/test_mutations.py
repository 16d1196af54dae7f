"""Thousands of mails made of the corpus, cut, spliced and with other line ends, keep the promises of every mail."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from helpdesk_email.errors import Unreadable
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import DeliveryReport, Inbound, InboundRequest
from tests.factories.mails import CORPUS, broken, with_ends

WHOLE = [file.read_bytes() for file in CORPUS]
SETTINGS = EmailSettings(address="support@desk.example", authserv_id="mx.desk.example")
TIMES = 5
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
ACTIVE = {"script", "iframe", "object", "embed", "base", "form", "input", "button", "meta", "link", "svg", "style"}
SCHEMES = {"http", "https", "mailto", "tel", "cid"}


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


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_cut_and_spliced_mails_keep_the_promises(file: Path) -> None:
    assert_promises_broken(file.read_bytes(), WHOLE)


def assert_promises_broken(raw: bytes, others: Sequence[bytes]) -> None:
    """Assert what holds of a mail, and of many mails that are made of it."""
    assert_promises(raw)
    for one in broken(raw, others, times=TIMES):
        assert_promises(one)


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_line_ends_change_nothing(file: Path) -> None:
    assert_same_with_other_line_ends(file.read_bytes())


def assert_same_with_other_line_ends(raw: bytes) -> None:
    """Assert that a mail says the same with whatever line ends: U9."""
    expected = essence(understood(raw))
    for end in (b"\n", b"\r\n", b"\r"):
        assert essence(understood(with_ends(raw, end))) == expected


def essence(found: Inbound | DeliveryReport | None) -> object:
    """Return what must not depend on line ends: not an id that was made of the bytes, nor the bytes of files."""
    if isinstance(found, DeliveryReport):
        return found.external_id, found.verdicts, essence(found.message)
    if found is None:
        return None
    names = tuple(replace(file, data=b"") for file in found.files)
    return replace(found, files=names, external_id="")


def test_mails_of_a_folder_keep_the_promises(own_mails: list[bytes]) -> None:
    for raw in own_mails:
        assert_promises_broken(raw, own_mails)
        assert_same_with_other_line_ends(raw)
