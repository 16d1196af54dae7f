"""What is a message, and what is not."""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from helpdesk_webhook.payload import read, written
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.sdk.channel import File, Identity, Inbound, Outbound, Refused

LEAST: dict[str, Any] = {"from": {"value": "u-7"}, "text": "안녕하세요 🍊"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


def body(**changes: Any) -> bytes:
    """Return the least message, changed."""
    return json.dumps(LEAST | changes).encode()


def test_least_message_is_read():
    assert read(body(), webhook_id="msg_1") == Inbound("msg_1", Identity("user_key", "u-7"), "안녕하세요 🍊")


def test_whole_message_is_read():
    whole = {
        "id": "m-1",
        "from": {"kind": "email", "value": "mina@shop.example", "name": "미나"},
        "text": "환불해 주세요",
        "subject": "환불",
        "html": "<p>환불해 주세요</p>",
        "files": [
            {"filename": "사진.png", "content_type": "image/png", "data": base64.b64encode(b"\x00\xff").decode()}
        ],
        "answers": ["m-0", "msg_9"],
        "sent_at": "2026-11-03T18:00:00+09:00",
        "colour": "a name that the channel does not know yet",
    }
    assert read(json.dumps(whole).encode(), webhook_id="msg_1") == Inbound(
        external_id="m-1",
        sender=Identity("email", "mina@shop.example", "미나"),
        text="환불해 주세요",
        subject="환불",
        html="<p>환불해 주세요</p>",
        files=(File("사진.png", "image/png", b"\x00\xff"),),
        answers=("m-0", "msg_9"),
        sent_at=datetime(2026, 11, 3, 9, tzinfo=UTC),
    )


def test_huge_text_is_read():
    text = "가" * 2_000_000
    assert read(body(text=text), webhook_id="1").text == text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"{}",
        b"\x00",
        b"NaN",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        '{"from": {"value": "é"}, "text": "é"}'.encode("latin-1"),
        json.dumps(LEAST).encode("utf-16"),
        b"\xef\xbb\xbf" + body(),
        b'{"from": {"value": "a"}, "text": "a", "text": "b"}',
        b'{"from": {"value": "a", "value": "b"}, "text": "a"}',
        b'{"from": {"value": "\\ud800"}, "text": "a"}',
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_what_is_no_message_is_refused_in_a_sentence(raw):
    with pytest.raises(Refused, match=r"^(The body is not JSON in UTF-8|This is no message): .+\.$"):
        read(raw, webhook_id="1")


@pytest.mark.parametrize(
    "changes",
    [
        {"id": 7},
        {"from": None},
        {"from": "mina"},
        {"from": {}},
        {"from": {"value": ""}},
        {"from": {"value": "v" * 255}},
        {"from": {"value": 7}},
        {"from": {"value": "v", "kind": ""}},
        {"from": {"value": "v", "kind": "k" * 33}},
        {"from": {"value": "v", "name": None}},
        {"text": None},
        {"text": ["a"]},
        {"subject": 1},
        {"html": {}},
        {"files": {}},
        {"files": ["a"]},
        {"files": [{"filename": "a", "data": "%%%%"}]},
        {"files": [{"filename": "a", "data": "YQ"}]},
        {"files": [{"filename": "a", "data": "é"}]},
        {"files": [{"filename": "a", "data": None}]},
        {"files": [{"data": ""}]},
        {"answers": "m-0"},
        {"answers": [1]},
        {"sent_at": "yesterday"},
        {"sent_at": "2026-11-03T18:00:00"},
        {"sent_at": float("nan")},
        {"sent_at": 1e300},
    ],
    ids=str,
)
def test_wrong_part_is_named(changes):
    with pytest.raises(Refused, match=next(iter(changes))):
        read(body(**changes), webhook_id="1")


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_it_fail_otherwise(raw):
    with pytest.raises(Refused):
        read(raw, webhook_id="1")


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("id", "from", "text", "subject", "html", "files", "answers", "sent_at"), JSON)
    )
)
def test_no_part_makes_it_fail_otherwise(changes):
    with suppress(Refused):
        assert isinstance(read(body(**changes), webhook_id="1"), Inbound)


def test_message_goes_out_in_the_words_it_comes_in_by():
    file = File("사진.png", "image/png", b"\x00\xff")
    message = Outbound("k", 7, "환불", "네 🍊", (Identity("user_key", "u-7", "미나"),), files=(file,), answers=("m-1",))
    out = json.loads(written(message, "msg_k"))
    assert (out["type"], out["id"], out["ticket_number"], out["answers"]) == ("message", "msg_k", 7, ["m-1"])
    back = read(json.dumps({**out, "from": out["to"][0]}).encode(), webhook_id="")
    assert (back.external_id, back.sender, back.text, back.files) == ("msg_k", message.recipients[0], "네 🍊", (file,))
