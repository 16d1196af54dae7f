"""The outbox: what is to go out is written with the change that caused it, then carried by workers.

At least once: a worker that dies between the provider's yes and our mark sends again, under the
same id; one that is merely slow keeps its row, however long the provider takes. The id under which
the message is known outside is stored before the first try. Messages of one ticket go out in their
order: a row waits while an earlier one of its ticket is unfinished, unless that one is late: then an event says so,
and nobody waits for it any more, while it is tried for days.

What is the desk's own trouble (a plugin that is not loaded or rests, an account switched off, a database that
is away) uses up no try. A channel that does not answer in time, or answers something else than it must, is not tried
again by itself: the message may be out, and every try would send it anew. One whose own process ends
is tried again, like after the death of a worker.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import peewee

from helpdesk.channels import accounts, drivers, floods, lanes, notices, own_addresses, rules, sending
from helpdesk.channels.drivers import RESTING, Driver, FateUnknown
from helpdesk.channels.models import ChannelAccount, Delivery, OutsideId
from helpdesk.channels.rules import DeliveryState
from helpdesk.customers import queries as customers
from helpdesk.customers import reaching
from helpdesk.customers.reaching import Cause
from helpdesk.customers.rules import EMAIL
from helpdesk.kernel import actors, clock, jobs
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.db import explained, insert_once, locked, transactional
from helpdesk.kernel.errors import Conflict, HelpdeskError, NotFound, Unavailable
from helpdesk.kernel.events import record
from helpdesk.kernel.failpoints import reach
from helpdesk.kernel.leases import give_back, held, release
from helpdesk.kernel.settings import Settings
from helpdesk.kernel.storage import storage
from helpdesk.plugins.guard import PluginFailed
from helpdesk.sdk.channel import (
    AccountRefused,
    File,
    Identity,
    Outbound,
    RecipientVerdict,
    Refused,
    Retry,
    Sent,
    Verdict,
    WindowClosed,
)
from helpdesk.sdk.events import DeliveryDelayed, DeliveryFinished
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.queries import TicketRow
from helpdesk.tickets.rules import ParticipantState

log = logging.getLogger(__name__)

LINE = sending.LINE
MOST_ANSWERED = 20
ANSWERS_MACHINE = "Not sent: a machine wrote what this answers; try it again to send it all the same."
_CAUSES = {Verdict.FAILED: Cause.FAILED, Verdict.COMPLAINED: Cause.COMPLAINED}
ASK_FIRST = (
    "So nobody knows whether the message is out; ask the customer before you try again, and tell the channel's author."
)


def queue(actor: Actor, ticket_id: int, message_id: int, *, is_automatic: bool = False) -> None:
    """Write an answer into the outbox, unless it is only to be kept.

    It goes back the way the ticket came; a ticket without an account is answered by the service's
    primary mail account, and without one its answers are kept to be read by the API. A person's answer that could
    reach nobody raises Conflict (CUSTOMER_NOT_REACHABLE); a machine's is kept.

    What a machine wrote answers no other machine, and goes neither to an address that takes no messages nor to one
    that has got too much of it: it is failed at once, with the reason. Participants get the answers of people alone.
    Source: SPEC CHAN-23, SPEC-WORK TKT-47, SECURITY B6.
    """
    ticket = tickets.tickets_by_ids([ticket_id])[0]
    assert ticket is not None, "a message keeps its ticket"
    account = _account_for(ticket)
    if account is None and ticket.account_id is None:
        return
    to = _recipient(account, ticket.customer_id) if account is not None else None
    if to is None:
        if is_automatic:
            return
        raise Conflict(_unreachable(account, ticket.customer_id), code="CUSTOMER_NOT_REACHABLE", path=("ticketId",))
    people = [to] if is_automatic else [to, *_participants(account, ticket_id, to)]
    refusal = _refusal(account, to, ticket) if is_automatic else ""
    row_id = Delivery.insert(
        service=actor.service_id, account=account.id, ticket=ticket_id, message=message_id, key=secrets.token_hex(16),
        state=DeliveryState.QUEUED, recipients=rules.recipients_of(people), created_at=clock.now(),
        due_at=None if refusal else 0,
    ).execute()  # fmt: skip
    if refusal:
        row = Delivery.get_by_id(row_id)
        end_at_rest(row, rules.given_up(row.recipients, refusal), refusal)
    jobs.wake(LINE)


def _unreachable(account: Any, customer_id: int | None) -> str:
    """Return why an answer could reach nobody, and what to do."""
    if account is None:
        why = "the channel account by which this ticket came was deleted, and no mail account is left to answer by"
    elif customer_id is None:
        why = "nobody is known who asked here"
    else:
        kind = account.identity_kind
        why = f"the channel “{account.name}” knows the customer by {kind}, and this one has none of their own"
    return f"This answer would reach nobody: {why}. Write a note instead, or keep the answer unsent (`isKept`)."


def _refusal(account: Any, to: Identity, ticket: TicketRow) -> str:
    """Return why a machine may not write to somebody; empty if it may, and then it is counted."""
    marked = customers.undeliverable(account.service_id, [(to.kind, to.value)])
    row = next(iter(marked.values()), None)
    if row is not None:
        since = f"{row.undeliverable_since:%Y-%m-%d}"
        return f"Not sent: this address takes no messages since {since}: {row.undeliverable_reason}"
    if tickets.is_answer_to_machine(ticket.id):
        return ANSWERS_MACHINE
    return floods.refusal(account, to, ticket.subject)


def _account_for(ticket: TicketRow) -> Any:
    usable = (ChannelAccount.service == ticket.service_id) & ChannelAccount.deleted_at.is_null()
    if ticket.account_id is not None:
        own = ChannelAccount.select().where(usable, ChannelAccount.id == ticket.account_id).first()
        if own is not None:
            return own
    return notices.mail_account(ticket.service_id)


def _participants(account: Any, ticket_id: int, to: Identity) -> list[Identity]:
    """Return who gets the answer beside the customer, where the channel carries mail."""
    if account.identity_kind != EMAIL:
        return []
    (found,) = tickets.participants_of_tickets([ticket_id])
    added = [one for one in found if one.state is ParticipantState.ADDED and one.email != to.value.casefold()]
    people, own = [Identity(EMAIL, one.email, one.name) for one in added], own_addresses.of_account(account)
    return [person for person in people if not own_addresses.has(own, person)]


def _recipient(account: Any, customer_id: int | None) -> Identity | None:
    """Return how the account's channel reaches the customer, if it can."""
    customer = customers.customers_by_ids([customer_id])[0]
    if customer is None:
        return None
    value = customers.identity_of(customer.id, account.identity_kind)
    found = Identity(account.identity_kind, value or "", customer.name)
    return found if value and not own_addresses.has(own_addresses.of_account(account), found) else None


