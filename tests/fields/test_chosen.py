"""Ticks, options and consents."""

from typing import Any

import pytest
from pydantic import ValidationError

from helpdesk.fields.chosen import Checkbox, Consent, Dropdown, MultiSelect
from helpdesk.sdk.field_type import FieldType
from tests.fields.test_written import made, refusal

OPTIONS = [{"value": "refund", "labels": {"ko": "환불", "en": "Refund"}}, {"value": "swap"}, {"value": "etc"}]


@pytest.mark.parametrize(("given", "kept"), [("on", True), (True, True), ("TRUE", True), (None, False), ("", False)])
def test_tick_is_read_as_browsers_send_it(given: Any, kept: bool) -> None:
    assert made(Checkbox).parse(given, language="ko") is kept
    assert made(Checkbox).format(kept, language="ko") == ("예" if kept else "아니요")


def test_what_is_no_tick_is_refused() -> None:
    assert refusal(made(Checkbox), "maybe") == refusal(made(Checkbox), 1) == "This is either ticked or not."


def test_consent_is_given_or_there_is_none() -> None:
    field = made(Consent, texts={"ko": "개인정보 수집에 동의합니다."})
    assert field.parse("on", language="ko") is True
    assert refusal(field, None, "ko") == "계속하려면 동의해 주세요."
    assert field.widget(language="ko").attributes["aria-label"] == "개인정보 수집에 동의합니다."


def test_dropdown_takes_one_of_its_options_and_shows_labels() -> None:
    field = made(Dropdown, options=OPTIONS)
    assert field.parse("refund", language="ko") == "refund"
    assert field.format("refund", language="ko") == "환불"
    assert field.format("gone", language="ko") == "gone"
    assert refusal(field, "nothing", "ko") == "다음 중에서 선택해 주세요: 환불, swap, etc."
    assert field.widget(language="en").options == (("refund", "Refund"), ("swap", "swap"), ("etc", "etc"))


def test_multi_select_keeps_the_order_of_the_options() -> None:
    field = made(MultiSelect, options=OPTIONS, least=2, most=2)
    assert field.parse(["swap", "refund", "swap"], language="ko") == ["refund", "swap"]
    assert field.format(["refund", "swap"], language="en") == "Refund, swap"
    assert refusal(field, "swap") == "Please choose at least 2."
    assert refusal(field, ["swap", "refund", "etc"], "ko") == "2개 이하로 선택해 주세요."
    assert refusal(field, [[]]) == refusal(field, [{}]) == "Please choose one of: Refund, swap, etc."


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Dropdown, {}),
        (Dropdown, {"options": []}),
        (Dropdown, {"options": [{"value": "a"}, {"value": "a"}]}),
        (MultiSelect, {"options": OPTIONS, "least": 4}),
        (MultiSelect, {"options": OPTIONS, "least": 3, "most": 2}),
    ],
)
def test_settings_that_make_no_sense_are_refused(kind: type[FieldType], settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(kind, **settings)
