"""Values come back from both databases as they went in."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import peewee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.kernel.columns import EnumColumn, JsonColumn, TimeColumn, from_micros, to_micros
from helpdesk.kernel.db import Model
from helpdesk.kernel.settings import Settings

zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001  # hypothesis takes it without a zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=zones,
)
texts = st.text(st.characters(exclude_categories=["Cs"]))
json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


class Mood(StrEnum):
    """A word of two."""

    GOOD = "GOOD"
    BAD = "BAD"


class Kept(Model):
    """A row of every type."""

    id = peewee.BigAutoField()
    at = TimeColumn(null=True)
    data = JsonColumn(null=True)
    mood = EnumColumn(Mood, null=True)

    class Meta:
        table_name = "test_kept"


@pytest.fixture
def kept(database: Settings) -> Iterator[None]:
    """An empty table of all types."""
    Kept.create_table()
    yield
    Kept.drop_table()


def stored(**values: Any) -> Kept:
    """Insert a row and read it back."""
    return Kept.get_by_id(Kept.insert(values).execute())


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(at=moments, data=json, mood=st.sampled_from(Mood))
def test_what_is_stored_comes_back(kept: None, at: datetime, data: Any, mood: Mood) -> None:
    row = stored(at=at, data=data, mood=mood)
    assert (row.at, row.data, row.mood) == (at, data, mood)
    assert row.at.tzinfo is UTC
    assert isinstance(row.mood, Mood)


def test_nothing_comes_back_as_nothing(kept: None) -> None:
    row = stored(at=None, data=None, mood=None)
    assert (row.at, row.data, row.mood) == (None, None, None)


@given(earlier=moments, later=moments)
def test_times_are_ordered_as_their_numbers(earlier: datetime, later: datetime) -> None:
    assert (earlier < later) == (to_micros(earlier) < to_micros(later))
    assert from_micros(to_micros(earlier)) == earlier


def test_times_are_compared_in_queries_across_zones(kept: None) -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    stored(at=noon)
    in_seoul = noon.astimezone(timezone(timedelta(hours=9)))
    assert Kept.select().where(Kept.at == in_seoul).count() == 1
    assert Kept.select().where(Kept.at < in_seoul + timedelta(microseconds=1)).count() == 1
    assert Kept.select().where(Kept.at < in_seoul).count() == 0


def test_a_time_without_a_zone_is_a_bug(kept: None) -> None:
    with pytest.raises(ValueError, match="zone"):
        stored(at=datetime(2026, 3, 1))  # noqa: DTZ001  # this is the bug


def test_a_word_outside_its_enumeration_is_a_bug(kept: None) -> None:
    with pytest.raises(ValueError, match="UGLY"):
        stored(mood="UGLY")


def test_equal_json_is_the_same_text(kept: None) -> None:
    rows = [stored(data={"b": 1, "a": "값"}), stored(data={"a": "값", "b": 1})]
    query: Any = Kept.select(Kept.data.cast("TEXT")).where(Kept.id.in_([row.id for row in rows])).tuples()
    assert {row[0] for row in query} == {'{"a":"값","b":1}'}
