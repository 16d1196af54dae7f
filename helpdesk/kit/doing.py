"""Has plugins of the small kinds do their work as the desk does it: by the rooms that call them, guarded."""

from collections.abc import Mapping, Sequence
from typing import Any

from helpdesk.agents import operations as agents
from helpdesk.fields import queries as fields
from helpdesk.hosting import persons
from helpdesk.kernel import storage
from helpdesk.kernel.actors import Actor
from helpdesk.plugins.storing import DriverStorage
from helpdesk.queues import distribution
from helpdesk.sdk.testing.kit import FilledIn
from helpdesk.sdk.testing.rules import Broken
from helpdesk.triggers import actions, conditions

TEAM = "Kit"


def act(actor: Actor, ticket_id: int, action: str, settings: Mapping[str, Any]) -> None:
    """Run an action on the ticket, as a trigger or an agent does."""
    actions.run(actor, ticket_id, action, settings)


def team(service_id: int, agent_ids: Sequence[int]) -> int:
    """Make a group of the agents and return its id."""
    group_id = agents.create_group(service_id, TEAM)
    for agent_id in agent_ids:
        agents.add_to_group(group_id, agent_id)
    return group_id


def hand_out(actor: Actor, ticket_id: int, group_id: int, assigner: str, settings: Mapping[str, Any]) -> int | None:
    """Have the assigner choose for the ticket among the group, and return who has it."""
    return distribution.assign(actor, ticket_id, group_id=group_id, assigner=assigner, settings=settings)


def fill_in(service_id: int, name: str, settings: Mapping[str, Any], given: Any, language: str) -> FilledIn:
    """Return what a field of the type makes of what was typed."""
    made = fields.check(name, settings, given, language=language, service_id=service_id)
    return FilledIn(made.value, made.text, made.message, made.widget)


def meets(service_id: int, ticket_ids: Sequence[int], condition: Any) -> list[bool]:
    """Return for each ticket whether it meets the condition."""
    return conditions.meets(service_id, ticket_ids, condition)


def keep_files(name: str, settings: Mapping[str, Any]) -> None:
    """Keep the desk's files in the storage from now on."""
    storage.use(DriverStorage(name, settings))


def exported(actor: Actor, plugin: str, customer_id: int) -> Any:
    """Return what the plugin keeps of the customer. Raises Broken when it does not say."""
    return _answered(persons.export(actor, customer_id), plugin)


def erase(actor: Actor, plugin: str, customer_id: int) -> None:
    """Have the plugin forget the customer. Raises Broken when it fails."""
    _answered(persons.erase(actor, customer_id), plugin)


def _answered(answers: Mapping[str, persons.Answered], plugin: str) -> Any:
    if plugin not in answers:
        raise Broken("The desk does not ask it: it does not say that it keeps personal data.")
    if answers[plugin].failure:
        raise Broken(f"Asked by the desk, it fails: {answers[plugin].failure}")
    return answers[plugin].data
