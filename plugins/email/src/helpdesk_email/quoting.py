"""Owns the question where a mail stops saying something new and begins to quote what came before.

It is answered from the text alone, in the forms that Gmail, Outlook, Apple Mail, Thunderbird, Yahoo, Naver,
Daum, Zoho and mobile clients write in Korean, English, German, French and Japanese. Nothing is cut off: the desk
folds what stands behind the place. When in doubt nothing is folded: an answer between quoted lines is new
text, and what is forwarded is the message itself.
"""

import re
from collections.abc import Iterator, Sequence

from helpdesk_email.addresses import Mailbox, parse_mailboxes

MOST_LINES = 20_000
LONGEST_LINE = 1_000
MOST_ATTRIBUTIONS = 300
"""How many lines may end like “… wrote:” and not be one, before the whole text is in doubt."""
LONGEST_HEAD = 12
"""How many lines a block of From, Sent, To and Subject may take."""

_LABELS = {
    "from": ("from", "보낸 사람", "보낸사람", "보낸이", "발신", "발신자", "발신인", "von", "de", "差出人", "送信者"),
    "date": (
        "sent", "date", "보낸 날짜", "보낸날짜", "보낸 시간", "보낸시간", "보낸 일시", "날짜", "일시", "발신일",
        "gesendet", "datum", "envoyé", "送信日時", "送信日", "日時", "日付",
    ),
    "to": ("to", "받는 사람", "받는사람", "받는이", "수신", "수신자", "수신인", "an", "à", "宛先"),
    "copy": ("cc", "참조", "kopie", "copie", "ccm"),
    "subject": ("subject", "제목", "betreff", "objet", "sujet", "件名"),
}  # fmt: skip
_ROLES = {label: role for role, labels in _LABELS.items() for label in labels}
_LABEL = re.compile(r"[\s*]{0,4}([^\W\d_][^:：*\n]{0,14}?)[\s*]{0,3}[:：]\*?(?:\s|$|(?<=：))")

