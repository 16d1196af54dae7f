"""How a code becomes words."""

from pathlib import Path

import pytest

from helpdesk.helpcenter import texts
from helpdesk.helpcenter.texts import Translator, order
from helpdesk.kernel.errors import Invalid
from tests.helpcenter.desks import DEFAULT

WORDS = {
    "ko": {"a": "가", "files": "{n}개"},
    "ja": {"b": "ビ"},
    "en": {"a": "A", "b": "B", "c": "C", "files.one": "a file", "files.other": "{n} files"},
}


@pytest.mark.parametrize(("code", "words"), [("a", "가"), ("b", "ビ"), ("c", "C"), ("d", "d")])
def test_words_come_from_the_nearest_language_and_at_last_the_code_itself(code: str, words: str) -> None:
    assert Translator(WORDS, order("ko-KR", "ja"))(code) == words


@pytest.mark.parametrize(("language", "n", "words"), [("en", 1, "a file"), ("en", 3, "3 files"), ("ko", 1, "1개")])
def test_number_chooses_the_form_within_one_language(language: str, n: int, words: str) -> None:
    assert Translator(WORDS, order(language, "en"))("files", n=n) == words


def test_values_are_filled_in_literally() -> None:
    translate = Translator({"en": {"x": "{name} {missing} {name.secret} {0}"}}, ("en",))
    assert translate("x", name="{missing}") == "{missing} {missing} {name.secret} {0}"


def test_korean_and_english_have_the_same_codes() -> None:
    read = texts.read(DEFAULT / "locales")
    codes = {language: {code.removesuffix(".other") for code in read[language]} for language in read}
    assert codes["ko"] == {code for code in codes["en"] if not code.endswith(".one")}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("korean.toml", "", "is not named after a language"),
        ("ko.toml", "a = 1", "“a” must be a table, or a text"),
        ("ko.toml", "[hc]\na = '" + "x" * 10_001 + "'", "“hc.a” must be"),
        ("ko.toml", "a =", "cannot be read"),
    ],
)
def test_file_that_cannot_be_used_is_named(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Invalid, match=sentence):
        texts.read(tmp_path)
