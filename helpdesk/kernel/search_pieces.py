"""Search entries made of pieces of text whose terms are known: for whoever writes them by the hundred thousand.

A piece is analysed once and used again and again. What ``entry`` makes of pieces is to the letter what
``search.add`` and ``search.extend`` make of the same texts, joined by blanks.
"""

from collections.abc import Iterable
from typing import NamedTuple

from helpdesk.kernel.search import GAP, chunks_of, placed, weight_of


class Piece(NamedTuple):
    """A text with its terms, in the spellings of both databases; neither its first nor its last sign is a digit.

    ``spaced`` is SQLite's; ``tallied`` is PostgreSQL's, with ``%d`` for the place of each term, the first of them
    being ``places`` from the piece's beginning, and the piece ``length`` places long. A gap is needed before a piece
    whose ``first`` sign is the ``last`` of the one before.
    """

    text: str
    spaced: str
    tallied: str
    places: tuple[int, ...]
    length: int
    weight: int
    first: str
    last: str


def piece(text: str) -> Piece:
    """Return the text as a piece."""
    terms = placed(text)
    kind, chunk = next(chunks_of(text))
    spots = [(place, term) for place, term in enumerate(terms) if term != GAP]
    return Piece(
        text=text,
        spaced=" ".join(terms),
        tallied=" ".join(f"'{term.replace('%', '%%')}':%d" for _, term in spots),
        places=tuple(place for place, _ in spots),
        length=len(terms),
        weight=weight_of(terms),
        first=chunk[0] if kind == "paired" else "",
        last=terms[-1][-1],
    )


def word(term: str) -> Piece:
    """Return a piece of one word of lower-case Latin letters or of digits, such as a ticket's number."""
    return Piece(term, term, f"'{term}':%d", (0,), 1, _weight_of_ascii(len(term)), "", term[-1])


def _weight_of_ascii(length: int) -> int:
    return length + weight_of([""])


BREAK = Piece("", GAP, "", (), 1, weight_of([GAP]), "", "")
"""Stands where a text ends and the next one was added later: no phrase goes across."""


def spaced(pieces: Iterable[Piece]) -> tuple[int, str]:
    """Return weight and terms of an entry as SQLite keeps them. The pieces must fit one row."""
    words, weight, last = [], 0, ""
    for one in pieces:
        if one.first and one.first == last:
            words.append(GAP)
            weight += BREAK.weight
        words.append(one.spaced)
        weight += one.weight
        last = one.last
    return weight, " ".join(words)


def tallied(pieces: Iterable[Piece]) -> tuple[int, str]:
    """Return weight and terms of an entry as PostgreSQL takes them. The pieces must fit one row."""
    words, weight, last, at = [], 0, "", 1
    for one in pieces:
        if one.first and one.first == last:
            at += 1
            weight += BREAK.weight
        if len(one.places) == one.length:
            words.append(one.tallied % tuple(range(at, at + one.length)))
        elif one.places:
            words.append(one.tallied % tuple(at + place for place in one.places))
        at += one.length
        weight += one.weight
        last = one.last
    return weight, " ".join(words)
