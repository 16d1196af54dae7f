"""A field type: a Korean business number (사업자등록번호), whose last digit checks the others."""

import re
from typing import Any, ClassVar

from pydantic import Field

from helpdesk.sdk.field_type import FieldSettings, FieldType, NotAValue, Widget

WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
WRONG = {
    "en": "Enter a business number of 10 digits, such as 120-81-47521.",
    "ko": "사업자등록번호 10자리를 입력해 주세요. 예: 120-81-47521",
}


class BusinessNumberSettings(FieldSettings):
    """What one field of the type needs to know."""

    is_checked: bool = Field(True, description="Refuse a number whose last digit does not fit.")


class BusinessNumber(FieldType):
    """Ten digits, however they are typed; shown as 120-81-47521."""

    title: ClassVar = {"en": "Business number", "ko": "사업자등록번호"}
    Settings = BusinessNumberSettings
    settings: BusinessNumberSettings

    def parse(self, given: Any, *, language: str) -> str:
        """Return the ten digits."""
        digits = re.sub(r"[\s-]", "", given) if isinstance(given, str) else ""
        is_number = re.fullmatch("[0-9]{10}", digits)
        if not is_number or (self.settings.is_checked and digits[9] != str(_check_digit(digits))):
            raise NotAValue(WRONG.get(language, WRONG["en"]))
        return digits

    def format(self, value: Any, *, language: str) -> str:
        """Return the number in the usual three parts."""
        return f"{value[:3]}-{value[3:5]}-{value[5:]}"

    def widget(self, *, language: str) -> Widget:
        """Ask a telephone for its digits."""
        return Widget(attributes={"inputmode": "numeric", "placeholder": "000-00-00000", "maxlength": "12"})


def _check_digit(digits: str) -> int:
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=False))
    return -(total + int(digits[8]) * 5 // 10) % 10
