"""Pages of tickets: the first one against its raw limit, and one far down the list."""

from tests.bench import desks, raw
from tests.bench.asking import Asking, same
from tests.bench.desks import Place
from tests.bench.measuring import Row, Variant, compare, counted

PAGE = 50
FIELDS = "a ticket has no values of custom fields yet"


def list_page(asking: Asking, place: Place, *, rounds: int, size: int = PAGE) -> list[Row]:
    """Compare a page of tickets with customer, agent, group, last message, its author and its delivery."""
    bare = desks.bare()

    def desk() -> bytes:
        return asking.run("Tickets", first=size)

    def limit() -> bytes:
        return raw.page(bare, place.service_id, size)

    answer, sent = same(desk(), limit()), bare.sent
    goal = "≤ 3" if place.database == "SQLite" else "≤ 1.6"
    ways = [
        Variant("raw SQL and orjson", limit, sent, len(answer)),
        Variant("desk", desk, counted(desk), len(answer), goal, FIELDS),
    ]
    return compare("inproc", place.database, ways, rounds=rounds)


def deep_page(asking: Asking, place: Place, *, rounds: int, size: int = PAGE) -> list[Row]:
    """Compare the first page with one at the far end of the list, by the desk's cursor and by OFFSET."""
    bare, skipped = desks.bare(), place.tickets - 2 * size
    at = raw.last_seen(bare, place.service_id, skipped)
    after = raw.cursor(*at)

    def first() -> bytes:
        return asking.run("Tickets", first=size)

    def deep() -> bytes:
        return asking.run("Tickets", first=size, after=after)

    def by_offset() -> bytes:
        return raw.skipping(bare, place.service_id, size, skipped)

    answer = same(deep(), raw.page(bare, place.service_id, size, after=at), by_offset())
    number = f"page {skipped // size + 1:,}"
    ways = [
        Variant("page 1", first, counted(first), len(first())),
        Variant(number, deep, counted(deep), len(answer), "≤ 1.5"),
        Variant(f"{number} by OFFSET, raw", by_offset, None, len(answer)),
    ]
    return compare("page", place.database, ways, rounds=rounds)
