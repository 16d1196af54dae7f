"""The mails that go out, read back by the stdlib as any mail program would."""

import base64
import email
import re
import unicodedata
from email.message import EmailMessage
from email.policy import default

import pytest
from helpdesk_email.cleaning import clean
from helpdesk_email.identifiers import own_id, reply_token
from helpdesk_email.settings import EmailSettings
from helpdesk_email.writing import write
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.sdk.channel import File, Identity, Outbound

SETTINGS = EmailSettings(address="support@desk.example", sender_name="고객센터")
HONG = Identity("email", "hong@customer.example", "홍길동")


def outbound(**changes) -> Outbound:
    plain = {"key": "k1", "ticket_number": 123, "subject": "배송", "text": "안녕하세요", "recipients": (HONG,)}
    return Outbound(**(plain | changes))


def written(settings: EmailSettings = SETTINGS, **changes) -> EmailMessage:
    return email.message_from_bytes(write(outbound(**changes), settings), policy=default)


def test_answer_has_every_header_that_leads_it_back():
    mail = written(answers=("m2@customer.example", "m1@desk.example", "sha256:ab"), reply_token="tok3n")
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "Re: 배송 [#123]", "고객센터 <support@desk.example>", "홍길동 <hong@customer.example>",
    )  # fmt: skip
    assert mail["Reply-To"].addresses[0].addr_spec == "support+t.tok3n@desk.example"
    assert mail["Message-ID"] == f"<{own_id('k1', domain='desk.example')}>"
    assert mail["In-Reply-To"] == "<m2@customer.example>"
    assert mail["References"].split() == ["<m1@desk.example>", "<m2@customer.example>"]
    assert mail["X-Loop"] == "support@desk.example"
    assert mail["Auto-Submitted"] is None
    assert mail["Date"].datetime is not None


def test_automatic_mail_says_so():
    mail = written(is_automatic=True)
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"], mail["Precedence"]) == (
        "auto-replied", "All", "bulk",
    )  # fmt: skip
    assert {"Auto-Submitted", "X-Auto-Response-Suppress", "Precedence"}.isdisjoint(written().keys())


def test_notice_of_no_ticket_has_its_subject_as_it_is_and_answers_nothing():
    mail = written(ticket_number=0, subject="데모에\n초대합니다", is_automatic=True)
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("데모에 초대합니다", "auto-generated")
    assert mail["Reply-To"] is None


@pytest.mark.parametrize(
    "subject", ["배송", "Re: 배송", "RE: re: 배송 [#123]", "[#123] 배송", "답장： 배송", "Re：회신 ： RE: 배송"]
)
def test_subject_carries_one_re_and_one_number(subject):
    assert written(subject=subject)["Subject"] == "Re: 배송 [#123]"


def test_message_id_is_the_same_at_every_try_and_the_stored_one_wins():
    assert written()["Message-ID"] == written(text="other")["Message-ID"] != written(key="k2")["Message-ID"]
    assert written(external_id="stored@desk.example")["Message-ID"] == "<stored@desk.example>"


def test_reply_token_comes_back_unless_plus_addresses_are_off():
    address = written(reply_token="aB-9")["Reply-To"].addresses[0].addr_spec
    assert reply_token([address], address=SETTINGS.address) == "aB-9"
    assert written(SETTINGS.model_copy(update={"plus_addressing": False}), reply_token="aB-9")["Reply-To"] is None


def test_text_html_picture_and_file_are_nested_as_mail_programs_expect():
    files = (File("로고.png", "image/png", b"png", "logo@x"), File("견적서 1.pdf", "application/pdf", b"pdf"))
    mail = written(html='<p>안녕</p><img src="cid:logo@x">', files=files)
    alternative, attached = mail.iter_parts()
    text, related = alternative.iter_parts()
    html, picture = related.iter_parts()
    assert mail.get_content_type() == "multipart/mixed"
    assert (text.get_content().strip(), html.get_content().strip()) == (
        "안녕하세요",
        '<p>안녕</p><img src="cid:logo@x" style="max-width: 100%;">',
    )
    assert (picture["Content-ID"], picture.get_filename(), picture.get_content()) == ("<logo@x>", "로고.png", b"png")
    assert (attached.get_filename(), attached.get_content_type(), attached.get_content()) == (
        "견적서 1.pdf",
        "application/pdf",
        b"pdf",
    )


@pytest.mark.parametrize("content_type", ["message/rfc822", "multipart/mixed", "text/plain; x\r\nBcc: a", "nonsense"])
def test_odd_file_types_travel_as_plain_bytes(content_type):
    (_, attached) = written(files=(File("a.eml", content_type, b"From: x\n\n\r\rraw"),)).iter_parts()
    assert (attached.get_content_type(), attached.get_content()) == ("application/octet-stream", b"From: x\n\n\r\rraw")


