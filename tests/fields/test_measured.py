"""Numbers, days and moments: typed as people do, kept so that they compare."""

from typing import Any

import pytest
from pydantic import ValidationError

from helpdesk.fields.measured import Date, DateTime, Number
from helpdesk.sdk.field_type import FieldType
from tests.fields.test_written import made, refusal


@pytest.mark.parametrize(("given", "kept"), [("1,234", 1234), (" -5 ", -5), (7, 7), ("0", 0)])
def test_number_is_read_as_typed(given: Any, kept: int) -> None:
    assert made(Number).parse(given, language="ko") == kept


@pytest.mark.parametrize("given", ["1.5", "twelve", True, [1], "9" * 5000, "--1", "٣", 1.5])
def test_what_is_no_whole_number_is_refused(given: Any) -> None:
    assert refusal(made(Number), given) == "This must be a whole number, such as 12."


def test_number_keeps_to_its_limits() -> None:
    field = made(Number, minimum=1, maximum=10, unit="개")
    assert (refusal(field, 0), refusal(field, "11", "ko")) == ("This must be 1 or more.", "10 이하여야 합니다.")
    assert refusal(made(Number), 2**70) == f"This must be {2**63 - 1} or less."
    assert field.format(1234, language="ko") == "1,234 개"
    assert field.widget(language="ko").attributes == {"type": "number", "step": "1", "min": "1", "max": "10"}


def test_day_is_kept_as_the_moment_with_which_it_begins() -> None:
    field = made(Date, earliest="2026-01-01", latest="2026-12-31")
    kept = field.parse("2026-01-31", language="ko")
    assert (kept, field.format(kept, language="ko")) == ("2026-01-31T00:00:00+00:00", "2026-01-31")
    assert field.parse(kept, language="ko") == kept
    assert refusal(field, "2025-12-31") == "This must not be before 2026-01-01."
    assert refusal(field, "2027-01-01", "ko") == "2026-12-31 이전이어야 합니다."
    assert field.widget(language="ko").attributes["min"] == "2026-01-01"


@pytest.mark.parametrize("given", ["2026-02-30", "31.1.2026", "tomorrow", 20260131])
def test_what_is_no_day_is_refused(given: Any) -> None:
    assert "2026-01-31" in refusal(made(Date), given)


def test_moment_without_a_zone_is_of_the_field_s_zone() -> None:
    field = made(DateTime, time_zone="Asia/Seoul")
    assert field.parse("2026-01-31T09:00", language="ko") == "2026-01-31T00:00:00+00:00"
    assert field.parse("2026-01-31T09:00:00+01:00", language="ko") == "2026-01-31T08:00:00+00:00"
    assert field.format("2026-01-31T00:00:00+00:00", language="ko") == "2026-01-31 09:00"


@pytest.mark.parametrize("given", ["2026-01-31", "09:00", "0001-01-01T00:00+09:00", "9999-12-31T23:59-09:00", 5])
def test_what_is_no_moment_is_refused(given: Any) -> None:
    assert "날짜와 시각" in refusal(made(DateTime), given, "ko")


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(DateTime, {"time_zone": "Seoul"}), (DateTime, {"earliest": "2026-01-01T00:00"}), (Number, {"minimum": 2**64})],
)
def test_settings_that_make_no_sense_are_refused(kind: type[FieldType], settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(kind, **settings)
