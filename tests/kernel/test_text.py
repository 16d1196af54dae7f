"""Text from outside becomes storable, and says the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.text import clean, one_line

ANY = st.text(st.characters(categories=None))  # lone surrogates too


@given(ANY)
def test_clean_text_can_be_kept_everywhere(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert clean(cleaned) == cleaned
    assert not any(unicodedata.category(sign) == "Cc" and sign not in "\t\n" for sign in cleaned)
    assert not set(cleaned) & set("\u2028\u2029\ufffe\uffff")
    assert unicodedata.is_normalized("NFC", cleaned)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\x00b\x1b[31m\x85", "ab[31m"),
        ("한글".encode().decode(), "한글"),
        (unicodedata.normalize("NFD", "한글"), "한글"),
        ("탭\t그대로", "탭\t그대로"),
        ("\ud83d\ude00 half \ud83d", " half "),
        ("👩‍💻", "👩‍💻"),
    ],
)
def test_clean_text_says_the_same(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(ANY, st.integers(0, 50))
def test_one_line_is_one_line_of_its_length(text: str, longest: int) -> None:
    line = one_line(text, longest=longest)
    assert len(line) <= longest
    assert line == line.strip()
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
    line.encode()


def test_header_cannot_be_injected_through_one_line() -> None:
    assert one_line("Kim\r\nBcc: victim@x.example", longest=100) == "Kim Bcc: victim@x.example"
    assert one_line("fdp.\u202eexe", longest=100) == "fdp.exe"
