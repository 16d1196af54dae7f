"""A search by a Korean word of two syllables: among few tickets, among many, and by LIKE.

One word is common, so that the newest tickets soon fill the page; the other stands in a single ticket.
"""

import statistics
from collections.abc import Callable

from helpdesk.kernel.patience import Patience, patience
from tests.bench import desks, raw
from tests.bench.asking import Asking, same
from tests.bench.desks import Place
from tests.bench.measuring import Row, Timed, Variant, clock_named, clock_of, compare, counted, row_of, spent
from tests.bench.reading import PAGE
from tests.bench.writing import given

COMMON, RARE = "환불", "늴리"
MILLION = 1_000_000
TURNS = 4
SCANS = 3


def search(small: Place, large: Place, *, rounds: int) -> list[Row]:
    """Compare both desks in turns, and in the larger one the desk with LIKE."""
    rows: list[Row] = []
    clock = clock_of(large.database)
    for kind, word in (("common", COMMON), ("rare", RARE)):
        ways = [Timed(_way(place, word, kind, goal)) for place, goal in ((small, ""), (large, "≤ 2"))]
        for _ in range(TURNS):
            for place, way in zip((small, large), ways, strict=True):
                way.seconds.append(_median(place, word, max(rounds // TURNS, 1), clock))
        rows += [row_of("search", large.database, way, ways[0], clock=clock) for way in ways]
        rows += _scanned(large, word, kind)
    return rows


def _searcher(asking: Asking, word: str) -> Callable[[], bytes]:
    return lambda: asking.run("Tickets", first=PAGE, search=word)


def _way(place: Place, word: str, kind: str, goal: str) -> Variant:
    """Return what is timed on a desk, which gets the rare word if it has none yet."""
    with desks.joined(place) as context:
        asking = Asking(context)
        work = _searcher(asking, word)
        if word == RARE and b'"nodes":[]' in work():
            asking.run("TicketCreate", input=given() | {"subject": f"{RARE}리야"})
        return Variant(f"{kind} word, {place.tickets:,} tickets", work, counted(work), len(work()), goal)


def _median(place: Place, word: str, times: int, clock: str) -> float:
    with desks.joined(place) as context:
        work = _searcher(Asking(context), word)
        work()
        now = clock_named(clock)
        return statistics.median(spent(work, now) for _ in range(times))


def _scanned(place: Place, word: str, kind: str) -> list[Row]:
    """Return how LIKE compares with the desk, after checking that both find the same."""
    with patience(Patience.ENDLESS), desks.joined(place) as context:
        bare, work = desks.bare(), _searcher(Asking(context), word)

        def like() -> bytes:
            return raw.containing(bare, place.service_id, word, PAGE)

        name, goal = (
            f"{kind} word, {place.tickets:,}, LIKE, raw",
            "≥ 100" if kind == "rare" and place.tickets >= MILLION else "",
        )
        ways = [Variant("", work), Variant(name, like, None, len(same(work(), like())), goal)]
        return compare("search", place.database, ways, rounds=SCANS)[1:]
