"""The inbox: what comes in is stored before it is understood, then filed as a ticket or an answer.

A row is committed with its raw bytes before the provider is told that we have it. Workers lease
rows, let the channel turn bytes into messages, and file them in one transaction together with the
row's end. A row that cannot be understood is tried a few times and then quarantined with its raw
bytes kept; the line moves on. One whose sender is in doubt is held there at once, until a person
releases it; so is what was taken for a report, a machine's or spam and became no message, because that
may be wrong. A crash counts as a try, because taking a row counts; the desk's own
trouble (a plugin that is not loaded or rests, a full disk, a database that is away) does not.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from helpdesk.channels import accounts, drivers, filing, lanes, rules
from helpdesk.channels.codes import CODES
from helpdesk.channels.drivers import RESTING, Driver
from helpdesk.channels.models import ChannelAccount, InboxRow
from helpdesk.channels.outside_ids import FiledElsewhereError
from helpdesk.channels.rules import InboxOutcome, InboxState
from helpdesk.kernel import clock, jobs
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import explained, insert_once, locked, transactional
from helpdesk.kernel.errors import Conflict, Invalid, LimitExceeded, NotFound, Unavailable
from helpdesk.kernel.failpoints import reach
from helpdesk.kernel.leases import claim, give_back, held, release
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import storage
from helpdesk.organization import contracts
from helpdesk.organization import queries as organization
from helpdesk.plugins.guard import PluginFailed
from helpdesk.sdk.channel import DeliveryReport, Inbound, InboundRequest, Refused
from helpdesk.tickets.attachments import NewFile

log = logging.getLogger(__name__)

LINE = "inbox"
COPY_OF_ROW = "It is a copy of inbox row {id}, which came at {at:%Y-%m-%d %H:%M} UTC: the same bytes."
WAITING = (InboxState.RECEIVED, InboxState.RETRYING)

Read = tuple[Inbound | DeliveryReport, Sequence[NewFile]]
"""What was understood, with its files as they are stored."""


class LeaseLostError(Exception):
    """Another worker owns the row by now; nothing of what was done here may stay."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What storing gave: the row, and whether these bytes were new."""

    row_id: int
    is_new: bool


def store(
    account_id: int,
    service_id: int,
    raw: bytes | BinaryIO,
    *,
    largest: int,
    key: str | None = None,
    request: Mapping[str, Any] | None = None,
    once: bool = False,
    cursor: Callable[[], None] | None = None,
) -> Kept:
    """Keep what came in and return once it is safe. The same key is kept once.

    With ``once``, bytes that the account has had before under another key count as a duplicate too:
    a mailbox that was restored gives every mail a new key. ``cursor`` is a call that stores the
    place reached in the same transaction.
    """
    stored = storage().put(raw, limit_bytes=largest)
    reach("inbox.stored")
    known_as = rules.outside_id(key or "") or secrets.token_hex(16)
    values = {
        "service": service_id, "account": account_id, "key": known_as, "digest": stored.key,
        "storage_key": stored.key, "size": stored.size, "request": dict(request or {}), "state": InboxState.RECEIVED,
        "received_at": clock.now(), "due_at": 0,
    }  # fmt: skip
    kept = _insert(values, once=once, cursor=cursor)
    reach("inbox.committed")
    return kept


@transactional
def _insert(values: Mapping[str, Any], *, once: bool, cursor: Callable[[], None] | None) -> Kept:
    before = _same_bytes(values["account"], values["digest"]) if once else None
    if before is None:
        jobs.wake(LINE)
    else:
        values = {
            **values, "state": InboxState.PROCESSED, "outcome": InboxOutcome.DUPLICATE, "due_at": None,
            "ticket": before.ticket_id, "message": before.message_id, "sender": before.sender,
            "subject": before.subject, "last_error": COPY_OF_ROW.format(id=before.id, at=before.received_at),
        }  # fmt: skip
    row_id = insert_once(InboxRow, values)
    if cursor is not None:
        cursor()
    if row_id is not None:
        return Kept(row_id, is_new=before is None)
    same: Any = InboxRow.get(InboxRow.account == values["account"], InboxRow.key == values["key"])
    return Kept(same.id, is_new=False)


def _same_bytes(account_id: int, digest: str) -> Any:
    """Return the first row with these bytes, if any; until the transaction ends, nobody else can add or file one."""
    accounts.hold(account_id)
    query = InboxRow.select().where(InboxRow.account == account_id, InboxRow.digest == digest)
    return query.order_by(InboxRow.id).first()


