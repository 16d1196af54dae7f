"""Owns mail addresses: what is one, and how a header's list of them is read.

One pass by our own tokens: ``email.utils`` recurses on ``((((`` and the header registry takes seven
seconds for 20,000 recipients. Names are taken apart before encoded words are decoded, so that a comma
inside a decoded name divides nothing, nor one that stands as it is within a word.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from helpdesk_email.charsets import decode_unlabelled
from helpdesk_email.cleaning import single_line, visible_line
from helpdesk_email.words import decode_words

MAX_ADDRESS = 254
MAX_NAME = 200
MAX_MAILBOXES = 100

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[^\s@<>()\[\],;:\"\\.]+(?:\.[^\s@<>()\[\],;:\"\\.]+)*")
# Begins only where a word does: tried from each letter of a long word, it would take quadratic time.
_BARE = re.compile(r"(?<![^\s<>(),;:\"])[^\s<>(),;:\"]+[@＠﹫][^\s<>(),;:\"]+")
_PIECE = re.compile(
    r'"(?:[^"\\]|\\.)*"?|<[^>]*>?|[,;:()]|>|=\?[^?\s",;:()<>]{1,60}\?[bBqQ]\?[^?"<>@]{0,500}\?=|=|[^",;:()<>=]+',
    re.DOTALL,
)
_BLANKS_BESIDE = re.compile(r"\s{1,20}(?=[@＠﹫.])|(?<=[@＠﹫.])\s{1,20}")
_ROUTE = re.compile(r"^(?:mailto:|@[^:]*:)+", re.IGNORECASE)
_QUOTED_PAIR = re.compile(r'\\(["\\])')


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A person as a header names one; ``address`` is empty where none could be made out.

    One that ``is_doubtful``, with blanks inside or half a pair of brackets, may mean another address than the one that
    was made of it.
    """

    name: str
    address: str
    is_doubtful: bool = False

    @property
    def local(self) -> str:
        """Return the part of the address before the at sign."""
        return self.address.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """Return the part of the address behind the at sign."""
        return self.address.rpartition("@")[2]


@dataclass(slots=True)
class _Draft:
    words: list[str]
    comments: list[str]
    angle: str | None = None
    is_broken: bool = False

    @property
    def is_empty(self) -> bool:
        return self.angle is None and not any(word.strip(' \t"') for word in (*self.words, *self.comments))


def is_address(text: str) -> bool:
    """Return whether the text is a mail address that may stand in an envelope and a header as it is."""
    return len(text) <= MAX_ADDRESS and text.isprintable() and _ADDRESS.fullmatch(text) is not None


def on_the_wire(address: str) -> str:
    """Return the address with its domain in ASCII, which every server takes, if that can be written so."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def parse_mailboxes(raw: bytes, *, hint: str = "") -> list[Mailbox]:
    """Read a header's list of people, at most 100; pieces without an address belong to the name that follows."""
    found: list[Mailbox] = []
    unplaced: list[str] = []
    for draft in _drafts(decode_unlabelled(raw[:65_536], hint=hint)):
        mailbox = _mailbox(draft)
        if not mailbox.address:
            unplaced += [mailbox.name] if mailbox.name else []
            continue
        name = ", ".join(filter(None, [*unplaced, mailbox.name]))[:MAX_NAME]
        found.append(replace(mailbox, name=name))
        unplaced = []
        if len(found) == MAX_MAILBOXES:
            return found
    return [*found, Mailbox(", ".join(unplaced)[:MAX_NAME], "")] if unplaced else found


def _drafts(text: str) -> Iterator[_Draft]:
    draft, depth = _Draft([], []), 0
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece in "()":
            depth = max(0, depth + (1 if piece == "(" else -1))
        elif depth:
            draft.comments.append(piece)
        elif piece in ",;":
            if not draft.is_empty:
                yield draft
            draft = _Draft([], [])
        else:
            _take(draft, piece)
    if not draft.is_empty:
        yield draft


def _take(draft: _Draft, piece: str) -> None:
    if piece == ":":
        if draft.angle is None and "@" not in "".join(draft.words):
            draft.words.clear()  # what stood there was the name of a group
    elif piece.startswith("<"):
        draft.angle = draft.angle or piece.strip("<>")
    elif piece == ">":
        draft.is_broken = draft.angle is None
    else:
        draft.words.append(piece)


def _mailbox(draft: _Draft) -> Mailbox:
    words = "".join(draft.words)
    address, is_doubtful = _address(draft.angle or "")
    if not address:
        address, is_doubtful, words = _bare(words[:4_096])
    name = _name(words) or _name(" ".join(draft.comments))
    return Mailbox("" if name.lower() == address.lower() else name, address, is_doubtful or draft.is_broken)


def _bare(words: str) -> tuple[str, bool, str]:
    """Return the address that stands among words, whether it had blanks inside, and the other words.

    Quotes count only where that finds none; blanks beside an at sign or a dot are passed over only where that does
    not either, and the name of a domain then has a dot: "Kim @ Shop" is a name.
    """
    bare = words.replace('"', "")
    for text, is_doubtful in ((words, False), (bare, False), (_BLANKS_BESIDE.sub("", bare), True)):
        for found in _BARE.finditer(text):
            address, _ = _address(found[0])
            if address and (not is_doubtful or "." in address.rpartition("@")[2]):
                return address, is_doubtful, text.replace(found[0], " ", 1)
    return "", False, words


def _address(text: str) -> tuple[str, bool]:
    """Return the address as it can be used, or nothing, and whether there were blanks inside.

    It has no blanks, an ASCII at sign, and a domain in lower case. Full-width letters are folded in the domain alone:
    before the at sign they would make somebody else's address.
    """
    text = _ROUTE.sub("", single_line(decode_words(text[:1_000]), limit=1_000).strip()).strip("\"'.,;<> ")
    bare = re.sub("[@＠﹫]+", "@", text.replace(" ", "")).strip("\"'.,;<>")
    local, _, domain = bare.rpartition("@")
    bare = f"{local}@{unicodedata.normalize('NFKC', domain).lower()}"
    return (bare, " " in text) if is_address(bare) else ("", False)


def _name(words: str) -> str:
    words = _QUOTED_PAIR.sub(r"\1", words.strip().replace('\\"', "\0")).replace('"', "").replace("\0", '"')
    return visible_line(decode_words(words), limit=MAX_NAME).strip("'\" ")
