"""The works that are measured: a page of tickets, making a ticket, telling receivers. Each proves both ways agree."""

from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from typing import Any

import blinker
import orjson

from helpdesk import signals
from helpdesk.graphql import schema
from helpdesk.graphql.context import Context
from helpdesk.graphql.execution import Executor, GraphQLRequest
from helpdesk.kernel import db
from helpdesk.sdk.events import TicketCreated
from tests.bench import raw
from tests.bench.measuring import Comparison, compare, sent_statements
from tests.factories.client import operations

PAGE = 50
RECEIVERS = 10
SENDINGS = 2000
GROWING = ("ticket", "message", "search_entry", "history", "event", "customer")


class Asking:
    """Runs committed operations in process, as the web edge does once it knows who asks."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._executor = Executor(schema.build())

    def run(self, operation: str, variables: dict[str, Any]) -> bytes:
        """Return the data of an operation as JSON."""
        self._context.seen.clear()  # each request has a context of its own
        outcome = self._executor.execute(
            GraphQLRequest(operations()[operation], variables),
            context=self._context, may_introspect=True, is_read_only=False,
        )  # fmt: skip
        assert outcome.errors == []
        return orjson.dumps(outcome.data)


def list_page(asking: Asking, context: Context, *, rounds: int, size: int = PAGE) -> Comparison:
    """Compare a page of tickets with people, group, last message, its author and its delivery."""

    def desk() -> bytes:
        return asking.run("Tickets", {"first": size})

    def bare() -> bytes:
        return raw.page(context.service.id, size)

    assert orjson.loads(desk()) == orjson.loads(bare())
    with sent_statements() as sent:
        desk()
    return compare(f"list page of {size} tickets", desk, bare, rounds=rounds, statements=len(sent), budget=3)


def create(asking: Asking, *, rounds: int) -> Comparison:
    """Compare making a ticket of a known customer with the bare statements that it takes."""
    numbers = count()
    desk = _creator(asking, numbers)
    desk()
    with sent_statements() as sent:
        desk()
    assert _growth(desk) == _growth(lambda: raw.replay(sent))
    return compare("create a ticket", desk, lambda: raw.replay(sent), rounds=rounds, statements=len(sent), budget=6)


def _creator(asking: Asking, numbers: "count[int]") -> Callable[[], bytes]:
    def desk() -> bytes:
        customer = {"email": "hong@customer.example", "name": "홍길동"}
        given = {"subject": f"환불 요청 {next(numbers)}", "body": "환불해 주세요. " * 5, "customer": customer}
        return asking.run("TicketCreate", {"input": given})

    return desk


def _growth(work: Callable[[], object]) -> dict[str, int]:
    """Return by how many rows each table grows."""
    before = {name: _rows(name) for name in GROWING}
    work()
    return {name: _rows(name) - rows for name, rows in before.items()}


def _rows(table: str) -> int:
    found: int = db.database.execute_sql(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found


def dispatch(*, rounds: int) -> Comparison:
    """Compare telling ten receivers, isolated and counted, until the last has heard, with bare blinker."""
    ours, theirs = signals.Signal(TicketCreated), blinker.Signal()
    payloads = [
        TicketCreated(service_id=1, ticket_id=number, number=number, channel="email", customer_id=1, message_id=1)
        for number in range(SENDINGS)
    ]
    heard: deque[int] = deque(maxlen=RECEIVERS * SENDINGS)
    for receiver in [_ear(heard) for _ in range(RECEIVERS)]:
        ours.connect(receiver)
        theirs.connect(receiver, weak=False)

    def desk() -> None:
        for payload in payloads:
            ours.send(payload)
        assert signals.flush()

    def bare() -> None:
        for payload in payloads:
            theirs.send(payload)

    assert _heard(heard, desk) == _heard(heard, bare) == dict.fromkeys(range(SENDINGS), RECEIVERS)
    return compare("signal to ten receivers", desk, bare, rounds=rounds, budget=2, against="blinker")


def _ear(heard: deque[int]) -> Callable[[TicketCreated], None]:
    def hear(payload: TicketCreated) -> None:
        heard.append(payload.ticket_id)

    return hear


def _heard(heard: deque[int], work: Callable[[], object]) -> dict[int, int]:
    """Return how often each ticket is heard of."""
    heard.clear()
    work()
    return dict(Counter(heard))
