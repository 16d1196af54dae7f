"""The example of a condition."""

from datetime import UTC, datetime, timedelta

from helpdesk_example.condition import HoursOpen


def test_hours_are_whole_and_stop_with_the_ticket(make_ticket):
    made = datetime.now(UTC) - timedelta(hours=49, minutes=30)
    statuses = ("NEW", "OPEN", "ON_HOLD", "RESOLVED", "COMPLETED")
    tickets = [make_ticket(status=status, created_at=made) for status in statuses]
    assert HoursOpen().values(tickets) == [49, 49, 49, None, None]
