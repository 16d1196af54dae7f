"""Files come from strangers: their names are made safe, their bytes kept as they are, and an upload is used once."""

import io
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel import clock
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.errors import Conflict, Forbidden, Invalid, LimitExceeded, NotFound, Unauthenticated
from helpdesk.kernel.storage import storage
from helpdesk.tickets import attachments, operations, queries
from helpdesk.tickets.attachments import LONGEST_NAME, MOST_FILES, NewFile, safe_name, safe_type
from helpdesk.tickets.models import Attachment
from helpdesk.tickets.queries import AttachmentRow
from tests.factories.crowds import at_once
from tests.factories.desk import Desk, make_desk
from tests.factories.tickets import ANSWER, all_tickets, make, messages

TEXT = "안녕하세요\r\n".encode()


def announce(desk: Desk, size: int = len(TEXT), *, actor: Actor | None = None) -> int:
    """Announce a file as the partner."""
    return attachments.create_upload(
        actor or desk.partner, filename="a.txt", content_type="text/plain", size=size, largest=100
    )


def fill(desk: Desk, upload_id: int, data: bytes = TEXT, *, service_id: int | None = None) -> None:
    """Send the bytes of an upload."""
    token = attachments.upload_token(upload_id)
    attachments.fill_upload(token, io.BytesIO(data), service_id=service_id or desk.service_id)


def filled(desk: Desk, *, actor: Actor | None = None) -> int:
    """Make an upload with its bytes."""
    upload_id = announce(desk, actor=actor)
    fill(desk, upload_id)
    return upload_id


def files_of(message_id: int) -> list[AttachmentRow]:
    """Return the files of a message."""
    return queries.attachments_of_messages([message_id])[0]


@given(st.text(max_size=400))
def test_every_name_is_only_a_name(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe) <= LONGEST_NAME
    assert safe == safe.strip()
    assert not safe.startswith(".")
    assert not set(safe) & set("/\\\u202e\u2066\u200f")
    assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in safe)
    safe.encode()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\kim\\견적서.hwp", "견적서.hwp"),
        ("..", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("shell.php. .", "shell.php"),
        ("con", "con"),
        ("a%00.pdf", "a%00.pdf"),
        ("a\x00b\r\n.txt", "ab .txt"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("견적서.pdf", "견적서.pdf"),
        ("x" * 200 + ".pdf", "x" * 96 + ".pdf"),
        ("a." + "x" * 200, "a." + "x" * 98),
    ],
)
def test_name_keeps_what_people_know_it_by(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("claimed", "safe"),
    [
        ("Image/PNG; name=x", "image/png"),
        ("application/vnd.hancom.hwp", "application/vnd.hancom.hwp"),
        ("text/html\r\nX-Evil: 1", "application/pdf"),
        ("", "application/pdf"),
        ("png", "application/pdf"),
        ("/", "application/pdf"),
    ],
)
def test_type_is_a_type_or_guessed(claimed: str, safe: str) -> None:
    assert safe_type(claimed, "a.pdf") == safe
    assert safe_type("nonsense", "a.unknown") == "application/octet-stream"


def test_upload_becomes_part_of_the_message_with_the_same_bytes(desk: Desk) -> None:
    upload_id = filled(desk)
    ticket_id = make(desk, uploads=[upload_id])
    (file,) = files_of(messages(ticket_id)[0].id)
    assert (file.id, file.filename, file.content_type, file.size) == (upload_id, "a.txt", "text/plain", len(TEXT))
    assert storage().read(file.storage_key) == TEXT
    assert queries.attachments_by_ids([upload_id, None])[0] == file


def test_upload_that_no_message_has_yet_is_shown_to_nobody(desk: Desk) -> None:
    assert queries.attachments_by_ids([filled(desk)]) == [None]


def test_answers_and_notes_carry_uploads_too(desk: Desk) -> None:
    ticket_id = make(desk)
    reply = operations.reply(desk.partner, ticket_id, ANSWER, uploads=[filled(desk), filled(desk)])
    note = operations.add_note(desk.partner, ticket_id, ANSWER, uploads=[filled(desk)])
    assert [len(files_of(added.message_id)) for added in (reply, note)] == [2, 1]


def test_upload_needs_its_right_and_a_size_within_the_limit(desk: Desk) -> None:
    with pytest.raises(Forbidden, match=r"upload\.create"):
        announce(desk, actor=replace(desk.partner, rights=frozenset()))
    for size, words in ((0, "at least one byte"), (-1, "at least one byte"), (101, "1 to 100 bytes")):
        with pytest.raises(Invalid, match=words) as refused:
            announce(desk, size)
        assert refused.value.path == ("size",)


def test_upload_is_filled_once(desk: Desk) -> None:
    upload_id = filled(desk)
    with pytest.raises(Conflict) as refused:
        fill(desk, upload_id)
    assert refused.value.code == "UPLOAD_USED"


def test_of_many_who_fill_an_upload_at_once_one_does(desk: Desk) -> None:
    upload_id = announce(desk)

    def try_it(_place: int) -> str:
        try:
            fill(desk, upload_id)
        except Conflict as refused:
            return refused.code
        return "filled"

    assert sorted(at_once(5, try_it)) == ["UPLOAD_USED"] * 4 + ["filled"]


