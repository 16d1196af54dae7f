"""Full text search: one analyzer for both databases, and the one table that is searched.

The analyzer is Python and gives the same *terms* to FTS5 on SQLite and to a stored tsvector with a
GIN index on PostgreSQL, so both find the same. Runs of Hangul, Han and Kana become overlapping
pairs of characters, and a run in a query is searched as the phrase of its pairs: that finds it in
the middle of a longer word, particles and all. FTS5's trigram tokenizer lost, because it finds no
word of two syllables; dictionaries of endings lost, because names and codes are not in them.

A query means: every word must occur, in any order, and each character is literal. The last word, if
Latin, may be the beginning of one; a single syllable is the beginning of a pair; a telephone number
is found in whatever way it was written. A query without a word finds nothing.

Two limits: what outgrows one row (some 13,000 terms) goes on in another, and a query must be satisfied
by one row; and PostgreSQL keeps 255 places of a term in a row, so a phrase of the
most common syllables may be missed in a very long thread.

A migration makes what a model cannot say: on SQLite the FTS5 table ``search_index`` and its triggers, on
PostgreSQL the GIN index. What is searched is the caller's, who calls inside its own transaction.
"""

import functools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import peewee

from helpdesk.kernel.db import Model, database, is_sqlite
from helpdesk.kernel.errors import LimitExceeded
from helpdesk.kernel.text import composed

LONGEST_TERM = 64
LONGEST_TEXT = 300_000
LONGEST_QUERY = 200
ROW_WEIGHT = 400_000  # keeps a tsvector below its megabyte and its 16,383 places
PLACE_WEIGHT = 24
COMMON_HITS = 200
COMMON_AMONG = 50_000  # an entry that is looked at costs some 10 µs, one that is sorted in about as much
LOOKED_AT = 500
GAP = "_"  # stands where no phrase may go across; never searched

_DASH = r"[ .\-\u2010-\u2015\u2212]"
_PHONES = (
    rf"(?:\+|(?<![0-9])00)82{_DASH}?\(?0?\)?{_DASH}?[0-9]{{1,2}}\)?{_DASH}{{0,2}}[0-9]{{3,4}}{_DASH}?[0-9]{{4}}(?![0-9])",
    rf"\+[0-9]{{1,3}}(?:{_DASH}?\(?[0-9]{{2,4}}\)?){{2,4}}(?![0-9])",
    rf"(?<![0-9])\(?0[0-9]{{1,3}}\)?{_DASH}{{0,2}}[0-9]{{3,4}}{_DASH}?[0-9]{{4}}(?![0-9])",
    rf"(?<![0-9])(?:1[5-9][0-9]{{2}}{_DASH}?|[0-9]{{3,4}}-)[0-9]{{4}}(?![0-9])",
)
TAILS = (8, 7, 4)  # how many last digits of a telephone number people search by

