"""What becomes of a mail as a whole."""

import base64
import hashlib
import quopri
from datetime import UTC, datetime

import pytest
from helpdesk_email.errors import Unreadable
from helpdesk_email.identifiers import NO_SENDER
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings
from hypothesis import example, given
from hypothesis import strategies as st

from helpdesk.sdk.channel import DeliveryReport, Inbound, InboundRequest

WHOLE = b"""Return-Path: <hong@customer.example>
From: =?utf-8?B?7ZmN6ri464+Z?= <hong@customer.example>
To: support+t.tok3n@desk.example, "Kim, Cheolsu" <kim@customer.example>
Cc: lee@partner.example
Subject: Re: order [#123]
Date: Tue, 3 Nov 2026 15:12:00 +0900
Message-ID: <m2@customer.example>
In-Reply-To: <m1@desk.example>
References: <m0@desk.example> <m1@desk.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="out"

--out
Content-Type: multipart/alternative; boundary="in"

--in
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

It is =ED=95=9C=EA=B8=80
--in
Content-Type: text/html; charset=utf-8

<p>It is <b onclick="evil()">bold</b></p><script>evil()</script>
--in--
--out
Content-Type: application/pdf; name="bill.pdf"
Content-Disposition: attachment; filename="bill.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--out--
"""

settings = EmailSettings(address="support@desk.example")


def understand(raw: bytes) -> Inbound | DeliveryReport:
    return read(InboundRequest(raw), settings)


def test_whole_mail_is_understood(read_mail):
    mail = read_mail(WHOLE)
    assert (mail.external_id, mail.sender.value, mail.sender.name) == (
        "m2@customer.example",
        "hong@customer.example",
        "홍길동",
    )
    assert (mail.subject, mail.text) == ("Re: order [#123]", "It is 한글")
    assert mail.html == "<p>It is <b>bold</b></p>"
    assert [(file.filename, file.content_type, file.data) for file in mail.files] == [
        ("bill.pdf", "application/pdf", b"%PDF-")
    ]
    assert mail.answers == ("m1@desk.example", "m0@desk.example")
    assert (mail.reply_token, mail.ticket_number) == ("tok3n", 123)
    assert [(person.value, person.name) for person in mail.copied] == [
        ("kim@customer.example", "Kim, Cheolsu"),
        ("lee@partner.example", ""),
    ]
    assert mail.sent_at == datetime(2026, 11, 3, 6, 12, tzinfo=UTC)
    assert mail.nature == "person"


def test_what_a_mail_quotes_is_found_in_its_text_and_in_its_html(read_mail):
    head = "On Tue, Nov 3, 2026 at 3:12 PM Desk <support@desk.example> wrote:"
    text = f"네, 맞아요.\n\n{head}\n> 주문 번호가 1042번인가요?\n"
    mail = read_mail(f"From: a@b.example\nSubject: Re: order\n\n{text}".encode())
    assert mail.text[: mail.quoted_from].strip() == "네, 맞아요."
    html = f"<p>네, 맞아요.</p><p>{head.replace('<', '&lt;')}</p><blockquote>주문 번호가 1042번인가요?</blockquote>"
    mail = read_mail(f"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n{html}".encode())
    assert mail.text[: mail.quoted_from].strip() == "네, 맞아요."
    mail = read_mail(f"From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n{html}<p>네</p>".encode())
    assert mail.quoted_from is None


def test_every_kind_of_line_end_gives_the_same_mail(read_mail):
    expected = read_mail(WHOLE)
    for end in (b"\r\n", b"\r"):
        assert read_mail(WHOLE.replace(b"\n", end)) == expected


def test_mail_without_a_sender_is_kept_under_a_placeholder(read_mail):
    raw = b"Received: from somewhere\n\njust text"
    mail = read_mail(raw)
    assert (mail.sender.value, mail.subject, mail.text, mail.sent_at) == (NO_SENDER, "", "just text", None)
    assert mail.external_id == "sha256:" + hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize("noise", [b"", b"\n\r\n \n", b"\njust text", b"just text", b"X-Y: z\n\nx", b"\x00\xff" * 99])
def test_bytes_without_a_header_of_a_mail_are_no_mail(noise):
    with pytest.raises(Unreadable, match="no mail"):
        understand(noise)


@pytest.mark.parametrize("broken", [b"<>", b"", b"< >", b"no id at all", b"<" + b"x" * 900 + b"@a.example>"])
def test_useless_message_id_gives_way_to_the_hash(read_mail, broken):
    assert read_mail(b"Message-ID: " + broken + b"\nFrom: a@b.example\n\nx").external_id.startswith("sha256:")


def test_three_mails_with_empty_in_reply_to_answer_nothing(read_mail):
    assert read_mail(b"From: a@b.example\nIn-Reply-To: \nReferences: <>\n\nx").answers == ()


