"""Owns handing a mail to the SMTP server, and what the server says about each recipient.

Automatic mail goes out with an empty envelope sender, so that its bounces answer nobody (RFC 3834);
a server that wants a sender gets one. One mail for all recipients, not one each: they see each other
as they would in any mail program, and a ticket's thread stays one.
"""

import re
import smtplib

from helpdesk.sdk.channel import Outbound, RecipientVerdict, Refused, Retry, Sent, Verdict
from helpdesk_email.addresses import is_address, on_the_wire
from helpdesk_email.bounces import is_dead_address
from helpdesk_email.connections import account_refused, reply_text, smtp_connection
from helpdesk_email.identifiers import NO_SENDER
from helpdesk_email.settings import EmailSettings
from helpdesk_email.signing import signed
from helpdesk_email.tokens import Tokens
from helpdesk_email.writing import message_id_of, write

_MAY_NOT_SEND = re.compile(r"5[0-9][0-9] 5\.(?:7\.[0-9]+|1\.[78])(?![0-9])")
"""At MAIL nothing but the sender is known: what policy says there, or of the sender's address, is about the account."""


def submit(message: Outbound, settings: EmailSettings, tokens: Tokens) -> Sent:
    """Hand the mail over. Raises Refused if every recipient is refused for good, Retry if nothing was taken for now."""
    people = dict.fromkeys(person.value for person in message.recipients)
    for address in people:
        if not is_address(address):
            raise Refused(f"{address[:100]!r} is no mail address; correct the customer's address.")
    people.pop(NO_SENDER, None)
    if not people:
        raise Refused("There is nobody to send this mail to: the customer's mail came without a sender.")
    raw = signed(write(message, settings), settings)
    with smtp_connection(settings, tokens) as server:
        _announce(server, settings, size=len(raw), is_automatic=message.is_automatic, people=list(people))
        verdicts = _name_recipients(server, list(people))
        _deliver(server, raw)
    return Sent(message_id_of(message, settings), tuple(verdicts))


def _announce(
    server: smtplib.SMTP, settings: EmailSettings, *, size: int, is_automatic: bool, people: list[str]
) -> None:
    options = [f"SIZE={size}"] if server.has_extn("size") else []
    if not all(on_the_wire(address).isascii() for address in people):
        if not server.has_extn("smtputf8"):
            raise Refused("The mail server takes only ASCII addresses, and a recipient's has other letters.")
        options.append("SMTPUTF8")
    code, reply = server.mail("" if is_automatic else settings.address, options)
    if is_automatic and code >= 500:
        server.rset()
        code, reply = server.mail(settings.address, options)
    if code != 250:
        error = smtplib.SMTPSenderRefused(code, reply, settings.address)
        raise account_refused(settings, error) if _MAY_NOT_SEND.match(reply_text(code, reply)) else error


def _name_recipients(server: smtplib.SMTP, people: list[str]) -> list[RecipientVerdict]:
    """Name each recipient; return the verdicts of those that were refused. Raises if none was taken."""
    verdicts = []
    for address in people:
        code, reply = server.rcpt(on_the_wire(address))
        if code == 421:
            raise smtplib.SMTPResponseException(code, reply)
        if code not in (250, 251):
            verdicts.append(_verdict(address, code, reply_text(code, reply)))
    if len(verdicts) == len(people):
        reasons = "; ".join(f"{verdict.recipient}: {verdict.reason}" for verdict in verdicts)[:1_000]
        if any(verdict.verdict is Verdict.DELAYED for verdict in verdicts):
            raise Retry(f"The mail server takes no recipient now. {reasons}")
        is_permanent = all(verdict.is_permanent for verdict in verdicts)
        raise Refused(f"The mail server refuses every recipient. {reasons}", is_permanent=is_permanent)
    return verdicts


def _verdict(address: str, code: int, reason: str) -> RecipientVerdict:
    if code < 500:
        return RecipientVerdict(address, Verdict.DELAYED, reason)
    return RecipientVerdict(address, Verdict.FAILED, reason, is_permanent=is_dead_address(reason))


def _deliver(server: smtplib.SMTP, raw: bytes) -> None:
    code, reply = server.data(raw)
    if code != 250:
        raise smtplib.SMTPDataError(code, reply)
