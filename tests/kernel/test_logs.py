"""Logs tell what happened on one line, and never who it happened to."""

import io
import json
import logging
import re
import sys
import threading
import time
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpdesk.kernel import logs, settings
from helpdesk.kernel.logs import mask

LOG = logging.getLogger("helpdesk.tests.logs")


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Stderr, with logging configured in one format and taken back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    logs.configure(settings.load({}, log_format=request.param, log_level="DEBUG"))
    yield stderr
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


json_only = pytest.mark.parametrize("written", ["json"], indirect=True)
text_only = pytest.mark.parametrize("written", ["text"], indirect=True)


@json_only
def test_a_json_line_carries_level_logger_message_and_fields(written: io.StringIO) -> None:
    LOG.info("Ticket %s was filed", 7, extra={"ticket_id": 7, "queue": "반품", "huge": 2**80, "ratio": 0.5})
    line = json.loads(written.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "INFO",
        "logger": "helpdesk.tests.logs",
        "message": "Ticket 7 was filed",
        "ticket_id": 7,
        "queue": "반품",
        "huge": str(2**80),
        "ratio": 0.5,
    }


@text_only
def test_a_text_line_has_its_fields_before_the_message_so_that_none_can_be_forged(written: io.StringIO) -> None:
    LOG.warning("evil request_id=2", extra={"request_id": 'x" level=1', "ticket_id": 7})
    expected = r' WARNING helpdesk\.tests\.logs request_id="x\\" level=1" ticket_id=7: evil request_id=2\n'
    assert re.fullmatch(r"\S+Z" + expected, written.getvalue())


@json_only
def test_a_field_that_has_the_name_of_ours_does_not_replace_it(written: io.StringIO) -> None:
    LOG.info("real", extra={"level": "forged", "time": "never"})
    line = json.loads(written.getvalue())
    assert (line["level"], line["level_"], line["time_"]) == ("INFO", "forged", "never")


@given(text=st.text(st.characters(), max_size=60))
def test_whatever_is_logged_is_one_printable_line(text: str) -> None:
    record = logging.LogRecord("plugin", logging.INFO, "", 0, text, (), None)
    record.stack_info = text
    record.__dict__["note"] = text
    logs.Masking().filter(record)
    for is_json in (True, False):
        line = logs._Lines(is_json=is_json).format(record)
        assert line.isprintable()
        line.encode()


def test_line_breaks_and_terminal_sequences_are_escaped(written: io.StringIO) -> None:
    LOG.error("name\r\n2026-01-01 INFO forged\x1b[2J\u2028\u202e\x9b\x00", extra={"path": "a\nb"})
    output = written.getvalue()
    assert output.count("\n") == 1
    assert output.endswith("\n")
    assert output[:-1].isprintable()
    assert "forged" in output


def test_the_request_id_is_on_every_line_inside_and_on_none_outside(written: io.StringIO) -> None:
    with logs.bind(request_id="r-1"), logs.bind(service="shop"):
        LOG.info("inside")
    with logs.bind(request_id="r-2"):
        LOG.info("explicit", extra={"request_id": "r-3"})
    LOG.info("outside")
    inside, explicit, outside = written.getvalue().splitlines()
    assert "r-1" in inside
    assert "shop" in inside
    assert "r-3" in explicit
    assert "r-2" not in explicit
    assert "request_id" not in outside


def test_two_threads_do_not_share_their_request_id(written: io.StringIO) -> None:
    with logs.bind(request_id="mine"):
        other = threading.Thread(target=LOG.info, args=["other"])
        other.start()
        other.join()
    assert "mine" not in written.getvalue()


def test_message_arguments_extras_exceptions_and_stacks_are_masked(written: io.StringIO) -> None:
    mail, phone = "kim@example.com", "010-1234-5678"
    try:
        raise ValueError(f"no such customer: {mail}")
    except ValueError:
        LOG.exception("%s called", phone, extra={"to": [mail], "caller": phone, "password": "hunter2"}, stack_info=True)
    output = written.getvalue()
    assert "ValueError: no such customer: k***@example.com" in output
    assert "010-****-****" in output
    for secret in ("kim@", "1234", "hunter2"):
        assert secret not in output


def test_a_number_as_argument_or_field_is_masked_as_well(written: io.StringIO) -> None:
    LOG.info("card %d", 4111111111111111, extra={"card": 4111111111111111, "ticket_id": 12})
    assert "411111" not in written.getvalue()
    assert re.search(r"ticket_id\W{1,3}12\b", written.getvalue())


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_a_wrong_format_or_a_broken_argument_is_logged_and_hurts_nobody(written: io.StringIO) -> None:
    LOG.info("%d tickets of %s", "many", extra={"broken": Broken()})
    LOG.info("%s", Broken())
    LOG.info(Broken())
    lines = written.getvalue().splitlines()
    assert len(lines) == 3
    assert "%d tickets of %s (its arguments do not fit" in lines[0]
    assert "RuntimeError" in lines[1]
    assert "Logging error" not in written.getvalue()


