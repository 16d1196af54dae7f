"""Owns the question who wrote a mail: a person, a machine, or a sender that the spam filter marked.

``X-Auto-Response-Suppress`` alone says nothing: Outlook sets it on what people write. Subjects are
believed only where they begin with the words of an absence note, which Korean webmail sends without
any header that says so.
"""

import re

from helpdesk.sdk.channel import Nature
from helpdesk_email.addresses import Mailbox
from helpdesk_email.headers import Headers
from helpdesk_email.identifiers import is_own_address
from helpdesk_email.settings import EmailSettings

LOOP_HEADER = "X-Loop"

_BULK = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_MARKS = (
    "list-id",
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-mail-autoreply",
    "x-ms-exchange-inbox-rules-loop",
    "x-ms-exchange-generated-message-source",
    "x-failed-recipients",
)
_DAEMONS = frozenset({
    "mailer-daemon", "mailerdaemon", "mailer_daemon", "postmaster", "mail-daemon", "maildaemon", "double-bounce",
})  # fmt: skip
_EXCHANGE = "microsoftexchange"  # with digits behind, as in MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e
_ABSENCE = re.compile(
    r"\s*(?:re:\s*)?[\[(]?\s*(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|"
    r"자동\s?(?:회신|응답)|부재\s?중\s?(?:자동|알림|회신|응답|안내|메일)|부재\s?중\s*[\])])",
    re.IGNORECASE,
)
_YES = re.compile(r"\s*(?:yes|true|spam|1)\b", re.IGNORECASE)


def nature(headers: Headers, *, sender: Mailbox, settings: EmailSettings) -> Nature:
    """Return what wrote the mail with these headers."""
    if settings.spam_header and _YES.match(headers.text(settings.spam_header.lower())):
        return Nature.SPAM
    if is_daemon(headers, sender) or _is_ours(headers, sender, settings) or _says_so(headers):
        return Nature.AUTOMATIC
    return Nature.AUTOMATIC if is_absence(headers.text("subject")) else Nature.PERSON


def is_absence(subject: str) -> bool:
    """Return whether a subject begins as absence notes do."""
    return _ABSENCE.match(subject) is not None


def is_daemon(headers: Headers, sender: Mailbox) -> bool:
    """Return whether a mail system wrote: it says so by its name, or by refusing to be answered."""
    if has_daemon_name(sender):
        return True
    return_path = headers.first("return-path")
    return return_path is not None and return_path.replace(b" ", b"") == b"<>"


def has_daemon_name(sender: Mailbox) -> bool:
    """Return whether the sender has a name that only mail systems have."""
    name = sender.local.lower() or sender.name.lower().split(" ")[0].partition("@")[0]
    return name in _DAEMONS or name.startswith(_EXCHANGE)


def _says_so(headers: Headers) -> bool:
    submitted = headers.value("auto-submitted").value
    if submitted and submitted != "no":
        return True
    if headers.text("precedence").lower() in _BULK or any(headers.first(mark) is not None for mark in _MARKS):
        return True
    return headers.value("content-type").value == "multipart/report"


def _is_ours(headers: Headers, sender: Mailbox, settings: EmailSettings) -> bool:
    if is_own_address(sender.address, address=settings.address):
        return True
    return any(settings.address.lower() in text.lower() for text in headers.texts(LOOP_HEADER.lower()))
