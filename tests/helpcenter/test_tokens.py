"""What a form's mark proves."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.helpcenter.tokens import LONGEST_SECONDS, RECEIPT_SECONDS, SHORTEST_SECONDS, FormError, Tokens

TOKENS = Tokens(b"a secret of the tests")


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def test_mark_holds_for_its_browser_and_service(clock: Any) -> None:
    token = TOKENS.issue("acme", "browser")
    clock.shift(SHORTEST_SECONDS)
    mark = TOKENS.check(token, service="acme", visitor="browser")
    assert not mark.is_hasty
    assert mark.nonce


def test_form_that_comes_back_at_once_is_hasty(clock: Any) -> None:
    assert TOKENS.check(TOKENS.issue("acme", "browser"), service="acme", visitor="browser").is_hasty


@pytest.mark.parametrize(
    ("service", "visitor", "code"),
    [("other", "browser", "forged"), ("acme", "thief", "forged"), ("acme", "", "no_cookie")],
)
def test_mark_of_another_browser_or_service_is_refused(service: str, visitor: str, code: str) -> None:
    with pytest.raises(FormError) as refusal:
        TOKENS.check(TOKENS.issue("acme", "browser"), service=service, visitor=visitor)
    assert refusal.value.code == code


def test_mark_expires(clock: Any) -> None:
    token = TOKENS.issue("acme", "browser")
    clock.shift(LONGEST_SECONDS + 1)
    with pytest.raises(FormError, match="expired"):
        TOKENS.check(token, service="acme", visitor="browser")


@given(st.text())
def test_invented_marks_and_receipts_are_refused(token: str) -> None:
    with pytest.raises(FormError, match="forged"):
        TOKENS.check(token, service="acme", visitor="browser")
    assert TOKENS.read_receipt(token, service="acme") is None


def test_mark_signed_with_another_secret_is_refused() -> None:
    token = Tokens(b"another secret").issue("acme", "browser")
    with pytest.raises(FormError, match="forged"):
        TOKENS.check(token, service="acme", visitor="browser")


def test_receipt_is_read_by_its_service_for_a_day(clock: Any) -> None:
    token = TOKENS.receipt("acme", number=7, contact="v***@shop.example")
    assert TOKENS.read_receipt(token, service="acme") == (7, "v***@shop.example")
    assert TOKENS.read_receipt(token, service="other") is None
    clock.shift(RECEIPT_SECONDS + 1)
    assert TOKENS.read_receipt(token, service="acme") is None


def test_mark_of_a_form_is_no_receipt() -> None:
    assert TOKENS.read_receipt(TOKENS.issue("acme", "browser"), service="acme") is None
