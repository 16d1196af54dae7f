"""By how its words begin something short is found: names, addresses, keys, telephone numbers.

A text leaves *terms*, each from the beginning of a word to the next blank; a run of Hangul, Han or Kana may be entered
anywhere but at its last sign. A query is split at blanks, and each of its *needles* must begin a term, sign by sign:
nothing in it is special. So terms need nothing but a table with an index that knows ranges, and both databases find
the same. The full text index (search.py) lost here: it drops the signs between words, by which keys and addresses
differ, and a few short names would have to be told from the many long texts in it at every query.
"""

import re
from collections.abc import Iterator

from helpdesk.kernel.search import PAIRED, folded, phone_terms

LONGEST_TERM = 100
MOST_TERMS = 40
MOST_NEEDLES = 8
LAST_SIGN = "\U0010ffff"
WRAPPING = "<>()\"',;"
LOCAL, ENDING = "\N{START OF TEXT}", "\N{END OF TEXT}"
"""Stand before the digits of a number as they are dialled in its town, and before all of them from the end: so that
two digits do not find everybody's. Nobody can type them."""
LOCAL_LENGTHS = (8, 7)
SHORTEST_ENDING = 4

_START = re.compile(rf"(?<![^\W_])[^\W_]|(?<=[^\W_])[{PAIRED}](?=[{PAIRED}])")
_NUMBER = re.compile(r"[+0-9 .()\-]*[0-9][+0-9 .()\-]*")


def terms_of(text: str) -> set[str]:
    """Return the terms of a text, at most 40: of a mail address those of its name, and the domain as one."""
    found: set[str] = set()
    for term in _starting(folded(text)):
        if len(found) == MOST_TERMS:
            break
        found.add(term[:LONGEST_TERM])
    return found


def terms_of_phone(number: str) -> set[str]:
    """Return the terms of a telephone number as it is kept, ``+821012345678``: of its beginnings and its end."""
    dialled = phone_terms(number)[0]
    written = "".join(filter(str.isdigit, number))
    local = (LOCAL + dialled[-length:] for length in LOCAL_LENGTHS)
    return {term[:LONGEST_TERM] for term in (dialled, written, *local, ENDING + dialled[::-1])}


def _starting(text: str) -> Iterator[str]:
    for piece in text.split():
        name, at, domain = piece.partition("@")
        for match in _START.finditer(name):
            yield piece[match.start() :]
        if at and domain:
            yield domain


def needles(query: str) -> list[list[str]]:
    """Return the ways in which a query may be meant, each as needles of which every one must begin a term.

    Of many words the eight longest count, the longest first. What could be a telephone number, however it is written,
    is looked for as its digits too.
    """
    words = [word.strip(WRAPPING)[:LONGEST_TERM] for word in folded(query).split()]
    ways = [sorted(dict.fromkeys(filter(None, words)), key=len, reverse=True)[:MOST_NEEDLES]]
    if _NUMBER.fullmatch(query.strip()):
        dialled = phone_terms(query.strip())[0][:LONGEST_TERM]
        ways.append([dialled])
        if len(dialled) >= SHORTEST_ENDING:
            ways += [[LOCAL + dialled], [ENDING + dialled[::-1]]]
    return [way for place, way in enumerate(ways) if way and way not in ways[:place]]
