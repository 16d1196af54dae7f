"""What a channel answers is made anew of plain values, or refused with the place that is wrong."""

import io
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from helpdesk.channels import answers, frames
from helpdesk.plugins.guard import WrongAnswer
from helpdesk.sdk.channel import (
    DeliveryReport,
    File,
    Identity,
    Inbound,
    InboundRequest,
    Nature,
    Outbound,
    RecipientVerdict,
    Sent,
    Verdict,
)

SEOUL = timezone(timedelta(hours=9))
MINA = Identity("email", "mina@shop.example", "미나")
FULL = Inbound(
    "m1", MINA, "환불해 주세요 🙏", "제목", "<p>환불</p>", (File("계약서.pdf", "application/pdf", b"\x00\xff", "c1"),),
    ("a", "b"), "token", 7, Nature.AUTOMATIC, (MINA,), datetime(2026, 7, 1, 9, tzinfo=SEOUL), "ko", 4,
)  # fmt: skip
REPORT = DeliveryReport("m1", (RecipientVerdict("a@b.example", Verdict.FAILED, "550", is_permanent=True),))


class Text(str):
    """A text of the plugin's own."""

    def casefold(self) -> str:
        raise RuntimeError("the plugin's code runs")


class Sly(Inbound):
    """A message that works when it is read."""

    @property
    def text(self) -> str:
        return Text("read")


def without(kind: type) -> Any:
    """Return an object of the class to which nothing was ever given."""
    return object.__new__(kind)


def test_good_answers_come_through_as_they_are() -> None:
    assert answers.messages(iter([FULL, REPORT])) == [FULL, REPORT]
    assert answers.sent(Sent("x", REPORT.verdicts)) == Sent("x", REPORT.verdicts)
    assert [answers.outside_id(one) for one in (None, "<a@b>")] == [None, "<a@b>"]


def test_nothing_of_the_plugin_is_left_in_an_answer() -> None:
    changes: Any = {"subject": Text("제목"), "files": [*FULL.files], "nature": "person", "answers": [Text("a")]}
    odd = replace(FULL, **changes)
    (made,) = answers.messages([odd])
    assert isinstance(made, Inbound)
    assert (type(made.subject), type(made.files), type(made.answers[0]), made.nature) == (
        str,
        tuple,
        str,
        Nature.PERSON,
    )
    assert made.sent_at is not None
    assert made.sent_at.tzinfo is UTC


def test_message_that_works_when_it_is_read_is_read_once() -> None:
    sly = without(Sly)
    for one in fields(Inbound):
        if one.name != "text":
            object.__setattr__(sly, one.name, getattr(FULL, one.name))
    (made,) = answers.messages([sly])
    assert type(made) is Inbound
    assert type(made.text) is str


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"text": 5}, "Inbound.text is a int, not str"),
        ({"text": None}, "Inbound.text is a NoneType"),
        ({"sender": "mina"}, "Inbound.sender is a str, not Identity"),
        ({"sender": Identity("email", None)}, "sender.value is a NoneType"),  # type: ignore[arg-type]
        ({"files": "abc"}, "Inbound.files is a str, not a tuple"),
        ({"files": (File("a", "b", "text"),)}, "files.data is a str, not bytes"),  # type: ignore[arg-type]
        ({"answers": (1,)}, "Inbound.answers is a int"),
        ({"answers": ("a",) * 10_001}, "at most 10000 things"),
        ({"ticket_number": True}, "ticket_number is a bool, not int"),
        ({"nature": "robot"}, "one of person, automatic, spam"),
        ({"nature": None}, "nature is a NoneType"),
        ({"sent_at": datetime(2026, 7, 1)}, "a time with its zone"),  # noqa: DTZ001  # the fault
        ({"sent_at": "today"}, "sent_at is a str, not datetime"),
    ],
)
def test_wrong_field_is_named(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(WrongAnswer, match=place):
        answers.messages([replace(FULL, **changes)])


@pytest.mark.parametrize("answer", [None, 5, "text", b"bytes", [None], [FULL, "garbage"], {"a": 1}])
def test_what_is_no_list_of_messages_is_refused(answer: Any) -> None:
    with pytest.raises(WrongAnswer):
        answers.messages(answer)


def test_million_messages_are_not_read_to_the_end() -> None:
    read: list[int] = []

    def pour() -> Iterator[Inbound]:
        for place in range(1_000_000):
            read.append(place)
            yield FULL

    with pytest.raises(WrongAnswer, match="more than 1000"):
        answers.messages(pour())
    assert len(read) == answers.MOST_ITEMS + 1


@pytest.mark.parametrize("answer", [None, "yes", without(Sent), Sent(external_id=7), Sent(verdicts=(1,))])  # type: ignore[arg-type]
def test_what_is_no_sent_is_refused(answer: Any) -> None:
    with pytest.raises(WrongAnswer):
        answers.sent(answer)


OUTBOUND = Outbound("k", 7, "제목", "본문 \ud800", (MINA,), files=FULL.files, answers=("a",))


@pytest.mark.parametrize(
    "value", [FULL, REPORT, OUTBOUND, Sent(), InboundRequest(b"\xff\x00", {"a": "b"}, {"c": "d"}, datetime.now(UTC))]
)
def test_values_cross_the_pipe_unchanged(value: Any) -> None:
    pipe = io.BytesIO(b"".join(frames.pack({"value": frames.plain(value)})))
    frame = frames.read(pipe)
    assert frame is not None
    assert frames.made(type(value), frame["value"]) == value
    assert frames.read(pipe) is None


def test_bytes_cross_the_pipe_without_being_copied() -> None:
    raw = b"x" * 1000
    pieces = frames.pack({"value": frames.plain(InboundRequest(raw))})
    assert pieces[1] is raw
    assert sum(map(len, pieces)) < 1200


def packed(value: str, behind: bytes = b"ab") -> io.BytesIO:
    """Return a frame as somebody else may write it."""
    body = f'{{"value": {value}}}'.encode()
    return io.BytesIO(len(body).to_bytes(4, "big") + len(behind).to_bytes(4, "big") + body + behind)


@pytest.mark.parametrize("length", ["3", "-1", "null", '"2"', "[2]", "1e9"])
def test_bytes_that_are_not_there_are_no_frame(length: str) -> None:
    with pytest.raises(frames.Broken):
        frames.read(packed(f'{{"\\u0000bytes": {length}}}'))


def test_each_byte_behind_a_frame_is_given_out_once() -> None:
    one = '{"\\u0000bytes": 1}'
    assert frames.read(packed(f"[{one}, {one}]")) == {"value": [b"a", b"b"]}
    with pytest.raises(frames.Broken):
        frames.read(packed(f"[{one}, {one}, {one}]"))
    with pytest.raises(frames.Broken):
        frames.made(bytes, "a")
