"""Mails as a customer's program writes them, byte by byte, and what can be read in one that came back."""

import base64
import email
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from email.utils import formataddr
from typing import Any

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
RECEIPT = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
SUBJECT = "환불 문의드립니다 (쀍)"
TEXT = "안녕하세요.\n주문번호 20261103 상품이 파손되어 왔습니다.\n환불 부탁드립니다. 똠방각하 드림"


def _words(text: str) -> bytes:
    """Return encoded words as an old Korean mail program writes them: label euc-kr, in truth CP949."""
    return b"=?euc-kr?B?" + base64.b64encode(text.encode("cp949")) + b"?="


def _part(headers: bytes, content: bytes) -> bytes:
    return (
        headers + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content).replace(b"\n", b"\r\n")
    )


def _multipart(kind: str, *parts: bytes) -> bytes:
    """Return a multipart with its header; the parts are bytes with their own."""
    boundary = f"----={kind}".encode()
    inside = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        b'Content-Type: multipart/%s; boundary="%s"\r\n\r\n' % (kind.encode(), boundary)
        + inside
        + b"--%s--\r\n" % (boundary)
    )


def inquiry(*, sender: str, to: str) -> bytes:
    """Return a mail in CP949 labelled euc-kr: text, HTML that shows a picture, and an attached file."""
    page = "".join(f"<p>{line}</p>" for line in TEXT.splitlines()) + '<p><img src="cid:photo@shop" alt=""></p>'
    shown = _multipart(
        "related",
        _part(b"Content-Type: text/html; charset=euc-kr", page.encode("cp949")),
        _part(b'Content-Type: image/png; name="photo.png"\r\nContent-ID: <photo@shop>', PIXEL),
    )
    written = _multipart("alternative", _part(b"Content-Type: text/plain; charset=euc-kr", TEXT.encode("cp949")), shown)
    name = b'"' + _words("영수증.pdf") + b'"'
    receipt = b"Content-Type: application/pdf; name=" + name + b"\r\nContent-Disposition: attachment; filename=" + name
    head = [
        b"From: " + _words("김민지") + b" <" + sender.encode() + b">",
        b"To: <" + to.encode() + b">",
        b"Subject: " + _words(SUBJECT),
        b"Date: Tue, 3 Nov 2026 09:00:00 +0900",
        b"Message-ID: <first." + sender.encode() + b">",
        b"MIME-Version: 1.0",
    ]
    return b"\r\n".join(head) + b"\r\n" + _multipart("mixed", written, _part(receipt, RECEIPT))


@dataclass(frozen=True)
class Letter:
    """One mail as its reader sees it."""

    message: EmailMessage

    @classmethod
    def read(cls, raw: bytes) -> "Letter":
        """Read a raw mail."""
        return cls(email.message_from_bytes(raw, policy=default))

    def header(self, name: str) -> str:
        """Return a header's text; empty when it is missing."""
        return str(self.message.get(name, ""))

    def address(self, name: str) -> str:
        """Return the one address of a header, such as Reply-To."""
        (found,) = self.message[name].addresses
        return str(found.addr_spec)

    @property
    def text(self) -> str:
        """Return the plain text, with line feeds."""
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def files(self) -> dict[str, bytes]:
        """Return the attached files by name."""
        parts: Any = self.message.iter_attachments()
        return {part.get_filename(): part.get_payload(decode=True) for part in parts}

    def answer(self, text: str, *, sender: str) -> bytes:
        """Return an answer as a mail program writes it: to Reply-To, with what it answers named and quoted."""
        answer = EmailMessage(policy=default)
        answer["From"] = formataddr(("김민지", sender))
        answer["To"] = self.header("Reply-To")
        answer["Subject"] = f"Re: {self.header('Subject')}"
        answer["Message-ID"] = f"<second.{sender}>"
        answer["In-Reply-To"] = self.header("Message-ID")
        answer["References"] = f"{self.header('References')} {self.header('Message-ID')}".strip()
        answer.set_content(text)
        return answer.as_bytes(policy=default.clone(linesep="\r\n"))
