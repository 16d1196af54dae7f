"""The outbox: what is to go out is written with the change that caused it, then carried by workers.

At least once: a worker that dies between the provider's yes and our mark sends again, under the
same id. The id under which the message is known outside is stored before the first try. Messages
of one ticket go out in their order: a row waits while an earlier one of its ticket is unfinished.
"""

import logging
import secrets
from typing import Any

import peewee

from helpdesk.channels import accounts, rules
from helpdesk.channels.models import ChannelAccount, Delivery, OutsideId
from helpdesk.channels.rules import DeliveryState
from helpdesk.customers import queries as customers
from helpdesk.kernel import actors, clock, jobs
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.db import insert_once, transactional
from helpdesk.kernel.errors import Conflict, HelpdeskError, NotFound, Unavailable
from helpdesk.kernel.events import record
from helpdesk.kernel.failpoints import reach
from helpdesk.kernel.leases import backoff, claim, release
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import storage
from helpdesk.sdk.channel import (
    Channel,
    DeliveryReport,
    File,
    Identity,
    Outbound,
    Refused,
    Retry,
    Sent,
    Verdict,
    WindowClosed,
)
from helpdesk.signals import DeliveryFinished
from helpdesk.tickets import queries as tickets

log = logging.getLogger(__name__)

LINE = "outbox"
MOST_ANSWERED = 20


def queue(actor: Actor, ticket_id: int, message_id: int) -> int | None:
    """Write an answer into the outbox and return the row's id, or None when there is no way to the customer.

    It goes back the way the ticket came; a ticket without an account is answered by the service's
    primary mail account. Source: SPEC CHAN-23, SPEC-WORK TKT-47.
    """
    ticket = tickets.tickets_by_ids([ticket_id])[0]
    account = _account_for(ticket)
    if ticket is None or account is None or ticket.customer_id is None:
        return None
    to = _recipient(account, ticket.customer_id)
    if to is None:
        return None
    row_id = Delivery.insert(
        service=actor.service_id, account=account.id, ticket=ticket_id, message=message_id, key=secrets.token_hex(16),
        state=DeliveryState.QUEUED, recipients=rules.recipients_of([to]), created_at=clock.now(), due_at=0,
    ).execute()  # fmt: skip
    jobs.wake(LINE)
    return int(row_id)


def _account_for(ticket: Any) -> Any:
    usable = (ChannelAccount.service == ticket.service_id) & ChannelAccount.deleted_at.is_null()
    if ticket.account_id is not None:
        own = ChannelAccount.select().where(usable, ChannelAccount.id == ticket.account_id).first()
        if own is not None:
            return own
    primary = (ChannelAccount.driver == "email") & ChannelAccount.is_primary & ChannelAccount.is_enabled
    return ChannelAccount.select().where(usable, primary).first()


def _recipient(account: Any, customer_id: int) -> Identity | None:
    """Return how the account's channel reaches the customer, if it can."""
    kind = account.identity_kind
    customer = customers.customers_by_ids([customer_id])[0]
    value = customers.identity_of(customer_id, kind)
    return Identity(kind, value, customer.name) if customer is not None and value else None


def drain(settings: Settings) -> None:
    """Send everything that is due."""
    earlier = Delivery.alias()
    waits = earlier.select(peewee.Value(1)).where(
        earlier.ticket == Delivery.ticket, earlier.id < Delivery.id, earlier.due_at.is_null(False)
    )
    while row := claim(Delivery, ~peewee.fn.EXISTS(waits), seconds=settings.lease_seconds):
        carry(row, settings)


def carry(row: Any, settings: Settings) -> None:
    """Try one leased row once, and write what became of it."""
    try:
        driver = accounts.driver_by_id(row.account_id)
        message = _prepare(row, driver)
        if not message.recipients:
            _finish(row, DeliveryState.SENT, row.recipients)
            return
        sent = driver.send(message)
        if not isinstance(sent, Sent):
            raise TypeError(f"the channel gave a {type(sent).__name__} for Sent")
        reach("outbox.sent")
        _accept(row, sent, settings)
    except Retry as error:
        _again(row, settings, str(error), error.after_seconds)
    except (Refused, WindowClosed) as error:
        _fail(row, str(error) or type(error).__name__)
    except Unavailable as error:
        _again(row, settings, error.message, None)
    except HelpdeskError as error:
        _fail(row, error.message)
    except Exception as error:
        log.exception("a channel failed while sending", extra={"delivery_id": row.id})
        _again(row, settings, f"{type(error).__name__}: {error}", None)


def _prepare(row: Any, driver: Channel) -> Outbound:
    """Return the message to carry, its outside id stored."""
    message = _outbound(row)
    if row.external_id is None and (external_id := driver.identify(message)):
        _name_outside(row, external_id)
        message = _outbound(row)
    return message


@transactional
def _name_outside(row: Any, external_id: str) -> None:
    """Store the id under which the message will be known, so that an answer finds its ticket."""
    row.external_id = external_id[:255]
    Delivery.update(external_id=row.external_id).where(Delivery.id == row.id).execute()
    known = {
        "account": row.account_id,
        "external_id": row.external_id,
        "ticket": row.ticket_id,
        "message": row.message_id,
    }
    insert_once(OutsideId, known)


