"""Who wrote: a person, a machine, or a sender marked as unwanted."""

import pytest
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
        "X-Loop: support@desk.example",
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
        "Subject: Question about automatic reply",
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
    ("mark", "nature"), [("YES", "spam"), ("true, score=9", "spam"), ("No", "person"), ("", "person")]
)
def test_chosen_header_marks_spam(mark, nature):
    settings = EmailSettings(address="support@desk.example", spam_header="X-Spam-Flag")
    raw = f"From: a@b.example\nX-Spam-Flag: {mark}\n\nx".encode()
    assert read(InboundRequest(raw), settings).nature == nature
