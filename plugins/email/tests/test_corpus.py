"""Each mail of the corpus shows one trap; ``expected.json`` says which, and what must be understood."""

import json
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from helpdesk_email.errors import Unreadable
from helpdesk_email.identifiers import NO_SENDER
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import DeliveryReport, Inbound, InboundRequest

CORPUS = Path(__file__).with_name("corpus")
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected.json").read_text())
SETTINGS = EmailSettings(address="support@desk.example", authserv_id="mx.desk.example", spam_header="X-Spam-Flag")
KEYS = {
    "trap", "unreadable", "may_be_unreadable", "report", "verdicts", "subject", "subject_starts", "text", "new", "has",
    "lacks", "html_has", "html_lacks", "sender", "name", "no_sender", "nature", "number", "token", "proof", "answers",
    "sent_at", "files", "file_count", "most_copied", "permanent",
    "suspicious", "undeliverable", "forwarded_from",
}  # fmt: skip
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)


def understood(raw: bytes) -> Inbound | DeliveryReport:
    """Return what the bytes say."""
    return read(InboundRequest(raw, received_at=NOW), SETTINGS)


def test_each_mail_has_an_expectation() -> None:
    assert sorted(EXPECTED) == sorted(file.stem for file in CORPUS.glob("*.eml"))
    assert len(EXPECTED) >= 120
    assert {key for wanted in EXPECTED.values() for key in wanted} <= KEYS


@pytest.mark.parametrize("name", EXPECTED)
def test_mail_is_understood(name: str) -> None:
    wanted = EXPECTED[name]
    raw = (CORPUS / f"{name}.eml").read_bytes()
    try:
        found = understood(raw)
    except Unreadable:
        assert wanted.get("unreadable") or wanted.get("may_be_unreadable"), f"{name} was set aside"
        return
    assert not wanted.get("unreadable"), f"{name} was read"
    if "report" in wanted:
        assert isinstance(found, DeliveryReport)
        said = [[one.recipient, str(one.verdict)] for one in found.verdicts]
        assert (found.external_id, said) == (wanted["report"], wanted["verdicts"])
        if "permanent" in wanted:
            assert [one.is_permanent for one in found.verdicts] == wanted["permanent"]
        return
    assert isinstance(found, Inbound)
    assert seen(found, wanted) == {key: value for key, value in wanted.items() if key in seen(found, wanted)}
    check_parts(found, wanted)


def seen(found: Inbound, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what the mail says under the names of the expectation, as far as that has them."""
    facts: dict[str, Any] = {
        "subject": found.subject, "text": found.text, "sender": found.sender.value, "name": found.sender.name,
        "nature": str(found.nature), "number": found.ticket_number, "token": found.reply_token,
        "proof": str(found.proof), "answers": list(found.answers), "no_sender": found.sender.value == NO_SENDER,
        "suspicious": bool(found.suspicion), "undeliverable": bool(found.undeliverable), "file_count": len(found.files),
        "sent_at": found.sent_at and found.sent_at.isoformat(),
        "forwarded_from": found.forwarded_from and found.forwarded_from.value,
        "new": None if found.quoted_from is None else found.text[: found.quoted_from].strip(),
    }  # fmt: skip
    return {name: value for name, value in facts.items() if name in wanted}


def check_parts(found: Inbound, wanted: dict[str, Any]) -> None:
    """Check what is only in part expected: words in the text and the HTML, and files by length and CRC-32."""
    html = (found.html or "").lower()
    assert [word for word in wanted.get("has", ()) if word not in found.text] == []
    assert [word for word in wanted.get("lacks", ()) if word in f"{found.text}{found.subject}{found.sender}"] == []
    assert [word for word in wanted.get("html_has", ()) if word not in html] == []
    assert [word for word in wanted.get("html_lacks", ()) if word in html] == []
    assert found.subject.startswith(wanted.get("subject_starts", ""))
    assert len(found.copied) <= wanted.get("most_copied", 100)
    if "files" in wanted:
        assert [[len(file.data), zlib.crc32(file.data)] for file in found.files] == [one[1:] for one in wanted["files"]]
        for file, (name, *_) in zip(found.files, wanted["files"], strict=True):
            assert file.filename
            assert file.filename == name or not name or (name[0] == "*" and file.filename.endswith(name[1:]))
