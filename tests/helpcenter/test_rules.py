"""What an inquiry may look like. Source: SPEC FLD-X08, TKT-93."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.helpcenter import rules
from helpdesk.helpcenter.rules import Entry, InquiryFile, attached, clean_line, clean_text, key_of, problems

GOOD = Entry(email="visitor@shop.example", subject="Late", content="Where is it?", is_consent_given=True)


def test_good_entry_has_no_problems() -> None:
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"email": ""}, "email_required"),
        ({"email": "visitor"}, "email_wrong"),
        ({"email": "visitor@localhost"}, "email_wrong"),
        ({"email": "a@b.example,c@d.example"}, "email_wrong"),
        ({"email": "v" * 90 + "@shop.example"}, "email_too_long"),
        ({"name": "x" * 101}, "name_too_long"),
        ({"subject": ""}, "subject_required"),
        ({"subject": "x" * 201}, "subject_too_long"),
        ({"content": ""}, "content_required"),
        ({"content": "x" * 5001}, "content_too_long"),
        ({"is_consent_given": False}, "consent_required"),
        ({"files": (attached("a.exe", b""),)}, "file_type"),
        ({"files": (attached("no-ending", b""),)}, "file_type"),
        ({"files": (attached("a" * 97 + ".pdf", b""),)}, "file_name_too_long"),
        ({"files": (attached("a.pdf", b"x" * (rules.LARGEST_FILE + 1)),)}, "file_too_large"),
        ({"files": (attached("a.pdf", b""),) * 6}, "too_many_files"),
    ],
)
def test_each_mistake_is_told(changes: dict[str, object], code: str) -> None:
    assert [problem.code for problem in problems(replace(GOOD, **changes))] == [code]  # type: ignore[arg-type]


def test_limits_themselves_are_allowed() -> None:
    files = tuple(attached("a" * 96 + ".pdf", b"x" * size) for size in (0, rules.LARGEST_FILE, 1, 1, 1))
    entry = replace(GOOD, name="x" * 100, subject="가" * 200, content="x" * 5000, files=files)
    assert problems(entry) == []


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("..\\..\\photo.JPG", InquiryFile("photo.JPG", "image/jpeg", b"")),
        ("/etc/견적서.pdf", InquiryFile("견적서.pdf", "application/pdf", b"")),
        (unicodedata.normalize("NFD", "견적서.pdf"), InquiryFile("견적서.pdf", "application/pdf", b"")),
        ("gpj\u202eexe.txt", InquiryFile("gpjexe.txt", "text/plain", b"")),
        ("shell.php\u200b", InquiryFile("shell.php", "", b"")),
        ("a\r\nb\0.txt", InquiryFile("a b .txt", "text/plain", b"")),
    ],
)
def test_file_name_says_what_it_is(given_name: str, kept: InquiryFile) -> None:
    assert attached(given_name, b"") == kept


@given(st.text())
def test_line_never_breaks_a_header_and_cleaning_twice_changes_nothing(text: str) -> None:
    line = clean_line(text)
    assert not {"\r", "\n", "\0", "\u2028", "\u2029", "\u202e", "\x1b", "\x85"} & set(line)
    assert clean_line(line) == line
    line.encode()


@given(st.text())
def test_text_keeps_its_lines_and_no_other_control_character(text: str) -> None:
    cleaned = clean_text(text)
    assert clean_text(cleaned) == cleaned
    assert {character for character in cleaned if unicodedata.category(character) == "Cc"} <= {"\n", "\t"}


def test_same_form_has_the_same_key_and_a_changed_one_another() -> None:
    assert key_of(GOOD, "nonce") == key_of(replace(GOOD), "nonce")
    changed = [
        key_of(GOOD, "other"),
        key_of(replace(GOOD, subject="Later"), "nonce"),
        key_of(replace(GOOD, name="Late", subject=""), "nonce"),
        key_of(replace(GOOD, files=(attached("a.txt", b"1"),)), "nonce"),
        key_of(replace(GOOD, files=(attached("a.txt", b"2"),)), "nonce"),
        key_of(GOOD, "nonce"),
    ]
    assert len(set(changed)) == len(changed)


def test_masked_address_is_recognised_by_its_owner_only() -> None:
    assert rules.masked("visitor@shop.example") == "v***@shop.example"


def test_marks_that_turn_the_direction_are_left_out_of_a_line() -> None:
    assert rules.clean_line("a\u202eb\ud800c") == "abc"