def hand_in(account_id: int, service_id: int, raw: bytes, *, largest: int) -> Kept:
    """Keep bytes that come without a key, once: the key is their hash."""
    key = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    return store(account_id, service_id, raw, largest=largest, key=key, once=True)


def drain(settings: Settings) -> None:
    """File everything that is due, but for what is a resting service's: it stays due until the service is in use."""
    lanes.drain(LINE, InboxRow, process, settings, InboxRow.service.not_in(organization.resting_services()))


def process(row: Any, settings: Settings) -> None:
    """Understand and file one leased row, or note why not."""
    if row.attempts > rules.MOST_TRIES_IN:
        _quarantine(row, row.last_error or "The message stopped its reader again and again.")
        return
    driver = None
    try:
        driver = accounts.driver_by_id(row.account_id)
        items = _understand(row, driver, settings)
        row.sender, row.subject = rules.written_by(items)
        reach("inbox.understood")
        read = _with_stored_files(row, items, settings)
        reach("inbox.files")
        _file_once(row, read)
    except LeaseLostError:
        log.info("another worker took the inbox row over", extra={"inbox_id": row.id})
    except rules.HeldError as error:
        _hold_for_a_person(row, str(error))
    except PluginFailed as error:
        _after_fault(row, settings, error.message, is_free=driver is None or error.code == RESTING)
    except Unavailable as error:
        _after_fault(row, settings, error.message, is_free=True)
    except (Invalid, LimitExceeded, Conflict, Refused) as error:  # it would be refused again
        _quarantine(row, rules.reason(str(error)))
    except Exception as error:
        drivers.report("inbox row failed", driver, inbox_id=row.id, attempt=row.attempts)
        _after_fault(row, settings, rules.reason(f"{type(error).__name__}: {error}"), is_free=bool(explained(error)))


def _after_fault(row: Any, settings: Settings, reason: str, *, is_free: bool) -> None:
    """Give the row back for a later try, or give up after too many; a free one uses up none."""
    if not is_free and row.attempts >= rules.MOST_TRIES_IN:
        _quarantine(row, reason)
        return
    give_back(row, base_seconds=settings.retry_seconds, is_free=is_free, state=InboxState.RETRYING, last_error=reason)


def _understand(row: Any, driver: Driver, settings: Settings) -> Sequence[Inbound | DeliveryReport]:
    """Let the channel read the raw bytes."""
    request = InboundRequest(
        body=storage().read(row.storage_key),
        headers=row.request.get("headers", {}),
        query=row.request.get("query", {}),
        received_at=row.received_at,
    )
    with held(row, seconds=settings.lease_seconds):
        return driver.receive(request)


def _with_stored_files(row: Any, items: Sequence[Inbound | DeliveryReport], settings: Settings) -> list[Read]:
    """Return each item with its files; before the transaction, in which everybody would wait for the disk."""
    with held(row, seconds=settings.lease_seconds):
        return [(item, filing.files_of(item, is_released=row.is_released)) for item in items]


def _file_once(row: Any, read: Sequence[Read]) -> None:
    """File the items; again, if another worker has filed the same message meanwhile: then it is found.

    Once more for one that has the id of another one, which a third worker files at the same time too.
    """
    for _time in range(2):
        with suppress(FiledElsewhereError):
            _file(row, read)
            return
    _file(row, read)


@transactional
def _file(row: Any, read: Sequence[Read]) -> None:
    """File what was understood and end the row, together. A row with several messages names the last.

    Rows with the same bytes that came meanwhile learn of the ticket too. Raises LeaseLostError.
    """
    account = ChannelAccount.get_by_id(row.account_id)
    filed = filing.Filed(InboxOutcome.IGNORED)
    for item, files in read:
        filed = filing.file_item(account, item, files, received_at=row.received_at, is_released=row.is_released)
    done = release(
        row, state=InboxState.PROCESSED, outcome=filed.outcome, ticket=filed.ticket_id, message=filed.message_id,
        last_error=filed.reason or (row.last_error if row.is_released else ""), sender=row.sender, subject=row.subject,
    )  # fmt: skip
    if not done:
        raise LeaseLostError
    if filed.ticket_id is not None:
        accounts.hold(row.account_id)
        known = {"ticket": filed.ticket_id, "message": filed.message_id, "sender": row.sender, "subject": row.subject}
        same = (InboxRow.account == row.account_id) & (InboxRow.digest == row.digest)
        same &= InboxRow.outcome == InboxOutcome.DUPLICATE
        InboxRow.update(known).where(same if row.is_released else same & InboxRow.ticket.is_null()).execute()


