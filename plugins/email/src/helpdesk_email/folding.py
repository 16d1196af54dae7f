"""Owns the question where in the HTML of a mail its quotation begins, so that a screen can fold it away.

The text beside the HTML begins to quote at the same words, also where nothing in it says so.

Two things tell: the marks that clients put on what they quote (classes, ids, ``type=cite``), in whatever language,
and the words that ``quoting`` knows from texts, as Outlook, Naver, Daum and Hanmail write nothing else. The earlier
place counts. When in doubt there is none: what is forwarded is the message itself, and words behind a quotation or
between two may be an answer.

The HTML is read as nh3 writes it: tags are closed, and values stand in double quotes. Marks do not outlive it, so they
are looked for in another copy, which has them and the same tags.
"""

import html as entities
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from helpdesk.sdk.html import VOID
from helpdesk_email.markup import sanitise_with_marks, shows_something
from helpdesk_email.quoting import (
    MOST_LINES,
    first_quoted_line,
    has_answers_between,
    is_forward,
    is_rule,
    with_what_is_above,
)

MAX_LENGTH = 500_000
LINES_OF_A_HEAD = 3

_TOKEN = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>\"]|\"[^\"]*\")*+)>|[^<]+|<")
_BREAKING = frozenset({
    "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "footer", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hr", "li", "ol", "p", "pre", "section", "table", "tbody", "tr", "ul",
})  # fmt: skip
_MARKS = (
    ("class", "gmail_quote"), ("class", "moz-cite-prefix"), ("class", "yahoo_quoted"), ("class", "protonmail_quote"),
    ("class", "zmail_extra"), ("id", "appendonsend"), ("id", "divRplyFwdMsg"),
    ("id", "mail-editor-reference-message-container"), ("type", "cite"),
)  # fmt: skip
_HEADS = frozenset({"moz-cite-prefix", "appendonsend", "divrplyfwdmsg"})
_MARKED = re.compile("|".join(rf"\b{value}" for _, value in _MARKS), re.IGNORECASE)
_MARK = re.compile("|".join(rf'\b{name}="(?:[^"]*\s)?({value})(?:\s[^"]*)?"' for name, value in _MARKS), re.IGNORECASE)
_LETTERS = re.compile(r"[^\W_]+")
NEEDLES = (80, 40, 20)
"""With how many letters of a quotation its place is looked for in the text beside it; fewer prove little."""


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


@dataclass(frozen=True, slots=True)
class Fold:
    """Where in sanitised HTML the quoted rest begins: None for nowhere, or any doubt.

    ``is_answered_below`` says that something new stands below a quotation or between two: then nothing may be cut,
    of the text beside it or made of it neither.
    """

    place: int | None = None
    is_answered_below: bool = False


NO_FOLD = Fold()


def fold(sanitised: str, raw: str) -> Fold:
    """Return where sanitised HTML is to be folded. ``raw`` is the same HTML as it came."""
    if has_answers_between(sanitised):
        return Fold(is_answered_below=True)
    if len(sanitised) > MAX_LENGTH or len(raw) > 4 * MAX_LENGTH:
        return NO_FOLD
    tokens = list(_tokens(sanitised))
    lines = _lines(tokens)
    mark, is_answered = _marked(tokens, raw)
    found = [place for place in (mark, _worded(lines)) if place is not None]
    if not found or is_answered:
        return Fold(is_answered_below=is_answered)
    first = min(found)
    head = sum(place < first for place in lines.tokens) + LINES_OF_A_HEAD
    if any(is_forward(line) for line in lines.texts[:head]):
        return NO_FOLD
    place = tokens[_with_what_opens_it(tokens, first)].start
    return Fold(place if shows_something(sanitised[:place]) and shows_something(sanitised[place:]) else None)


def same_place(text: str, sanitised: str, place: int) -> int | None:
    """Return where the text beside HTML begins to quote, if the HTML does at the place; None if it says other words.

    It is the line that begins with the first words of the quotation: as often as these stand in what is new, they are
    passed over.
    """
    quoted, new = _letters(sanitised, place, most=NEEDLES[0]), _letters(sanitised[:place])
    runs = list(_LETTERS.finditer(text))
    letters = "".join(run[0] for run in runs)
    for length in NEEDLES:
        needle = quoted[:length]
        found = -length
        for _time in range(new.count(needle) + 1 if len(needle) == length else 0):
            found = letters.find(needle, found + length)
            if found < 0:
                break
        if found >= 0:
            return _beginning_of_line(text, runs, found)
    return None


def _letters(sanitised: str, place: int = 0, *, most: int = MAX_LENGTH) -> str:
    """Return the letters and digits that a reader sees from a place on, at least so many."""
    found: list[str] = []
    for match in _TOKEN.finditer(sanitised, place):
        if not match[2]:
            found += _LETTERS.findall(entities.unescape(match[0]))
        if len(found) >= most:
            break
    return "".join(found)


def _beginning_of_line(text: str, runs: Sequence[re.Match[str]], letter: int) -> int | None:
    """Return where the line begins whose first letter is that one, or the blank lines and the rule above it."""
    for run in runs:
        if letter < len(run[0]):
            begin = text.rfind("\n", 0, run.start() + letter) + 1
            return None if _LETTERS.search(text[begin : run.start() + letter]) else with_what_is_above(text, begin)
        letter -= len(run[0])
    return None


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
    marks = _marks(tokens, raw) if _MARKED.search(raw) else {}
    first = min(marks, default=None)
    if first is None or marks[first] in _HEADS:
        return first, False
    return first, _is_answered_below(tokens, first, {place for place, mark in marks.items() if mark not in _HEADS})


def _marks(tokens: Sequence[_Token], raw: str) -> dict[int, str]:
    """Return the tokens on which clients have put their marks, and the marks."""
    found = {}
    for place, match in enumerate(_TOKEN.finditer(sanitise_with_marks(raw))):
        if place >= len(tokens) or (match[2] or "").lower() != tokens[place].tag:
            break  # the two are not the same page after all
        mark = _MARK.search(match[3] or "")
        if mark is not None:
            found[place] = (mark[mark.lastindex or 0]).lower()
    return found


def _is_answered_below(tokens: Sequence[_Token], place: int, quotations: Set[int]) -> bool:
    """Return whether anything shows from a quotation on but for quotations: an iPhone makes one of their head alone."""
    while place < len(tokens):
        if place in quotations:
            place = _end_of(tokens, place)
        elif tokens[place].shows:
            return True
        else:
            place += 1
    return False


def _end_of(tokens: Sequence[_Token], begin: int) -> int:
    """Return the token behind the element that begins with one."""
    depth = 0
    for place in range(begin, len(tokens)):
        token = tokens[place]
        if token.tag == tokens[begin].tag and token.tag not in VOID:
            depth += -1 if token.is_closing else 1
        if not depth:
            return place + 1
    return len(tokens)


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
