"""A clock that leaps ahead is believed once the time has really passed; one that is set back at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from helpdesk.kernel import clock

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _believed() -> Iterator[None]:
    """Begin and end with a clock that is believed, as a process does."""
    clock.let_go()
    yield
    clock.let_go()


def ahead(step: timedelta) -> time_machine.travel:
    """Set the machine's clock."""
    return time_machine.travel(datetime.now(UTC) + step, tick=True)


def is_close(moment: datetime, to: datetime) -> bool:
    """Return whether two moments are a second apart at most."""
    return abs(moment - to) < timedelta(seconds=1)


def test_leap_ahead_is_not_believed_and_a_step_back_is() -> None:
    before = datetime.now(UTC)
    with ahead(DAY):
        assert is_close(clock.steady(), before)
        with ahead(5 * DAY):
            assert is_close(clock.steady(), before)
    assert is_close(clock.steady(), before)
    with ahead(-DAY):
        assert is_close(clock.steady(), before - DAY)
    assert is_close(clock.steady(), before - DAY), "what was done meanwhile is not a day old at once"


def test_small_correction_is_followed() -> None:
    with ahead(timedelta(seconds=30)):
        assert is_close(clock.steady(), datetime.now(UTC))


@pytest.mark.parametrize(("tolerance", "longest", "leap"), [(0.01, 60, 0.2), (60, 0.2, 86400)])
def test_leap_is_believed_when_as_much_time_has_passed_or_long_enough(
    monkeypatch: pytest.MonkeyPatch, tolerance: float, longest: float, leap: float
) -> None:
    monkeypatch.setattr(clock, "TOLERANCE", timedelta(seconds=tolerance))
    monkeypatch.setattr(clock, "LONGEST_DOUBT", timedelta(seconds=longest))
    with ahead(timedelta(seconds=leap)):
        assert clock.steady() < datetime.now(UTC) - timedelta(seconds=leap / 2)
        deadline = clock.monotonic() + 5
        while clock.steady() < datetime.now(UTC) - timedelta(seconds=0.1) and clock.monotonic() < deadline:
            pass
        assert is_close(clock.steady(), datetime.now(UTC))


def test_hands_that_are_held_or_moved_are_believed() -> None:
    clock.move(DAY.total_seconds())
    assert is_close(clock.steady(), datetime.now(UTC) + DAY)
    clock.hold(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.steady() == datetime(2026, 1, 1, tzinfo=UTC)
