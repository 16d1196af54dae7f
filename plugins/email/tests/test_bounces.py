"""Delivery reports: what became of a mail that we sent."""

import pytest
from helpdesk_email.identifiers import own_id

OWN = own_id("outbox-7", domain="desk.example")

BOUNCE = """Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.customer.example>
To: support@desk.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <b1@mx.customer.example>
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="r"

--r
Content-Type: text/plain

I'm sorry.
--r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example
X-Queue-ID: 1

Original-Recipient: rfc822;Hong@customer.example
Final-Recipient: rfc822; forwarded@elsewhere.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} no such
    user here

Final-Recipient: rfc822; kim@customer.example
Action: delivered
Status: 2.0.0
--r
Content-Type: {original_type}

From: support@desk.example
Message-ID: <{original}>
Subject: Re: order
--r--
"""


def bounce(*, action="failed", status="5.1.1", original=OWN, original_type="message/rfc822") -> bytes:
    return BOUNCE.format(action=action, status=status, original=original, original_type=original_type).encode()


@pytest.mark.parametrize("original_type", ["message/rfc822", "text/rfc822-headers", "message/global"])
def test_bounce_tells_what_became_of_each_recipient(read_report, original_type):
    report = read_report(bounce(original_type=original_type))
    assert report.external_id == OWN
    failed, delivered = report.verdicts
    assert (failed.recipient, failed.verdict, failed.is_permanent) == ("Hong@customer.example", "failed", True)
    assert failed.reason == "5.1.1 550 5.1.1 no such user here"
    assert (delivered.recipient, delivered.verdict, delivered.is_permanent) == (
        "kim@customer.example",
        "accepted",
        False,
    )


@pytest.mark.parametrize(
    ("action", "status", "verdict", "is_permanent"),
    [
        ("failed", "5.2.2", "failed", False),
        ("failed", "5.7.1", "failed", False),
        ("failed", "5.1.10", "failed", True),
        ("Failed (final)", "5.2.1", None, None),
        ("delayed", "4.4.1", "delayed", False),
        ("delayed", "5.1.1", "delayed", False),
        ("relayed", "2.0.0", "accepted", False),
    ],
)
def test_action_and_status_decide_the_verdict(read_report, action, status, verdict, is_permanent):
    verdicts = [
        found for found in read_report(bounce(action=action, status=status)).verdicts if "kim" not in found.recipient
    ]
    assert [(found.verdict, found.is_permanent) for found in verdicts] == ([(verdict, is_permanent)] if verdict else [])


def test_bounce_of_a_mail_that_is_not_ours_is_an_automatic_message(read_mail):
    mail = read_mail(bounce(original="someone-else@other.example"))
    assert (mail.nature, mail.text) == ("automatic", "I'm sorry.")
    assert [file.filename for file in mail.files] == ["file-1.txt", "Re_ order.eml"]


def test_report_with_line_ends_of_any_kind_is_read(read_report):
    for end in (b"\r\n", b"\r"):
        found, expected = read_report(bounce().replace(b"\n", end)), read_report(bounce())
        assert (found.external_id, found.verdicts) == (expected.external_id, expected.verdicts)


def test_words_of_a_daemon_without_a_report_are_no_person(read_mail):
    mail = read_mail(b"From: MAILER-DAEMON\nSubject: failure notice\n\nHi. This is the qmail-send program.")
    assert (mail.nature, mail.sender.name) == ("automatic", "MAILER-DAEMON")


PLAIN = """From: {sender}
Subject: {subject}
In-Reply-To: <{own}>

{text}
"""


def plain(text, *, sender="MAILER-DAEMON@mx.example", subject="Notice") -> bytes:
    return PLAIN.format(sender=sender, subject=subject, own=OWN, text=text).encode()