def drain(settings: Settings) -> None:
    """Send everything that is due."""
    earlier = Delivery.alias()
    waits = earlier.select(peewee.Value(1)).where(
        earlier.ticket == Delivery.ticket, earlier.id < Delivery.id, earlier.due_at.is_null(False),
        earlier.attempts <= rules.LATE_TRIES_OUT,
    )  # fmt: skip
    lanes.drain(LINE, Delivery, carry, settings, ~peewee.fn.EXISTS(waits), sending.may_be_tried())


def carry(row: Any, settings: Settings) -> None:
    """Try one leased row once, and write what became of it."""
    driver, standing = None, sending.standing_of(row.account_id)
    if not sending.admits(standing, seconds=settings.lease_seconds):
        release(row, due_in_seconds=0, attempts=row.attempts - 1)
        return
    try:
        driver = _driver(row)
        message = _prepare(row, driver)
        if not message.recipients:  # a report has told of everybody meanwhile
            _end(row, DeliveryState.SENT if rules.is_reached(row.recipients) else DeliveryState.FAILED)
            return
        with held(row, seconds=settings.lease_seconds):
            sent = driver.send(message)
        reach("outbox.sent")
        sending.succeeded(standing)
        _accept(row, sent, settings)
    except AccountRefused as error:
        rest = sending.refused(standing, str(error), settings, must_reconnect=error.must_reconnect)
        _again(row, settings, str(error), wish=rest, is_free=True)
    except Retry as error:
        sending.failed(standing, str(error))
        _again(row, settings, str(error), wish=error.after_seconds)
    except (Refused, WindowClosed) as error:
        sending.let_in(standing)
        is_dead = isinstance(error, Refused) and error.is_permanent
        _fail(row, str(error) or type(error).__name__, is_dead=is_dead)
    except FateUnknown as error:
        sending.failed(standing, error.message)
        _fail(row, f"{error.message} {ASK_FIRST}")
    except PluginFailed as error:
        sending.failed(standing, error.message)
        _again(row, settings, error.message, is_free=driver is None or error.code == RESTING)
    except Unavailable as error:
        _again(row, settings, error.message, is_free=True)
    except HelpdeskError as error:
        _fail(row, error.message)
    except Exception as error:
        drivers.report("a message could not be sent", driver, delivery_id=row.id)
        _again(row, settings, rules.reason(f"{type(error).__name__}: {error}"), is_free=bool(explained(error)))