@pytest.mark.parametrize(
    "date",
    [
        b"yesterday",
        b"Tue, 99 Foo 2026",
        b"Tue, 3 Nov 2099 10:00:00 +0000",
        b"1 Jan 1 0:0 +9999",
        b"Tue, 30 Jun 2015 23:59:60 +0000",
    ],
)
def test_bad_or_future_date_is_no_date(read_mail, date):
    assert read_mail(b"From: a@b.example\nDate: " + date + b"\n\nx").sent_at is None


@pytest.mark.parametrize("zone", ["+0900", "KST", "JST", "kst", "GMT+09:00", "UTC+9", "GMT+0900", "+0900 (KST)"])
def test_zone_that_has_a_name_is_known(read_mail, zone):
    mail = read_mail(f"From: a@b.example\nDate: Tue, 3 Nov 2026 15:12:00 {zone}\n\nx".encode())
    assert mail.sent_at == datetime(2026, 11, 3, 6, 12, tzinfo=UTC)


def test_nul_surrogates_and_line_breaks_are_gone(read_mail):
    raw = (
        b"From: =?utf-8?Q?Ev=0D=0AiL=00?= <a@b.example>\nSubject: =?utf-8?Q?one=0D=0ABcc:_x@y.example?=\n"
        b"Content-Type: text/plain; charset=utf-8\n\nte\x00xt \xed\xa0\x80 end"
    )
    mail = read_mail(raw)
    assert (mail.sender.name, mail.subject) == ("Ev iL", "one Bcc: x@y.example")
    assert "\x00" not in mail.text
    assert mail.text.encode()  # no lone surrogate


def test_first_of_two_from_lines_wins(read_mail):
    assert read_mail(b"From: a@b.example\nFrom: evil@c.example\n\nx").sender.value == "a@b.example"


def test_reply_to_is_not_believed(read_mail):
    mail = read_mail(b"From: a@b.example\nReply-To: agent@desk.example\n\nx")
    assert "agent@desk.example" not in (mail.sender.value, *(person.value for person in mail.copied))


def test_token_in_delivered_to_is_found_and_keeps_its_case(read_mail):
    raw = b"From: a@b.example\nTo: list@c.example\nDelivered-To: Support+T.aBc-9@DESK.example\n\nx"
    assert read_mail(raw).reply_token == "aBc-9"


def test_number_inside_a_word_or_without_brackets_is_no_ticket(read_mail):
    assert read_mail(b"From: a@b.example\nSubject: order #55 and x[#a1]\n\nx").ticket_number is None


def test_thousand_recipients_make_forty_people(read_mail):
    to = b", ".join(b"p%d@c.example" % number for number in range(20_000))
    assert len(read_mail(b"From: a@b.example\nTo: " + to + b"\n\nx").copied) == 40


def test_own_address_is_nobody_in_copy(read_mail):
    raw = b"From: a@b.example\nTo: Support@desk.example, support+t.x@desk.example\nCc: A@b.example\n\nx"
    assert read_mail(raw).copied == ()


@pytest.mark.parametrize(
    "bomb",
    [
        b"From: " + b"(" * 100_000 + b"\n\nx",
        b"From: a@b.example\nContent-Disposition: attachment" + b";" * 200_000 + b"\n\nx",
        b"From: a@b.example\nSubject: " + b"=?utf-8?B?" * 20_000 + b"\n\nx",
        b"From: a@b.example\nTo: " + b"<" * 60_000 + b"\n\nx",
        b"From: a@b.example\nContent-Type: text/html\n\n" + b"<a" * 300_000,
        b"From: a@b.example\nContent-Type: text/plain; charset=utf-8\n\ne" + "\u0301\u0316".encode() * 200_000,
        b"From: a@b.example\nContent-Type: x/y; " + b"; ".join(b"n*%d*=%%41" % n for n in range(5_000)) + b"\n\nx",
    ],
    ids=["comments", "semicolons", "words", "angles", "tags", "accents", "continuations"],
)
def test_parser_killers_are_read_all_the_same(read_mail, bomb):
    assert read_mail(bomb).external_id.startswith("sha256:")


def nested(kind: bytes, depth: int) -> bytes:
    levels = [b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(depth)]
    return b"From: a@b.example\n" + kind.join(levels) + b"\nx"


@pytest.mark.parametrize(
    "bomb",
    [
        nested(b"", 1_000),
        b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 20_000,
        b"X: y\n" * 50_000 + b"\nx",
        b"X: " + b"y" * 2_000_000 + b"\n\nx",
        b"Content-Type: multipart/mixed; boundary=-\n\n" + b"---x\n" * 200_000,
    ],
    ids=["depth", "parts", "header lines", "header bytes", "false boundaries"],
)
def test_mails_built_to_break_their_reader_are_refused_with_a_sentence(bomb):
    with pytest.raises(Unreadable, match="set aside unread"):
        understand(bomb)


