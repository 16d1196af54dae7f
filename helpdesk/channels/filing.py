"""Where a message from outside goes: an existing ticket, a new one, a delivery it reports on, or nowhere.

Outside ids are matched within one account, and compared as ``rules.outside_id`` spells them. Whoever
is copied in does not take part: only the ticket's customer, those whom the desk has written to or an agent has let in,
and proven agents do. A message without a sender makes a ticket of its own, without a customer.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any

from helpdesk.access.authentication import actor_of
from helpdesk.agents import queries as agents
from helpdesk.agents.rules import normal_email
from helpdesk.channels import outbox, outside_ids, own_addresses, reports, rules
from helpdesk.channels.models import OutsideId
from helpdesk.channels.rules import Candidate, HeldError, InboxOutcome
from helpdesk.customers import queries as customers
from helpdesk.customers import reaching
from helpdesk.customers.operations import recognise
from helpdesk.customers.reaching import Cause
from helpdesk.customers.rules import EMAIL, is_nobody, spelling
from helpdesk.kernel import actors
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.crypto import keyring
from helpdesk.kernel.errors import Invalid
from helpdesk.kernel.html import text_of
from helpdesk.kernel.scripts import language_of
from helpdesk.organization import queries as organization
from helpdesk.sdk.channel import DeliveryReport, Identity, Inbound, Nature, SenderProof
from helpdesk.tickets import attachments, participants
from helpdesk.tickets import operations as tickets
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets.attachments import NewFile
from helpdesk.tickets.operations import NewTicket
from helpdesk.tickets.rules import LONGEST_CHANNEL, Asker, Body, ParticipantState, body_of, subject_of

log = logging.getLogger(__name__)

MOST_ANSWERED = 50
UNANSWERED = "It was taken for what a machine, a mailing list or the desk itself wrote, and it answers no ticket."
FORGED_REPORT = "It reports on a message of ours, and does not come from whom it says."


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one message."""

    outcome: InboxOutcome
    ticket_id: int | None = None
    message_id: int | None = None
    reason: str = ""


def files_of(item: Inbound | DeliveryReport, *, is_released: bool) -> list[NewFile]:
    """Return the files of what was understood; of what is to become a message, as far as it shows, they are stored.

    Runs before the transaction. Raises LimitExceeded and Unavailable.
    """
    message = item.message if isinstance(item, DeliveryReport) else item
    if message is None:
        return []
    files = [NewFile(file.filename, file.content_type, file.data, file.content_id) for file in message.files]
    is_believed = message is item and message.nature is Nature.PERSON and not message.suspicion
    return attachments.keep(files, largest=tickets.LARGEST_FILE) if is_released or is_believed else files


def file_item(
    account: Any,
    item: Inbound | DeliveryReport,
    files: Sequence[NewFile],
    *,
    received_at: datetime,
    is_released: bool = False,
) -> Filed:
    """File one message or report that came at that time, with its files. Runs in the transaction that ends its row.

    Whoever has released it has read it: it is a person's message, whatever it was taken for.
    Raises FiledElsewhereError, and HeldError for a suspicious one, or a forged report, that no person has released.
    """
    if isinstance(item, DeliveryReport):
        if item.message is None or not is_released:
            return _file_report(account, item)
        item = item.message
    known_as, seen = outside_ids.of(account.id, item)
    if seen is not None:
        reason = rules.reason(f"It is a copy of a message that is here already, by its id {seen.external_id}.")
        return Filed(InboxOutcome.DUPLICATE, seen.ticket_id, seen.message_id, reason)
    item = _without_own_addresses(account, _as_kept(item))
    if is_released:
        return _file_message(account, replace(item, nature=Nature.PERSON), files, received_at, known_as)
    if item.nature is Nature.SPAM:
        return Filed(InboxOutcome.SPAM, reason="The mail system marked it as spam.")
    if item.suspicion:
        raise HeldError(rules.reason(item.suspicion))
    return _file_message(account, item, files, received_at, known_as)


def _as_kept(item: Inbound) -> Inbound:
    """Return the message with its people in the spelling in which the desk keeps them: ``xn--`` as letters, say."""
    author = item.forwarded_from
    return replace(
        item, sender=_spelt(item.sender), copied=tuple(map(_spelt, item.copied)),
        forwarded_from=None if author is None else _spelt(author),
    )  # fmt: skip


def _spelt(person: Identity) -> Identity:
    """Return the person as kept; a name that is an address is none, since it may be somebody else's."""
    name = "" if "@" in person.name else person.name
    return replace(person, value=spelling(person.kind, person.value), name=name)


def _without_own_addresses(account: Any, item: Inbound) -> Inbound:
    """Return the message with none of the desk's own addresses for a person; what comes from one is a machine's.

    An agent who is proven may have an account's address.
    """
    own = own_addresses.of(account.service_id)
    copied = tuple(one for one in item.copied if not own_addresses.has(own, one))
    author = item.forwarded_from
    author = None if author is not None and own_addresses.has(own, author) else author
    is_ours = own_addresses.has(own, item.sender) and _proven_agent(account, item) is None
    nature = Nature.AUTOMATIC if is_ours and item.nature is Nature.PERSON else item.nature
    return replace(item, copied=copied, forwarded_from=author, nature=nature)


