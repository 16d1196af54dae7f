"""Owns the way from received bytes to one message, or to the report that they are.

Whatever is missing or broken has a fallback, in this file or below; only what is built to break its
reader, and what has not one header of a mail, raises (Unreadable): noise is to make no ticket.
``Reply-To`` is not read but of forms (``forms``): whoever writes it could put words into the mouth of somebody
else. A mail without a sender is kept under a placeholder to which nothing is ever sent.
"""

from dataclasses import replace
from datetime import UTC, datetime

from helpdesk.sdk.channel import DeliveryReport, Identity, Inbound, InboundRequest
from helpdesk_email.addresses import Mailbox
from helpdesk_email.automatic import has_daemon_name, is_daemon, is_unread
from helpdesk_email.bounces import read_report
from helpdesk_email.complaints import read_complaint
from helpdesk_email.content import Content, charset_hint, read_content
from helpdesk_email.errors import Unreadable
from helpdesk_email.folding import same_place
from helpdesk_email.forms import written_by
from helpdesk_email.headers import Headers
from helpdesk_email.identifiers import (
    NO_SENDER,
    answered_ids,
    external_id,
    fingerprint,
    is_own_address,
    reply_token,
    ticket_number,
)
from helpdesk_email.plain_bounces import read_plain_bounce
from helpdesk_email.quoting import forwarded_from, is_forward_by, quoted_from
from helpdesk_email.settings import EmailSettings
from helpdesk_email.structure import Part, parse

MAX_SUBJECT = 998
MAX_COPIED = 40
DOUBTFUL = "It was not written as an address is, so it may be wrong."

_SENDERS = ("from", "sender", "return-path")
_DELIVERED_TO = ("to", "cc", "delivered-to", "x-original-to", "envelope-to")
_OF_A_MAIL = frozenset(
    {*_SENDERS, *_DELIVERED_TO, "reply-to", "subject", "date", "message-id", "in-reply-to", "references", "received"}
    | {"mime-version", "content-type"}
)


def read(request: InboundRequest, settings: EmailSettings) -> Inbound | DeliveryReport:
    """Understand one mail. Raises Unreadable for one that is to be set aside."""
    root = parse(request.body)
    if not any(name in _OF_A_MAIL for name, _ in root.headers.fields):
        raise Unreadable("This is no mail: it has no header such as From, Subject or Date; it was set aside unread.")
    hint = charset_hint(root)
    content = read_content(root, hint=hint)
    message = _message(root, content, request=request, hint=hint, settings=settings)
    report = _report(root, content.text, settings)
    return message if report is None else replace(report, message=message)


def _message(root: Part, content: Content, *, request: InboundRequest, hint: str, settings: EmailSettings) -> Inbound:
    """Return what the mail says, whatever wrote it."""
    headers = root.headers.with_hint(hint)
    writer = written_by(headers, sender=_sender(headers), settings=settings)
    sender, authentic = writer.mailbox, writer.authentic
    subject = headers.text("subject", limit=MAX_SUBJECT)
    recipients = [mailbox.address for name in _DELIVERED_TO for mailbox in headers.mailboxes(name)]
    return Inbound(
        external_id=external_id(headers, request.body),
        sender=Identity("email", sender.address or NO_SENDER, sender.name),
        text=content.text,
        subject=subject,
        html=content.html,
        files=content.files,
        answers=answered_ids(headers),
        reply_token=reply_token(recipients, address=settings.address),
        ticket_number=ticket_number(subject),
        nature=writer.nature,
        copied=_copied(headers, sender=sender, settings=settings),
        proof=authentic.proof,
        proof_details=authentic.details,
        suspicion=authentic.suspicion,
        fingerprint=fingerprint(root),
        undeliverable=DOUBTFUL if sender.is_doubtful else "",
        forwarded_from=_author(content.text, subject, settings),
        quoted_from=_quoted_from(content, subject),
        html_quoted_from=None if is_forward_by(subject) else content.html_quoted_from,
        sent_at=headers.date(now=request.received_at or datetime.now(UTC)),
    )


def _author(text: str, subject: str, settings: EmailSettings) -> Identity | None:
    """Return who wrote what the mail passes on; None if that is a machine, or the desk itself."""
    found = forwarded_from(text, subject=subject)
    if found is None or is_unread(found) or has_daemon_name(found):
        return None
    if is_own_address(found.address, address=settings.address):
        return None
    return Identity("email", found.address, found.name)


def _quoted_from(content: Content, subject: str) -> int | None:
    """Return where the text begins to quote: by its words or where the HTML beside it does, the earlier place."""
    if content.is_answered_below or is_forward_by(subject):
        return None
    found = [quoted_from(content.text, subject=subject, html=content.html)]
    if content.html is not None and content.html_quoted_from is not None:
        found.append(same_place(content.text, content.html, content.html_quoted_from))
    return min((place for place in found if place is not None), default=None)


def _report(root: Part, text: str, settings: EmailSettings) -> DeliveryReport | None:
    """Return what the mail reports of one that we sent, in whatever form; None if it reports nothing.

    A person may attach a report: it is one only if the mail is one as a whole, or if a mail system wrote it.
    """
    sender = _sender(root.headers)
    found = None
    if root.content_type == "multipart/report" or is_daemon(root.headers, sender):
        found = read_report(root, text=text) or read_complaint(root, text=text)
    return found or read_plain_bounce(root, text=text, sender=sender, settings=settings)


def _sender(headers: Headers) -> Mailbox:
    """Return the first person that the first sender header with an address names."""
    found = [mailbox for name in _SENDERS for mailbox in headers.mailboxes(name)[:1]]
    known = next((mailbox for mailbox in found if mailbox.address), None)
    name = next((mailbox.name for mailbox in found if mailbox.name), "")
    return Mailbox(name, "") if known is None else replace(known, name=known.name or name)


def _copied(headers: Headers, *, sender: Mailbox, settings: EmailSettings) -> tuple[Identity, ...]:
    """Return who else got the mail, each once, at most forty: a mail must not make a thousand customers."""
    people: dict[str, Identity] = {}
    for mailbox in [*headers.mailboxes("to"), *headers.mailboxes("cc")]:
        key = mailbox.address.lower()
        if key and key != sender.address.lower() and not is_own_address(key, address=settings.address):
            people.setdefault(key, Identity("email", mailbox.address, mailbox.name))
    return tuple(people.values())[:MAX_COPIED]