def test_lines_are_short_and_ascii_and_end_with_crlf():
    raw = write(
        outbound(subject="긴 제목 " * 60, text="줄\r끝\n.\n" + "가" * 2_000, html="<p>" + "나" * 2_000), SETTINGS
    )
    assert raw.isascii()
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", raw) is None
    assert max(len(line) for line in raw.split(b"\r\n") if not line.startswith(b"Content-Type:")) <= 76


NASTY_PIECES = [
    *("\r\n", "\r", "\n", "\x00", "\u2028", "\x85", "\x0b", ",", "<", ">", '"', "\\", "@", ";", ":", "("),
    *("=?utf-8?Q?=0D=0A?=", "Bcc: evil@evil.example", "한글", "a", " ", "\ud800", "é", "😀"),
]
NASTY = st.lists(st.sampled_from(NASTY_PIECES) | st.text(max_size=5), max_size=20).map("".join)
ALLOWED = {"from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "x-loop",
           "content-type", "content-transfer-encoding", "mime-version"}  # fmt: skip


@given(NASTY, NASTY, NASTY.map(lambda text: text.replace("\ud800", "")), NASTY, NASTY)
def test_no_name_subject_id_or_token_can_add_a_header_or_a_recipient(name, subject, sender_name, an_id, file_name):
    settings = EmailSettings(address="support@desk.example", sender_name=sender_name[:45])
    people = (Identity("email", "hong@customer.example", name), Identity("email", "kim@customer.example", name))
    mail = written(
        settings, recipients=people, subject=subject, answers=(an_id, f"{an_id}@x"), external_id=an_id,
        reply_token=an_id, files=(File(file_name, an_id, b"x", an_id),),
    )  # fmt: skip
    names = [header.lower() for header in mail]
    assert set(names) <= ALLOWED
    assert len(names) == len(set(names))
    assert [address.addr_spec for address in mail["To"].addresses] == ["hong@customer.example", "kim@customer.example"]
    assert [address.addr_spec for address in mail["From"].addresses] == ["support@desk.example"]
    assert mail["Subject"].endswith("[#123]")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_subject_and_text_arrive_as_they_were_written(text):
    words = " ".join(text.split())
    mail = written(subject="x" + words, text=text)
    assert mail["Subject"] == f"Re: x{' '.join(clean(words).split())} [#123]"


DRESSED = "<p>안녕</p><table><tr><td style='border:0'>a</td><td>b</td></tr></table><blockquote>인용</blockquote>"


def test_html_brings_its_looks_along_and_text_stands_beside_it():
    mail = written(text="안녕\n\na b", html=DRESSED)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert (mail.get_content_type(), text.get_content().split()) == ("multipart/alternative", ["안녕", "a", "b"])
    shown = html.get_content()
    assert "<style" not in shown
    assert '<blockquote style="margin: 8px 0;' in shown
    assert "border-left: 3px solid" in shown
    assert "border:0" in shown.partition("</td>")[0].replace(": ", ":"), "What an element says of itself wins."
    assert "1px solid" in shown.partition("</td>")[2].partition("</td>")[0]


@pytest.mark.parametrize(
    "html", ["<p>a & b</p>", "<td>x", "<p style='}{;:'>x</p>", "text", "", "<b>" * 5_000, "<p>🎈똠</p>"]
)
def test_dressing_loses_no_text(html):
    shown = written(html=html).get_body(("html",)).get_content()
    assert re.sub(r"<[^>]*>", "", shown).strip() == re.sub(r"<[^>]*>", "", html).replace("&", "&amp;")


def test_dressing_fetches_nothing():
    html = (
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css"><style>@import "http://127.0.0.1:9/";</style><p>x</p>'
    )
    assert "x" in written(html=html).get_body(("html",)).get_content()


NFD = unicodedata.normalize("NFD", "각" * 150)
LONG = ["한" * 300, "가나 다라 " * 60, NFD, "\U0001f469\u200d\U0001f467 " * 40, "é" * 300]


@pytest.mark.parametrize("text", LONG)
def test_long_names_and_subjects_are_cut_between_letters_and_within_75_characters(text):
    raw = write(outbound(subject=text, recipients=(Identity("email", "h@customer.example", text),)), SETTINGS)
    block = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    words = re.findall(r"=\?utf-8\?B\?([^?]*)\?=", block)
    assert len(words) > 8
    assert max(len(f"=?utf-8?B?{word}?=") for word in words) <= 75
    assert max(map(len, block.split("\r\n"))) <= 76
    pieces = [base64.b64decode(word).decode() for word in words]  # raises for a cut inside a letter
    assert not any(unicodedata.combining(piece[0]) or "\u1160" <= piece[0] <= "\u11ff" for piece in pieces)
    mail = email.message_from_bytes(raw, policy=default)
    assert mail["Subject"] == f"Re: {clean(text).strip()[:400].strip()} [#123]"