def _file_report(account: Any, report: DeliveryReport) -> Filed:
    """Write what became of a message of ours; it is found by the outside ids, which have an index. Raises HeldError."""
    if report.message is not None and report.message.proof is SenderProof.FAILED:
        raise HeldError(rules.reason(report.message.suspicion or FORGED_REPORT))
    known: Any = OutsideId.get_or_none(
        OutsideId.account == account.id, OutsideId.external_id == rules.outside_id(report.external_id)
    )
    kind = account.identity_kind
    verdicts = tuple(replace(one, recipient=spelling(kind, one.recipient)) for one in report.verdicts)
    report = replace(report, verdicts=verdicts)
    if known is None or not reports.apply_report(known.message_id, report):
        return Filed(InboxOutcome.BOUNCE, reason="It reports on a message that this desk did not send.")
    reasons = "; ".join(f"{one.recipient}: {one.verdict} {one.reason}".strip() for one in report.verdicts)
    return Filed(InboxOutcome.BOUNCE, known.ticket_id, known.message_id, rules.reason(reasons))


def _file_message(account: Any, item: Inbound, files: Sequence[NewFile], received_at: datetime, known_as: str) -> Filed:
    actor = actors.system(account.service_id)
    is_automatic = item.nature is Nature.AUTOMATIC
    agent = _proven_agent(account, item)
    if item.undeliverable and not is_automatic:
        _mark_misspelt(actor, item)
    elif item.proof is not SenderProof.FAILED and not is_automatic:
        reaching.heard_from(actor, item.sender.kind, item.sender.value)
    if agent is not None and item.forwarded_from is not None:  # it is its author's, in the author's ticket or a new one
        item, agent = replace(item, sender=item.forwarded_from), None
    ticket_id = rules.choose(_candidates(account, item, is_agent=agent is not None))
    body = replace(
        body_of(item.text, item.html, quoted_from=item.quoted_from, html_quoted_from=item.html_quoted_from),
        proof=item.proof, proof_details=item.proof_details, received_at=received_at,
        sent_at=rules.claimed_time(item.sent_at, received_at),
    )  # fmt: skip
    if ticket_id is not None and agent is not None and not is_automatic:
        answer = replace(body, text=_new_text(body), html=None, quoted_from=None, html_quoted_from=None)
        added = tickets.reply(agent, ticket_id, answer, files=_new_files(item, files))
        outside_ids.remember(account.id, known_as, item, added)
        return Filed(InboxOutcome.REPLY, added.ticket_id, added.message_id)
    if ticket_id is not None:
        added = tickets.receive(
            actor, ticket_id, body, asker=_asker(item.sender), files=files, is_automatic=is_automatic
        )
        outside_ids.remember(account.id, known_as, item, added)
        _propose(account, added.ticket_id, item)
        outcome = InboxOutcome.REPLY if added.ticket_id == ticket_id else InboxOutcome.TICKET
        return Filed(InboxOutcome.AUTO if is_automatic else outcome, added.ticket_id, added.message_id)
    if is_automatic:
        return Filed(InboxOutcome.AUTO, reason=UNANSWERED)
    subject = subject_of(item.subject, body=body.text)
    language = _language(account.service_id, item, f"{subject} {body.text[: body.quoted_from]}")
    channel = account.driver[:LONGEST_CHANNEL]
    new = NewTicket(subject, body, channel, language, _asker(item.sender), account_id=account.id, files=files)
    added = tickets.create(actor, new)
    outside_ids.remember(account.id, known_as, item, added)
    _propose(account, added.ticket_id, item)
    return Filed(InboxOutcome.TICKET, added.ticket_id, added.message_id)


def _new_text(body: Body) -> str:
    """Return what is new in a message, by its HTML if its text tells not; all of it where neither tells."""
    if body.quoted_from is None and body.html is not None and body.html_quoted_from is not None:
        return text_of(body.html[: body.html_quoted_from])
    return body.text[: body.quoted_from]


def _new_files(item: Inbound, files: Sequence[NewFile]) -> list[NewFile]:
    """Return the files but for pictures that only what the message quotes shows.

    Where its HTML does not tell what is quoted, all are kept: a new picture that is missing is worse than an old one.
    """
    if item.html is None or item.html_quoted_from is None:
        return list(files)
    new, quoted = item.html[: item.html_quoted_from], item.html[item.html_quoted_from :]

    def is_quoted(file: NewFile) -> bool:
        address = f'"cid:{escape(file.content_id or "")}"'
        return bool(file.content_id) and address in quoted and address not in new

    return [file for file in files if not is_quoted(file)]


def _mark_misspelt(actor: Actor, item: Inbound) -> None:
    """Mark an address that may be wrong, if nobody has written from it before, so that no machine of ours answers."""
    kind, value = item.sender.kind, item.sender.value
    if customers.customer_of_identity(actor.service_id, kind, value) is None:
        recognise(actor, name=item.sender.name, identity=(kind, value))
        reaching.mark(actor, kind, value, cause=Cause.MISSPELT, reason=rules.reason(item.undeliverable))


