"""Who is believed. The vectors are those that the libraries of Standard Webhooks share."""

from datetime import UTC, datetime, timedelta

import pytest
from helpdesk_webhook.channel import WebhookSettings
from helpdesk_webhook.signing import prove, signature, signed
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from helpdesk.sdk.channel import InboundRequest, Unverified

SECRET = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
OTHER = SecretStr("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
SENT = datetime.fromtimestamp(1614265330, UTC)
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": SIGNATURE,
}


def request(body: bytes = BODY, *, late: float = 0, **headers: str) -> InboundRequest:
    """Return the vector's request, changed; ``signature`` stands for ``webhook-signature``."""
    changed = {f"webhook-{name}": value for name, value in headers.items()}
    return InboundRequest(body, HEADERS | changed, received_at=SENT + timedelta(seconds=late))


def test_vector_is_signed_as_the_specification_has_it():
    assert signature(BODY, HEADERS["webhook-id"], "1614265330", SECRET) == SIGNATURE


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_signature_is_believed_for_five_minutes_either_way(late):
    prove(request(late=late), [SECRET])


@pytest.mark.parametrize("late", [-301, 301, 86400])
def test_replay_with_an_old_timestamp_is_turned_away(late):
    with pytest.raises(Unverified, match="300 seconds"):
        prove(request(late=late), [SECRET])


@pytest.mark.parametrize(
    "given",
    [
        f"v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= {SIGNATURE}",
        f"{SIGNATURE} v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
        f"v2,한글 {SIGNATURE}",
    ],
)
def test_one_signature_of_several_is_enough(given):
    prove(request(signature=given), [SECRET])


@pytest.mark.parametrize(
    "wrong",
    [
        request(BODY + b" "),
        request(id="msg_other"),
        request(id=""),
        request(timestamp="1614265331"),
        request(timestamp="٣"),
        request(timestamp="-1614265330"),
        request(timestamp="1614265330.0"),
        request(timestamp="9" * 5000),
        request(timestamp=""),
        request(signature=""),
        request(signature="v1,"),
        request(signature=SIGNATURE.replace("v1,", "v2,")),
        request(signature=SIGNATURE[3:]),
        request(signature="v1,홍길동"),
        InboundRequest(BODY, received_at=SENT),
    ],
)
def test_what_does_not_fit_is_turned_away(wrong):
    with pytest.raises(Unverified):
        prove(wrong, [SECRET])


def test_secret_that_is_on_its_way_out_is_believed_until_it_is_gone():
    prove(request(), [OTHER, SECRET])
    with pytest.raises(Unverified, match="fits"):
        prove(request(), [OTHER, None])


@given(st.binary(), st.dictionaries(st.sampled_from(sorted(HEADERS)), st.text()))
def test_no_request_makes_it_fail_otherwise(body, headers):
    with pytest.raises(Unverified):
        prove(InboundRequest(body, headers), [SECRET])


@given(st.binary(), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_what_is_signed_is_believed(body, webhook_id):
    prove(InboundRequest(body, signed(body, webhook_id, OTHER)), [OTHER])


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!", "s3cret", "whsec_" + "QUFB" * 22])
def test_secret_that_is_none_is_refused_and_not_shown(secret):
    with pytest.raises(ValidationError, match="24 to 64 random bytes"):
        WebhookSettings(url="https://shop.example/", secret=secret)


def test_secrets_do_not_show():
    settings = WebhookSettings(url="https://shop.example/", secret=SECRET, previous_secret=OTHER)
    assert "MfKQ" not in repr(settings)
    assert "C2FV" not in repr(settings)
