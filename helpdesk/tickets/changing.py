"""Writes what changes of tickets: one at a time, or very many in a few statements. Who may ask is for the verbs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk.agents import operations as agents
from helpdesk.kernel import db
from helpdesk.kernel.actors import Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.events import Happening, record_all
from helpdesk.sdk.events import TicketAssigned, TicketStatusChanged
from helpdesk.tickets import counting
from helpdesk.tickets.models import Ticket

SUBJECT = "ticket"
HOLDERS = ("assignee", "group")


def locked(actor: Actor, ticket_id: int) -> Any:
    """Return the ticket, locked until the transaction ends. Another service's is not found."""
    query = Ticket.select().where(Ticket.id == ticket_id, Ticket.service == actor.service_id)
    ticket = db.locked(query).first()
    if ticket is None:
        raise NotFound("There is no such ticket.", path=("ticketId",))
    return ticket


def change(actor: Actor, ticket: Any, wanted: Mapping[str, Any], happenings: Sequence[Happening] = ()) -> None:
    """Write the wanted values that differ, raise the version, and record everything that happened at once.

    The time is the database's: by it a resolved ticket is completed, whatever the clock of the machine says.
    """
    before = _standing(ticket)
    changed = _differing(before, wanted)
    if not changed and not happenings:
        return
    _write([ticket.id], changed)
    counting.note(actor, before=_place(before), after=_place(before | changed))
    if changed.get("assignee") is not None:
        agents.note_assigned(changed["assignee"])
    record_all(actor, *happenings, *_told(actor, ticket.id, before, changed))


def change_many(actor: Actor, wanted: Sequence[tuple[Any, Mapping[str, Any]]]) -> None:
    """Do what ``change`` does to many locked tickets of the service: for those that become alike, one statement."""
    alike: dict[tuple[tuple[str, Any], ...], list[int]] = {}
    steps: Counter[counting.Place] = Counter()
    happenings: list[Happening] = []
    for ticket, values in wanted:
        before = _standing(ticket)
        changed = _differing(before, values)
        if not changed:
            continue
        alike.setdefault(tuple(sorted(changed.items())), []).append(ticket.id)
        steps[_place(before)] -= 1
        steps[_place(before | changed)] += 1
        happenings += _told(actor, ticket.id, before, changed)
    if not happenings:
        return
    for values_alike, ticket_ids in alike.items():
        _write(ticket_ids, dict(values_alike))
    counting.add(actor.service_id, {place: step for place, step in steps.items() if step})
    for agent_id in sorted({dict(one).get("assignee") or 0 for one in alike} - {0}):
        agents.note_assigned(agent_id)
    record_all(actor, *happenings)


def _standing(ticket: Any) -> dict[str, Any]:
    return {"status": ticket.status, "assignee": ticket.assignee_id, "group": ticket.group_id}


def _differing(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if before[name] != value}


def _write(ticket_ids: Sequence[int], changed: Mapping[str, Any]) -> None:
    values = {**changed, "version": Ticket.version + 1, "updated_at": db.database_now()}
    Ticket.update(values).where(Ticket.id.in_(list(ticket_ids))).execute()


def _place(standing: Mapping[str, Any]) -> counting.Place:
    return counting.Place(standing["status"], standing["assignee"], standing["group"])


def _told(actor: Actor, ticket_id: int, before: dict[str, Any], changed: dict[str, Any]) -> list[Happening]:
    """Return what is told of the change: who has the ticket now, and where it stands."""
    happenings = []
    if changed.keys() & set(HOLDERS):
        now = before | changed
        event = TicketAssigned(
            service_id=actor.service_id, ticket_id=ticket_id, agent_id=now["assignee"], group_id=now["group"]
        )
        pairs: dict[str, tuple[Any, Any]] = {name: (before[name], changed[name]) for name in HOLDERS if name in changed}
        happenings.append(Happening(event, (SUBJECT, ticket_id), pairs))
    if "status" in changed:
        moved = TicketStatusChanged(
            service_id=actor.service_id, ticket_id=ticket_id, before=before["status"], after=changed["status"]
        )
        pair = {"status": (before["status"], changed["status"])}
        happenings.append(Happening(moved, (SUBJECT, ticket_id), pair))
    return happenings