def test_deeply_attached_mails_are_one_file(read_mail):
    inner = b"Content-Type: message/rfc822\n\n" * 1_000 + b"x"
    (file,) = read_mail(b"From: a@b.example\n" + inner).files
    assert file.content_type == "message/rfc822"


def read_or_refused(raw: bytes) -> Inbound | DeliveryReport | None:
    try:
        return understand(raw)
    except Unreadable:
        return None


def is_storable(text: str) -> bool:
    return "\x00" not in text and text.encode("utf-8", "replace") == text.encode("utf-8", "surrogatepass")


def assert_is_clean(found: Inbound) -> None:
    lines = [found.external_id, found.subject, found.sender.value, found.sender.name, *found.answers]
    lines += [text for person in found.copied for text in (person.value, person.name)]
    lines += [file.filename for file in found.files]
    assert all(is_storable(line) and not {"\r", "\n"} & set(line) for line in lines)
    assert all(is_storable(text) for text in (found.text, found.html or ""))
    assert len({file.filename for file in found.files}) == len(found.files)


@given(st.binary(max_size=2_000))
@example(b"Content-Type: multipart/mixed; boundary=\n\n--\n")
@example(b"Message-ID: <>\n\n")
@example(b"")
def test_arbitrary_bytes_are_read_or_refused_as_declared(raw):
    found = read_or_refused(raw)
    if isinstance(found, Inbound):
        assert_is_clean(found)


@given(st.data())
def test_mutated_mails_are_read_or_refused_as_declared(data):
    raw = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(len(raw), start + 40)))
        raw[start:end] = data.draw(
            st.binary(max_size=12)
            | st.sampled_from(
                [b"\r\n", b"\n\n", b"=?euc-kr?B?", b"?=", b"charset=idna", b"--in--", b"(", b'"', b"\xbe\xc8", b"%"]
            )
        )
    found = read_or_refused(bytes(raw))
    if isinstance(found, Inbound):
        assert_is_clean(found)


ANOTHER_WAY = (
    b"Return-Path: <bounces@list.example>\nReceived: from a by b; Tue, 3 Nov 2026 15:13:00 +0900\n"
    b"DKIM-Signature: v=1; d=list.example\nARC-Seal: i=1\nAuthentication-Results: mx.example; spf=pass\n"
    b"X-Spam-Score: 2\n"
)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_copy_that_came_another_way_says_the_same(read_mail, end):
    copy = ANOTHER_WAY + WHOLE.partition(b"\n")[2].replace(b"Re: order [#123]", b"Re: order\n [#123]") + b"\n\n"
    assert read_mail(copy.replace(b"\n", end)).fingerprint == read_mail(WHOLE).fingerprint


@pytest.mark.parametrize(
    ("encoding", "encoded"), [("base64", base64.encodebytes), ("quoted-printable", quopri.encodestring)]
)
@pytest.mark.parametrize("is_part", [False, True])
def test_copy_that_a_relay_has_encoded_anew_says_the_same(read_mail, encoding, encoded, is_part):
    text = "안녕하세요. 환불해 주세요.\n두 줄\n".encode()
    kind, cte = b"Content-Type: text/plain; charset=utf-8\n", b"Content-Transfer-Encoding: "
    plain, other = kind + cte + b"8bit\n\n" + text, kind + cte + encoding.encode() + b"\n\n" + encoded(text)
    if is_part:
        head, end = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n", b"\n--b--\n"
        plain, other = head + plain + end, head + other + end
    raw = "From: 홍길동 <a@b.example>\nSubject: 환불\n".encode()
    words = b"From: =?utf-8?B?7ZmN6ri464+Z?= <a@b.example>\nSubject: =?utf-8?Q?=ED=99=98?= =?utf-8?Q?=EB=B6=88?=\n"
    assert read_mail(words + other).fingerprint == read_mail(raw + plain).fingerprint


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (b"hong@customer.example>\nTo", b"kim@customer.example>\nTo"),
        (b"Tue, 3 Nov", b"Wed, 4 Nov"),
        (b"order [#123]", b"order [#124]"),
        (b"It is =ED", b"It was =ED"),
        (b"bold", b"bald"),
        (b'filename="bill.pdf"', b'filename="other.pdf"'),
        (b"JVBERi0=", b"JVBERi1B"),
        (b"--out--", b"--out\n\n-- \na footer of the list\n--out--"),
    ],
)
def test_mail_that_says_something_else_is_another(read_mail, said, instead):
    assert said in WHOLE
    assert read_mail(WHOLE.replace(said, instead)).fingerprint != read_mail(WHOLE).fingerprint