_ORIGINAL = re.compile(
    r"\s*-{2,60}\s*\[?\s*(?:original\s+(?:message|e-?mail|mail|appointment)|원본\s*(?:메시지|메세지|메일|이메일|편지)"
    r"|받은\s*메일\s*내용|ursprüngliche\s+nachricht|originalnachricht|message\s+(?:d['’]origine|original)"
    r"|元のメッセージ|元のメール|original\s*メッセージ)\s*\]?\s*-{2,60}\s*",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s*(?:-{2,60}\s*\[?\s*(?:forwarded\s+(?:message|by)|전달된?\s*(?:메시지|메세지|메일|이메일|편지)"
    r"|weitergeleitete\s+nachricht|message\s+transféré|転送(?:された)?メッセージ|forwarded\s*mail)"
    r"|(?:begin\s+forwarded\s+message|전달된\s*메시지|anfang\s+der\s+weitergeleiteten\s+nachricht"
    r"|début\s+du\s+message\s+réexpédié|転送されたメッセージ)\s*[:：])",
    re.IGNORECASE,
)
_FORWARDED_SUBJECT = re.compile(r"\s*(?:fwd?|전달|wg|tr|転送)\s*[:：]", re.IGNORECASE)
_RULE = re.compile(r"\s*[_\-=*~─━]{5,}\s*")

_DAY = r"(?:\d{1,4}\D{1,12}){2}\d{1,4}"  # a day in any order, such as 2026년 11월 3 or 03.11.2026
_ATTRIBUTIONS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"on\s.{4,250}\swrote\s*:",
        r".{0,150}\(?" + _DAY + r".{0,250}\swrote\s*:",
        _DAY + r".{0,250}(?:님이|님께서|이\(가\)|이|가)?\s*(?:작성|쓴\s*글|쓰신\s*글|보낸\s*(?:메시지|메일))\s*[:：]",
        r"am\s.{4,250}\sschrieb\b.{0,200}:",
        r"le\s.{4,250}\sa\s+écrit\s*:",
        _DAY + r".{0,250}(?:のメール|が書きました|さんは書きました|のメッセージ|wrote)\s*[:：]",
        r"\d{4}年\d{1,2}月\d{1,2}日.{0,40}\d{1,2}:\d{2}.{1,200}@.{1,200}[:：]",
    )
]
_MOMENT = re.compile(_DAY + r".{0,100}?(?:@|\d{1,2}\s?[:：.h시時]\s?\d{2})", re.IGNORECASE)
"""What clients write of the mail that they quote, and people hardly of a letter: a day, and a time or an address."""

_QUOTE_TAG = re.compile(r"<(/?)blockquote\b[^>]{0,500}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>|&nbsp;|&#160;")


def quoted_from(text: str, *, subject: str = "", html: str | None = None) -> int | None:
    """Return where in the text the quoted rest begins, or None when there is none, or any doubt.

    ``html`` is the same mail as sanitised HTML, where it has any: answers between quotations show there only.
    """
    if is_forward_by(subject) or (html and has_answers_between(html)):
        return None
    lines = text.split("\n")
    found = first_quoted_line(lines) if len(lines) <= MOST_LINES else None
    if found is None:
        return None
    return with_what_is_above(text, sum(len(line) + 1 for line in lines[:found]))


def with_what_is_above(text: str, place: int) -> int | None:
    """Return where the line drawn above the one that begins at the place does, or blank ones; None if all is quoted."""
    while place:
        begin = text.rfind("\n", 0, place - 1) + 1
        line = text[begin : place - 1]
        if line.strip() and not is_rule(line):
            return place
        place = begin
    return None


def forwarded_from(text: str, *, subject: str) -> Mailbox | None:
    """Return who wrote what a mail passes on, as the first head of a forwarded mail in its text names them."""
    is_forwarded = is_forward_by(subject)
    lines = text.split("\n")[:MOST_LINES]
    for place, line in enumerate(lines):
        is_forwarded = is_forwarded or is_forward(line)
        if is_forwarded and _begins_head(lines, place):
            said = line.replace("：", ":").partition(":")[2].strip("* \t").replace("[mailto:", "<").replace("]", ">")
            return next((one for one in parse_mailboxes(said.encode()) if one.address), None)
    return None


def is_forward_by(subject: str) -> bool:
    """Return whether a subject says that the mail is forwarded: what it repeats is the message itself."""
    return _FORWARDED_SUBJECT.match(subject) is not None


def is_forward(line: str) -> bool:
    """Return whether a line says that what follows is forwarded."""
    return _FORWARDED.match(line[:LONGEST_LINE]) is not None


def is_rule(line: str) -> bool:
    """Return whether nothing but a rule is drawn on a line."""
    return _RULE.fullmatch(line[:LONGEST_LINE]) is not None


def has_answers_between(html: str) -> bool:
    """Return whether words stand outside all quotations, behind the first."""
    depth, end, is_behind = 0, 0, False
    for tag in _QUOTE_TAG.finditer(html):
        if is_behind and depth == 0 and _TAG.sub("", html[end : tag.start()]).strip():
            return True
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        end, is_behind = tag.end(), True
    return is_behind and bool(_TAG.sub("", html[end:]).strip())


def first_quoted_line(lines: Sequence[str]) -> int | None:
    """Return the first line from which on everything is quoted, or None. Of more than MOST_LINES it says nothing.

    Of “On … wrote:” the last line counts with which it can begin: new words may stand directly above.
    """
    for place, line in _telling(lines):
        if _FORWARDED.match(line):
            return None
        if _ORIGINAL.fullmatch(line) and len(set(_head(lines, place + 1))) >= 2:
            return place
        if _begins_head(lines, place):
            return place
        if after := _attribution_end(lines, place):
            begins = max(later for later in range(place, after) if _attribution_end(lines, later) == after)
            is_sure = _MOMENT.search(" ".join(lines[begins:after])) is not None
            return begins if _is_quoted_to_the_end(lines, after, is_sure=is_sure) else None
        if line.startswith(">"):
            return place if _is_marked_to_the_end(lines, place) else None
    return None


def _telling(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that may tell where the quotation begins, with their places."""
    tries = 0
    for place, line in enumerate(lines):
        tries += _ends_like_attribution(line)
        if tries > MOST_ATTRIBUTIONS:
            return
        if line.strip() and len(line) <= LONGEST_LINE:
            yield place, line


def _begins_head(lines: Sequence[str], place: int) -> bool:
    """Return whether From, Subject and a day or a recipient follow each other here, as Outlook writes them."""
    if _role(lines[place]) != "from":
        return False
    roles = set(_head(lines, place))
    return "subject" in roles and bool(roles & {"date", "to"})


def _head(lines: Sequence[str], place: int) -> Iterator[str]:
    """Yield what the lines of a head from here on are: from, date, to, copy, subject. A blank line ends it."""
    has_begun = False
    for line in lines[place : place + LONGEST_HEAD]:
        role = _role(line)
        if role is not None:
            has_begun = True
            yield role
        elif has_begun and not line.strip():
            return


def _role(line: str) -> str | None:
    match = _LABEL.match(line)
    return _ROLES.get(" ".join(match[1].lower().split())) if match else None


def _attribution_end(lines: Sequence[str], place: int) -> int | None:
    """Return the line behind “On … wrote:”, which mailers break over up to three lines, or None."""
    for end in range(place + 1, min(place + 4, len(lines) + 1)):
        if not lines[end - 1].strip() or len(lines[end - 1]) > LONGEST_LINE:
            return None
        if _ends_like_attribution(lines[end - 1]):
            said = " ".join(line.strip() for line in lines[place:end])
            if said.endswith("--"):  # Zoho puts it between dashes, and leaves the colon out
                said = f"{said.strip('- ').removesuffix(':')}:" if said.startswith("--") else ""
            return end if any(one.fullmatch(said) for one in _ATTRIBUTIONS) else None
    return None


def _ends_like_attribution(line: str) -> bool:
    return line.rstrip().endswith((":", "：", "--"))


def _is_quoted_to_the_end(lines: Sequence[str], place: int, *, is_sure: bool) -> bool:
    """Return whether nothing new stands between or behind the quoted lines.

    Text made of HTML has no marks at all; then what stands above the lines must be sure to be a client's.
    """
    rest = [line for line in lines[place:] if line.strip()]
    if not rest or not rest[0].startswith(">"):
        return bool(rest) and is_sure
    return _is_marked_to_the_end(lines, place)


def _is_marked_to_the_end(lines: Sequence[str], place: int) -> bool:
    return all(line.startswith(">") for line in lines[place:] if line.strip())
