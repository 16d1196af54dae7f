"""Encoded words, as RFC 2047 wants them and as mailers break them."""

import time
from base64 import b64encode

import pytest
from helpdesk_email.words import decode_words
from hypothesis import given
from hypothesis import strategies as st


def word(text: str, *, charset: str = "utf-8") -> str:
    """Return the text as an encoded word."""
    return f"=?{charset}?B?{b64encode(text.encode(charset)).decode()}?="


REFUND = b64encode("환불 문의".encode()).decode()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("=?utf-8?Q?what??=", "what?"),
        ("=?utf-8?Q?=ED=99=98=EB=B6=88?_yes?= now", "환불? yes now"),
        (f"=?utf-8?B?{REFUND}", "환불 문의"),
        (f"=?utf-8?B?{REFUND}?", "환불 문의"),
        (f"=?utf-8?B?{REFUND} Re: order", "환불 문의 Re: order"),
        (f"=?utf-8?B?{REFUND} {word('드립니다')}", "환불 문의드립니다"),
        ("=?utf-8?Q?=ED=99=98 =?utf-8?Q?=EB=B6=88?=", "환불"),
        (f"=??B?{REFUND}?=", "환불 문의"),
        (f"=? utf-8 ?B?{REFUND}?=", "환불 문의"),
        (f"=?utf-8? B ?{REFUND}?=", "환불 문의"),
        (word(word("환불 문의", charset="euc-kr")), "환불 문의"),
        (word(f"{word('환불')} {word('문의')}"), "환불문의"),
        ("=?utf-8?Q?YWI=3D?= =?utf-8?B?YWI=?=", "YWI=ab"),
        ("=?utf-8?B?YWI=?==?utf-8?B?YWI=?=", "abab"),
    ],
)
def test_words_are_read_as_they_were_meant(written: str, meant: str) -> None:
    assert decode_words(written) == meant


@pytest.mark.parametrize(
    "text", ["=?x?q?abc", "a =? b ?= c", "1=?", "=??=", "=?utf-8?B?", "a ?= b =? c", "=?a?b", "?Q?"]
)
def test_what_is_no_word_stays(text: str) -> None:
    assert decode_words(text) == text


@given(st.lists(st.sampled_from([*"=? QBab_", "utf-8", "=?", "?=", "?Q?", "=?utf-8?B?", "=ED=99=98", word("환불")])))
def test_broken_words_never_raise(pieces: list[str]) -> None:
    decode_words("".join(pieces))


@given(st.text().filter(lambda text: "=?" not in text))
def test_well_made_words_give_back_their_text(text: str) -> None:
    assert decode_words(word(text)) == text


@pytest.mark.parametrize(
    "piece",
    ["=?utf-8?B?", "=?", "=? ", "=?utf-8?q?=", "??", "==", "=??b?x", "=?utf-8?Q?a ", "=?" + "a" * 60, "=?a?Q?=?"],
)
def test_words_that_are_made_to_keep_a_pattern_busy_do_not(piece: str) -> None:
    began = time.process_time()
    decode_words(f"=?utf-8?Q?{piece * (65_536 // len(piece))}")
    assert time.process_time() - began < 1
