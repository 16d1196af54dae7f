"""How the channel meets its receiver, and what it makes of a request."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from helpdesk_webhook.channel import Webhook, WebhookSettings
from helpdesk_webhook.retry_after import wish_of
from helpdesk_webhook.signing import signed
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.sdk.channel import HttpResponse, Identity, InboundRequest, Outbound, Refused, Retry, Unverified

MESSAGE = Outbound("k1", 7, "환불", "처리했습니다 🍊", (Identity("user_key", "u-7"),))


def test_signed_request_becomes_a_message(webhook):
    body = b'{"from": {"value": "u-7"}, "text": "hello"}'
    request = InboundRequest(body, signed(body, "msg_in", webhook.settings.secret))
    webhook.verify(request)
    (message,) = webhook.receive(request)
    assert (message.external_id, message.text) == ("msg_in", "hello")
    assert [message] == webhook.receive(request)  # a replay has the same id
    with pytest.raises(Unverified):
        webhook.verify(InboundRequest(body))


def test_answer_is_posted_with_a_signature_that_verifies(webhook, outside):
    sent = webhook.send(MESSAGE)
    ((method, url, headers, body),) = outside.calls
    assert (method, url, headers["content-type"]) == ("POST", "https://shop.example/desk", "application/json")
    assert json.loads(body)["text"] == "처리했습니다 🍊"
    assert sent.external_id == headers["webhook-id"] == webhook.identify(MESSAGE) == "msg_k1"
    webhook.verify(InboundRequest(body, headers))


def test_every_try_has_the_same_id(webhook, outside):
    outside.status = 500
    for _try in range(2):
        with pytest.raises(Retry):
            webhook.send(MESSAGE)
    first, second = outside.calls
    assert first[2]["webhook-id"] == second[2]["webhook-id"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_receiver_that_cannot_now_is_tried_again(webhook, outside, status):
    outside.status, outside.headers = status, {"retry-after": "120"}
    with pytest.raises(Retry, match=str(status)) as caught:
        webhook.send(MESSAGE)
    assert caught.value.after_seconds == 120


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 405, 410, 413, 422])
def test_receiver_that_will_not_is_not_asked_again(webhook, outside, status):
    outside.status = status
    with pytest.raises(Refused, match=str(status)):
        webhook.send(MESSAGE)


def test_check_posts_a_ping_and_says_what_is_wrong(webhook, outside):
    webhook.check()
    ((_, _, headers, body),) = outside.calls
    assert json.loads(body) == {"type": "ping"}
    webhook.verify(InboundRequest(body, headers))
    outside.status = 404
    with pytest.raises(Refused, match="404"):
        webhook.check()


def test_wish_may_be_a_date():
    at = datetime.now(UTC) + timedelta(seconds=90)
    wish = wish_of(HttpResponse(503, {"retry-after": format_datetime(at, usegmt=True)}, b""))
    assert wish == pytest.approx(90, abs=2)
    assert wish_of(HttpResponse(503, {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, b"")) == 0
    assert wish_of(HttpResponse(503, {}, b"")) is None


@given(st.text())
def test_no_wish_makes_it_fail(text):
    wish = wish_of(HttpResponse(503, {"retry-after": text}, b""))
    assert wish is None or wish >= 0


def test_every_setting_says_what_it_is_for():
    assert all(field.description for field in WebhookSettings.model_fields.values())
    assert Webhook.title.keys() == {"en", "ko"}
