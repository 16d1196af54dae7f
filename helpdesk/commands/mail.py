"""``helpdesk mail ingest``: feeds mails from files through the door that every mail comes in by.

The key of a mail is the hash of its bytes: feeding the same file again, after a crash for instance,
files it once. A file that cannot be read does not hold up the others.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit
from rich.console import Console
from rich.progress import Progress

from helpdesk.channels import accounts, inbox, queries
from helpdesk.channels.queries import AccountRow
from helpdesk.channels.rules import MAIL_DRIVER, InboxOutcome, InboxState
from helpdesk.commands.asking import Asked, verb
from helpdesk.commands.failures import FAILED
from helpdesk.commands.opening import opened, service_named
from helpdesk.graphql import ids
from helpdesk.kernel.errors import HelpdeskError, Invalid, LimitExceeded, NotFound
from helpdesk.kernel.settings import Settings
from helpdesk.tickets import queries as tickets

STDIN = "-"
_NEXT_OF_MBOX = re.compile(rb"\n\r?\nFrom \S{1,320} [^\n]{0,60}\d{4}\r?\n")


@dataclass(frozen=True, slots=True)
class Fed:
    """What became of one file; ``outcome`` is None when it reached none, for the reason."""

    file: str
    outcome: str | None
    ticket: int | None
    reason: str

    def __str__(self) -> str:
        """Return a line for people."""
        where = (
            "" if self.ticket is None else f" {self.ticket}" if self.outcome == "ticket" else f", ticket {self.ticket}"
        )
        return f"{self.file}: {self.outcome}{where}" + (f": {self.reason}" if self.reason else "")


@verb("ingest")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--service", metavar="ID", help="The service's id; needed only where there are several.")
@click.option("--account", metavar="ID", help="The mail account: its id or its name. Default: the primary one.")
def ingest(asked: Asked, *, files: tuple[str, ...], service: str | None, account: str | None) -> None:
    """Feed raw RFC 822 mails from FILEs (- is stdin) to a mail account, and say what became of each."""
    has_failed = False
    with opened(asked) as chosen:
        chosen_account = _account(service_named(service).id, account)
        accounts.driver_by_id(chosen_account.id)  # a plugin that is missing is told now, not tried for minutes
        for file in _watched(files):
            fed = _feed(file, chosen_account, chosen)
            has_failed = has_failed or fed.outcome is None
            _say(asked, fed)
    if has_failed:
        raise Exit(FAILED)


def _account(service_id: int, wanted: str | None) -> AccountRow:
    """Return the account with the global id, the number or the name, else the primary mail account."""
    mail = [row for row in queries.accounts_of_service(service_id) if row.driver == MAIL_DRIVER]
    if wanted is None:
        primary = queries.primary_account(service_id, MAIL_DRIVER)
        if primary is None:
            raise NotFound("The service has no mail account; make one by the GraphQL mutation channelAccountCreate.")
        return primary
    found = _named(mail, wanted)
    if len(found) != 1:
        has = ", ".join(f"{row.name} ({row.id})" for row in mail) or "none"
        problem = "names several mail accounts" if found else "names no mail account of the service"
        raise Invalid(f"“{wanted}” {problem}, which has: {has}.", path=("account",))
    return found[0]


def _named(mail: Sequence[AccountRow], wanted: str) -> list[AccountRow]:
    number = ids.decode(wanted) or ("ChannelAccount", int(wanted) if wanted.isascii() and wanted.isdigit() else 0)
    by_id = [row for row in mail if ("ChannelAccount", row.id) == number]
    return by_id or [row for row in mail if row.name == wanted]


def _watched(files: Sequence[str]) -> Iterable[str]:
    """Return the files, with a bar on the terminal as long as the lines of the answer go elsewhere."""
    if len(files) == 1 or not sys.stderr.isatty() or sys.stdout.isatty():
        return files
    return _tracked(files)


def _tracked(files: Sequence[str]) -> Iterator[str]:
    with Progress(console=Console(stderr=True), redirect_stdout=False, transient=True) as progress:
        yield from progress.track(files, description="Feeding mails")


def _feed(file: str, account: AccountRow, settings: Settings) -> Fed:
    try:
        raw = _read(file, settings.max_mail_bytes)
        return _filed(file, raw, account, settings)
    except HelpdeskError as error:
        return Fed(file, None, None, error.message)
    except OSError as error:
        return Fed(file, None, None, f"{error.strerror or 'It cannot be read'}.")


def _read(file: str, largest: int) -> bytes:
    """Return the bytes as they are. Raises OSError, and LimitExceeded rather than reading on for ever."""
    if file == STDIN:
        raw = sys.stdin.buffer.read(largest + 1)
    else:
        with Path(file).open("rb") as stream:
            raw = stream.read(largest + 1)
    if len(raw) > largest:
        raise LimitExceeded(f"The mail is larger than {largest} bytes; HELPDESK_MAX_MAIL_BYTES allows more.")
    if raw.startswith(b"From ") and _NEXT_OF_MBOX.search(raw):
        raise Invalid("This is an mbox of several mails; write each into a file of its own, and name them all.")
    return raw


def _filed(file: str, raw: bytes, account: AccountRow, settings: Settings) -> Fed:
    kept = inbox.hand_in(account.id, account.service_id, raw, largest=settings.max_mail_bytes)
    before = queries.inbox_by_ids([kept.row_id])[0]
    was_done = not kept.is_new and before is not None and before.state is InboxState.PROCESSED
    row = inbox.settle(kept.row_id, settings)
    ticket = tickets.tickets_by_ids([row.ticket_id])[0]
    outcome, reason = _outcome(row, was_done=was_done)
    return Fed(file, outcome, ticket.number if ticket else None, reason)


def _outcome(row: Any, *, was_done: bool) -> tuple[str, str]:
    """Return the word for what became of a mail, and why; one that was filed before is a duplicate now."""
    if row.state is InboxState.QUARANTINED:
        return "quarantined", row.last_error
    if was_done:
        return InboxOutcome.DUPLICATE.lower(), inbox.COPY_OF_ROW.format(id=row.id, at=row.received_at)
    return str(row.outcome).lower(), row.last_error


def _say(asked: Asked, fed: Fed) -> None:
    if fed.outcome is None:
        click.echo(f"Error: {fed.file}: {fed.reason}", err=True)
    if asked.is_json or fed.outcome is not None:
        asked.answer(asdict(fed), str(fed))
