"""Owns the question who wrote a mail: a person, a machine, or a sender that the spam filter marked.

``X-Auto-Response-Suppress`` alone says nothing: Outlook sets it on what people write. Subjects are
believed only where they begin with the words of an absence note, or say as a notice does that nobody is to
answer; Korean webmail and shops send both without any header that says so. One that asks for something is a
person's, unless what asks is the subject that a note repeats behind a colon. An empty From is a mail system's; one
that can't be read may be a person's.
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
_REASON = r"(?:휴가|연차|월차|병가|출장|교육|휴무|휴직|외근)"
_ABSENT = re.compile(
    rf"\s*[\[(]?\s*(?:부재\s?중\s?(?:입니다|임)[\s.!~]*(?:$|[(\[\d:/-])"
    rf"|{_REASON}\s?(?:으?로\s?인한|으?로\s?인해|으?로|에\s?따른)?\s?부재\s?(?:중|안내|알림|공지|입니다|$))"
)
_UNANSWERED = re.compile(
    r"(?!\s*(?:re|fwd?|답장|회신|전달)\s?[:：])(?:\s*(?:[\[(【<][^\])】>]{0,30}[\])】>]\s*)?(?:본\s?메일은\s?)?"
    r"자동\s?(?:발송|발신)(?:된|되는|용)?\s?(?:이?메일|메시지)?\s?(?:입니다|임|알림|안내|$)"
    r"|\s*[\[(【<]\s?자동\s?(?:발송|발신)\s?[\])】>].*"
    r"|\s*[\[(【<]\s?(?:알림|안내|공지)\s?[\])】>].{0,200}발신\s?전용"
    r"|.{0,200}발신\s?전용\s?(?:이?메일)?(?:입니다)?[\s.\])】>]*$)",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"문의|질문|요청|신청|부탁|궁금|[?？]|[나까가]요|주세요|어떻게|안\s?(?:와|왔|옴|돼|되|됩|됨)|\s못\s?"
    r"|\b(?:orders?|how|help|(?:do(?:es)?|is|are|did)(?: not|n['’]?t)|not work(?:ing)?)\b",
    re.IGNORECASE,
)
_REPEATS = re.compile(
    r"\s?(?:회신|응답|안내|알림|메일)?[\s\])]*[:：]"
)  # behind it stands the subject that a note answers
_NOREPLY = re.compile(r"(?:.*[._+-])?(?:no|do[._-]?not)[._-]?reply(?:[._+\d-].*)?", re.IGNORECASE)
_NOBODY = re.compile(
    rb"(?:[^<>@]*<\s*(?:%b)?\s*>|[\s\"]*(?:mail delivery (?:sub)?system[\s\"]*)?)\s*(?:\([^()]*\))?\s*"
    % "|".join(sorted(_DAEMONS)).encode(),
    re.IGNORECASE,
)
_YES = re.compile(r"\s*(?:yes|true|spam|1)\b", re.IGNORECASE)


def nature(headers: Headers, *, sender: Mailbox, settings: EmailSettings) -> Nature:
    """Return what wrote the mail with these headers."""
    if _is_spam(headers, settings):
        return Nature.SPAM
    if is_daemon(headers, sender) or _is_ours(headers, sender, settings) or _says_so(headers):
        return Nature.AUTOMATIC
    subject = headers.text("subject")
    is_note = is_absence(subject) or _tells(_UNANSWERED, subject)
    return Nature.AUTOMATIC if is_note or _takes_no_answer(headers, sender) else Nature.PERSON


def nature_of_form(headers: Headers, *, settings: EmailSettings) -> Nature:
    """Return what wrote a mail that a trusted form has sent: a person, though the form may call itself a machine."""
    if _is_spam(headers, settings):
        return Nature.SPAM
    return Nature.AUTOMATIC if _has_our_mark(headers, settings) else Nature.PERSON


def is_absence(subject: str) -> bool:
    """Return whether a subject begins as absence notes do."""
    note = _ABSENCE.match(subject)
    if note is not None and _REPEATS.match(subject, note.end()):
        return True
    return _tells(_ABSENCE, subject) or _tells(_ABSENT, subject)


def is_daemon(headers: Headers, sender: Mailbox) -> bool:
    """Return whether a mail system wrote: it says so by its name, by refusing to be answered, or by naming nobody."""
    if has_daemon_name(sender):
        return True
    written_by = headers.first("from")
    if not sender.address and written_by is not None and _NOBODY.fullmatch(written_by[:1_000]):
        return True
    return_path = headers.first("return-path")
    return return_path is not None and return_path.replace(b" ", b"") == b"<>"


def has_daemon_name(sender: Mailbox) -> bool:
    """Return whether the sender has a name that only mail systems have."""
    name = sender.local.lower() or sender.name.lower().split(" ")[0].partition("@")[0]
    return name in _DAEMONS or name.startswith(_EXCHANGE)


def is_unread(mailbox: Mailbox) -> bool:
    """Return whether an address says of itself that nobody reads answers there."""
    return _NOREPLY.fullmatch(mailbox.local) is not None


def _takes_no_answer(headers: Headers, sender: Mailbox) -> bool:
    """Return whether nobody reads answers. A form of a web site writes so too, and names who filled it in."""
    behind = [mailbox for mailbox in headers.mailboxes("reply-to") if mailbox.address]
    return all(is_unread(mailbox) for mailbox in (sender, *behind))


def _is_spam(headers: Headers, settings: EmailSettings) -> bool:
    return bool(settings.spam_header) and _YES.match(headers.text(settings.spam_header.lower())) is not None


def _tells(pattern: re.Pattern[str], subject: str) -> bool:
    """Return whether a subject has the words of a note, and asks for nothing behind them."""
    match = pattern.match(subject)
    return match is not None and _ASKS.search(subject, match.end()) is None


def _says_so(headers: Headers) -> bool:
    submitted = headers.value("auto-submitted").value
    if submitted and submitted != "no":
        return True
    if headers.text("precedence").lower() in _BULK or any(headers.first(mark) is not None for mark in _MARKS):
        return True
    return headers.value("content-type").value == "multipart/report"


def _is_ours(headers: Headers, sender: Mailbox, settings: EmailSettings) -> bool:
    return is_own_address(sender.address, address=settings.address) or _has_our_mark(headers, settings)


def _has_our_mark(headers: Headers, settings: EmailSettings) -> bool:
    found = headers.mailboxes(LOOP_HEADER.lower())
    return any(is_own_address(mailbox.address, address=settings.address) for mailbox in found)
