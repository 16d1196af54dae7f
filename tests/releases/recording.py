"""Records the statements of a day at the desk, to be replayed against newer schemas: for each release, anew.

``python -m tests.releases.recording`` writes ``sqlite.json`` and ``postgres.json`` beside this file. All that writes
is kept, since one statement needs the rows of another; of what reads, one of each text. Old code itself lost: it is
in neither a wheel nor a shallow clone.
"""

import base64
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from helpdesk.app import create_app
from helpdesk.channels import accounts, inbox
from helpdesk.kernel import db, settings
from helpdesk.kit import day
from helpdesk.plugins import registry
from helpdesk.plugins.kinds import Kind
from helpdesk.tickets import operations as tickets
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import Asker, body_of
from tests.factories.client import Caller, open_to_partners
from tests.factories.desk import make_desk, ready
from tests.factories.echo import Echo
from tests.factories.statements import CONTROL
from tests.servers.postgres import PostgresServer

HERE = Path(__file__).parent
READS = (
    "Service",
    "Viewer",
    "TicketCount",
    "Tickets",
    "Customers",
    "ChannelAccounts",
    "Deliveries",
    "Inbox",
    "Plugins",
)
ONCE = ("SELECT", "WITH", "SHOW", "DELETE")
"""What no other statement needs is kept once for each text."""
LATER = "SELECT name FROM migration ORDER BY id DESC LIMIT 1"

FIRST = 1
"""The id of the ticket that the first mail becomes."""

Statement = tuple[str, list[Any]]


def path_of(database: str) -> Path:
    """Return where the statements for a kind of database are kept."""
    return HERE / f"{database}.json"


def encoded(value: Any) -> Any:
    """Return a parameter as JSON can say it."""
    return {"bytes": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def decoded(value: Any) -> Any:
    """Return a parameter as it was."""
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """Collect the statements of the block with their parameters."""
    kept: list[Statement] = []
    texts: set[str] = set()
    base = db.database.obj
    execute = base.execute_sql

    def note(sql: str, params: Sequence[Any] | None = None) -> Any:
        is_repeated = sql.lstrip("( ").upper().startswith(ONCE)
        if not sql.startswith(CONTROL) and not (is_repeated and sql in texts):
            texts.add(sql)
            kept.append((sql, [encoded(value) for value in params or ()]))
        return execute(sql, params)

    base.execute_sql = note
    try:
        yield kept
    finally:
        del base.execute_sql


def spend_a_day(chosen: settings.Settings, app: Flask) -> None:
    """Let mail come in, tickets be made, answered and worked on, and everything be looked at."""
    desk = make_desk(chosen)
    key = open_to_partners(desk)
    account_id = accounts.create(desk.administrator, driver="echo", name="Echo", settings={}, is_primary=True)
    letter = json.dumps({"id": "m1", "from": "mina@shop.example", "text": "Is anybody there?"}).encode()
    inbox.store(account_id, desk.service_id, letter, key="m1", largest=10_000, once=True)
    desk.run_jobs()
    new = NewTicket("Inquiry", body_of("Where is it?"), "api", "en", Asker("Mina", "mina@shop.example"))
    made = tickets.create(desk.partner, new, idempotency_key="order-1")
    for ticket_id in (FIRST, made.ticket_id):
        tickets.reply(desk.agent, ticket_id, body_of("On its way."))
    desk.run_jobs()
    day.go_through(desk.agent, made.ticket_id)
    day.bounce_once(desk.service_id)
    desk.run_jobs()
    caller = Caller(app, key)
    for operation in READS:
        caller.ask(operation)
    caller.ask("Ticket", number=1)


def record(url: str, folder: Path) -> Mapping[str, Any]:
    """Return the statements of a day on a new desk, and the migration at which the schema stands."""
    chosen = settings.load({}, data_dir=folder, database_url=url)
    folder.mkdir(parents=True, exist_ok=True)
    app = create_app(chosen, watches=False)
    ready(chosen)
    registry.load(looks=False)
    registry.register(Kind.CHANNEL, "echo", Echo)
    with db.connection(), recorded() as kept:
        spend_a_day(chosen, app)
    with db.connection():
        (name,) = db.database.execute_sql(LATER).fetchone()
    db.database.close_all()
    return {"migration": name, "statements": kept}


def main() -> None:
    """Write both files."""
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        for database, url in (("sqlite", ""), ("postgres", server.create_database())):
            told = record(url, Path(folder) / database)
            lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in told["statements"])
            text = f'{{"migration": "{told["migration"]}", "statements": [\n{lines}\n]}}\n'
            path_of(database).write_text(text)
            print(f"{path_of(database).name}: {len(told['statements'])} statements at {told['migration']}")


if __name__ == "__main__":
    main()
