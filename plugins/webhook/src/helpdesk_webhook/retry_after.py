"""Reads how long a receiver wishes to be left alone."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from helpdesk.sdk.channel import HttpResponse


def wish_of(answer: HttpResponse) -> float | None:
    """Return the seconds of a Retry-After header, which is a number or a date; None when it says nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
