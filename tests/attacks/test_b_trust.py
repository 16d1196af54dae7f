"""B: a header is only what somebody wrote; what is packed in a mail stays packed. Source: SECURITY B2, B4, B8, B12."""

import base64
import gzip
import socket
import zlib
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest

from tests.attacks.loops import Side, mail
from tests.attacks.outgoing import AUTHSERV, CUSTOMER, SUPPORT
from tests.factories.client import Caller
from tests.servers.smtp import SmtpServer

AGENT = "agent@demo.example"
BOUND = "=_bound"


@pytest.fixture(autouse=True)
def _ticket_of_a_customer(ours: Side) -> None:
    """Let ticket number 1 be a customer's."""
    ours.take(mail(sender=CUSTOMER, to=SUPPORT, subject="Mine", Message_ID="<1@customer.example>"))


def tickets(caller: Caller) -> list[Any]:
    """Return all tickets, oldest first."""
    found = caller.ask("Tickets")["tickets"]["nodes"]
    return [
        caller.ask("Ticket", number=one["number"])["ticket"] for one in sorted(found, key=lambda one: one["number"])
    ]


CLAIMS = [
    {"X_Helpdesk_Ticket": "1"},
    {"X_Helpdesk_Customer": CUSTOMER, "X_Original_From": CUSTOMER},
    {"Reply_To": CUSTOMER},
    {"Reply_To": AGENT, "Sender": AGENT, "Resent_From": AGENT},
    {"X_Forwarded_For": AGENT, "X_Forwarded_To": SUPPORT, "X_Original_To": SUPPORT},
    {"Authentication_Results": f"mx.evil.example; dmarc=pass header.from={AGENT}"},
]


@pytest.mark.parametrize("headers", CLAIMS)
def test_no_header_makes_a_stranger_somebody_else(ours: Side, agent: Caller, headers: dict[str, str]) -> None:
    ours.take(mail(sender="evil@x.example", to=SUPPORT, subject="Yours", Message_ID="<2@x.example>", **headers))
    first, second = tickets(agent)
    assert len(first["messages"]["nodes"]) == 1
    (message,) = second["messages"]["nodes"]
    assert (second["customer"]["email"], message["kind"], message["author"]["__typename"]) == (
        "evil@x.example", "INQUIRY", "Customer",
    )  # fmt: skip


PASSED = f"dmarc=pass header.from={AGENT}"
IN_QUOTES = [
    f'"x; {PASSED}"@evil.example',
    f'"x); {PASSED}; ("@evil.example',
    f'"x\\"; {PASSED}; y"@evil.example',
    f'"x; {PASSED}; @evil.example',
    '"demo.example"@evil.example',
]


@pytest.mark.parametrize("whose", IN_QUOTES)
@pytest.mark.parametrize(
    "said", ["spf=pass smtp.mailfrom={}", "spf=pass (of {}) smtp.mailfrom={}", "dkim=pass header.i={}"]
)
def test_nothing_that_a_stranger_writes_in_quotes_makes_him_an_agent(
    ours: Side, agent: Caller, said: str, whose: str
) -> None:
    found = f"{AUTHSERV}; {said.replace('{}', whose)}; dmarc=none"
    headers = {"Message_ID": "<2@x.example>", "In_Reply_To": "<1@customer.example>", "Authentication_Results": found}
    ours.take(mail(sender=AGENT, to=SUPPORT, subject="Re: [#1] Mine", text="Pay here", **headers))
    first, second = tickets(agent)
    assert [one["kind"] for one in first["messages"]["nodes"]] == ["INQUIRY"]
    assert [one["kind"] for one in second["messages"]["nodes"]] == ["INQUIRY"]


def test_mail_of_a_third_party_enters_no_ticket_by_its_number(
    ours: Side, agent: Caller, administrator: Caller, smtp_server: SmtpServer
) -> None:
    code = mail(
        sender="no-reply@chat.example", to=SUPPORT, subject="[#1] Your sign-in code", text="Code 123456",
        Message_ID="<code@chat.example>",
    )  # fmt: skip
    ours.take(code)
    (only,) = tickets(agent)
    assert [one["bodyText"] for one in only["messages"]["nodes"]] == ["Hello"]
    kept = administrator.ask("Inbox", first=1)["inbox"]["nodes"][0]
    assert (kept["state"], kept["outcome"], kept["ticket"]) == ("PROCESSED", "AUTO", None), (
        "it is there for who looks for it"
    )
    assert smtp_server.received == []