def _outbound(row: Any) -> Outbound:
    ticket = tickets.tickets_by_ids([row.ticket_id])[0]
    message = tickets.messages_by_ids([row.message_id])[0]
    if ticket is None or message is None:
        raise Refused("The message is gone.")
    to = rules.still_to_reach(row.recipients)
    files = tickets.attachments_of_messages([message.id])[0]
    return Outbound(
        key=row.key,
        ticket_number=ticket.number,
        subject=ticket.subject,
        text=message.body_text,
        html=message.body_html,
        recipients=to,
        files=tuple(File(f.filename, f.content_type, storage().read(f.storage_key), f.content_id) for f in files),
        answers=_conversation(row),
        reply_token=rules.reply_token(keyring().secret_for("reply"), ticket.id, to[0].value) if to else "",
        external_id=row.external_id,
        language=ticket.language,
        agent_name=message.author_name if message.author_kind is ActorKind.AGENT else "",
        is_automatic=message.is_automatic,
    )


def _conversation(row: Any) -> tuple[str, ...]:
    """Return the outside ids of the ticket's earlier messages, nearest first."""
    rows: Any = (
        OutsideId.select(OutsideId.external_id)
        .where(
            OutsideId.account == row.account_id, OutsideId.ticket == row.ticket_id, OutsideId.message < row.message_id
        )
        .order_by(OutsideId.message.desc())
        .limit(MOST_ANSWERED)
    )
    return tuple(values[0] for values in rows.tuples())


def _accept(row: Any, sent: Sent, settings: Settings) -> None:
    """Write a provider's yes. Recipients that must wait are tried again; the others are done."""
    recipients = rules.with_verdicts(row.recipients, sent.verdicts, default=rules.FINAL)
    if sent.external_id and row.external_id is None:
        _name_outside(row, sent.external_id)
    delayed = [one["reason"] for one in recipients if one["verdict"] == Verdict.DELAYED]
    if delayed and row.attempts < rules.MOST_TRIES_OUT:
        _again(row, settings, delayed[0], None, recipients=recipients)
        return
    reached = any(one["verdict"] == rules.FINAL for one in recipients)
    problems = "; ".join(f"{one['value']}: {one['reason']}" for one in recipients if one["reason"])
    _finish(row, DeliveryState.SENT if reached else DeliveryState.FAILED, recipients, problems)


def _again(row: Any, settings: Settings, reason: str, after_seconds: float | None, **changes: Any) -> None:
    """Give the row back for a later try, or give up after too many."""
    if row.attempts >= rules.MOST_TRIES_OUT:
        _fail(row, reason)
        return
    wait = backoff(row.attempts, base_seconds=settings.retry_seconds) if after_seconds is None else after_seconds
    release(row, due_in_seconds=wait, state=DeliveryState.RETRYING, last_error=reason[:1000], **changes)


def _fail(row: Any, reason: str) -> None:
    recipients = [
        one if one["verdict"] == rules.FINAL else one | {"verdict": str(Verdict.FAILED), "reason": reason[:500]}
        for one in row.recipients
    ]
    _finish(row, DeliveryState.FAILED, recipients, reason)


@transactional
def _finish(row: Any, state: DeliveryState, recipients: list[dict[str, str]], reason: str = "") -> None:
    """End the row and record it. Records DeliveryFinished."""
    if release(row, state=state, recipients=recipients, last_error=reason[:1000], finished_at=clock.now()):
        _record(row, state, reason)


def apply_report(row: Any, report: DeliveryReport) -> None:
    """Write what a bounce or a receipt says; the message fails when nobody has it. Records DeliveryFinished then."""
    failed = rules.is_failure(report, row.recipients)
    values = {"recipients": rules.with_verdicts(row.recipients, report.verdicts)}
    if failed and row.state is not DeliveryState.FAILED:
        reason = "; ".join(f"{one.recipient}: {one.reason}" for one in report.verdicts)[:1000]
        Delivery.update(**values, state=DeliveryState.FAILED, due_at=None, last_error=reason).where(
            Delivery.id == row.id
        ).execute()
        _record(row, DeliveryState.FAILED, reason)
    else:
        Delivery.update(**values).where(Delivery.id == row.id).execute()


def _record(row: Any, state: DeliveryState, reason: str) -> None:
    event = DeliveryFinished(
        service_id=row.service_id, delivery_id=row.id, ticket_id=row.ticket_id, message_id=row.message_id, state=state
    )
    changes = {"delivery": (str(row.state), str(state))} | ({"reason": (None, reason[:500])} if reason else {})
    record(actors.system(row.service_id), event, subject=("ticket", row.ticket_id), changes=changes)


@transactional
def retry(actor: Actor, delivery_id: int) -> None:
    """Let a failed message be tried again, to those who do not have it yet."""
    actor.require("delivery.retry")
    row = Delivery.get_or_none(Delivery.id == delivery_id, Delivery.service == actor.service_id)
    if row is None:
        raise NotFound("There is no such delivery.", path=("id",))
    if row.state is DeliveryState.SENT:
        raise Conflict("This message was sent; write a new answer instead.", code="NOT_RETRIABLE")
    recipients = [
        one if one["verdict"] == rules.FINAL else one | {"verdict": "", "reason": ""} for one in row.recipients
    ]
    Delivery.update(
        state=DeliveryState.RETRYING, recipients=recipients, attempts=0, due_at=0, lease=None, finished_at=None
    ).where(Delivery.id == delivery_id).execute()
    jobs.wake(LINE)


def reached(ticket_id: int) -> set[str]:
    """Return the addresses, case folded, to which the desk has sent messages of the ticket."""
    rows: Any = Delivery.select(Delivery.recipients).where(Delivery.ticket == ticket_id)
    return {one["value"].casefold() for row in rows for one in row.recipients}
