"""Owns the question where in the HTML of a mail its quotation begins, so that a screen can fold it away.

Two things tell: the marks that clients put on what they quote (classes, ids, ``type=cite``), in whatever language,
and the words that ``quoting`` knows from texts, as Outlook, Naver, Daum and Hanmail write nothing else. The earlier
place counts. When in doubt there is none: what is forwarded is the message itself, and words behind a quotation or
between two may be an answer.

The HTML is read as nh3 writes it: tags are closed, and values stand in double quotes. Marks do not outlive it, so they
are looked for in another copy, which has them and the same tags.
"""

import html as entities
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from helpdesk_email.markup import VOID, sanitise_with_marks, shows_something
from helpdesk_email.quoting import MOST_LINES, first_quoted_line, has_answers_between, is_forward, is_rule

MAX_LENGTH = 500_000
LINES_OF_A_HEAD = 3

_TOKEN = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>\"]|\"[^\"]*\")*+)>|[^<]+|<")
_BREAKING = frozenset({
    "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "li", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul",
})  # fmt: skip
_MARKED = re.compile(
    r"gmail_quote|moz-cite-prefix|yahoo_quoted|protonmail_quote|zmail_extra|appendonsend|divRplyFwdMsg"
    r"|mail-editor-reference-message-container|type\s*=\s*[\"']?cite",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"\bclass=\"(?:[^\"]*\s)?(?:gmail_quote|moz-cite-prefix|yahoo_quoted|protonmail_quote|zmail_extra)(?:\s[^\"]*)?\""
    r"|\bid=\"(?:appendonsend|divRplyFwdMsg|mail-editor-reference-message-container)\"|\btype=\"cite\"",
    re.IGNORECASE,
)

_HEAD = re.compile(r"moz-cite-prefix|appendonsend|divRplyFwdMsg", re.IGNORECASE)


class _Token(NamedTuple):  # of which a page has ten thousands, and a dataclass takes twice the time to make
    """A tag or a text, and where it begins; ``tag`` is empty for a text, ``words`` for a tag."""

    start: int
    tag: str = ""
    is_closing: bool = False
    words: str = ""

    @property
    def shows(self) -> bool:
        return bool(self.words.strip()) or self.tag == "img"


@dataclass(slots=True)
class _Lines:
    """The lines that a reader sees, and for each the token that its first word stands in."""

    texts: list[str] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)


def html_quoted_from(sanitised: str, raw: str) -> int | None:
    """Return where in sanitised HTML the quoted rest begins, or None when there is none, or any doubt.

    ``raw`` is the same HTML as it came.
    """
    if len(sanitised) > MAX_LENGTH or len(raw) > 4 * MAX_LENGTH or has_answers_between(sanitised):
        return None
    tokens = list(_tokens(sanitised))
    lines = _lines(tokens)
    mark, is_answered = _marked(tokens, raw)
    found = [place for place in (mark, _worded(lines)) if place is not None]
    if not found or is_answered:
        return None
    first = min(found)
    head = sum(place < first for place in lines.tokens) + LINES_OF_A_HEAD
    if any(is_forward(line) for line in lines.texts[:head]):
        return None
    place = tokens[_with_what_opens_it(tokens, first)].start
    return place if shows_something(sanitised[:place]) and shows_something(sanitised[place:]) else None


def _tokens(sanitised: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(sanitised):
        if match[2]:
            yield _Token(match.start(), match[2].lower(), match[1] == "/")
        else:
            yield _Token(match.start(), words=entities.unescape(match[0]).replace("\xa0", " "))


def _lines(tokens: Sequence[_Token]) -> _Lines:
    """Return the lines; one that only breaks is blank, the ends of blocks are not."""
    lines, words, first = _Lines(), [""], None

    def end_line(*, is_blank_kept: bool) -> None:
        nonlocal words, first
        text = " ".join("".join(words).split())
        if text or is_blank_kept:
            lines.texts.append(text)
            lines.tokens.append(place if first is None else first)
        words, first = [""], None

    place = 0
    for place, token in enumerate(tokens):
        if token.tag in _BREAKING:
            end_line(is_blank_kept=token.tag == "br")
        elif token.tag in {"td", "th"}:
            words.append(" ")
        elif not token.tag:
            first = place if first is None and token.words.strip() else first
            words.append(token.words)
    end_line(is_blank_kept=False)
    return lines


def _worded(lines: _Lines) -> int | None:
    """Return the token with which a quotation begins by its words, and the line that is drawn above them."""
    found = first_quoted_line(lines.texts) if len(lines.texts) <= MOST_LINES else None
    while found and (is_rule(lines.texts[found - 1]) or not lines.texts[found - 1]):
        found -= 1
    return None if found is None else lines.tokens[found]


def _marked(tokens: Sequence[_Token], raw: str) -> tuple[int | None, bool]:
    """Return the token with which a client begins its quotation, and whether something shows behind that.

    Behind a mere head of it, the quotation itself shows.
    """
    if not _MARKED.search(raw):
        return None, False
    for place, match in enumerate(_TOKEN.finditer(sanitise_with_marks(raw))):
        tag, attributes = (match[2] or "").lower(), match[3] or ""
        if place >= len(tokens) or tag != tokens[place].tag:
            break  # the two are not the same page after all
        if _MARK.search(attributes):
            return place, _HEAD.search(attributes) is None and _is_answered_below(tokens, place)
    return None, False


def _is_answered_below(tokens: Sequence[_Token], mark: int) -> bool:
    """Return whether anything shows behind the element of a mark."""
    depth = 0
    for place in range(mark, len(tokens)):
        token = tokens[place]
        if token.tag == tokens[mark].tag:
            depth += -1 if token.is_closing else 1
        if not depth:
            return any(one.shows for one in tokens[place:])
    return False


def _with_what_opens_it(tokens: Sequence[_Token], place: int) -> int:
    """Return the first of the tokens before a place that show nothing, and of which none closes what began earlier."""
    found, depth = place, 0
    for earlier in range(place - 1, -1, -1):
        token = tokens[earlier]
        if token.shows:
            break
        if token.tag and token.tag not in VOID:
            depth += 1 if token.is_closing else -1 if depth else 0
        found = found if depth else earlier
    return found
