"""Runs an action on a ticket: the plugin decides, the desk does it, all in one transaction.

The action is asked outside the transaction, with a deadline, and answers effects. They are carried out with the
rights of whoever wants it done, by the same operations as theirs; when one is refused, none has happened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.kernel.actors import Actor
from helpdesk.kernel.db import transactional
from helpdesk.kernel.errors import NotFound
from helpdesk.plugins import guard, instances, registry
from helpdesk.plugins.guard import Ref
from helpdesk.plugins.kinds import Kind
from helpdesk.plugins.settings import secrets_of
from helpdesk.sdk.action import Action, AddNote, AddTags, Assign, Effect, Later, RemoveTags, Reply, SetStatus
from helpdesk.sdk.facts import TicketFacts
from helpdesk.tickets import changing, operations, queries, tagging
from helpdesk.tickets import rules as ticket_rules
from helpdesk.tickets.facts import ticket_facts
from helpdesk.tickets.rules import TicketStatus, required_body
from helpdesk.triggers import later, rules

SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Deed:
    """An action that is in use: its code and its class."""

    code: str
    plugin: type[Action]


def actions(service_id: int) -> list[Deed]:
    """Return the actions in use in the service, by their codes."""
    return [Deed(name, plugin) for name, plugin in sorted(registry.named(Kind.ACTION, service_id=service_id).items())]


def run(
    actor: Actor,
    ticket_id: int,
    action: str,
    settings: Mapping[str, Any] | None = None,
    *,
    expected_version: int | None = None,
) -> None:
    """Do to the ticket what the action says, whole or not at all.

    Raises NotFound, Invalid with the path of a wrong setting, Forbidden for an effect that the actor may not have,
    Conflict, Unavailable (PLUGIN_NOT_ENABLED) and PluginFailed.
    """
    actor.require("ticket.read")
    given = dict(settings or {})
    made = instances.made(Kind.ACTION, action, given, service_id=actor.service_id)
    ticket = _ticket(actor, ticket_id)
    ticket_rules.check_version(ticket.version, expected_version)

    def decide() -> list[Effect]:
        return rules.check_effects(made.run(ticket))

    secrets = secrets_of(made.settings)
    effects = guard.call(Ref(Kind.ACTION, action), "run", decide, seconds=SECONDS, secrets=secrets)
    if effects:
        _carry_out(actor, ticket_id, action, given, effects, expected_version=expected_version)


@transactional
def _carry_out(
    actor: Actor,
    ticket_id: int,
    action: str,
    settings: Mapping[str, Any],
    effects: Sequence[Effect],
    *,
    expected_version: int | None,
) -> None:
    """Do all of it in the order in which it was said."""
    ticket = changing.locked(actor, ticket_id)
    ticket_rules.check_version(ticket.version, expected_version)
    for effect in effects:
        if isinstance(effect, Later):
            later.queue(actor, ticket_id, action, settings, effect.data)
        else:
            _apply(actor, ticket_id, effect)


def _apply(actor: Actor, ticket_id: int, effect: Effect) -> None:
    match effect:
        case SetStatus(status):
            operations.set_status(actor, ticket_id, TicketStatus(status))
        case Assign(agent_id, group_id):
            operations.assign(actor, ticket_id, agent_id=agent_id, group_id=group_id)
        case Reply(text):
            operations.reply(actor, ticket_id, required_body(text, is_html=False))
        case AddNote(text):
            operations.add_note(actor, ticket_id, required_body(text, is_html=False))
        case AddTags(tags):
            tagging.tag(actor, ticket_id, tags)
        case RemoveTags(tags):
            tagging.untag(actor, ticket_id, tags)


def _ticket(actor: Actor, ticket_id: int) -> TicketFacts:
    row = queries.tickets_by_ids([ticket_id])[0]
    if row is None or row.service_id != actor.service_id:
        raise NotFound("There is no such ticket.", path=("ticketId",))
    return ticket_facts([row])[0]
