"""What must hold after every fault, whatever it was: nothing lost, nothing doubled, nothing half done.

Read from the tables and the disk themselves, not through the rooms, so that a room that forgets a row
cannot hide it. Source: SECURITY 4.2.
"""

import email
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from helpdesk.kernel import db
from helpdesk.kernel.events import EventRow, HistoryRow
from helpdesk.kernel.settings import Settings
from tests.factories.processes import eventually
from tests.servers.smtp import Received

RECOVERY_SECONDS = 60.0

WAITING = """
SELECT 'inbox', id, state FROM inbox WHERE due_at IS NOT NULL OR state NOT IN ('PROCESSED', 'QUARANTINED')
UNION ALL
SELECT 'outbox', id, state FROM outbox WHERE due_at IS NOT NULL OR state NOT IN ('SENT', 'FAILED')
"""
MUST_BE_EMPTY = {
    "a ticket without a message": "SELECT id FROM ticket WHERE id NOT IN (SELECT ticket_id FROM message)",
    "a message without a ticket": "SELECT id FROM message WHERE ticket_id NOT IN (SELECT id FROM ticket)",
    "a ticket number that is given twice or missing": """
        SELECT service_id FROM ticket GROUP BY service_id
        HAVING count(DISTINCT number) <> count(*) OR max(number) <> count(*)""",
    "an answer of a mail ticket that is not in the outbox": """
        SELECT message.id FROM message JOIN ticket ON ticket.id = message.ticket_id
        WHERE message.kind = 'REPLY' AND ticket.customer_id IS NOT NULL
        AND message.id NOT IN (SELECT message_id FROM outbox)""",
    "an idempotency key without its result": "SELECT key FROM idempotency_key WHERE result_id IS NULL",
    "a processed mail without its ticket": """
        SELECT id FROM inbox WHERE outcome IN ('TICKET', 'REPLY') AND (ticket_id IS NULL OR message_id IS NULL)""",
    "a message filed from two mails": """
        SELECT message_id FROM inbox WHERE outcome IN ('TICKET', 'REPLY') GROUP BY message_id HAVING count(*) > 1""",
    "a gap in the event log": "SELECT max(position) FROM event HAVING count(position) <> coalesce(max(position), 0)",
}


def wait_until_calm(*, seconds: float = RECOVERY_SECONDS) -> None:
    """Return once nothing waits in inbox and outbox any more; fail when that takes longer than a recovery may."""
    eventually(lambda: not _rows(WAITING), seconds=seconds, what="The end of all work")


def assert_holds(
    settings: Settings, *, intake: int | None = None, sink: Sequence[Received] = (), most_duplicates: int = 0
) -> None:
    """Check everything, and fail with all that is wrong.

    ``intake`` is how many mails were handed in, ``sink`` what the mail server took, and ``most_duplicates``
    how many of those may be repetitions: one for each time that a sender was killed.
    """
    wrong = [f"{what}: {found}" for what, sql in MUST_BE_EMPTY.items() if (found := _rows(sql))]
    wrong += [f"still waiting: {row}" for row in _rows(WAITING)]
    wrong += [*_events_against_rows(), *_history_against_tickets(), *_files_against_rows(settings.data_dir / "files")]
    wrong += _sink_against_outbox(sink, most_duplicates=most_duplicates)
    if intake is not None and (kept := _rows("SELECT count(*) FROM inbox")[0][0]) != intake:
        wrong.append(f"{intake} mails were handed in and {kept} are kept")
    assert not wrong, "\n".join(wrong)


def _rows(sql: str) -> list[tuple[Any, ...]]:
    return list(db.database.execute_sql(sql).fetchall())


def _events_against_rows() -> Iterator[str]:
    """Say which row has not exactly the one event that tells of its making."""
    subjects = {"ticket.created": "ticket", "message.added": "message", "customer.created": "customer"}
    told: dict[str, Counter[int]] = {name: Counter() for name in subjects}
    log: Any = EventRow.select(EventRow.name, EventRow.payload).tuples()
    for name, payload in log:
        if name in told:
            told[name][payload[f"{subjects[name]}_id"]] += 1
    for name, table in subjects.items():
        made = Counter(row[0] for row in _rows(f"SELECT id FROM {table}"))
        if made != told[name]:
            yield f"{table}s and their events differ: {(made - told[name]) | (told[name] - made)}"


def _history_against_tickets() -> Iterator[str]:
    """Say which ticket's history does not end where the ticket stands: it would be half changed."""
    said: dict[int, dict[str, Any]] = {}
    lines: Any = HistoryRow.select(HistoryRow.subject_id, HistoryRow.changes).where(HistoryRow.subject == "ticket")
    for ticket_id, changes in lines.order_by(HistoryRow.id).tuples():
        said.setdefault(ticket_id, {"assignee": None}).update({name: pair[1] for name, pair in changes.items()})
    for ticket_id, status, assignee in _rows("SELECT id, status, assignee_id FROM ticket"):
        told = said.get(ticket_id, {})
        if (told.get("status"), told.get("assignee")) != (status, assignee):
            yield f"ticket {ticket_id} is {status}, {assignee}, and its history says {told}"


def _files_against_rows(folder: Path) -> Iterator[str]:
    """Say which stored file has no row, and which row has no file."""
    keys = "SELECT storage_key FROM attachment WHERE storage_key IS NOT NULL UNION SELECT storage_key FROM inbox"
    named = {row[0] for row in _rows(keys)}
    stored = {path.parent.name + path.name for path in folder.glob("??/*")}
    if named != stored:
        yield f"files without a row: {sorted(stored - named)}, rows without a file: {sorted(named - stored)}"


def _sink_against_outbox(sink: Iterable[Received], *, most_duplicates: int) -> Iterator[str]:
    """Say which mail was sent and not taken, or taken and not ours, or taken more often than a kill explains."""
    taken = Counter(message_id_of(one.raw) for one in sink)
    rows = _rows("SELECT external_id, attempts FROM outbox WHERE state = 'SENT'")
    attempts = {f"<{external_id}>": tries for external_id, tries in rows}
    if taken.keys() != attempts.keys():
        yield f"sent but not taken: {attempts.keys() - taken.keys()}"
        yield f"taken but not sent: {taken.keys() - attempts.keys()}"
    if too_often := {name: times for name, times in taken.items() if times > attempts.get(name, 0)}:
        yield f"taken more often than tried: {too_often}"
    if (doubled := taken.total() - len(taken)) > most_duplicates:
        yield f"{doubled} mails came twice and {most_duplicates} may"


def message_id_of(raw: bytes) -> str:
    """Return a mail's Message-ID with its brackets."""
    return str(email.message_from_bytes(raw)["Message-ID"])
