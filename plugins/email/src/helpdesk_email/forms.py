"""Owns mails of trusted web forms: one of them belongs to the person in its Reply-To, not to the shop that sends it.

Which senders are forms is said by the account's setting ``form_senders``, and by nobody else: whoever writes a mail
writes its Reply-To too. A mail that our own server has found to be forged is no form's, and what is known of the form
proves nothing of the person: an agent's address in a form must not answer customers.
"""

from dataclasses import dataclass

from helpdesk.sdk.channel import Nature, SenderProof
from helpdesk_email.addresses import Mailbox
from helpdesk_email.authentication import Authenticity, appearance, authenticity
from helpdesk_email.automatic import is_unread, nature, nature_of_form
from helpdesk_email.headers import Headers
from helpdesk_email.identifiers import is_own_address
from helpdesk_email.settings import EmailSettings


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose a mail is, what is known of them, and what wrote it."""

    mailbox: Mailbox
    authentic: Authenticity
    nature: Nature


def written_by(headers: Headers, *, sender: Mailbox, settings: EmailSettings) -> Writer:
    """Return whose the mail of this sender is."""
    authentic = authenticity(headers, sender=sender, settings=settings)
    person = _person(headers, sender=sender, settings=settings)
    if person is None or authentic.proof is SenderProof.FAILED:
        return Writer(sender, authentic, nature(headers, sender=sender, settings=settings))
    details = f"form={sender.address} {authentic.details}".strip()
    suspicion = appearance(person, settings=settings)
    return Writer(
        person, Authenticity(details=details, suspicion=suspicion), nature_of_form(headers, settings=settings)
    )


def _person(headers: Headers, *, sender: Mailbox, settings: EmailSettings) -> Mailbox | None:
    """Return who has filled the form in; None if the sender is no form, or names nobody who reads answers."""
    forms = {address.lower() for address in settings.form_senders}
    if sender.address.lower() not in forms:
        return None
    named = next((mailbox for mailbox in headers.mailboxes("reply-to") if mailbox.address), None)
    if named is None or named.address.lower() in forms or is_own_address(named.address, address=settings.address):
        return None
    return None if is_unread(named) else named
