"""What is written in forms: read kindly, kept in one spelling, refused in the reader's language."""

from typing import Any

import pytest
from pydantic import ValidationError

from helpdesk.fields.written import Email, Phone, Text, TextArea
from helpdesk.sdk.field_type import FieldType, NotAValue


def made(kind: type[FieldType], **settings: Any) -> FieldType:
    """Return a field of the type."""
    return kind(kind.Settings(**settings))


def refusal(field: FieldType, given: Any, language: str = "en") -> str:
    """Return the words with which something is refused."""
    with pytest.raises(NotAValue) as caught:
        field.parse(given, language=language)
    return str(caught.value)


def test_text_is_one_line_within_its_length() -> None:
    field = made(Text, min_length=2, max_length=5)
    assert field.parse("  안녕하세요 ", language="ko") == "안녕하세요"
    assert refusal(field, "안") == "Please write at least 2 characters."
    assert refusal(field, "안녕하세요요", "ko") == "5자 이하로 입력해 주세요."
    assert refusal(field, "a\nb", "ko-KR") == "한 줄로 입력해 주세요."


def test_text_area_keeps_its_lines() -> None:
    assert made(TextArea).parse("a\r\nb\n", language="en") == "a\nb"


@pytest.mark.parametrize("kind", [Text, TextArea, Email, Phone])
def test_nothing_and_what_is_no_text_is_refused(kind: type[FieldType]) -> None:
    assert refusal(made(kind), None) == refusal(made(kind), "") == "Please fill this in."
    assert refusal(made(kind), 12, "ko") == "텍스트로 입력해 주세요."
    assert refusal(made(kind), None, "ja") == "Please fill this in."


def test_email_has_one_spelling() -> None:
    assert made(Email).parse(" Hong@EXAMPLE.com ", language="en") == "Hong@example.com"
    assert "hong@example.com" in refusal(made(Email), "hong@")
    assert "이메일" in refusal(made(Email), "a b@example.com", "ko")
    assert "254" in refusal(made(Email), "a" * 300 + "@example.com")


@pytest.mark.parametrize("given", ["010-1234-5678", "+82 10 1234 5678", "01012345678"])
def test_phone_number_is_kept_for_the_world_and_shown_as_dialled_at_home(given: str) -> None:
    field = made(Phone)
    assert field.parse(given, language="ko") == "+821012345678"
    assert field.format("+821012345678", language="ko") == "010-1234-5678"
    assert field.format("+14155552671", language="ko").startswith("+1 ")


@pytest.mark.parametrize("given", ["12", "010-1234", "call me", "02-123-4567;ext=5", "+"])
def test_what_nobody_can_dial_is_refused_with_an_example(given: str) -> None:
    assert "010-0000-0000" in refusal(made(Phone), given) or "010-" in refusal(made(Phone), given)
    assert made(Phone, region="us").parse("415-555-2671", language="en") == "+14155552671"


def test_settings_that_make_no_sense_are_refused() -> None:
    for kind, settings in ((Phone, {"region": "XX"}), (Text, {"max_length": 0}), (Text, {"colour": "red"})):
        with pytest.raises(ValidationError):
            made(kind, **settings)


def test_widgets_carry_the_limits() -> None:
    shown = made(Text, min_length=2, max_length=5, placeholder="이름").widget(language="ko")
    assert shown.attributes == {"type": "text", "maxlength": "5", "minlength": "2", "placeholder": "이름"}
    assert made(TextArea).widget(language="en").element == "textarea"
    assert made(Phone).widget(language="en").attributes["type"] == "tel"
    assert made(Email).widget(language="en").attributes["type"] == "email"
