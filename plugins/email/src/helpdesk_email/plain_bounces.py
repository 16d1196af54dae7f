"""Owns bounces that are written for people alone, as Exim, qmail, Exchange, Gmail, Yahoo, Naver and Daum write them.

Believed if three things hold at once: a mail system wrote, its own words say that a mail did not arrive, and it
brings back the Message-ID of a mail of ours. Else it stays a message, marked as automatic. What it quotes is not
its own words: a vacation note has a null return path too, and may quote an answer about undelivered mail.

Who is meant is read from the words, and from whom our mail went to; where neither tells, the report names nobody.
"""

import re

from helpdesk.sdk.channel import DeliveryReport, RecipientVerdict, Verdict
from helpdesk_email.addresses import Mailbox
from helpdesk_email.automatic import has_daemon_name, is_absence, is_daemon
from helpdesk_email.cleaning import single_line
from helpdesk_email.identifiers import is_own_address, own_ids
from helpdesk_email.originals import original_id, original_recipients
from helpdesk_email.quoting import quoted_from
from helpdesk_email.refusal_words import Judgement, is_dead, judge, says_why
from helpdesk_email.settings import EmailSettings
from helpdesk_email.structure import Part
from helpdesk_email.subjects import is_answer

MAX_TEXT = 100_000
MAX_WORDS = 20_000
MAX_REASON = 500
MAX_PARAGRAPH = 2_000
MAX_RECIPIENTS = 50
SHORT = 12

_QUOTED_FROM = re.compile(
    r"^[-=_* \t]{2,80}[^\n]{0,60}"
    r"(?:copy of|original (?:message|mail)|message headers|returned message|원본|원문)[^\n]*$"
    r"|^[>| \t]*(?:return-path|received|dkim-signature|message-id|mime-version)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_LINE = re.compile(rf"^[ \t]{{0,20}}(?:to[ \t]?:[ \t]?)?<?({_ADDRESS.pattern})", re.IGNORECASE | re.MULTILINE)
_QUOTED_LINE = re.compile(r"^[ \t]{0,20}[>|][^\n]*$", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def read_plain_bounce(root: Part, *, text: str, sender: Mailbox, settings: EmailSettings) -> DeliveryReport | None:
    """Return the report that the mail, whose text is given, is, or None if it is none about a mail of ours."""
    subject = root.headers.text("subject")
    if not is_daemon(root.headers, sender) or is_absence(subject):
        return None
    text = text[:MAX_TEXT]
    words = _own_words(text if has_daemon_name(sender) else text[: quoted_from(text, subject=subject)])
    judgement = judge(words if is_answer(subject) else f"{subject}\n{words}")
    original = original_id(root, text=text)
    if judgement is None or original is None:
        return None
    people = _recipients(root, text=text, words=words, sender=sender, settings=settings)[:MAX_RECIPIENTS]
    paragraphs = [single_line(paragraph, limit=MAX_PARAGRAPH) for paragraph in _BLANK_LINE.split(words)]
    said = [_said_of(one, paragraphs, is_alone=len(people) == 1) for one in people]
    verdicts = [_verdict(one, about, judgement) for one, about in zip(people, said, strict=True)]
    return DeliveryReport(original, tuple(verdicts))


def _own_words(text: str) -> str:
    """Return what the mail system itself says, without the mail that it quotes."""
    quoted = _QUOTED_FROM.search(text)
    return _QUOTED_LINE.sub("", text[: quoted.start() if quoted else None][:MAX_WORDS])


def _recipients(root: Part, *, text: str, words: str, sender: Mailbox, settings: EmailSettings) -> list[str]:
    """Return who did not get the mail; one empty address where nothing says who."""
    failed = [mailbox.address for mailbox in root.headers.mailboxes("x-failed-recipients") if mailbox.address]
    if failed:
        return failed
    named = [one for one in _ADDRESS.findall(words) if _is_somebody(one, sender, settings)]
    addressed = original_recipients(root, text=text)
    known = [one for one in named if one.lower() in addressed]
    lines = [one for one in _LINE.findall(words) if one in named]
    found = known or lines or named[:1] or (addressed if len(addressed) == 1 else [""])
    return list({one.lower(): one for one in reversed(found)}.values())[::-1]


def _is_somebody(address: str, sender: Mailbox, settings: EmailSettings) -> bool:
    """Return whether an address in the words may be a recipient's: not ours, not the mail system's, not an id."""
    is_ours = is_own_address(address, address=settings.address) or bool(own_ids(address))
    return not is_ours and address.lower() != sender.address.lower()


def _said_of(recipient: str, paragraphs: list[str], *, is_alone: bool) -> str:
    """Return what is said of one recipient: in the paragraph that names them, and in the next if that says little.

    Of one who is alone, the first paragraph that says why.
    """
    place = next((place for place, one in enumerate(paragraphs) if recipient and recipient in one), None)
    own = "" if place is None else _without(recipient, paragraphs[place])
    if place is not None and len(own) < SHORT:
        own = " ".join([own, *paragraphs[place + 1 : place + 2]]).strip()
    if is_alone and not says_why(own):
        return next((one for one in paragraphs if says_why(one)), own or " ".join(paragraphs))
    return own


def _without(recipient: str, paragraph: str) -> str:
    """Return the paragraph without the recipient at its beginning."""
    return re.sub(rf"^<?{re.escape(recipient)}>?:?\s*", "", paragraph)


def _verdict(recipient: str, said: str, whole: Judgement) -> RecipientVerdict:
    """Return the verdict on one recipient, by what is said of them, or of the whole where that says no reason."""
    is_permanent = is_dead(said) if says_why(said) else whole.is_permanent
    is_permanent = is_permanent and whole.verdict is Verdict.FAILED
    return RecipientVerdict(recipient, whole.verdict, single_line(said, limit=MAX_REASON), is_permanent)
