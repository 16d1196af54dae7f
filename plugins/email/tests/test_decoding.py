"""Files come out of a mail as the standard library decodes them. Source: SECURITY U8."""

import re
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from helpdesk_email.errors import Unreadable
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import File, Inbound, InboundRequest
from tests.factories.mails import CORPUS

SETTINGS = EmailSettings(address="support@desk.example", authserv_id="mx.desk.example")
IN_TEXT = re.compile(rb"^begin [0-7]{3,4} |\bdata:image/", re.MULTILINE)
"""What begins a file that stands within a text: the standard library finds none."""


def files_of(raw: bytes) -> tuple[File, ...]:
    """Return the files of a message; none of what is a report or is set aside."""
    try:
        found = read(InboundRequest(raw), SETTINGS)
    except Unreadable:
        return ()
    return found.files if isinstance(found, Inbound) else ()


def decoded(part: Message) -> bytes:
    """Return what the standard library makes of a part's body."""
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data


def is_file(part: Message) -> bool:
    """Return whether a part is a file by any reading."""
    is_named = part.get_filename() is not None or part.get_content_disposition() == "attachment"
    return is_named or part.get_content_maintype() not in {"text", "multipart"}


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_files_are_what_the_standard_library_decodes(file: Path) -> None:
    assert_files_are_true(file.read_bytes())


def assert_files_are_true(raw: bytes) -> None:
    """Assert that the files of a mail are those that the standard library decodes, and no others."""
    files = files_of(raw)
    if not files:
        return
    attached = [one for one in files if one.content_type.startswith("message/")]
    assert all(one.data in raw for one in attached), "what is a mail itself is kept as it came"
    leaves = (
        [] if len(attached) == len(files) else [one for one in message_from_bytes(raw).walk() if not one.is_multipart()]
    )
    others = [one.data for one in files if one not in attached]
    texts = [decoded(leaf) for leaf in leaves if leaf.get_content_maintype() == "text"]
    if not any(map(IN_TEXT.search, texts)):
        assert [data for data in others if data not in [decoded(leaf) for leaf in leaves]] == []
    assert [decoded(leaf) for leaf in leaves if is_file(leaf) and decoded(leaf) not in others] == []


def test_files_of_the_corpus_are_many_enough_to_tell() -> None:
    assert sum(len(files_of(file.read_bytes())) for file in CORPUS) >= 30


def test_files_of_a_folder_of_mails_are_true(own_mails: list[bytes]) -> None:
    for raw in own_mails:
        assert_files_are_true(raw)