def _quarantine(row: Any, reason: str) -> None:
    log.error("inbox row quarantined", extra={"inbox_id": row.id, "account_id": row.account_id, "reason": reason})
    release(row, state=InboxState.QUARANTINED, last_error=reason, sender=row.sender, subject=row.subject)


def _hold_for_a_person(row: Any, reason: str) -> None:
    """Set aside what was read well, and is not to be believed until a person says so."""
    log.warning("inbox row held", extra={"inbox_id": row.id, "account_id": row.account_id})
    release(row, state=InboxState.QUARANTINED, is_held=True, last_error=reason, sender=row.sender, subject=row.subject)


def settle(row_id: int, settings: Settings) -> Any:
    """Process one row now, with all its tries at once, and return it. For commands that wait for the outcome.

    Raises Unavailable when the desk, or the service, is in no state to file it now; the row stays for a worker.
    """
    kept: Any = InboxRow.get_by_id(row_id)
    service = organization.service_by_id(kept.service_id)
    assert service is not None, "a row is a service's"
    contracts.require_in_use(service)
    deadline = clock.monotonic() + settings.lease_seconds
    while clock.monotonic() < deadline:
        row = claim(InboxRow, InboxRow.id == row_id, seconds=settings.lease_seconds)
        if row is not None:
            process(row, settings)
        found: Any = InboxRow.get_by_id(row_id)
        if found.state not in WAITING:
            return found
        if row is not None and found.attempts < row.attempts:
            raise Unavailable(f"The message is stored and waits for a worker: {found.last_error}")
        if row is not None:
            InboxRow.update(due_at=0).where(InboxRow.id == row_id, InboxRow.lease.is_null()).execute()
        time.sleep(0.01)
    raise Unavailable("The message is stored, and was not processed in time; a worker will go on.")


@transactional
def retry(actor: Actor, row_id: int) -> None:
    """Let a quarantined or waiting row be read again, with all its tries; one that is held is held again."""
    actor.require("inbox.retry")
    row = _locked(actor, row_id)
    if row.state is InboxState.PROCESSED:
        raise _done()
    _read_again(row)


@transactional
def let_through(actor: Actor, row_id: int) -> None:
    """File a row as a person's message whose sender is believed: one that is held, or was put aside by its outcome.

    What a report has changed stays, but for the mark of an address from which the message turns out to come.

    Raises Conflict: NOT_HELD for one that waits or cannot be read, NOT_RETRIABLE for one that became a message.
    """
    actor.require("inbox.release")
    row = _locked(actor, row_id)
    is_done = row.state is InboxState.PROCESSED
    if is_done and not rules.is_put_aside(row.outcome, has_message=row.message_id is not None):
        raise _done()
    if not is_done and not row.is_held:
        raise Conflict(CODES["NOT_HELD"], code="NOT_HELD")
    why = rules.reason(f"Released by {actor.name}. Before: {row.last_error}")
    _read_again(row, is_released=True, outcome=None, ticket=None, message=None, last_error=why)


@transactional
def dismiss(actor: Actor, row_id: int) -> None:
    """Put a quarantined row aside as spam, read or not; the raw bytes stay, and ``let_through`` files it after all.

    Raises Conflict (NOT_QUARANTINED) for any other.
    """
    actor.require("inbox.release")
    row = _locked(actor, row_id)
    if row.state is not InboxState.QUARANTINED:
        raise Conflict(CODES["NOT_QUARANTINED"], code="NOT_QUARANTINED")
    aside = {"state": InboxState.PROCESSED, "outcome": InboxOutcome.SPAM, "is_held": False}
    InboxRow.update(**aside, last_error=rules.reason(f"Dismissed by {actor.name}. Before: {row.last_error}")).where(
        InboxRow.id == row.id
    ).execute()


def _locked(actor: Actor, row_id: int) -> Any:
    """Return the row, locked until the transaction ends. Raises NotFound."""
    query = InboxRow.select().where(InboxRow.id == row_id, InboxRow.service == actor.service_id)
    row = locked(query).first()
    if row is None:
        raise NotFound("There is no such inbox row.", path=("id",))
    return row


def _done() -> Conflict:
    return Conflict("This row was processed; there is nothing to try again.", code="NOT_RETRIABLE")


def _read_again(row: Any, **changes: Any) -> None:
    again = {"state": InboxState.RETRYING, "due_at": 0, "attempts": 0, "lease": None, "is_held": False}
    InboxRow.update(**again, **changes).where(InboxRow.id == row.id).execute()
    jobs.wake(LINE)
