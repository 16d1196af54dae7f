"""Who wrote: a person, a machine, or a sender marked as unwanted."""

import time

import pytest
from helpdesk_email.identifiers import NO_SENDER
from helpdesk_email.reading import read
from helpdesk_email.settings import EmailSettings

from helpdesk.sdk.channel import InboundRequest


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied (vacation)",
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
        "Precedence: LIST",
        "Precedence: junk",
        "List-Id: <users.lists.example>",
        "X-Autoreply: yes",
        "X-Auto-Response-Suppress: All\nX-MS-Exchange-Inbox-Rules-Loop: a@b.example",
        "Return-Path: <>",
        "Subject: Out of Office: Re: your order",
        "Subject: 자동 응답: 휴가",
        "Subject: Automatic reply: hello",
        "Subject: 부재중입니다",
        "Subject: 부재중입니다 (11/3~11/5)",
        "Subject: 휴가로 인한 부재 안내",
        "Subject: [출장으로 인한 부재 알림]",
        "Subject: 자동발송 메일입니다",
        "Subject: [상점] 본 메일은 자동 발송되는 메일입니다.",
        "Subject: [자동발송] 취소 신청이 접수되었습니다",
        "Subject: [알림] 주문이 접수되었습니다 (발신전용)",
        "Subject: [알림] 발신전용 주문이 접수되었습니다",
        "Subject: 문의하신 내용에 답변이 등록되었습니다 - 발신전용 메일입니다.",
        "Subject: 자동응답: 환불 문의",
        "Subject: [부재중 자동회신]: 주문이 안 와요?",
        "Subject: Out of the office until Monday",
        "Subject: 부재중 자동회신입니다",
        "X-Loop: support@desk.example",
        "X-Loop: other@desk.example\nX-Loop: Support@DESK.example",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x",
    ],
)
def test_machines_are_known(read_mail, header):
    assert read_mail(f"From: a@b.example\n{header}\n\nx".encode()).nature == "automatic"


@pytest.mark.parametrize(
    "header",
    [
        "X-Auto-Response-Suppress: All",
        "Auto-Submitted: no",
        "Precedence: normal",
        "X-Loop: other@desk.example",
        "X-Loop: it-support@desk.example",
        "X-Loop: support@desk.example.org",
        "Subject: 자동응답 기능이 안 돼요",
        "Subject: 자동 회신이 안되네요",
        "Subject: 부재중 알림이 안 와요",
        "Subject: 부재중 안내 메일 설정 방법 문의",
        "Subject: Out of office chairs - order",
        "Subject: Automatic reply does not work",
        "Subject: Auto-reply isn't sent",
        "Subject: Automatic response, is it free?",
        "Subject: Question about automatic reply",
        "Subject: 휴가 기간 배송 문의",
        "Subject: 휴가로 인한 부재 시 배송",
        "Subject: 휴가로 인한 부재 안내 문의",
        "Subject: 부재중 전화 문의",
        "Subject: 부재중입니다만 경비실에 맡겨주세요",
        "Subject: 자동발송 메일이 안 와요",
        "Subject: 자동발송 메일 알림 설정은 어떻게 하나요",
        "Subject: 발신전용 메일에 답장해도 되나요?",
        "Subject: Re: [알림] 주문이 접수되었습니다 (발신전용)",
        "Subject: [알림] 발신전용 번호 문의",
        "Return-Path: <a@b.example>",
    ],
)
def test_people_stay_people(read_mail, header):
    assert read_mail(f"From: a@b.example\n{header}\n\nx".encode()).nature == "person"


@pytest.mark.parametrize(
    "sender", ["support@desk.example", "Support+t.x@DESK.example", "MAILER-DAEMON", "postmaster@mx.example"]
)
def test_own_address_and_daemons_are_no_persons(read_mail, sender):
    assert read_mail(f"From: {sender}\n\nx".encode()).nature == "automatic"


@pytest.mark.parametrize(
    "local", ["noreply", "No-Reply", "no_reply", "donotreply", "do-not-reply", "shop-noreply", "noreply2", "noreply+x1"]
)
def test_nobody_writes_from_an_address_that_takes_no_answers(read_mail, local):
    assert read_mail(f"From: {local}@shop.example\nSubject: 환불 문의\n\nx".encode()).nature == "automatic"


@pytest.mark.parametrize(
    ("reply_to", "nature"),
    [("mina@home.example", "person"), ("noreply@shop.example", "automatic"), ("", "automatic"), ("<>", "automatic")],
)
def test_form_of_a_web_site_names_who_filled_it_in(read_mail, reply_to, nature):
    mail = f"From: noreply@shop.example\nReply-To: {reply_to}\nSubject: 문의\n\nx"
    assert read_mail(mail.encode()).nature == nature


@pytest.mark.parametrize("local", ["casino-reply", "noreplykim", "reply", "kano.reply", "no", "nononoreply"])
def test_name_that_only_sounds_like_it_is_a_person_s(read_mail, local):
    assert read_mail(f"From: {local}@shop.example\n\nx".encode()).nature == "person"


@pytest.mark.parametrize(
    "sender",
    [
        "<>",
        "",
        "< >",
        '"" ()',
        '"" (nobody)',
        "<> (x)",
        "Mail Delivery System <>",
        "Mail Delivery System",
        "Mail Delivery Subsystem <MAILER-DAEMON>",
        '"Mail Delivery Subsystem"',
    ],
)
def test_from_that_names_nobody_is_a_mail_system_s(read_mail, sender):
    assert read_mail(f"From: {sender}\nSubject: hi\n\nx".encode()).nature == "automatic"


@pytest.mark.parametrize("sender", ["From: 김미나", "From: Mina <mina at shop.example>", "From: ((((", "Subject: hi"])
def test_from_that_is_absent_or_unreadable_is_a_person_s(read_mail, sender):
    mail = read_mail(f"{sender}\nTo: support@desk.example\n\nx".encode())
    assert (mail.nature, mail.sender.value) == ("person", NO_SENDER)


def test_from_that_names_nobody_gives_way_to_the_sender_header(read_mail):
    mail = read_mail(b"From: <>\nSender: mina@shop.example\n\nx")
    assert (mail.nature, mail.sender.value) == ("person", "mina@shop.example")


@pytest.mark.parametrize("piece", ["자동발송 ", "[", "[알림]", "발신전용", "부재중 ", "휴가로 ", " "])
def test_subjects_that_are_made_to_keep_a_pattern_busy_do_not(read_mail, piece):
    began = time.process_time()
    read_mail(f"From: {'no-' * 20}reply@b.example\nSubject: {piece * 900}x\n\nx".encode())
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("mark", "nature"), [("YES", "spam"), ("true, score=9", "spam"), ("No", "person"), ("", "person")]
)
def test_chosen_header_marks_spam(mark, nature):
    settings = EmailSettings(address="support@desk.example", spam_header="X-Spam-Flag")
    raw = f"From: a@b.example\nX-Spam-Flag: {mark}\n\nx".encode()
    assert read(InboundRequest(raw), settings).nature == nature