@pytest.mark.parametrize(
    ("text", "verdict", "is_permanent"),
    [
        ("<hong@customer.example>: 전송 실패. 존재하지 않는 사용자입니다.", "failed", True),
        ("hong@customer.example 님에게 메일을 보낼 수 없습니다. 탈퇴한 계정입니다.", "failed", True),
        ("hong@customer.example: 메일함이 가득 차서 메일이 전달되지 못했습니다.", "failed", False),
        ("hong@customer.example: 용량 초과로 배달하지 못했습니다. 없는 사용자처럼 보일 수 있습니다.", "failed", False),
        ("hong@customer.example 님에게 보낸 메일의 전송이 지연되고 있습니다.", "delayed", False),
        ("hong@customer.example: 일시적인 오류로 재시도 중입니다.", "delayed", False),
        ("hong@customer.example: 전송 실패. 잠시 후 다시 시도해 주세요.", "failed", False),
        ("Your mail to hong@customer.example was not delivered: mailbox is full", "failed", False),
        ("hong@customer.example could not be delivered: 550 5.2.1 disabled", "failed", True),
        ("hong@customer.example could not be delivered. 550 5.0.0 unknown user", "failed", True),
        ("hong@customer.example could not be delivered: 421 4.7.0 try later, no such user", "failed", False),
        ("hong@customer.example could not be delivered: 554 5.7.1 no such user here for you", "failed", False),
    ],
)
def test_words_decide_the_verdict(read_report, text, verdict, is_permanent):
    (found,) = read_report(plain(text)).verdicts
    assert (found.recipient, found.verdict, found.is_permanent) == ("hong@customer.example", verdict, is_permanent)


@pytest.mark.parametrize(
    ("text", "sender", "subject"),
    [
        ("전송 실패. 존재하지 않는 사용자입니다.", "hong@customer.example", "전송 실패"),
        ("Thank you.", "MAILER-DAEMON@mx.example", "Re: Undeliverable"),
        ("Thank you.\n> could not be delivered", "MAILER-DAEMON@mx.example", "Notice"),
        ("I am away; my mail can not be delivered.", "postmaster@customer.example", "Out of office"),
    ],
)
def test_words_of_others_are_no_bounce(read_mail, text, sender, subject):
    assert read_mail(plain(text, sender=sender, subject=subject)).external_id


def test_earlier_mail_of_the_conversation_is_not_taken_for_the_one_that_failed(read_report):
    earlier = own_id("outbox-1", domain="desk.example")
    quoted = f"could not be delivered\n\nReferences: <{earlier}>\nMessage-ID: <{OWN}>\nTo: hong@customer.example\n"
    raw = f"From: MAILER-DAEMON@mx.example\nReferences: <{earlier}>\n\n{quoted}".encode()
    report = read_report(raw)
    assert (report.external_id, report.verdicts[0].recipient) == (OWN, "hong@customer.example")


def test_report_holds_the_mail_itself_in_case_that_a_person_has_sent_it(read_report):
    person = bounce().replace(
        b"Mail Delivery System <MAILER-DAEMON@mx.customer.example>", b"Hong <hong@customer.example>"
    )
    mail = read_report(person).message
    assert (mail.external_id, mail.sender.value, mail.subject) == (
        "b1@mx.customer.example", "hong@customer.example", "Undelivered Mail Returned to Sender",
    )  # fmt: skip
    assert mail.text.startswith("I'm sorry.")
    assert len(mail.files) == 2


def test_report_that_a_person_attaches_is_a_person_s_mail(read_mail, read_report):
    attached = (
        bounce()
        .replace(b"multipart/report; report-type=delivery-status", b"multipart/mixed")
        .replace(b"Auto-Submitted: auto-replied\n", b"")
    )
    person = attached.replace(b"Return-Path: <>\n", b"").replace(
        b"Mail Delivery System <MAILER-DAEMON@mx", b"Hong <hong@mx"
    )
    assert (read_mail(person).nature, read_mail(person).text) == ("person", "I'm sorry.")
    assert read_report(attached).external_id == OWN
    complaint = person.replace(b"message/delivery-status", b"message/feedback-report")
    assert read_mail(complaint.replace(b"Reporting-MTA", b"Feedback-Type: abuse\nX")).nature == "person"