def test_an_overlong_message_is_cut_and_still_masked(written: io.StringIO) -> None:
    LOG.info("start " + "kim@example.com " * 10_000 + "end")
    output = written.getvalue()
    assert len(output) < 20_000
    assert "kim@" not in output
    assert "characters and some were left out" in output


def test_a_number_that_the_cut_would_halve_is_not_written_half(written: io.StringIO) -> None:
    LOG.info("%s 010-1234-5678 and more", "x" * (16_384 - len(" 010-123")))
    assert "xxx" in written.getvalue()
    assert "010-1" not in written.getvalue()


def test_of_an_overlong_trace_the_end_is_kept(written: io.StringIO) -> None:
    try:
        raise ValueError("x" * 50_000 + " the reason")
    except ValueError:
        LOG.exception("failed")
    assert "the reason" in written.getvalue()
    assert len(written.getvalue()) < 20_000


@text_only
def test_configuring_again_does_not_write_twice_and_honours_the_level(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure(settings.load({}, log_level="WARNING"))
    LOG.info("too low")
    LOG.warning("once")
    logging.getLogger("httpx2").info("GET https://x.example/?token=1")
    assert written.getvalue().count("once") == 1
    assert "too low" not in written.getvalue()
    assert "GET" not in written.getvalue()


def test_warnings_and_crashes_are_logged_masked(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs.report_crashes()

    def crash() -> None:
        raise ValueError("crashed on kim@example.com")

    thread = threading.Thread(target=crash)
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old call by lee@example.com", stacklevel=1)
        logging.captureWarnings(capture=False)
    output = written.getvalue()
    assert "CRITICAL" in output
    assert "crashed on k***@example.com" in output
    assert "old call by l***@example.com" in output
    assert "Traceback" not in [line[:9] for line in output.splitlines()]


PHONES = [
    "010-1234-5678", "01012345678", "010 1234 5678", "010.1234.5678", "010)1234-5678", "(010) 1234-5678",
    "010 - 1234 - 5678", "0 1 0 1 2 3 4 5 6 7 8", "010-12-34-56-78", "010_1234_5678", "010/1234/5678",
    "010,1234,5678", "011-123-4567", "016-123-4567", "+82 10 1234 5678", "+82-10-1234-5678", "+821012345678",
    "+82 (0)10-1234-5678", "+82(0)1012345678", "+820 10 1234 5678", "0082 10 1234 5678", "821012345678",
    "82-10-1234-5678", "10-1234-5678", "tel:+82-10-1234-5678", "tel01012345678", "02-123-4567", "02-1234-5678",
    "(02)1234-5678", "02)123-4567", "031-123-4567", "064-123-4567", "070-1234-5678", "0502-123-4567", "080-123-4567",
    "０１０－１２３４－５６７８", "０１０１２３４５６７８", "010‐1234‐5678", "010–1234–5678", "010—1234—5678",
    "010−1234−5678", "010ㆍ1234ㆍ5678", "010·1234·5678", "010～1234～5678", "010\u200b1234\u200b5678",
    "010\u00a01234\u00a05678", "010\u30001234\u30005678", "010\n1234\n5678", "010%201234%205678", "⓪①⓪-①②③④-⑤⑥⑦⑧",
    "٠١٠-١٢٣٤-٥٦٧٨", "공일공일이삼사오육칠팔", "공일공-일이삼사-오육칠팔", "공일공 일이삼사 오륙칠팔",
    "영일영 1234 5678", "공1공-1234-5678", "010 일이삼사 5678", "+1 415 555 2671",
]  # fmt: skip


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize(
    "around",
    ["{}", "연락처는{}입니다", "제 번호는 {}이에요", "phone={}&x=1", '{{"phone": "{}"}}', "12 {} 3건", "{}, {}"],
)
def test_a_phone_number_in_any_writing_does_not_survive(phone: str, around: str) -> None:
    masked = mask(around.format(phone, phone))
    left = "".join(character for character in masked if character.isdigit() or character in "공영일이삼사오육륙칠팔구")
    assert "5678" not in left
    assert "4567" not in left
    assert "2671" not in left
    assert not re.search("[오육륙칠팔]{2}", left)


KEPT = [
    "Ticket 20261121 was filed in 0.2345678 s", "2026-11-21T01:37:00.123Z", "2026-11-21 01:37:00", "took 12.345678 s",
    "127.0.0.1:8000", "id=1234567890", "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "1700000000000", "order 1234567890123456", "version 3.11.7", "4111 1111 1111 1112", "이일이삼사오 구구단",
    "비밀번호 재설정 안내", "the password was changed", "@decorated", "a @ b", "http://x.example:8000/a",
    "반품 문의 3건, 교환 2건", "991331-1234567",
]  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_what_is_nobodys_stays_readable(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("kim@example.com", "k***@example.com"),
        ("<Kim.Lee+tag@mail.example.co.kr>,", "<K***@mail.example.co.kr>,"),
        ("홍길동@회사.한국", "홍***@회사.한국"),
        ("ｋｉｍ＠example.com", "k***@example.com"),
        ('"kim lee"@example.com', "***@example.com"),
        ("kim@[192.0.2.1]", "k***@[192.0.2.1]"),
        ("?email=kim%40example.com&x=1", "?email=k***%40example.com&x=1"),
        ("mailto:a@b.example;c@d.example", "mailto:a***@b.example;c***@d.example"),
        ("900101-1234567", "******-*******"),
        ("9001011234567", "*************"),
        ("９００１０１－２２３４５６７", "******-*******"),
        ("900101 5234567 번", "****** ******* 번"),
        ("구공공일공일 일이삼사오육칠", "****** *******"),
        ("4111 1111 1111 1111", "**** **** **** 1111"),
        ("4111-1111-1111-1111,", "****-****-****-1111,"),
        ("no 12 4111111111111111 34", "no 12 ************1111 34"),
        ("378282246310005", "***********0005"),
        ("5 5 0 0 0 0 0 0 0 0 0 0 0 0 0 4", "* * * * * * * * * * * * 0 0 0 4"),
        ("Authorization: Bearer abc.def-123", "Authorization: ***"),
        ("'Authorization': 'Basic a2ltOnB3'", "'Authorization': ***"),
        ("got bearer abc.def_~+/=", "got bearer ***"),
        ("key hdk_abcDEF-123_x and hds_zzz", "key hdk_*** and hds_***"),
        ("password=hunter2&next=1", "password=***&next=1"),
        ('{"password": "hunter \\" 2", "a": 1}', '{"password": ***, "a": 1}'),
        ("new_password_again : 'x y' z", "new_password_again : *** z"),
        ("api-key=abc, API_KEY: abc", "api-key=***, API_KEY: ***"),
        ("비밀번호: 사과나무1", "비밀번호: ***"),
        ("Cookie: a=b; session=c\nHost: x", "Cookie: ***\nHost: x"),
        ("postgresql://kim:pa55@db.example/desk", "postgresql://***@db.example/desk"),
        ('password="unfinished', "password=***"),
    ],
)
def test_what_is_somebodys_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


GAPS = st.text(st.sampled_from(" -.()_/　－‐\u200b"), max_size=3)
AROUND = st.text(
    st.characters(exclude_characters="공영일이삼사오육륙칠팔구+", exclude_categories=["Nd", "No", "Cs"]), max_size=10
)


@given(st.lists(st.integers(0, 9), min_size=8, max_size=8), st.lists(GAPS, min_size=10, max_size=10), AROUND, AROUND)
def test_a_mobile_number_split_anywhere_by_anything_does_not_survive(
    digits: list[int], gaps: list[str], before: str, after: str
) -> None:
    # The first three digits tell no one's number; a point there would be a decimal one.
    prefix_gaps = [re.sub(r"[./　－‐\u200b]", "", gap) for gap in gaps[:2]]
    number = "010" if not any(prefix_gaps) else f"0{prefix_gaps[0]}1{prefix_gaps[1]}0"
    number += "".join(f"{gap}{digit}" for gap, digit in zip(gaps[2:], digits, strict=True))
    masked = mask(before + number + after)
    assert len(re.findall(r"[0-9]", masked)) <= 3


LOCAL = st.text(st.sampled_from("abcXYZ0189._+-%'가나"), min_size=2, max_size=80)


@given(LOCAL, st.from_regex(r"[a-z]{1,20}(\.[a-z]{2,10}){1,3}", fullmatch=True), AROUND)
def test_of_a_mail_address_only_the_first_letter_survives(local: str, domain: str, around: str) -> None:
    assume("%40" not in local)
    masked = mask(f"{around} {local}@{domain}")
    assert masked.endswith(f"***@{domain}")
    assert f"{local}@" not in masked


@given(st.integers(10**11, 10**15 - 1), st.sampled_from(["", " ", "-"]))
def test_every_number_with_the_check_digit_of_a_card_is_masked(number: int, gap: str) -> None:
    body = f"4{number}"[:15].ljust(15, "0")
    total = sum(int(d) if i % 2 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(body))
    card = body + str(-total % 10)
    written = gap.join(card[i : i + 4] for i in range(0, 16, 4))
    masked = mask(f"card {written} ok")
    assert re.sub(r"\D", "", masked) == card[-4:]


NASTY = [
    "a", "1", "1 ", "0", "4 ", "010-", "82", "+8", "00", "@", "a@", "%40", "a.", '"', "://", "://a:", "password=",
    'password="', "password:'\\", "token", "bearer ", "Cookie:", "hdk_", "공일", "이", "90", "900101-", "(((", "\n",
    "　", "é",
]  # fmt: skip


@pytest.mark.parametrize("piece", NASTY)
def test_masking_takes_time_in_proportion_to_the_text(piece: str) -> None:
    """Whatever is quadratic would take minutes on this; the limit leaves a hundredfold room for slow machines."""
    text = (piece * 100_000)[:100_000]
    started = time.process_time()
    mask(text)
    assert time.process_time() - started < 10


@given(st.text(st.characters(), max_size=200))
def test_masking_takes_any_text_and_leaves_plain_words_alone(text: str) -> None:
    assert isinstance(mask(text), str)
    words = " ".join(re.findall(r"[A-Za-z가-깋]+", text))
    assert mask(words) == words
