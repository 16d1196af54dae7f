"""What short texts are found by: the beginnings of their words, sign by sign."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.beginnings import LONGEST_TERM, MOST_TERMS, needles, terms_of, terms_of_phone


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Mina Kim", {"mina", "kim"}),
        ("김미나", {"김미나", "미나"}),
        ("Ａ환불팀", {"a환불팀", "환불팀", "불팀"}),
        ("O'Brien", {"o'brien", "brien"}),
        ("Kim.Minsu@mail.example", {"kim.minsu@mail.example", "minsu@mail.example", "mail.example"}),
        ("m-1", {"m-1", "1"}),
        ("100%", {"100%"}),
        ("%_ ", set()),
    ],
)
def test_a_text_is_found_by_the_beginnings_of_its_words(text: str, terms: set[str]) -> None:
    assert terms_of(text) == terms


def test_a_number_is_found_by_its_beginning_and_its_end() -> None:
    assert terms_of_phone("+821012345678") == {
        "01012345678", "821012345678", "\x0212345678", "\x022345678", "\x0387654321010"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "ways"),
    [
        ("Kim, mina", [["mina", "kim"]]),
        ("010-1234", [["010-1234"], ["0101234"], ["\x020101234"], ["\x034321010"]]),
        ("+82 10", [["+82", "10"], ["010"]]),
        ("1588", [["1588"], ["\x021588"], ["\x038851"]]),
        ("15", [["15"]]),
        ("Mina <a@b>", [["mina", "a@b"]]),
        ("a b c d e f g h i j jj j", [["jj", *"abcdefg"]]),
        ("',", []),
    ],
)
def test_a_query_is_what_each_of_its_words_begins_with(query: str, ways: list[list[str]]) -> None:
    assert needles(query) == ways


@given(text=st.text(max_size=300))
def test_terms_stay_few_and_short_and_a_term_is_found_by_itself(text: str) -> None:
    terms = terms_of(text)
    assert len(terms) <= MOST_TERMS
    assert all(0 < len(term) <= LONGEST_TERM for term in terms)