REPORTS = {
    "delivery-status": (
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n"
        f"Final-Recipient: rfc822; {CUSTOMER}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    ),
    "feedback-report": (
        "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: FBL/1.0\r\nVersion: 1\r\n"
        f"Original-Rcpt-To: <{CUSTOMER}>\r\n\r\n"
    ),
}


def report_on(message_id: str, kind: str, finding: str) -> bytes:
    """Return a report on a mail of ours by which its recipient is lost, and what our mail server says of it."""
    original = f"Content-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nTo: {CUSTOMER}\r\n\r\nx\r\n"
    parts = ["Content-Type: text/plain\r\n\r\nIt came back.\r\n", REPORTS[kind], original]
    return mail(
        sender="MAILER-DAEMON@customer.example", to=SUPPORT, subject="Undelivered", Message_ID=f"<{kind}@c.example>",
        text="".join(f"--{BOUND}\r\n{part}" for part in parts) + f"--{BOUND}--", MIME_Version="1.0",
        Content_Type=f'multipart/report; report-type={kind}; boundary="{BOUND}"',
        Authentication_Results=f"{AUTHSERV}; dmarc={finding} header.from=customer.example",
    )  # fmt: skip


@pytest.mark.parametrize("kind", REPORTS)
def test_forged_report_is_held_and_marks_nobody_released_or_not(
    ours: Side, agent: Caller, administrator: Caller, smtp_server: SmtpServer, kind: str
) -> None:
    (made,) = tickets(agent)
    agent.done("TicketReply", ticketId=made["id"], body="Dear customer")
    ours.desk.run_jobs()
    (sent,) = smtp_server.wait_for(1)
    known_as = str(message_from_bytes(sent.raw)["Message-ID"])

    def standing() -> tuple[str, bool]:
        """Return what the desk holds of the mail and of its recipient."""
        first = tickets(agent)[0]
        (address,) = first["customer"]["identities"]
        return first["messages"]["nodes"][1]["delivery"]["state"], address["undeliverableSince"] is not None

    ours.take(report_on(known_as, kind, "fail"))
    (held,) = administrator.ask("Inbox", state="QUARANTINED")["inbox"]["nodes"]
    assert (held["isHeld"], held["outcome"], standing()) == (True, None, ("SENT", False))
    assert "our mail server says: dmarc=fail" in held["reason"]
    administrator.done("InboxRelease", id=held["id"])
    ours.desk.run_jobs()
    assert (len(tickets(agent)), standing()) == (2, ("SENT", False))
    ours.take(report_on(known_as, kind, "pass").replace(b"@c.example", b"@real.example"))
    assert standing()[1], "a report that nobody has forged marks the address"


def packed(name: str, kind: str, data: bytes) -> bytes:
    """Return a mail with one file."""
    file = base64.encodebytes(data).decode().replace("\n", "\r\n")
    text = (
        f"--{BOUND}\r\nContent-Type: text/plain\r\n\r\nSee the file\r\n"
        f'--{BOUND}\r\nContent-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n{file}--{BOUND}--'
    )
    return mail(
        sender=CUSTOMER, to=SUPPORT, subject=name, text=text, MIME_Version="1.0",
        Content_Type=f'multipart/mixed; boundary="{BOUND}"',
    )  # fmt: skip


def image_of(width: int, height: int) -> bytes:
    """Return a PNG that is small, until somebody unpacks it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    rows = zlib.compress(bytes((width // 8 + 1) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


BOMBS = {
    "zeros.gz": ("application/gzip", gzip.compress(bytes(50_000_000))),
    "nested.gz": ("application/gzip", gzip.compress(gzip.compress(gzip.compress(bytes(20_000_000))))),
    "wide.png": ("image/png", image_of(10_000, 10_000)),
    "page.html": ("text/html", b"<script>alert(1)</script>"),
    "page.xhtml": ("application/xhtml+xml", b"<html xmlns='http://www.w3.org/1999/xhtml'><script/></html>"),
    "page.mhtml": ("multipart/related", b"<script>alert(1)</script>"),
    "both.gif": ("image/gif", b"GIF89a/*<script>*/=alert(1)//</script>"),
    "con%00.svg": ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "sheet.xml": ("text/xml", b"<?xml version='1.0'?><?xml-stylesheet type='text/xsl' href='#s'?><a/>"),
    "form.pdf": ("application/pdf", b"%PDF-1.7 /OpenAction << /JS (app.alert(1)) >>"),
}


PICTURES = {"wide.png", "both.gif"}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_packed_stays_packed_and_is_a_download(ours: Side, agent: Caller, stranger: Caller, name: str) -> None:
    kind, data = BOMBS[name]
    ours.take(packed(name, kind, data))
    (file,) = tickets(agent)[-1]["messages"]["nodes"][0]["attachments"]
    assert (file["filename"], file["size"]) == (name, len(data))
    given = stranger.send("GET", "/demo/" + file["url"].partition("/demo/")[2])
    assert given.data == data
    assert given.headers["Content-Disposition"].startswith("attachment;")
    assert given.content_type == (kind if name in PICTURES else "application/octet-stream")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in given.headers["Content-Security-Policy"]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Give a port that nobody may connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def test_nothing_that_a_mail_names_is_fetched(ours: Side, agent: Caller, listener: socket.socket) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/seen"
    page = (
        f'<img src="{url}" srcset="{url} 2x"><link rel=stylesheet href="{url}"><style>@import "{url}"</style>'
        f'<p style="background:url({url})">Hello</p><object data="{url}"></object><base href="{url}">'
    )
    body = f'Content-Type: text/plain\r\nContent-ID: <x@y>\r\n\r\nPhantom of "{url}"'
    outside = f'message/external-body; access-type=URL; URL="{url}"'
    ours.take(mail(sender=CUSTOMER, to=SUPPORT, text=page, Content_Type="text/html"))
    ours.take(mail(sender=CUSTOMER, to=SUPPORT, text=body, Content_Type=outside, MIME_Version="1.0"))
    ours.take(mail(sender=CUSTOMER, to=SUPPORT, text="half", Content_Type='message/partial; id="a"; number=1; total=2'))
    html = tickets(agent)[1]["messages"]["nodes"][0]["bodyHtml"]
    assert len(tickets(agent)) == 4
    assert url not in html
    agent.done("TicketReply", ticketId=tickets(agent)[1]["id"], body=page, bodyFormat="HTML")
    ours.desk.run_jobs()
    with pytest.raises(TimeoutError):
        listener.accept()
