"""Makes search entries anew, lot by lot, from what they were made of (search.py)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.kernel.search import GAP, ROW_WEIGHT, SearchEntry, columns_of, placed, rows_of, weight_of


@dataclass(frozen=True, slots=True)
class Renewed:
    """How many rows a lot had, and the last of them."""

    count: int
    last_id: int


def renew(subject: str, service_id: int, texts: Mapping[int, Sequence[str]]) -> None:
    """Make each thing findable by its texts anew, the first as added and the others as extending it. Three statements.

    The entries get new ids, so that whatever a broken index still says of the old ones leads nowhere.
    """
    theirs = (SearchEntry.subject == subject) & SearchEntry.subject_id.in_(list(texts))
    entries: Any = SearchEntry.select(SearchEntry.id).where(theirs)
    old = [row[0] for row in entries.tuples()]
    values = [
        {"subject": subject, "subject_id": subject_id, "service_id": service_id, **columns_of(row)}
        for subject_id, said in texts.items()
        for row in _joined_rows(said)
    ]
    if values:
        SearchEntry.insert_many(values).execute()
    SearchEntry.delete().where(SearchEntry.id.in_(old)).execute()


def forget(subject: str, among: Any, *, after: int, up_to: int | None) -> None:
    """Remove the entries of things that are not among the rows of a query, of ids after one and up to another."""
    here = (SearchEntry.subject == subject) & (SearchEntry.subject_id > after)
    if up_to is not None:
        here &= SearchEntry.subject_id <= up_to
    SearchEntry.delete().where(here, SearchEntry.subject_id.not_in(among)).execute()


def _joined_rows(texts: Sequence[str]) -> list[list[str]]:
    """Return the rows that texts leave of which the first was added and each other one has extended what was there."""
    rows: list[list[str]] = []
    for place, text in enumerate(texts):
        more = rows_of([GAP, *placed(text)] if place else placed(text))
        if rows and len(more) == 1 and weight_of(rows[-1]) + weight_of(more[0]) <= ROW_WEIGHT:
            rows[-1] += more[0]
        else:
            rows += more
    return rows
