"""The example of a field type."""

import pytest
from helpdesk_example.field_type import BusinessNumber, BusinessNumberSettings

from helpdesk.sdk.field_type import NotAValue

FIELD = BusinessNumber(BusinessNumberSettings())


@pytest.mark.parametrize("given", ["120-81-47521", "1208147521", " 120 81 47521 "])
def test_number_is_kept_as_its_digits_and_shown_in_three_parts(given):
    value = FIELD.parse(given, language="ko")
    assert value == "1208147521"
    assert FIELD.format(value, language="ko") == "120-81-47521"


@pytest.mark.parametrize(
    "given", ["", "120-81-4752", "120-81-47522", "١٢٠٨١٤٧٥٢١", "120814752X", None, 1208147521, [], {}]
)
def test_what_is_no_number_is_refused_in_the_reader_s_language(given):
    with pytest.raises(NotAValue, match="사업자등록번호 10자리"):
        FIELD.parse(given, language="ko")
    with pytest.raises(NotAValue, match="10 digits"):
        FIELD.parse(given, language="fr")


def test_check_digit_may_be_left_unchecked():
    assert BusinessNumber(BusinessNumberSettings(is_checked=False)).parse("120-81-47522", language="ko") == "1208147522"


def test_widget_asks_for_digits():
    assert FIELD.widget(language="ko").attributes["inputmode"] == "numeric"