def _driver(row: Any) -> Driver:
    """Return what carries the row. Raises Unavailable while its account is switched off."""
    account = ChannelAccount.get_by_id(row.account_id)
    if account.deleted_at is None and not account.is_enabled:
        raise Unavailable("The channel account is switched off; the message waits until it is on again.")
    return accounts.driver_by_id(row.account_id)


def _prepare(row: Any, driver: Driver) -> Outbound:
    """Return the message to carry, its outside id stored."""
    message = notices.outbound(row) if row.ticket_id is None else _outbound(row)
    if row.external_id is not None:
        return message
    external_id = driver.identify(message)
    if external_id and (known_as := rules.outside_id(external_id)):
        _name_outside(row, known_as)
    return replace(message, external_id=row.external_id)


@transactional
def _name_outside(row: Any, external_id: str) -> None:
    """Store the id under which the message will be known, so that an answer finds its ticket."""
    row.external_id = external_id
    Delivery.update(external_id=row.external_id).where(Delivery.id == row.id).execute()
    if row.ticket_id is None:  # nobody's answer to it belongs to a ticket
        return
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
    assert ticket is not None, "a delivery keeps its ticket"
    assert message is not None, "a delivery keeps its message"
    to = rules.still_to_reach(row.recipients)
    files = tickets.attachments_of_messages([message.id])[0]
    return Outbound(
        key=row.key,
        ticket_number=ticket.number,
        subject=ticket.subject,
        text=message.body_text,
        html=tickets.html_of_messages([message.id])[0],
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
        OutsideId.select(OutsideId.external_id, OutsideId.fingerprint)
        .where(
            OutsideId.account == row.account_id, OutsideId.ticket == row.ticket_id, OutsideId.message < row.message_id
        )
        .order_by(OutsideId.message.desc())
        .limit(MOST_ANSWERED)
    )
    return tuple(rules.own_id(known_as, fingerprint) for known_as, fingerprint in rows.tuples())


def _accept(row: Any, sent: Sent, settings: Settings) -> None:
    """Write a provider's yes. Recipients that must wait are tried again; the others are done."""
    row.recipients = rules.with_verdicts(row.recipients, sent.verdicts, default=rules.FINAL)
    named = rules.outside_id(sent.external_id or "")
    if named and row.external_id is None:
        _name_outside(row, named)
    delayed = [one["reason"] for one in row.recipients if one["verdict"] == Verdict.DELAYED]
    if delayed:
        _again(row, settings, delayed[0])
        mark_addresses(row, sent.verdicts)
    else:
        state = DeliveryState.SENT if rules.is_reached(row.recipients) else DeliveryState.FAILED
        _end(row, state, verdicts=sent.verdicts)


@transactional
def _again(row: Any, settings: Settings, reason: str, *, wish: Any = None, is_free: bool = False) -> None:
    """Give the row back for a later try, or give up after too many; a free one uses up none.

    Records DeliveryDelayed when it is late by now.
    """
    if not is_free and row.attempts >= rules.MOST_TRIES_OUT:
        _fail(row, reason)
        return
    is_ours = give_back(
        row, base_seconds=settings.retry_seconds, wish=wish, is_free=is_free,
        state=DeliveryState.RETRYING, recipients=row.recipients, last_error=reason,
    )  # fmt: skip
    if is_ours and not is_free and row.attempts == rules.LATE_TRIES_OUT:
        _warn("a message is late", row, reason)
        if row.ticket_id is None:
            return
        whose = {"service_id": row.service_id, "delivery_id": row.id, "ticket_id": row.ticket_id}
        event = DeliveryDelayed(**whose, message_id=row.message_id)
        changes = {"delivery": (str(row.state), str(DeliveryState.RETRYING)), "reason": (None, reason[:500])}
        record(actors.system(row.service_id), event, subject=("ticket", row.ticket_id), changes=changes)