# Scripts that are written without spaces, or with endings glued on: Hangul, Kana, Bopomofo, Han.
PAIRED = (
    r"\u1100-\u11ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"
    r"\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uf900-\ufaff\U00020000-\U000323af"
)
# Signs inside a word that are no letters: accents, and the vowels of Hebrew, Arabic and southern Asian scripts.
_MARKS = r"\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u109f\u1780-\u17d3"
# Every repetition that may fail after it is bounded: a text is read in a time that grows with its length only.
_CHUNK = re.compile(
    r"(?P<mail>[a-z0-9][a-z0-9._%+-]{0,63}@[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*)"
    rf"|(?P<phone>{'|'.join(_PHONES)})"
    rf"|(?P<paired>[{PAIRED}]+)"
    rf"|(?P<word>(?:(?![{PAIRED}])[^\W_]|[{_MARKS}])+)"
)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Terms that stand side by side; with ``is_open`` the last is only the beginning of one."""

    terms: tuple[str, ...]
    is_open: bool


_Word = list[list[_Phrase]]  # alternatives, each of phrases that must all occur


class TermsColumn(peewee.TextField):
    """The terms of a text in their order: spaced words on SQLite, a tsvector on PostgreSQL."""

    def ddl_datatype(self, _ctx: Any) -> Any:
        return peewee.SQL("TEXT" if is_sqlite() else "TSVECTOR")


class SearchEntry(Model):
    """What one thing can be found by; a long text takes several. ``weight`` says how full the row is."""

    id = peewee.BigAutoField()
    subject = peewee.CharField(max_length=32)
    subject_id = peewee.BigIntegerField()
    service_id = peewee.BigIntegerField()
    weight = peewee.IntegerField()
    terms = TermsColumn()

    class Meta:
        indexes = ((("subject", "subject_id"), False),)


def add(subject: str, subject_id: int, service_id: int, text: str) -> None:
    """Make a new thing findable by this text. One statement, for nothing is looked for that could stand there."""
    _insert(subject, subject_id, service_id, rows_of(placed(text)))


def index(subject: str, subject_id: int, service_id: int, text: str) -> None:
    """Make the thing findable by this text and by nothing else. At most two statements."""
    remove(subject, subject_id)
    add(subject, subject_id, service_id, text)


def extend(subject: str, subject_id: int, service_id: int, text: str) -> None:
    """Make the thing findable by this text too. At most two statements."""
    rows = rows_of([GAP, *placed(text)])
    last = SearchEntry.select(peewee.fn.MAX(SearchEntry.id)).where(_is(subject, subject_id))
    if len(rows) == 1:
        joint = (SearchEntry.terms, peewee.SQL("||"), *_more(rows[0]))
        query = SearchEntry.update(terms=peewee.NodeList(joint), weight=SearchEntry.weight + weight_of(rows[0])).where(
            SearchEntry.id == last, SearchEntry.weight <= ROW_WEIGHT - weight_of(rows[0])
        )
        if query.execute():
            return
    _insert(subject, subject_id, service_id, rows)


def remove(subject: str, subject_id: int) -> None:
    """Make the thing findable by nothing. One statement."""
    SearchEntry.delete().where(_is(subject, subject_id)).execute()


def only_found(query: Any, text: str, *, key: Any, service: Any, subject: str, service_id: int) -> Any:
    """Return the query, kept to the service's rows whose ``key`` (their id) is a thing's that the words find.

    ``key`` and ``service`` are columns of the query's table.

    A common word is best found by walking the list in its order and looking at each entry, another one by asking the
    index and sorting what that knows. Neither database can be relied on to know which a word is: SQLite never does,
    and PostgreSQL takes every beginning of a word for a common one. Raises LimitExceeded when the text is too long.
    """
    words = _words(_checked(text))
    among = matches(subject, service_id, text)
    if not words or not _is_common(words):
        if is_sqlite():  # the plus keeps it from walking
            plain = peewee.NodeList((peewee.SQL("+"), service, peewee.SQL("="), peewee.Value(service_id)))
            return query.where(plain, key.in_(among))
        known = peewee.NodeList((key, peewee.SQL("= ANY(ARRAY("), among, peewee.SQL("))")))
        return query.where(service == service_id, known)
    if not is_sqlite():
        return query.where(service == service_id, key.in_(among))
    entry = SearchEntry.alias()
    its_own = entry.select(peewee.Value(1)).where(
        entry.subject == subject, entry.subject_id == key, entry.service_id == service_id
    )
    has_words = _in_spaced(entry.terms, words)
    return query.where(service == service_id, peewee.fn.EXISTS(its_own.where(has_words)))


def _is_common(words: Sequence[_Word]) -> bool:
    """Return whether so many of the newest entries have the words that walking them finds a page soon."""
    if is_sqlite():
        sql = (
            "SELECT (SELECT MAX(id) FROM search_entry) - rowid FROM search_index WHERE search_index MATCH ?"
            " ORDER BY rowid DESC LIMIT 1 OFFSET ?"
        )
        found = database.execute_sql(sql, (_fts5(words), COMMON_HITS - 1)).fetchone()
        return found is not None and found[0] <= COMMON_AMONG
    newest = "SELECT terms FROM search_entry ORDER BY id DESC LIMIT %s"
    sql = f"SELECT COUNT(*) FROM ({newest}) AS newest WHERE terms @@ CAST(%s AS tsquery)"  # noqa: S608  # our own words
    (hits,) = database.execute_sql(sql, (LOOKED_AT, _tsquery(words))).fetchone()
    return int(hits) * COMMON_AMONG >= COMMON_HITS * LOOKED_AT


def matches(subject: str, service_id: int, query: str) -> Any:
    """Return the query for the ids of the things that the words find, as ``row_id``, each once an entry.

    Raises LimitExceeded when the query is too long.
    """
    words = _words(_checked(query))
    found = SearchEntry.select(SearchEntry.subject_id.alias("row_id")).where(
        SearchEntry.subject == subject, SearchEntry.service_id == service_id
    )
    if not words:
        return found.where(peewee.SQL("1 = 0"))
    if is_sqlite():
        words_index = peewee.Table("search_index")
        # The plus keeps SQLite from walking the entries and asking the index about each: 700 ms instead of 1.
        rowid = peewee.NodeList((peewee.SQL("+"), words_index.c.rowid))
        return found.join(words_index, on=SearchEntry.id == rowid).where(
            peewee.Expression(words_index.c.search_index, "MATCH", peewee.Value(_fts5(words)))
        )
    return found.where(
        peewee.Expression(SearchEntry.terms, "@@", peewee.Cast(peewee.Value(_tsquery(words)), "tsquery"))
    )


def _checked(query: str) -> str:
    if len(query) > LONGEST_QUERY:
        raise LimitExceeded(f"A search has at most {LONGEST_QUERY} characters; use fewer words.", path=("search",))
    return query


def _is(subject: str, subject_id: int) -> Any:
    return (SearchEntry.subject == subject) & (SearchEntry.subject_id == subject_id)


# What a text becomes.


def placed(text: str) -> list[str]:
    """Return the terms in their order, with gaps where two runs of pairs would otherwise look like one.

    A term has at most 64 characters; of the text, the first 300,000 characters count.
    """
    terms: list[str] = []
    for kind, chunk in chunks_of(text[:LONGEST_TEXT]):
        if kind == "paired" and terms and terms[-1][-1] == chunk[0]:
            terms.append(GAP)
        terms += _TERMS[kind](chunk)
    return terms


def folded(text: str) -> str:
    """Return the text without case and variant forms."""
    return composed(composed(text, "NFKC").casefold(), "NFKC")


def chunks_of(text: str) -> Iterator[tuple[str, str]]:
    """Return what the text is made of, in order: (kind, characters), without case and variant forms."""
    for match in _CHUNK.finditer(folded(text)[:LONGEST_TEXT]):  # one character may become eighteen
        yield str(match.lastgroup), match[0]


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)] or [run]


def _mail_terms(address: str) -> list[str]:
    return [address[:LONGEST_TERM], *(part[:LONGEST_TERM] for part in re.findall(r"[a-z0-9]+", address))]


def phone_terms(number: str) -> list[str]:
    """Return by what a telephone number is found: the whole as it is dialled first, its groups, its last digits."""
    digits = _digits(number)
    return list(dict.fromkeys([digits, *re.findall(r"[0-9]+", number), *(digits[-tail:] for tail in TAILS)]))


def _digits(number: str) -> str:
    """Return a telephone number as it is dialled inside Korea, or with its country code."""
    digits = re.sub(r"[^0-9]", "", number)
    if not number.startswith(("+82", "0082")):
        return digits
    local = digits.removeprefix("00").removeprefix("82").lstrip("0")
    return local if len(local) == 8 and local.startswith("1") else f"0{local}"


_TERMS: Mapping[str, Callable[[str], list[str]]] = {
    "mail": _mail_terms,
    "phone": phone_terms,
    "paired": _pairs,
    "word": lambda word: [word[:LONGEST_TERM]],
}


def weight_of(terms: Iterable[str]) -> int:
    return sum(len(term.encode()) + PLACE_WEIGHT for term in terms)


def rows_of(terms: Sequence[str]) -> list[list[str]]:
    """Return the terms as lists that each fit a row."""
    rows: list[list[str]] = []
    free = 0
    for term in terms:
        weight = len(term.encode()) + PLACE_WEIGHT
        if weight > free:
            rows.append([])
            free = ROW_WEIGHT
        rows[-1].append(term)
        free -= weight
    return rows


def _insert(subject: str, subject_id: int, service_id: int, rows: Sequence[Sequence[str]]) -> None:
    common = {"subject": subject, "subject_id": subject_id, "service_id": service_id}
    if rows:
        SearchEntry.insert_many([common | columns_of(row) for row in rows]).execute()


def columns_of(terms: Sequence[str]) -> dict[str, Any]:
    """Return the columns of an entry that has the terms."""
    return {"weight": weight_of(terms), "terms": stored_as(terms)}


def stored_as(terms: Sequence[str]) -> str:
    """Return the terms as the database takes them. They hold no quote and no backslash."""
    if is_sqlite():
        return " ".join(terms)
    places: dict[str, list[str]] = {}
    for place, term in enumerate(terms, 1):
        places.setdefault(term, []).append(str(place))
    return " ".join(f"'{term}':{','.join(at)}" for term, at in places.items() if term != GAP)


def _more(terms: Sequence[str]) -> tuple[Any, ...]:
    stored = stored_as(terms)
    return (peewee.Value(f" {stored}"),) if is_sqlite() else (peewee.Cast(peewee.Value(stored), "tsvector"),)


# What a query becomes.


def _words(query: str) -> list[_Word]:
    """Read a query: for each word, the ways in which it may be found."""
    chunks = list(chunks_of(query))
    return [_word(kind, chunk, is_last=place == len(chunks)) for place, (kind, chunk) in enumerate(chunks, 1)]


def _word(kind: str, chunk: str, *, is_last: bool) -> _Word:
    if kind == "paired":
        return [[_Phrase(tuple(_pairs(chunk)), is_open=len(chunk) == 1)]]
    if kind != "phone":
        return [[_Phrase((chunk[:LONGEST_TERM],), is_open=is_last)]]
    parts = re.findall(r"[0-9]+", chunk)
    written = [_Phrase((part,), is_open=is_last and place == len(parts)) for place, part in enumerate(parts, 1)]
    return [[_Phrase((_digits(chunk),), is_open=is_last)], written]


def _fts5(words: Sequence[_Word]) -> str:
    return _joined(words, " AND ", " OR ", lambda phrase: f'"{" ".join(phrase.terms)}"{" *" if phrase.is_open else ""}')


def _tsquery(words: Sequence[_Word]) -> str:
    return _joined(
        words,
        " & ",
        " | ",
        lambda phrase: " <-> ".join(f"'{term}'" for term in phrase.terms) + (":*" if phrase.is_open else ""),
    )


def _in_spaced(terms: Any, words: Sequence[_Word]) -> Any:
    """Return the SQL for "the terms, as SQLite keeps them, have the words", which is what FTS5 says of them."""
    text = peewee.NodeList((peewee.SQL("' ' ||"), terms, peewee.SQL("|| ' '")))

    def has(phrase: _Phrase) -> Any:
        return peewee.fn.INSTR(text, f" {' '.join(phrase.terms)}{'' if phrase.is_open else ' '}") > 0

    return _all([_any([_all([has(phrase) for phrase in way]) for way in word]) for word in words])


def _all(parts: Sequence[Any]) -> Any:
    return functools.reduce(operator.and_, parts)


def _any(parts: Sequence[Any]) -> Any:
    return functools.reduce(operator.or_, parts)


def _joined(words: Sequence[_Word], both: str, either: str, write: Any) -> str:
    ways = ([both.join(write(phrase) for phrase in way) for way in word] for word in words)
    return both.join(f"({either.join(f'({way})' for way in word)})" for word in ways)
