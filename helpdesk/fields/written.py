"""The desk's own field types for what is written: one line, many lines, an email address, a phone number."""

from typing import Any, ClassVar

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberFormat
from pydantic import Field, field_validator

from helpdesk.fields.words import refusal
from helpdesk.kernel.condition_syntax import FieldKind
from helpdesk.kernel.text import clean, one_line
from helpdesk.sdk.field_type import FieldSettings, FieldType, Widget

LONGEST_LINE = 1000
LONGEST_TEXT = 10_000
LONGEST_EMAIL = 254
LONGEST_PHONE = 40


class TextSettings(FieldSettings):
    """What a text box needs to know."""

    min_length: int = Field(0, ge=0, le=LONGEST_LINE, description="The fewest characters; 0 for any number.")
    max_length: int = Field(255, ge=1, le=LONGEST_LINE, description="The most characters.")
    placeholder: str = Field("", max_length=200, description="What the empty box shows.")


class TextAreaSettings(FieldSettings):
    """What a text area needs to know."""

    min_length: int = Field(0, ge=0, le=LONGEST_TEXT, description="The fewest characters; 0 for any number.")
    max_length: int = Field(5000, ge=1, le=LONGEST_TEXT, description="The most characters.")
    rows: int = Field(5, ge=2, le=50, description="How many lines the box shows.")
    placeholder: str = Field("", max_length=200, description="What the empty box shows.")


class EmailSettings(FieldSettings):
    """What a field for an email address needs to know."""

    placeholder: str = Field("", max_length=200, description="What the empty box shows.")


class PhoneSettings(FieldSettings):
    """What a field for a phone number needs to know."""

    region: str = Field("KR", description="The country of a number that names none, by its two letters.")
    placeholder: str = Field("", max_length=200, description="What the empty box shows.")

    @field_validator("region")
    @classmethod
    def _known(cls, region: str) -> str:
        if region.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("there is no such country; write two letters, such as KR")
        return region.upper()


class Text(FieldType):
    """A text box: one line."""

    title: ClassVar = {"en": "Text box", "ko": "텍스트 상자"}
    Settings: ClassVar = TextSettings

    def parse(self, given: Any, *, language: str) -> str:
        text = clean(_text(given, language)).strip()
        if "\n" in text:
            raise refusal("one_line", language)
        return _within(text, self.settings.min_length, self.settings.max_length, language)

    def widget(self, *, language: str) -> Widget:
        return Widget(attributes={"type": "text"} | _box(self.settings))


class TextArea(FieldType):
    """A text area: as many lines as are wanted."""

    title: ClassVar = {"en": "Text area", "ko": "텍스트 영역"}
    Settings: ClassVar = TextAreaSettings

    def parse(self, given: Any, *, language: str) -> str:
        text = clean(_text(given, language)).replace("\r\n", "\n").strip()
        return _within(text, self.settings.min_length, self.settings.max_length, language)

    def widget(self, *, language: str) -> Widget:
        return Widget("textarea", {"rows": str(self.settings.rows)} | _box(self.settings))


class Email(FieldType):
    """An email address, its domain in lower case."""

    title: ClassVar = {"en": "Email address", "ko": "이메일 주소"}
    Settings: ClassVar = EmailSettings

    def parse(self, given: Any, *, language: str) -> str:
        text = _text(given, language).strip()
        if len(text) > LONGEST_EMAIL:
            raise refusal("too_long", language, most=LONGEST_EMAIL)
        try:
            return str(validate_email(text, check_deliverability=False, test_environment=True).normalized)
        except EmailNotValidError:
            raise refusal("no_email", language) from None

    def widget(self, *, language: str) -> Widget:
        attributes = {"type": "email", "autocomplete": "email", "maxlength": str(LONGEST_EMAIL)}
        return Widget(attributes=attributes | _placeholder(self.settings))


class Phone(FieldType):
    """A phone number, kept as ``+821012345678``."""

    title: ClassVar = {"en": "Phone number", "ko": "전화번호"}
    kind: ClassVar = FieldKind.TEXT
    Settings: ClassVar = PhoneSettings

    def parse(self, given: Any, *, language: str) -> str:
        text = one_line(_text(given, language), longest=LONGEST_PHONE + 1)
        try:
            number = phonenumbers.parse(text, self.settings.region)
        except phonenumbers.NumberParseException:
            raise self._refusal(language) from None
        if number.extension or not phonenumbers.is_valid_number(number):
            raise self._refusal(language)
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)

    def format(self, value: Any, *, language: str) -> str:
        """Return the number as it is dialled in its own country, with the country for one of another."""
        number = phonenumbers.parse(value, None)
        at_home = phonenumbers.region_code_for_number(number) == self.settings.region
        return phonenumbers.format_number(
            number, PhoneNumberFormat.NATIONAL if at_home else PhoneNumberFormat.INTERNATIONAL
        )

    def widget(self, *, language: str) -> Widget:
        attributes = {"type": "tel", "autocomplete": "tel", "maxlength": str(LONGEST_PHONE)}
        return Widget(attributes=attributes | _placeholder(self.settings))

    def _refusal(self, language: str) -> Exception:
        example = phonenumbers.example_number_for_type(self.settings.region, phonenumbers.PhoneNumberType.MOBILE)
        shown = phonenumbers.format_number(example, PhoneNumberFormat.NATIONAL) if example else "+82 10-1234-5678"
        return refusal("no_phone", language, example=shown)


def _text(given: Any, language: str) -> str:
    if given is None or given == "":
        raise refusal("needed", language)
    if not isinstance(given, str):
        raise refusal("no_text", language)
    return given


def _within(text: str, least: int, most: int, language: str) -> str:
    if not text:
        raise refusal("needed", language)
    if len(text) < least:
        raise refusal("too_short", language, least=least)
    if len(text) > most:
        raise refusal("too_long", language, most=most)
    return text


def _box(settings: Any) -> dict[str, str]:
    lengths = {"maxlength": str(settings.max_length)}
    if settings.min_length:
        lengths["minlength"] = str(settings.min_length)
    return lengths | _placeholder(settings)


def _placeholder(settings: Any) -> dict[str, str]:
    return {"placeholder": settings.placeholder} if settings.placeholder else {}
