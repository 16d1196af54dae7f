"""Texts whose language is guessed by their letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.scripts import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("주문한 원두가 아직 오지 않았습니다", "ko"),
        ("My grinder rattles", "en"),
        ("Café à moudre", "en"),
        ("주문 확인 부탁드립니다 https://shop.example/orders/2026-11-0042", "ko"),
        ("Dear team, my order of 원두 has not arrived", "en"),
        ("注文したコーヒー豆がまだ届きません", "ja"),
        ("コーヒー", "ja"),
        ("我訂的咖啡豆還沒到", "zh-Hant"),
        ("Заказ не пришёл", "ru"),
        ("Η παραγγελία μου", "ko"),  # Greek, which this desk does not speak
        ("010-1234-5678 ?!", "ko"),
        ("", "ko"),
    ],
)
def test_language_is_guessed_by_letters(text: str, language: str) -> None:
    assert language_of(text, among=["ko", "en", "de", "zh-Hant", "ja", "ru"]) == language


def test_first_language_of_the_same_letters_is_taken() -> None:
    assert language_of("My grinder rattles", among=["ko", "pt-BR", "en"]) == "pt-BR"
    assert language_of("我订的咖啡豆", among=["en", "zh", "ja"]) == "zh"
    assert language_of("Поруџбина", among=["sr-Latn", "sr"]) == "sr"


@given(st.text(), st.lists(st.sampled_from(["ko", "en", "ja", "sr-Latn", "xx"]), min_size=1))
def test_any_text_has_one_of_the_languages(text: str, among: list[str]) -> None:
    assert language_of(text, among=among) in among