def test_upload_of_the_wrong_size_is_refused_and_may_be_sent_again(desk: Desk) -> None:
    upload_id = announce(desk)
    with pytest.raises(Invalid, match="send the whole file again"):
        fill(desk, upload_id, TEXT[:-1])
    with pytest.raises(LimitExceeded):
        fill(desk, upload_id, TEXT + b"x")
    fill(desk, upload_id)


def test_upload_is_filled_in_its_service_and_by_its_token(desk: Desk) -> None:
    upload_id, other = announce(desk), make_desk(desk.settings, slug="other")
    with pytest.raises(NotFound):
        fill(desk, upload_id, service_id=other.service_id)
    with pytest.raises(NotFound):
        fill(desk, 999)
    link = keyring().sign(upload_id, purpose=attachments.DOWNLOAD)
    with pytest.raises((Unauthenticated, Invalid)):
        attachments.fill_upload(link, io.BytesIO(TEXT), service_id=desk.service_id)


def test_upload_is_void_after_its_hour(desk: Desk) -> None:
    empty, full = announce(desk), filled(desk)
    token = attachments.upload_token(empty)
    with time_machine.travel(clock.now() + timedelta(seconds=attachments.UPLOAD_SECONDS + 2)):
        with pytest.raises((Unauthenticated, Invalid)):
            attachments.fill_upload(token, io.BytesIO(TEXT), service_id=desk.service_id)
        with pytest.raises(NotFound, match="its hour is over"):
            fill(desk, empty)
        with pytest.raises(Invalid) as refused:
            make(desk, uploads=[full])
        assert refused.value.code == "BAD_ATTACHMENT"


def test_abandoned_uploads_go_and_used_ones_stay(desk: Desk) -> None:
    used, _abandoned, _empty = filled(desk), filled(desk), announce(desk)
    make(desk, uploads=[used])
    assert attachments.drop_abandoned() == 0
    with time_machine.travel(clock.now() + timedelta(seconds=attachments.UPLOAD_SECONDS + 2)):
        assert attachments.drop_abandoned() == 2
    assert [row.id for row in Attachment.select()] == [used]


def someone_elses(desk: Desk) -> list[int]:
    return [filled(desk, actor=replace(desk.partner, id=2))]


def used_before(desk: Desk) -> list[int]:
    upload_id = filled(desk)
    make(desk, uploads=[upload_id])
    return [upload_id]


def of_another_service(desk: Desk) -> list[int]:
    other = make_desk(desk.settings, slug="other")
    upload_id = announce(other)
    fill(other, upload_id)
    return [upload_id]


@pytest.mark.parametrize(
    "uploads",
    [
        someone_elses,
        used_before,
        of_another_service,
        lambda desk: [announce(desk)],
        lambda _desk: [999],
        lambda desk: [filled(desk), 999],
    ],
)
def test_upload_that_is_not_to_be_used_is_refused(desk: Desk, uploads: Callable[[Desk], list[int]]) -> None:
    ids = uploads(desk)
    with pytest.raises(Invalid, match="upload it again") as refused:
        make(desk, uploads=ids)
    assert (refused.value.code, refused.value.path) == ("BAD_ATTACHMENT", ("attachments",))


def test_upload_is_used_by_one_of_many_at_once(desk: Desk) -> None:
    upload_id = filled(desk)

    def try_it(_place: int) -> bool:
        try:
            make(desk, uploads=[upload_id])
        except Invalid:
            return False
        return True

    assert sorted(at_once(4, try_it)) == [False, False, False, True]


def test_message_carries_so_many_files_and_no_more(desk: Desk) -> None:
    with pytest.raises(Invalid, match=f"at most {MOST_FILES} files"):
        make(desk, uploads=list(range(MOST_FILES + 1)))


def test_files_that_came_with_a_message_are_kept_as_they_are(desk: Desk) -> None:
    sent = [
        NewFile("../로고.png", "image/png", bytes(range(256)), "logo\r\n@x"),
        NewFile("", "", b""),
        NewFile("로고.png", "image/png", bytes(range(256))),
    ]
    ticket_id = make(desk, files=sent)
    kept = files_of(messages(ticket_id)[0].id)
    assert [(file.filename, file.content_id) for file in kept] == [
        ("로고.png", "logo @x"), ("file", None), ("로고.png", None),
    ]  # fmt: skip
    assert [storage().read(file.storage_key) for file in kept] == [file.data for file in sent]
    assert [file.size for file in kept] == [256, 0, 256]
    assert kept[0].storage_key == kept[2].storage_key


def test_mail_of_very_many_files_is_kept_whole(desk: Desk) -> None:
    count = attachments.FILES_AT_ONCE + 7
    ticket_id = make(desk, files=[NewFile(f"{place}.txt", "text/plain", b"same") for place in range(count)])
    assert [file.filename for file in files_of(messages(ticket_id)[0].id)] == [f"{n}.txt" for n in range(count)]


def test_file_that_is_too_large_takes_the_message_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "LARGEST_FILE", 3)
    with pytest.raises(LimitExceeded):
        make(desk, files=[NewFile("a.txt", "text/plain", b"four")])
    assert all_tickets(desk.service_id) == 0