def _propose(account: Any, ticket_id: int, item: Inbound) -> None:
    """Propose to let in whoever is copied in and is not the sender; a machine's mail proposes nobody."""
    people = [(one.value, one.name) for one in item.copied if one.kind == EMAIL and one.value != item.sender.value]
    if people and item.nature is not Nature.AUTOMATIC:
        participants.propose(account.service_id, ticket_id, people)


def _proven_agent(account: Any, item: Inbound) -> Actor | None:
    """Return the agent who wrote, if one of those who work on tickets did and our own systems say that it was them."""
    if item.proof is not SenderProof.PASSED or item.sender.kind != EMAIL:
        return None
    try:
        email = normal_email(item.sender.value)
    except Invalid:
        return None
    found = agents.agent_of_email(account.service_id, email)
    if found is None or not found.is_active:
        return None
    return actor_of(found) if agents.works_on_tickets(found.channels, found.restricted_menus) else None


def _language(service_id: int, item: Inbound, new_text: str) -> str:
    """Return the language that the message claims if the service has it, else one whose letters it is written in."""
    service = organization.service_by_id(service_id)
    assert service is not None, "an account belongs to a service"
    if item.language is not None and item.language in service.languages:
        return item.language
    others = [language for language in service.languages if language != service.default_language]
    return language_of(new_text, among=[service.default_language, *others])


def _asker(sender: Identity) -> Asker:
    """Return the person behind an identity, in the channel's own spelling."""
    return Asker(name=sender.name, identity=(sender.kind, sender.value))


def _candidates(account: Any, item: Inbound, *, is_agent: bool) -> Iterator[Candidate]:
    """Return the tickets that the message hints at, strongest hint first; the next is looked for only if asked.

    A proven agent takes part in every ticket of the service.

    Order: reply token, answered ids, number in the subject. Source: CHANNELS section 6, threading.
    """
    if is_nobody(item.sender.kind, item.sender.value):
        return
    if item.reply_token:
        by_token = rules.ticket_of_token(keyring().secret_for("reply"), item.reply_token, item.sender.value)
        ticket = ticket_queries.tickets_by_ids([by_token])[0]
        if ticket is not None and ticket.service_id == account.service_id:
            yield Candidate(ticket.id, not _is_sent_out(ticket.id, item.sender))
    for ticket_id in _answered(account.id, item.answers):
        yield _hint(account, ticket_id, item, is_agent=is_agent)
    if item.ticket_number is not None and 0 < item.ticket_number < 2**63:
        numbered = ticket_queries.ticket_by_number(account.service_id, item.ticket_number)
        if numbered is not None:
            yield _hint(account, numbered.id, item, is_agent=is_agent)


def _hint(account: Any, ticket_id: int, item: Inbound, *, is_agent: bool) -> Candidate:
    """Return what naming the ticket is worth; that of somebody who takes no part in it is told in the log."""
    takes_part = is_agent or _takes_part(account, ticket_id, item.sender)
    if not takes_part:
        log.info(
            "a message names a ticket in which its sender takes no part",
            extra={"account_id": account.id, "ticket_id": ticket_id, "proof": str(item.proof)},
        )
    return Candidate(ticket_id, is_participant=takes_part)


def _answered(account_id: int, answers: Sequence[str]) -> list[int]:
    """Return the tickets of the answered messages, nearest first."""
    ids = [known_as for known_as in map(rules.outside_id, answers[:MOST_ANSWERED]) if known_as]
    if not ids:
        return []
    rows: Any = OutsideId.select().where(OutsideId.account == account_id, OutsideId.external_id.in_(ids))
    tickets_by_external = {row.external_id: row.ticket_id for row in rows}
    found = [tickets_by_external[external_id] for external_id in ids if external_id in tickets_by_external]
    return list(dict.fromkeys(found))


def _takes_part(account: Any, ticket_id: int, sender: Identity) -> bool:
    """Return whether the sender is the ticket's customer, or somebody whom the desk has written to in it."""
    ticket = ticket_queries.tickets_by_ids([ticket_id])[0]
    owner = customers.customer_of_identity(account.service_id, sender.kind, sender.value)
    if ticket is not None and owner is not None and owner == ticket.customer_id:
        return True
    state = _standing(ticket_id, sender)
    if state is ParticipantState.REMOVED:
        return False
    return state is ParticipantState.ADDED or (sender.kind, sender.value.casefold()) in outbox.reached(ticket_id)


def _is_sent_out(ticket_id: int, sender: Identity) -> bool:
    return _standing(ticket_id, sender) is ParticipantState.REMOVED


def _standing(ticket_id: int, sender: Identity) -> ParticipantState | None:
    """Return how far an agent or a copy has let the sender in."""
    return participants.states(ticket_id).get(sender.value.casefold()) if sender.kind == EMAIL else None
