"""The desk's own field types for what is measured: whole numbers, days, and moments.

A day is kept as the moment with which it begins in UTC, so that days compare as moments do; it is shown
and typed as the day that it is, whatever zone anybody is in.
"""

from datetime import UTC, date, datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator

from helpdesk.fields.words import refusal
from helpdesk.kernel.condition_syntax import LARGEST_NUMBER, FieldKind
from helpdesk.sdk.field_type import FieldSettings, FieldType, Widget

LONGEST_DIGITS = 25
MIDNIGHT = "T00:00:00+00:00"
"""How a stored day ends; forms send stored values back."""


class NumberSettings(FieldSettings):
    """What a field for a number needs to know."""

    minimum: int = Field(-LARGEST_NUMBER, ge=-LARGEST_NUMBER, le=LARGEST_NUMBER, description="The smallest number.")
    maximum: int = Field(LARGEST_NUMBER, ge=-LARGEST_NUMBER, le=LARGEST_NUMBER, description="The largest number.")
    unit: str = Field("", max_length=20, description="What is counted, shown behind the number.")


class DateSettings(FieldSettings):
    """What a field for a day needs to know."""

    earliest: date | None = Field(None, description="The first day that may be chosen.")
    latest: date | None = Field(None, description="The last day that may be chosen.")


class DateTimeSettings(FieldSettings):
    """What a field for a moment needs to know."""

    time_zone: str = Field("Asia/Seoul", description="The zone of a moment that names none, and of what is shown.")
    earliest: datetime | None = Field(None, description="The first moment that may be chosen, with its zone.")
    latest: datetime | None = Field(None, description="The last moment that may be chosen, with its zone.")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("there is no such time zone; write an IANA name, such as Asia/Seoul")
        return zone

    @field_validator("earliest", "latest")
    @classmethod
    def _aware(cls, moment: datetime | None) -> datetime | None:
        if moment is not None and moment.tzinfo is None:
            raise ValueError("a moment needs its zone, as in 2026-01-31T09:00:00+09:00")
        return moment


class Number(FieldType):
    """A whole number."""

    title: ClassVar = {"en": "Number", "ko": "숫자"}
    kind: ClassVar = FieldKind.NUMBER
    Settings: ClassVar = NumberSettings

    def parse(self, given: Any, *, language: str) -> int:
        number = _number(given, language)
        if number < self.settings.minimum:
            raise refusal("too_small", language, least=self.settings.minimum)
        if number > self.settings.maximum:
            raise refusal("too_large", language, most=self.settings.maximum)
        return number

    def format(self, value: Any, *, language: str) -> str:
        return f"{value:,} {self.settings.unit}".strip()

    def widget(self, *, language: str) -> Widget:
        attributes = {"type": "number", "step": "1"}
        if self.settings.minimum > -LARGEST_NUMBER:
            attributes["min"] = str(self.settings.minimum)
        if self.settings.maximum < LARGEST_NUMBER:
            attributes["max"] = str(self.settings.maximum)
        return Widget(attributes=attributes)


class Date(FieldType):
    """A day."""

    title: ClassVar = {"en": "Date", "ko": "날짜"}
    kind: ClassVar = FieldKind.TIME
    Settings: ClassVar = DateSettings

    def parse(self, given: Any, *, language: str) -> str:
        text = _written(given, language, "no_date")
        try:
            day = date.fromisoformat(text.removesuffix(MIDNIGHT))
        except ValueError:
            raise refusal("no_date", language) from None
        _between(day, self.settings.earliest, self.settings.latest, language)
        return datetime.combine(day, time(), UTC).isoformat()

    def format(self, value: Any, *, language: str) -> str:
        return str(value)[:10]

    def widget(self, *, language: str) -> Widget:
        limits = {"min": self.settings.earliest, "max": self.settings.latest}
        return Widget(attributes={"type": "date"} | {name: str(day) for name, day in limits.items() if day})


class DateTime(FieldType):
    """A moment, to the second."""

    title: ClassVar = {"en": "Date and time", "ko": "날짜와 시각"}
    kind: ClassVar = FieldKind.TIME
    Settings: ClassVar = DateTimeSettings

    def parse(self, given: Any, *, language: str) -> str:
        text = _written(given, language, "no_time")
        try:
            moment = datetime.fromisoformat(text)
            if len(text) <= len("2026-01-31"):
                raise refusal("no_time", language)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=self._zone())).astimezone(UTC)
        except (ValueError, OverflowError):
            raise refusal("no_time", language) from None
        _between(moment, self.settings.earliest, self.settings.latest, language)
        return moment.replace(microsecond=0).isoformat()

    def format(self, value: Any, *, language: str) -> str:
        return f"{datetime.fromisoformat(value).astimezone(self._zone()):%Y-%m-%d %H:%M}"

    def widget(self, *, language: str) -> Widget:
        limits = {"min": self.settings.earliest, "max": self.settings.latest}
        shown = {name: f"{m.astimezone(self._zone()):%Y-%m-%dT%H:%M}" for name, m in limits.items() if m}
        return Widget(attributes={"type": "datetime-local"} | shown)

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.time_zone)


def _number(given: Any, language: str) -> int:
    """Return what was typed or sent as a number; groups of digits may be parted by commas."""
    if given is None or given == "":
        raise refusal("needed", language)
    if isinstance(given, str):
        bare = given.strip().replace(",", "")
        if len(bare) <= LONGEST_DIGITS and bare.removeprefix("-").isascii() and bare.removeprefix("-").isdigit():
            given = int(bare)
    if isinstance(given, bool) or not isinstance(given, int):
        raise refusal("no_number", language)
    return given


def _written(given: Any, language: str, otherwise: str) -> str:
    if given is None or given == "":
        raise refusal("needed", language)
    if not isinstance(given, str):
        raise refusal(otherwise, language)
    return given.strip()


def _between(value: Any, least: Any, most: Any, language: str) -> None:
    if least is not None and value < least:
        raise refusal("too_early", language, least=least)
    if most is not None and value > most:
        raise refusal("too_late", language, most=most)
