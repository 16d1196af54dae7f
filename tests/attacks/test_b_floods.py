"""B: the form takes only so many inquiries from one place and in one name. Source: SECURITY B5."""

from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask

from tests.helpcenter.visiting import send, text_of

pytestmark = pytest.mark.usefixtures("desk")

FORM = "/demo/hc/en/inquiry"


def test_sixty_first_inquiry_of_an_hour_from_one_place_is_refused_and_keeps_its_text(app: Flask) -> None:
    visitor = app.test_client()
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False) as clock:
        for number in range(60):
            assert send(visitor, clock, page=FORM, email=f"victim{number}@shop.example").status_code == 303
        refused = send(visitor, clock, page=FORM, email="victim60@shop.example", content="What I wrote")
        assert refused.status_code == 429
        assert 3300 < int(refused.headers["Retry-After"]) <= 3600
        assert "What I wrote" in text_of(refused)
        assert "please send it again in a while" in text_of(refused)
        visitor.environ_base["REMOTE_ADDR"] = "203.0.113.9"
        assert send(visitor, clock, page=FORM, email="victim60@shop.example").status_code == 303
        visitor.environ_base["REMOTE_ADDR"] = "127.0.0.1"
        clock.shift(int(refused.headers["Retry-After"]))
        assert send(visitor, clock, page=FORM, email="victim60@shop.example").status_code == 303


@pytest.mark.parametrize("forwarded", ["203.0.113.1", "not an address"])
def test_nobody_is_another_by_saying_so(app: Flask, forwarded: str) -> None:
    visitor = app.test_client()
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False) as clock:
        visitor.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded
        for number in range(60):
            send(visitor, clock, page=FORM, email=f"victim{number}@shop.example")
        visitor.environ_base["HTTP_X_FORWARDED_FOR"] = "203.0.113.2"
        assert send(visitor, clock, page=FORM, email="victim60@shop.example").status_code == 429
