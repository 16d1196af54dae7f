"""Every write to a ticket. Each is one transaction: permission, rules, rows, record."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from helpdesk.customers import operations as customers
from helpdesk.customers import queries as customer_queries
from helpdesk.kernel import clock, idempotency, search
from helpdesk.kernel.actors import Actor, ActorKind
from helpdesk.kernel.db import insert_once, next_number, transactional
from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.events import Happening, record_all
from helpdesk.kernel.text import one_line
from helpdesk.sdk.events import MessageAdded, TicketCreated
from helpdesk.tickets import attachments, counting, holders, rules
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.changing import SUBJECT, change, locked
from helpdesk.tickets.models import Message, Ticket
from helpdesk.tickets.rules import LONGEST_PROOF_DETAILS, Asker, Body, MessageKind, TicketPriority, TicketStatus

NOBODY = Asker()
LARGEST_FILE = 64 * 1024 * 1024
LONGEST_AUTHOR = 200
MACHINES = frozenset({ActorKind.SYSTEM, ActorKind.PLUGIN})


@dataclass(frozen=True, slots=True)
class Added:
    """A message that was added, and the ticket that it is part of now."""

    ticket_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class NewTicket:
    """What a ticket begins with. ``uploads`` are ids of filled uploads, ``files`` are bytes at hand.

    ``external_ref`` is the partner's own id of the ticket, unique in the service. ``facts`` are JSON
    values that are to stand in the history of its making, such as a consent.
    """

    subject: str
    body: Body
    channel: str
    language: str
    asker: Asker = NOBODY
    account_id: int | None = None
    priority: TicketPriority = TicketPriority.NORMAL
    uploads: Sequence[int] = ()
    files: Sequence[NewFile] = ()
    is_automatic: bool = False
    follow_up_of: int | None = None
    external_ref: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@transactional
def create(actor: Actor, new: NewTicket, *, idempotency_key: str | None = None) -> Added:
    """Make a ticket with its first message and return both ids. Records TicketCreated and MessageAdded.

    Raises Invalid, and Conflict (EXTERNAL_REF_TAKEN, IDEMPOTENCY_KEY_REUSED).
    """
    actor.require("ticket.create")
    given = None if idempotency_key is None else _given(new)
    made = idempotency.begin(actor, idempotency_key, operation="ticket.create", given=given)
    if made is not None:
        return _first_message(made)
    customer_id = _recognise(actor, new.asker)
    added = _insert_ticket(actor, new, customer_id)
    idempotency.finish(actor, idempotency_key, added.ticket_id)
    return added


def _recognise(actor: Actor, asker: Asker) -> int | None:
    return customers.recognise(
        actor, name=asker.name, email=asker.email, phone=asker.phone, user_key=asker.user_key, identity=asker.identity
    )


def _given(new: NewTicket) -> dict[str, Any]:
    """Return the whole input as JSON values, files by the hash of their bytes: by it a repeat is told from misuse."""
    files = [
        [file.filename, file.content_type, file.content_id, hashlib.sha256(file.data).hexdigest()] for file in new.files
    ]
    return asdict(replace(new, files=(), facts={})) | {"files": files, "body": _said(new.body)}


def _said(body: Body) -> dict[str, Any]:
    """Return a body as JSON values by which a repeat is told from misuse; when it came has no part in it."""
    return {name: value for name, value in asdict(body).items() if name not in {"received_at", "sent_at"}}


def _insert_ticket(actor: Actor, new: NewTicket, customer_id: int | None) -> Added:
    number = next_number(SUBJECT, actor.service_id)
    at = clock.now()
    values = {
        "service": actor.service_id, "number": number, "subject": new.subject, "status": TicketStatus.NEW,
        "priority": new.priority, "channel": new.channel, "account_id": new.account_id, "language": new.language,
        "customer": customer_id, "follow_up_of": new.follow_up_of, "external_ref": new.external_ref,
        "created_at": at, "updated_at": at,
    }  # fmt: skip
    ticket_id = insert_once(Ticket, values)
    if ticket_id is None:
        raise Conflict(
            f"Another ticket has the reference “{new.external_ref}”; each names one ticket.",
            code="EXTERNAL_REF_TAKEN",
            path=("externalRef",),
        )
    counting.note(actor, before=None, after=counting.Place(TicketStatus.NEW))
    message_id = _insert_message(
        _author(actor, customer_id, new.asker),
        ticket_id,
        MessageKind.INQUIRY,
        new.body,
        is_automatic=new.is_automatic,
    )
    attachments.attach(actor, message_id, new.uploads)
    attachments.add_files(actor.service_id, message_id, new.files, largest=LARGEST_FILE)
    search.add(SUBJECT, ticket_id, actor.service_id, f"{number} {new.subject}\n{new.body.text}")
    facts = {name: (None, value) for name, value in new.facts.items()}
    created = TicketCreated(
        service_id=actor.service_id, ticket_id=ticket_id, number=number, channel=new.channel,
        customer_id=customer_id, message_id=message_id,
    )  # fmt: skip
    record_all(
        actor,
        Happening(created, (SUBJECT, ticket_id), {"status": (None, TicketStatus.NEW), **facts}),
        _added(actor, ticket_id, message_id, MessageKind.INQUIRY, is_automatic=new.is_automatic),
    )
    return Added(ticket_id, message_id)


@transactional
def reply(
    actor: Actor,
    ticket_id: int,
    body: Body,
    *,
    status: TicketStatus | None = None,
    uploads: Sequence[int] = (),
    files: Sequence[NewFile] = (),
    expected_version: int | None = None,
    idempotency_key: str | None = None,
    is_automatic: bool | None = None,
    is_kept: bool = False,
) -> Added:
    """Answer the customer. An unassigned ticket becomes the answering agent's. Records MessageAdded.

    A machine's answer ``is_automatic``, and leaves the status as it is unless one is told; by default the system's
    and a plugin's are a machine's. One that ``is_kept`` is sent to nobody. Completing needs its own right here too.
    Raises NotFound, Conflict (TICKET_COMPLETED, STATUS_NOT_ALLOWED, VERSION_CONFLICT, CUSTOMER_NOT_REACHABLE).
    """
    actor.require("ticket.reply")
    given = [ticket_id, _said(body), status, list(uploads), *(["kept"] if is_kept else [])]
    made = idempotency.begin(actor, idempotency_key, operation="ticket.reply", given=given)
    if made is not None:
        return Added(ticket_id, made)
    if status is TicketStatus.COMPLETED:
        actor.require("ticket.complete")
    ticket = locked(actor, ticket_id)
    rules.check_version(ticket.version, expected_version)
    rules.check_workable(ticket.status)
    if is_automatic is None:
        is_automatic = actor.kind in MACHINES
    after = ticket.status if is_automatic and status is None else rules.status_after_reply(ticket.status, status)
    rules.check_move(ticket.status, after)
    author = _author(actor, None, NOBODY)
    message_id = _insert_message(author, ticket_id, MessageKind.REPLY, body, is_automatic=is_automatic)
    attachments.attach(actor, message_id, uploads)
    attachments.add_files(actor.service_id, message_id, files, largest=LARGEST_FILE)
    _reindex(ticket, body.text)
    assignee = ticket.assignee_id or (actor.id if actor.kind is ActorKind.AGENT else None)
    added = MessageAdded(
        service_id=actor.service_id, ticket_id=ticket_id, message_id=message_id, kind=MessageKind.REPLY,
        is_automatic=is_automatic, is_kept=is_kept,
    )  # fmt: skip
    happenings = [Happening(added, (SUBJECT, ticket_id))]
    change(actor, ticket, {"status": after, "assignee": assignee}, happenings)
    idempotency.finish(actor, idempotency_key, message_id)
    return Added(ticket_id, message_id)


@transactional
def add_note(
    actor: Actor, ticket_id: int, body: Body, *, uploads: Sequence[int] = (), idempotency_key: str | None = None
) -> Added:
    """Add an inside note; nothing is sent and the status stays. Source: SPEC-WORK TKT-36."""
    actor.require("ticket.note")
    given = [ticket_id, _said(body), list(uploads)]
    made = idempotency.begin(actor, idempotency_key, operation="ticket.note", given=given)
    if made is not None:
        return Added(ticket_id, made)
    ticket = locked(actor, ticket_id)
    message_id = _insert_message(_author(actor, None, NOBODY), ticket_id, MessageKind.NOTE, body)
    attachments.attach(actor, message_id, uploads)
    _reindex(ticket, body.text)
    change(actor, ticket, {}, [_added(actor, ticket_id, message_id, MessageKind.NOTE)])
    idempotency.finish(actor, idempotency_key, message_id)
    return Added(ticket_id, message_id)


@transactional
def assign(
    actor: Actor, ticket_id: int, *, agent_id: int | None, group_id: int | None, expected_version: int | None = None
) -> None:
    """Give the ticket to an agent, a group, both, or nobody. Records TicketAssigned and perhaps TicketStatusChanged.

    Whoever may not forward takes what nobody has, or gives back what they have; see ``holders.wanted``.
    """
    holders.require_right(actor)
    ticket = locked(actor, ticket_id)
    rules.check_version(ticket.version, expected_version)
    rules.check_workable(ticket.status)
    after = holders.wanted(actor, ticket, agent_id=agent_id, group_id=group_id)
    status = rules.status_after_assignment(ticket.status, has_assignee=agent_id is not None)
    change(actor, ticket, {**after, "status": status})


@transactional
def set_status(actor: Actor, ticket_id: int, status: TicketStatus, *, expected_version: int | None = None) -> None:
    """Move the ticket to a status. Records TicketStatusChanged, and TicketAssigned when its holder changes by that.

    Completing needs a right of its own. An agent who opens what nobody holds takes it; NEW takes it from its holder.
    """
    actor.require("ticket.set_status")
    if status is TicketStatus.COMPLETED:
        actor.require("ticket.complete")
    ticket = locked(actor, ticket_id)
    rules.check_version(ticket.version, expected_version)
    rules.check_move(ticket.status, status)
    if status is TicketStatus.NEW:
        holders.check_giving_up(actor, ticket)
    assignee = None if status is TicketStatus.NEW else ticket.assignee_id
    if status is TicketStatus.OPEN and assignee is None and actor.kind is ActorKind.AGENT:
        assignee = actor.id
    change(actor, ticket, {"status": status, "assignee": assignee})


@transactional
def receive(
    actor: Actor, ticket_id: int, body: Body, *, asker: Asker, files: Sequence[NewFile] = (), is_automatic: bool = False
) -> Added:
    """Add what the customer wrote again, reopening the ticket.

    A completed ticket stays closed: a person's message becomes a new ticket that follows it up.
    Source: SPEC-WORK TKT-33, TKT-34, TKT-38.
    """
    ticket = locked(actor, ticket_id)
    customer_id = _recognise(actor, asker)
    if ticket.status is TicketStatus.COMPLETED and not is_automatic:
        follow_up = NewTicket(
            ticket.subject, body, ticket.channel, ticket.language, asker,
            account_id=ticket.account_id, files=files, follow_up_of=ticket_id,
        )  # fmt: skip
        return _insert_ticket(actor, follow_up, customer_id)
    message_id = _insert_message(
        _author(actor, customer_id, asker), ticket_id, MessageKind.INQUIRY, body, is_automatic=is_automatic
    )
    attachments.add_files(actor.service_id, message_id, files, largest=LARGEST_FILE)
    _reindex(ticket, body.text)
    assignee = ticket.assignee_id
    if ticket.status is TicketStatus.RESOLVED and not is_automatic:
        assignee = holders.holder_now(ticket)
    has_assignee = assignee is not None
    after = rules.status_after_inquiry(ticket.status, has_assignee=has_assignee, is_automatic=is_automatic)
    added = _added(actor, ticket_id, message_id, MessageKind.INQUIRY, is_automatic=is_automatic)
    change(actor, ticket, {"status": after, "assignee": assignee}, [added])
    return Added(ticket_id, message_id)


def _first_message(ticket_id: int) -> Added:
    first = Message.select(Message.id).where(Message.ticket == ticket_id).order_by(Message.id).first()
    return Added(ticket_id, first.id)


@dataclass(frozen=True, slots=True)
class _Author:
    service_id: int
    kind: ActorKind
    id: int | None
    name: str


def _author(actor: Actor, customer_id: int | None, asker: Asker) -> _Author:
    """Return who wrote a message: whoever asks, unless an agent did.

    What came by a channel and identifies nobody is a customer's all the same, of whom nothing but a name is known.
    """
    name = asker.name
    if actor.kind is ActorKind.AGENT:
        return _Author(actor.service_id, actor.kind, actor.id, actor.name)
    if customer_id is None and asker.identity is not None:
        return _Author(actor.service_id, ActorKind.CUSTOMER, None, name)
    if customer_id is None:
        return _Author(actor.service_id, actor.kind, actor.id, name or actor.name)
    known = None if name else customer_queries.customers_by_ids([customer_id])[0]
    return _Author(actor.service_id, ActorKind.CUSTOMER, customer_id, known.name if known else name)


def _insert_message(
    author: _Author, ticket_id: int, kind: MessageKind, body: Body, *, is_automatic: bool = False
) -> int:
    made = Message.insert(
        service=author.service_id,
        ticket=ticket_id,
        kind=kind,
        author_kind=author.kind,
        author_id=author.id,
        author_name=one_line(author.name, longest=LONGEST_AUTHOR),
        body_text=body.text,
        body_html=body.html,
        quoted_from=body.quoted_from,
        html_quoted_from=body.html_quoted_from,
        proof=body.proof,
        proof_details=one_line(body.proof_details, longest=LONGEST_PROOF_DETAILS),
        is_automatic=is_automatic,
        created_at=body.received_at or clock.now(),
        sent_at=body.sent_at,
    ).execute()
    return int(made)


def _added(
    actor: Actor, ticket_id: int, message_id: int, kind: MessageKind, *, is_automatic: bool = False
) -> Happening:
    event = MessageAdded(
        service_id=actor.service_id, ticket_id=ticket_id, message_id=message_id, kind=kind, is_automatic=is_automatic
    )
    return Happening(event, (SUBJECT, ticket_id))


def _reindex(ticket: Any, text: str) -> None:
    """Make the new words findable; what was found before stays found."""
    search.extend(SUBJECT, ticket.id, ticket.service_id, text)
