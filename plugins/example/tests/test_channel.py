"""The example of a channel."""

import json

import pytest
from helpdesk_example.channel import Example, ExampleSettings
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.sdk.channel import Identity, Inbound, InboundRequest, Outbound, Refused, Retry, Unverified

MESSAGE = Outbound("k", 7, "환불", "네 🍊", (Identity("user_key", "u-7"),))
CHANNEL = Example(ExampleSettings(url="https://shop.example/", token="s3cret"))


@pytest.fixture
def channel(outside):
    """Give the channel of an account."""
    CHANNEL.http = outside
    return CHANNEL


def test_message_is_read(channel):
    body = json.dumps({"id": "1", "from": "u-7", "name": "미나", "text": "언제 오나요?"}).encode()
    assert channel.receive(InboundRequest(body)) == [Inbound("1", Identity("user_key", "u-7", "미나"), "언제 오나요?")]


@given(st.binary())
def test_what_is_no_message_is_refused(body):
    with pytest.raises(Refused):
        CHANNEL.receive(InboundRequest(body))


@pytest.mark.parametrize("token", ["", "guess", "홍"])
def test_who_does_not_know_the_token_is_turned_away(channel, token):
    channel.verify(InboundRequest(b"", {"x-token": "s3cret"}))
    with pytest.raises(Unverified):
        channel.verify(InboundRequest(b"", {"x-token": token}))


def test_answer_is_posted(channel, outside):
    channel.send(MESSAGE)
    assert outside.calls == [{"id": "k", "to": ["u-7"], "text": "네 🍊"}]


@pytest.mark.parametrize(("status", "verdict"), [(503, Retry), (429, Retry), (404, Refused), (302, Refused)])
def test_verdict_is_the_provider_s(channel, outside, status, verdict):
    outside.status = status
    with pytest.raises(verdict, match=str(status)):
        channel.send(MESSAGE)