def _fail(row: Any, reason: str, *, is_dead: bool = False) -> None:
    """End the row: whoever does not have the message will not get it. ``is_dead`` says that their addresses fail."""
    lost = rules.still_to_reach(row.recipients) if is_dead else ()
    verdicts = [RecipientVerdict(one.value, Verdict.FAILED, reason, is_permanent=True) for one in lost]
    row.recipients = rules.given_up(row.recipients, reason, is_permanent=is_dead)
    _end(row, DeliveryState.FAILED, reason, verdicts=verdicts)


@transactional
def _end(row: Any, state: DeliveryState, reason: str = "", *, verdicts: Sequence[RecipientVerdict] = ()) -> None:
    """End the row, record it, and mark addresses that are no good. Records DeliveryFinished."""
    reason = reason or rules.reason(rules.problems(row.recipients))
    left = {"notice": None} if state is DeliveryState.SENT else {}  # what it said is of no more use
    if release(row, state=state, recipients=row.recipients, last_error=reason, finished_at=clock.now(), **left):
        _record(row, state, reason)
        mark_addresses(row, verdicts)


def end_at_rest(row: Any, recipients: list[rules.Recipient], reason: str) -> None:
    """Fail a row that no worker holds, or that it no longer matters who holds. Records DeliveryFinished."""
    Delivery.update(
        recipients=recipients, state=DeliveryState.FAILED, due_at=None, lease=None, last_error=rules.reason(reason),
        finished_at=clock.now(),
    ).where(Delivery.id == row.id).execute()  # fmt: skip
    _record(row, DeliveryState.FAILED, reason)


def mark_addresses(row: Any, verdicts: Sequence[RecipientVerdict]) -> None:
    """Mark those of the row's recipients whose address is no good by a verdict, or who have complained."""
    kinds = {one["value"].casefold(): one["kind"] for one in row.recipients}
    for verdict in verdicts:
        kind = kinds.get(verdict.recipient.casefold())
        cause = _CAUSES.get(verdict.verdict) if verdict.is_permanent else None
        if kind is not None and cause is not None:
            system = actors.system(row.service_id)
            reaching.mark(system, kind, verdict.recipient, cause=cause, reason=rules.reason(verdict.reason))


def _warn(words: str, row: Any, reason: str) -> None:
    facts = {"delivery_id": row.id, "account_id": row.account_id, "ticket_id": row.ticket_id, "reason": reason}
    log.warning(words, extra=facts)


def _record(row: Any, state: DeliveryState, reason: str) -> None:
    if state is DeliveryState.FAILED:
        _warn("a message was not delivered", row, reason)
    if row.ticket_id is None:  # it has no history, and concerns nobody who listens
        return
    event = DeliveryFinished(
        service_id=row.service_id, delivery_id=row.id, ticket_id=row.ticket_id, message_id=row.message_id, state=state
    )
    changes = {"delivery": (str(row.state), str(state))} | ({"reason": (None, reason[:500])} if reason else {})
    record(actors.system(row.service_id), event, subject=("ticket", row.ticket_id), changes=changes)


@transactional
def retry(actor: Actor, delivery_id: int) -> None:
    """Let a failed message be tried again, to those who do not have it yet."""
    actor.require("delivery.retry")
    query = Delivery.select().where(Delivery.id == delivery_id, Delivery.service == actor.service_id)
    row = locked(query).first()
    if row is None:
        raise NotFound("There is no such delivery.", path=("id",))
    if row.state is DeliveryState.SENT:
        raise Conflict("This message was sent; write a new answer instead.", code="NOT_RETRIABLE")
    if row.lease is not None:  # taking it away would let two workers send the message
        raise Conflict("This message is being sent right now; look again in a minute.", code="NOT_RETRIABLE")
    try_anew(row)
    jobs.wake(LINE)


def try_anew(row: Any) -> None:
    """Let a row that has ended fall due, with all its tries."""
    Delivery.update(
        state=DeliveryState.RETRYING, recipients=rules.anew(row.recipients), attempts=0, due_at=0, finished_at=None
    ).where(Delivery.id == row.id).execute()


def reached(ticket_id: int) -> set[tuple[str, str]]:
    """Return whom the desk has written to in the ticket: kinds and values, case folded."""
    rows: Any = Delivery.select(Delivery.recipients).where(Delivery.ticket == ticket_id)
    return {(one["kind"], one["value"].casefold()) for row in rows for one in row.recipients}
