"""The inbox: what comes in is stored before it is understood, then filed as a ticket or an answer.

A row is committed with its raw bytes before the provider is told that we have it. Workers lease
rows, let the channel turn bytes into messages, and file them in one transaction together with the
row's end. A row that cannot be understood is tried a few times and then quarantined with its raw
bytes kept; the line moves on. A crash counts as a try, because taking a row counts.
"""

import hashlib
import io
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from helpdesk.channels import accounts, filing, rules
from helpdesk.channels.models import ChannelAccount, InboxRow
from helpdesk.channels.rules import InboxOutcome, InboxState
from helpdesk.kernel import clock, jobs
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import insert_once, transaction, transactional
from helpdesk.kernel.errors import Conflict, Invalid, LimitExceeded, NotFound, Unavailable
from helpdesk.kernel.failpoints import reach
from helpdesk.kernel.leases import backoff, claim, release
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import storage
from helpdesk.sdk.channel import DeliveryReport, Inbound, InboundRequest

log = logging.getLogger(__name__)

LINE = "inbox"
WAITING = (InboxState.RECEIVED, InboxState.RETRYING)


@dataclass(frozen=True, slots=True)
class Kept:
    """What storing gave: the row, and whether these bytes were new."""

    row_id: int
    is_new: bool


def store(
    account_id: int, service_id: int, raw: bytes | BinaryIO, *, key: str | None = None, request: Mapping[str, Any] | None = None,
    largest: int, once: bool = False, cursor: Any = None,
) -> Kept:  # fmt: skip
    """Keep what came in and return once it is safe. The same key is kept once.

    With ``once``, bytes that the account has had before under another key count as a duplicate too:
    a mailbox that was restored gives every mail a new key. ``cursor`` is a call that stores the
    place reached in the same transaction.
    """
    stored = storage().put(io.BytesIO(raw) if isinstance(raw, bytes) else raw, limit_bytes=largest)
    reach("inbox.stored")
    values = {
        "service": service_id, "account": account_id, "key": (key or secrets.token_hex(16))[:255], "digest": stored.key,
        "storage_key": stored.key, "size": stored.size, "request": dict(request or {}), "state": InboxState.RECEIVED,
        "received_at": clock.now(), "due_at": 0,
    }  # fmt: skip
    with transaction():
        before = _same_bytes(account_id, stored.key) if once else None
        if before is not None:
            values |= {"state": InboxState.PROCESSED, "outcome": InboxOutcome.DUPLICATE, "due_at": None,
                       "ticket": before.ticket_id, "message": before.message_id}  # fmt: skip
        row_id = insert_once(InboxRow, values)
        if cursor is not None:
            cursor()
        if row_id is None:
            same = InboxRow.get(InboxRow.account == account_id, InboxRow.key == values["key"])
            return Kept(same.id, is_new=False)
        if before is None:
            jobs.wake(LINE)
    reach("inbox.committed")
    return Kept(row_id, is_new=before is None)


def _same_bytes(account_id: int, digest: str) -> Any:
    query = InboxRow.select().where(InboxRow.account == account_id, InboxRow.digest == digest)
    return query.order_by(InboxRow.id).first()


def digest_of(raw: bytes) -> str:
    """Return the SHA-256 of the bytes, as the inbox keeps it."""
    return hashlib.sha256(raw).hexdigest()


def drain(settings: Settings) -> None:
    """File everything that is due."""
    while row := claim(InboxRow, seconds=settings.lease_seconds):
        process(row, settings)


def process(row: Any, settings: Settings) -> None:
    """Understand and file one leased row, or note why not."""
    if row.attempts > rules.MOST_TRIES_IN:
        _quarantine(row, row.last_error or "The message stopped its reader again and again.")
        return
    try:
        items = _understand(row)
        reach("inbox.understood")
        _file(row, items)
    except Unavailable as error:
        # The desk's own trouble, not the message's: wait as long as it takes, and do not count it.
        release(
            row, due_in_seconds=backoff(row.attempts, base_seconds=settings.retry_seconds), state=InboxState.RETRYING,
            last_error=error.message, attempts=max(row.attempts - 1, 0),
        )  # fmt: skip
    except (Invalid, LimitExceeded) as error:
        _quarantine(row, error.message)  # it would be refused again
    except Exception as error:
        log.warning("inbox row failed", extra={"inbox_id": row.id, "attempt": row.attempts}, exc_info=True)
        reason = f"{type(error).__name__}: {error}"[:1000]
        if row.attempts >= rules.MOST_TRIES_IN:
            _quarantine(row, reason)
        else:
            wait = backoff(row.attempts, base_seconds=settings.retry_seconds)
            release(row, due_in_seconds=wait, state=InboxState.RETRYING, last_error=reason)


def _understand(row: Any) -> Sequence[Inbound | DeliveryReport]:
    """Let the channel read the raw bytes; its answer must be what the seam says it is."""
    driver = accounts.driver_by_id(row.account_id)
    request = InboundRequest(
        body=storage().read(row.storage_key),
        headers=row.request.get("headers", {}),
        query=row.request.get("query", {}),
        received_at=row.received_at,
    )
    items = list(driver.receive(request))
    for item in items:
        if not isinstance(item, Inbound | DeliveryReport):
            raise TypeError(f"the channel gave a {type(item).__name__}, neither Inbound nor DeliveryReport")
    return items


@transactional
def _file(row: Any, items: Sequence[Inbound | DeliveryReport]) -> None:
    """File what was understood and end the row, together. A row with several messages names the last."""
    account = ChannelAccount.get_by_id(row.account_id)
    filed = filing.Filed(InboxOutcome.IGNORED)
    for item in items:
        filed = filing.file_item(account, item)
    done = release(
        row, state=InboxState.PROCESSED, outcome=filed.outcome, ticket=filed.ticket_id, message=filed.message_id,
        last_error=filed.reason,
    )  # fmt: skip
    if not done:
        raise Conflict("Another worker took this row over.")


def _quarantine(row: Any, reason: str) -> None:
    log.error("inbox row quarantined", extra={"inbox_id": row.id, "account_id": row.account_id})
    release(row, state=InboxState.QUARANTINED, last_error=reason)


def settle(row_id: int, settings: Settings) -> Any:
    """Process one row now, with all its tries at once, and return it. For commands that wait for the outcome."""
    deadline = clock.monotonic() + settings.lease_seconds
    while clock.monotonic() < deadline:
        row = claim(InboxRow, InboxRow.id == row_id, seconds=settings.lease_seconds)
        if row is not None:
            process(row, settings)
            InboxRow.update(due_at=0).where(InboxRow.id == row_id, InboxRow.state == InboxState.RETRYING).execute()
        found = InboxRow.get_by_id(row_id)
        if found.state not in WAITING:
            return found
        time.sleep(0.01)
    raise Unavailable("The message is stored, and was not processed in time; a worker will go on.")


@transactional
def retry(actor: Actor, row_id: int) -> None:
    """Let a quarantined or waiting row be read again, with all its tries."""
    actor.require("inbox.retry")
    row = InboxRow.get_or_none(InboxRow.id == row_id, InboxRow.service == actor.service_id)
    if row is None:
        raise NotFound("There is no such inbox row.", path=("id",))
    if row.state is InboxState.PROCESSED:
        raise Conflict("This row was processed; there is nothing to try again.", code="NOT_RETRIABLE")
    InboxRow.update(state=InboxState.RETRYING, due_at=0, attempts=0).where(InboxRow.id == row_id).execute()
    jobs.wake(LINE)
