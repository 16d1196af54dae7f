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
    expected = read_report(bounce())
    assert read_report(bounce().replace(b"\n", b"\r\n")) == expected
    assert read_report(bounce().replace(b"\n", b"\r")) == expected


def test_words_of_a_daemon_without_a_report_are_no_person(read_mail):
    mail = read_mail(b"From: MAILER-DAEMON\nSubject: failure notice\n\nHi. This is the qmail-send program.")
    assert (mail.nature, mail.sender.name) == ("automatic", "MAILER-DAEMON")
