"""Making a ticket by the API, against the bare statements that it takes."""

from collections.abc import Callable
from itertools import count

from helpdesk.kernel import db
from tests.bench import desks, raw
from tests.bench.asking import Asking
from tests.bench.desks import Place
from tests.bench.measuring import Row, Variant, compare, sent_statements

GROWING = ("ticket", "message", "search_entry", "history", "event", "customer")
_numbers = count()


def create(asking: Asking, place: Place, *, rounds: int) -> list[Row]:
    """Compare making a ticket of a known customer with the statements alone, after checking that the same rows come."""
    bare = desks.bare()

    def desk() -> bytes:
        return asking.run("TicketCreate", input=given())

    desk()
    with sent_statements() as sent:
        desk()

    def limit() -> None:
        raw.replay(bare, sent)

    assert _growth(desk) == _growth(limit)
    goal = "≤ 6" if place.database == "SQLite" else "≤ 2.5"
    ways = [
        Variant("bare statements", limit, len(sent)),
        Variant("desk", desk, len(sent), len(desk()), goal),
    ]
    return compare("write", place.database, ways, rounds=rounds)


def given() -> dict[str, object]:
    """Return the input of a ticket of a customer who is the same each time."""
    customer = {"email": "hong@customer.example", "name": "홍길동"}
    return {"subject": f"환불 요청 {next(_numbers)}", "body": "환불해 주세요. " * 5, "customer": customer}


def _growth(work: Callable[[], object]) -> dict[str, int]:
    """Return by how many rows each table grows."""
    before = {name: _last(name) for name in GROWING}
    work()
    return {name: _last(name) - last for name, last in before.items()}


def _last(table: str) -> int:
    found: int = db.database.execute_sql(f"SELECT COALESCE(max(id), 0) FROM {table}").fetchone()[0]
    return found
