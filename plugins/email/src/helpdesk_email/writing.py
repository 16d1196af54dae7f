"""Owns the way from an outbound message to the bytes that a mail server gets.

The header block is written here, field by field, out of ASCII that is safe by construction: names are
quoted or encoded, addresses and ids are checked, text is one line. The stdlib's folding lost: it has
let separators and line breaks through (CVE-2023-27043, CVE-2024-6923, CVE-2025-1795). It still builds
the body, where nothing that a stranger wrote stands in a header.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from helpdesk.sdk.channel import File, Identity, Outbound
from helpdesk_email.addresses import is_address, on_the_wire
from helpdesk_email.automatic import LOOP_HEADER
from helpdesk_email.cleaning import clean, single_line, visible_line
from helpdesk_email.dressing import dressed
from helpdesk_email.filenames import safe_name, unique_name
from helpdesk_email.identifiers import is_message_id, own_id, plus_address
from helpdesk_email.settings import EmailSettings
from helpdesk_email.subjects import without_marks

MAX_SUBJECT = 400
MAX_NAME = 100
MAX_REFERENCES = 20
WORD_BYTES = 39  # of text in one encoded word, which keeps "Subject: " and the first word within 76 characters

_UNFOLDED = SMTP.clone(max_line_length=990)  # a content id that is folded would be encoded, and not be found
_PLAIN = re.compile(r"[ -~]*")
_BREAK = re.compile(rb"\r\n|\r|\n")
_CONTENT_TYPE = re.compile(r"(?!multipart/|message/)([a-z0-9!#$&^_+-]+)/([a-z0-9!#$&^_.+-]+)")


def write(message: Outbound, settings: EmailSettings) -> bytes:
    """Return the mail, with CRLF as its only line break. Raises ValueError for a recipient that is no mail address."""
    block = "\r\n".join(f"{name}: {value}" for name, value in _fields(message, settings))
    body = _body(message).as_bytes(policy=_UNFOLDED)
    return block.encode("utf-8") + b"\r\n" + _BREAK.sub(b"\r\n", body)


def message_id_of(message: Outbound, settings: EmailSettings) -> str:
    """Return the Message-ID, without brackets: the stored one, or the one made from the message's key."""
    stored = message.external_id
    return stored if stored and is_message_id(stored) else own_id(message.key, domain=settings.domain)


def subject_of(message: Outbound) -> str:
    """Return the subject as an answer, with the ticket's number where answers bring it back; a notice's as it is."""
    if not message.ticket_number:
        return single_line(message.subject, limit=MAX_SUBJECT)
    number = f"[#{message.ticket_number}]"
    subject = without_marks(single_line(message.subject.replace(number, ""), limit=MAX_SUBJECT))
    return f"Re: {subject} {number}".replace("  ", " ")


def _fields(message: Outbound, settings: EmailSettings) -> Iterable[tuple[str, str]]:
    own = Identity("email", settings.address, settings.sender_name)
    yield "From", _mailbox(own)
    yield "To", _mailboxes(message.recipients)
    returning = plus_address(settings.address, message.reply_token) if settings.plus_addressing else None
    if returning is not None:
        yield "Reply-To", _mailbox(Identity("email", returning, settings.sender_name))
    yield "Subject", _text(subject_of(message), used=len("Subject: "))
    yield "Date", format_datetime(datetime.now(UTC))
    yield "Message-ID", f"<{message_id_of(message, settings)}>"
    yield from _thread(message.answers)
    yield LOOP_HEADER, settings.address
    if message.is_automatic:
        yield "Auto-Submitted", "auto-replied" if message.ticket_number else "auto-generated"
        yield "X-Auto-Response-Suppress", "All"
        yield "Precedence", "bulk"  # what older vacation programs look at, and nothing else


def _thread(answers: Sequence[str]) -> Iterable[tuple[str, str]]:
    known = [answer for answer in answers if is_message_id(answer)]
    if known:
        oldest_first = known[::-1]
        kept = [*oldest_first[:1], *oldest_first[1:][-MAX_REFERENCES:]]
        yield "In-Reply-To", f"<{known[0]}>"
        yield "References", "\r\n ".join(f"<{answer}>" for answer in kept)


def _mailboxes(people: Iterable[Identity]) -> str:
    return ",\r\n ".join(_mailbox(person) for person in people)


def _mailbox(person: Identity) -> str:
    if not is_address(person.value):
        raise ValueError(f"{single_line(person.value, limit=100)!r} is no mail address")
    name, address = visible_line(person.name, limit=MAX_NAME), on_the_wire(person.value)
    if not name:
        return address
    if _is_plain(name):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{_encoded(name)}\r\n <{address}>"


def _text(text: str, *, used: int) -> str:
    return text if _is_plain(text) and used + len(text) <= 78 else _encoded(text)


def _is_plain(text: str) -> bool:
    """Return whether the text may stand in a header as it is: ASCII that nobody takes for an encoded word."""
    return _PLAIN.fullmatch(text) is not None and "=?" not in text


def _encoded(text: str) -> str:
    """Return the text as encoded words, one a line, cut between characters."""
    words, word = [], b""
    for letter in text:
        data = letter.encode("utf-8", "replace")
        if len(word) + len(data) > WORD_BYTES:
            words.append(word)
            word = b""
        word += data
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(piece).decode()}?=" for piece in [*words, word])


def _body(message: Outbound) -> EmailMessage:
    """Return the content alone: text, beside it HTML with its pictures, around both the attached files."""
    inline, attached = _divided(message)
    body = EmailMessage(policy=SMTP)
    _set_text(body, message.text)
    if message.html is not None:
        shown = EmailMessage(policy=SMTP)
        shown.set_content(dressed(clean(message.html)), subtype="html", charset="utf-8", cte="base64")
        for file, name in inline:
            _attach(shown, file, name, is_inline=True)
        body.make_alternative()
        body.attach(shown)
    for file, name in attached:
        _attach(body, file, name, is_inline=False)
    return body


def _set_text(body: EmailMessage, text: str) -> None:
    text = clean(text)
    encoding = "quoted-printable" if text.isascii() else "base64"
    body.set_content(text, charset="utf-8", cte=encoding)


def _divided(message: Outbound) -> tuple[list[tuple[File, str]], list[tuple[File, str]]]:
    """Return the files that the HTML shows and those that are attached, each with a name of its own."""
    inline: list[tuple[File, str]] = []
    attached: list[tuple[File, str]] = []
    taken: dict[str, int] = {}
    for position, file in enumerate(message.files, start=1):
        name = unique_name(safe_name(file.filename, content_type=file.content_type, position=position), taken)
        is_shown = message.html is not None and file.content_id is not None and is_message_id(f"{file.content_id}@x")
        (inline if is_shown else attached).append((file, name))
    return inline, attached


def _attach(body: EmailMessage, file: File, name: str, *, is_inline: bool) -> None:
    kind = _CONTENT_TYPE.fullmatch(file.content_type.lower())
    # A mail as message/rfc822 may not be base64, and servers rewrite what is not: it travels as plain bytes.
    maintype, subtype = kind.groups() if kind else ("application", "octet-stream")
    if is_inline:
        body.add_related(
            file.data,
            maintype=maintype,
            subtype=subtype,
            cid=f"<{file.content_id}>",
            filename=name,
            disposition="inline",
        )
    else:
        body.add_attachment(file.data, maintype=maintype, subtype=subtype, filename=name)
